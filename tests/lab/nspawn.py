"""A host that runs systemd, with docker.service and sshd, booted by systemd-nspawn in namespaces of its own.

Its network comes up from inside, by a unit before network-online.target, as with any distribution's tools.
"""

import time
import uuid
from pathlib import Path

from . import layer, roots
from .docker import DockerHost
from .namespace import ENVIRONMENT, Namespace, joining
from .network import configuration
from .shell import LabError, run
from .systemd import QUIET, SystemdCommands, mask

# What the overland package depends on is in the root, since the hosts have no mirror to get it from.
PACKAGES = [
    "apt", "rpm", "systemd-sysv", "dbus", "openssh-server", "python3", "python3-apt", "libip4tc2", "libmnl0",
]
NETWORK = """[Unit]
Before=network-online.target
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'sleep {delay}; ip -batch /etc/lab-network'

[Install]
WantedBy=network-online.target
"""


class SystemdHost(SystemdCommands, DockerHost):
    """`network_delay`: seconds until the network is up; `authorized_key`: who may come in over ssh as root."""

    def __init__(self, lab, name, *, network_delay=0.3, authorized_key=None, files=None, **options):
        self.network_delay, self.authorized_key, self.files = network_delay, authorized_key, dict(files or {})
        super().__init__(lab, name, extra_packages=PACKAGES, **options)
        self.layers = self.layers[1:]  # the lab's own layer stands for systemd and the package

    def prepare(self, upper):
        super().prepare(upper)
        (self.state / "uuid").write_text(uuid.uuid4().hex)
        units = upper / "etc/systemd/system"
        wants = units / "network-online.target.wants"
        wants.mkdir(parents=True)
        (units / "lab-network.service").write_text(NETWORK.format(delay=self.network_delay))
        (wants / "lab-network.service").symlink_to("/etc/systemd/system/lab-network.service")
        mask(upper, QUIET)
        links = "link set lo up\n" + configuration(self.links, self.gateway, self.routes)
        (upper / "etc/lab-network").write_text(links)
        put(upper, layer.IMAGE, layer.image())
        if self.authorized_key:
            put(upper, "/root/.ssh/authorized_keys", self.authorized_key.encode(), 0o600)
            (upper / "root").chmod(0o700)
            (upper / "root/.ssh").chmod(0o700)
        for path, content in self.files.items():
            put(upper, path, content)

    def boot(self, wait=True):
        init = Path(__file__).with_name("nspawninit.sh")
        label = f"{self.lab.name}-{self.name}"
        argv = ["unshare", "-n", "-m", "-p", "-C", "--fork", "sh", init, self.name, ":".join(map(str, self.layers)),
                self.state, label]
        self.ns = Guest(argv, self.lab.cgroup / f"host-{self.name}", self.state / "console")
        for link, (lan, _) in self.links.items():
            lan.attach(self, link)
        for key, value in self.sysctls.items():
            run(["nsenter", "-t", str(self.ns.pid), "-n", "sysctl", "-q", "-w", f"{key}={value}"])
        self.ns.power_on()
        if wait:
            self.await_boot()

    def service(self, verb):
        self.run(["systemctl", verb, "docker.service"], timeout=120)

    def console(self):
        return self.ns.console()


class Guest(Namespace):
    """As Namespace; once powered on, commands run in what systemd-nspawn made."""

    def __init__(self, argv, cgroup, console):
        self.console_file = console
        super().__init__(argv, cgroup, ["-n"])

    def power_on(self):
        self.holder.stdin.write("go\n")
        self.holder.stdin.flush()
        deadline = time.monotonic() + 20
        while not (found := self.leader_or_none()):
            if time.monotonic() > deadline:
                raise LabError(f"systemd-nspawn does not start:\n{self.console()}")
            time.sleep(0.05)
        self.pid = int(found)
        self.enter = ["nsenter", "-t", found, "-n", "-m", "-p", "-u", "-i", "-C", "-r", "-w"]
        self.await_bus()

    def leader_or_none(self):
        try:
            return self.leader()
        except (FileNotFoundError, ProcessLookupError):
            return None  # a process or cgroup that went while it was looked at: look again

    def leader(self):
        """systemd's process number out here: the only one that is 1 two levels further down."""
        for file in (self.cgroup / "guest").rglob("cgroup.procs"):
            for pid in file.read_text().split():
                status = Path(f"/proc/{pid}/status")
                numbers = [line.split()[1:] for line in status.read_text().splitlines() if line.startswith("NSpid:")]
                if numbers and numbers[0][-1] == "1" and len(numbers[0]) >= 3:
                    return pid
        return None

    def await_bus(self):
        probe = ["sh", "-c", "until systemctl show-environment >/dev/null 2>&1; do sleep 0.05; done"]
        self.run(probe, timeout=30)

    def console(self):
        text = self.console_file.read_text(errors="replace") if self.console_file.exists() else ""
        return text[-3000:]

    def argv(self, command):
        # Outside the guest's own tree, which its systemd manages.
        return joining(self.cgroup / "init", [*self.enter, *map(str, command)])


def put(upper, path, content, mode=0o644):
    file = upper / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)


def missing():
    """Why no such host can be raised here, or None."""
    absent = [tool for tool in ("systemd-nspawn", "mmdebstrap") if not run(["which", tool], check=False).stdout]
    return f"missing: {', '.join(absent)}; run scripts/bootstrap" if absent else None


if __name__ == "__main__":
    for suite in roots.SUITES:
        print(roots.ensure(suite, True, PACKAGES), flush=True)
