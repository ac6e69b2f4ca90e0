"""A host: its own network, mounts, processes and name, on an overlay of a Debian root."""

from . import contract, probe, roots, sockets
from .namespace import host_namespace
from .network import configuration
from .shell import LabError


class Host:
    has_docker = False

    def __init__(self, lab, name, *, suite="bookworm", variant="nft", links=None, gateway=None, routes=(),
                 forward=False, sysctls=None, extra_packages=()):
        if variant not in ("nft", "legacy"):
            raise LabError(f"variant {variant!r}: nft or legacy")
        self.lab, self.name, self.suite, self.variant = lab, name, suite, variant
        self.links, self.gateway, self.routes = dict(links or {}), gateway, list(routes)
        self.sysctls = dict(sysctls or {}) | ({"net.ipv4.ip_forward": 1} if forward else {})
        self.state = lab.state / name
        self.layers = [lab.layer, roots.ensure(suite, self.has_docker, extra_packages)]
        self.servers, self.ns = [], None
        for folder in ("upper", "work", "root", "docker"):
            (self.state / folder).mkdir(parents=True)
        self.prepare(self.state / "upper")

    def prepare(self, upper):
        """What differs from the root before the first start; written from outside, since nothing runs yet."""
        (upper / "etc/alternatives").mkdir(parents=True)
        (upper / "etc/hostname").write_text(self.name + "\n")
        (upper / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        for tool in ("iptables", "ip6tables"):
            for suffix in ("", "-save", "-restore"):
                target = f"/usr/sbin/{tool}-{self.variant}{suffix}"
                (upper / "etc/alternatives" / (tool + suffix)).symlink_to(target)

    def choose_variant(self, variant):
        """As update-alternatives(1) does; what stands in the other tables stays there."""
        self.sh("for tool in iptables ip6tables; do for suffix in '' -save -restore; do "
                f"ln -sfn /usr/sbin/$tool-{variant}$suffix /etc/alternatives/$tool$suffix; done; done")
        self.variant = variant

    def boot(self):
        label = f"{self.lab.name}-{self.name}"
        self.ns = host_namespace(label, self.lab.cgroup / f"host-{self.name}", self.name, self.layers, self.state)
        for link, (lan, _) in self.links.items():
            lan.attach(self, link)
        # Before the addresses: ip_forward resets other settings, and forwarding alone changes what a route does.
        for key, value in self.sysctls.items():
            self.run(["sysctl", "-q", "-w", f"{key}={value}"])
        self.run(["ip", "-batch", "-"], input=configuration(self.links, self.gateway, self.routes))

    def reboot(self):
        """Everything but the disk is new: processes, links, routes, firewall. Docker is not started."""
        self.close()
        self.boot()

    @property
    def netns(self):
        return f"/proc/{self.ns.pid}/ns/net"

    def run(self, argv, **options):
        return self.ns.run(argv, **options)

    def sh(self, script, **options):
        return self.run(["sh", "-euc", script], **options)

    def write(self, path, text, mode="644"):
        script = 'mkdir -p "${1%/*}"; cat > "$1"; chmod "$2" "$1"'
        self.run(["sh", "-euc", script, "sh", path, mode], input=text)

    def read(self, path):
        return self.run(["cat", path]).stdout

    def exists(self, path):
        return self.run(["test", "-e", path], check=False).returncode == 0

    def overland(self, *arguments, **options):
        """Run the product; the caller judges the exit status."""
        if not self.lab.binary:
            raise LabError("there is no overland binary: build it or set OVERLAND_BINARY")
        options.setdefault("check", False)
        done = self.run(["overland", *arguments], **options)
        contract.check(arguments, done.stdout)
        return done

    def ping(self, address, source=None):
        return probe.ping(self.ns.argv, address, source)

    def tcp(self, address, port=80, source=None):
        """The source address the server there saw, or None."""
        return sockets.ask_peer(self.netns, address, port, source)

    def hears(self, expression, stimulus, link="any"):
        return probe.hears(self.ns.argv, expression, stimulus, link)

    def serve(self, port=80):
        """Answer TCP here, outside any container, with the peer's address."""
        self.servers.append(sockets.Server(self.netns, port))

    def close(self):
        for server in self.servers:
            server.close()
        self.servers.clear()
        if self.ns:
            self.ns.close()
            self.ns = None
