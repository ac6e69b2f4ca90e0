"""Hosts in network namespaces of one qemu guest, on a VLAN switch that its kernel is: for what needs Debian's kernel on
several hosts at a time (802.1Q, ipvlan) and real dockerds there, in the time of one boot."""

import json
import shlex

from . import layer
from .docker import IMAGE, STATE
from .guest import Guest

BOOT = """mkdir -p /hosts/{name}/docker /etc/overland /etc/docker /var/lib/overland /var/lib/docker
ip netns add {name}
setsid ip netns exec {name} unshare -u sh -euc '
    hostname {name}
    for folder in /run /tmp /etc/overland /etc/docker /var/lib/overland; do mount -t tmpfs -o mode=755 tmpfs $folder; done
    mount --bind /hosts/{name}/docker /var/lib/docker
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir -p /run/lock
    ip link set lo up
    echo $$ > /hosts/{name}/pid
    exec sleep infinity' > /hosts/{name}/log 2>&1 < /dev/null &
for _ in $(seq 100); do [ -s /hosts/{name}/pid ] && exit 0; sleep 0.1; done
cat /hosts/{name}/log >&2; exit 1
"""

# dockerd waits 15 seconds for a containerd of its own, which is not enough here when the machine is busy.
DOCKER = f"""setsid containerd --root /var/lib/docker/containerd --state /run/containerd \\
    --address /run/containerd.sock > /hosts/containerd-$(hostname).log 2>&1 < /dev/null &
for _ in $(seq 900); do [ -S /run/containerd.sock ] && break; sleep 0.2; done
setsid dockerd --containerd /run/containerd.sock > /hosts/docker-$(hostname).log 2>&1 < /dev/null &
for _ in $(seq 300); do docker version > /dev/null 2>&1 && exec docker import {layer.IMAGE} {IMAGE}; sleep 0.2; done
tail -n 20 /hosts/containerd-$(hostname).log /hosts/docker-$(hostname).log >&2
exit 1
"""


class Rack(Guest):
    """The guest, and its switch: each port has VLAN 1 untagged and the others tagged."""

    has_docker = True
    suite = "trixie"
    vlans = (10, 20)

    def boot(self):
        super().boot()
        self.sh("mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup; "
                "ip link add switch type bridge vlan_filtering 1; ip link set switch up; "
                "mkdir -p /usr/libexec; ln -sfn /mnt/usr/libexec/overland /usr/libexec/overland")

    def host(self, name, address, link="ens33"):
        return Inner(self, name, address, link)


class Inner:
    def __init__(self, guest, name, address, link):
        self.guest, self.name, self.link = guest, name, link
        guest.sh(BOOT.format(name=name))
        self.pid = guest.sh(f"cat /hosts/{name}/pid").stdout.strip()
        self.plug(address)

    def plug(self, address):
        port = f"p-{self.name}"
        tags = "; ".join(f"bridge vlan add dev {port} vid {vlan}" for vlan in self.guest.vlans)
        self.guest.sh(f"ip link add {port} type veth peer name {self.link} netns {self.name}; "
                      f"ip link set {port} master switch up; {tags}")
        self.sh(f"ip link set {self.link} up; ip address add {address} dev {self.link}")

    def sh(self, script, **options):
        return self.guest.sh(f"nsenter -t {self.pid} -m -u -n -- sh -euc {shlex.quote(script)}", **options)

    def run(self, argv, **options):
        return self.sh(shlex.join(map(str, argv)), **options)

    def write(self, path, text):
        self.sh(f"cat > {path}", input=text)

    def overland(self, *arguments, **options):
        options.setdefault("check", False)
        return self.run(["overland", *arguments], **options)

    def docker(self, *arguments, **options):
        return self.run(["docker", *arguments], **options)

    def start_docker(self, **keys):
        self.write("/etc/docker/daemon.json", json.dumps(keys))
        self.sh(DOCKER)

    def container(self, name, network):
        self.docker("run", "--detach", "--name", name, "--stop-signal", "KILL", "--network", network, IMAGE, *layer.SERVER)
        return Contained(self, name)

    def serve(self):
        """Answers TCP on port 80 with the peer's address, outside of any container."""
        self.sh("mkdir -p /tmp/cgi-bin; cat > /tmp/cgi-bin/peer; chmod 755 /tmp/cgi-bin/peer; "
                "busybox httpd -p 80 -h /tmp", input=layer.CGI)

    def ping(self, address):
        return ping(self.sh, address)

    def tcp(self, address):
        return ask_peer(self.sh, address)


class Contained:
    def __init__(self, host, name):
        self.host, self.name = host, name
        self.pid = self.inspect()[0]

    def inspect(self):
        return self.host.docker("inspect", "--format", STATE, self.name).stdout.split()

    @property
    def address(self):
        return self.inspect()[1]

    def sh(self, script, **options):
        return self.host.guest.sh(f"nsenter -t {self.pid} -n -- sh -euc {shlex.quote(script)}", **options)

    def ping(self, address):
        return ping(self.sh, address)

    def tcp(self, address):
        """The source address the server there saw, or None."""
        return ask_peer(self.sh, address)


def ping(sh, address):
    return sh(f"ping -n -q -c 3 -i 0.3 -W 1 {address}", check=False).returncode == 0


def ask_peer(sh, address):
    done = sh(f"timeout 6 busybox wget -T 5 -qO- http://{address}/cgi-bin/peer", check=False)
    return done.stdout.strip().strip("[]").removeprefix("::ffff:") or None
