"""Hosts as network namespaces below a private /run: nothing of the machine's own is touched."""

import atexit
import ctypes
import os
import pathlib
import subprocess
import sys

import fleet

DOCKERDS = ["/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/usr/local/sbin/dockerd"]


def sh(command, netns=None):
    """Runs a shell command, its failure is ours; gives its output."""
    prefix = ["nsenter", f"--net=/run/netns/{netns}"] if netns else []
    done = subprocess.run(prefix + ["/bin/sh", "-ec", command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {command}: {done.stderr.strip()}")
    return done.stdout


def enter(programs):
    """Leaves the machine's namespaces for good. Docker, where installed, is out of sight; overland-trace is where an
    installed one would be."""
    flags = 0x00020000 | 0x40000000 | 0x04000000  # CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWUTS: sched.h
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        sys.exit(f"bench: cannot enter namespaces: {os.strerror(ctypes.get_errno())}")
    sh("mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up")
    for program in DOCKERDS:
        if os.path.exists(program):
            sh(f"mount --bind /dev/null {program}")
    own("/usr/libexec")
    sh(f"mkdir -p /usr/libexec/overland && cp {programs.trace} /usr/libexec/overland/overland-trace")


def own(folder):
    """Makes it an overlay that only this bench sees."""
    place = "/run/own" + folder.replace("/", "-")
    sh(f"mkdir -p {place}/upper {place}/work"
       f" && mount -t overlay overlay -o lowerdir={folder},upperdir={place}/upper,workdir={place}/work {folder}")


def set_namespace(fd):
    """Has this thread work in that network namespace; Python 3.11 has no os.setns."""
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000) != 0:  # CLONE_NEWNET
        sys.exit(f"bench: setns: {os.strerror(ctypes.get_errno())}")


def own_etc(inventory):
    """Has /etc/overland hold that inventory."""
    if not os.path.isdir("/run/own-etc"):
        own("/etc")
    sh(f"mkdir -p /etc/overland && cp {inventory} /etc/overland/inventory.toml")


class Programs:
    def __init__(self, build):
        build = pathlib.Path(build).resolve()
        self.overland = str(build / "src/cli/overland")
        self.trace = str(build / "src/firewall/overland-trace")
        self.tool = str(build / "tests/bench/bench_tool")
        self.pure = str(build / "tests/bench/bench_pure")
        self.routes = str(build / "tests/bench/bench_routes")


class Host:
    """The fleet's host `index` in a namespace `name`: eth0 (its peer is `far`, here or elsewhere) and docker0."""

    def __init__(self, programs, name, index, hosts, conntrack=True, with_links=True, merge=False):
        self.programs, self.name, self.index = programs, name, index
        self.folder = pathlib.Path("/run") / name
        self.folder.mkdir(mode=0o700)
        self.inventory = self.folder / "inventory.toml"
        self.merge = merge
        self.inventory.write_text(fleet.text(hosts, conntrack, merge))
        sh(f"ip netns add {name}")
        self.sh("ip link set lo up; echo 0 > /proc/sys/net/ipv4/ip_forward")
        if with_links:
            self.sh("ip link add eth0 type veth peer name far; ip link set far up")
            self.configure(hosts)

    def configure(self, hosts):
        self.sh(f"ip addr add {fleet.host_address(self.index)}/8 dev eth0; ip link set eth0 up;"
                f"ip link add docker0 type bridge; ip addr add {fleet.bridge(self.index, hosts, self.merge)} dev docker0;"
                "ip link set docker0 up")

    def sh(self, command):
        return sh(command, self.name)

    def launch(self, *command):
        """Runs a program; its wall time in ms, its peak memory in MB and its CPU time in ms, its children's with them."""
        out = subprocess.run(["nsenter", f"--net=/run/netns/{self.name}", self.programs.tool, "launch", *command],
                             capture_output=True, text=True, check=True)
        time, cpu, peak, status = out.stdout.split()
        if status != "0":
            sys.exit(f"bench: {' '.join(command)} ended with {status}: {out.stderr.strip()}")
        return float(time), int(peak) * 1024 / 1e6, float(cpu)

    def apply(self, *more):
        return self.launch(self.programs.overland, "apply", *more, "--inventory", str(self.inventory), "--host",
                           f"h{self.index}", "--state", str(self.folder / "state.json"),
                           "--lock", str(self.folder / "lock"), "--runs", str(self.folder / "runs.json"))

    def install_docker(self):
        """A dockerd as far as overland asks one; start_docker() starts it."""
        self.dockerd = self.folder / "dockerd"
        source = pathlib.Path(__file__).parents[1] / "faults/dockerd.c"
        sh(f"cc -O1 -o {self.dockerd} {source}")
        text = self.inventory.read_text()
        self.inventory.write_text(text.replace("[docker]", f'[docker]\nprogram = "{self.dockerd}"', 1))

    def start_docker(self):
        """Ends with the bench."""
        daemon = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.name}", self.dockerd], stdout=subprocess.DEVNULL)
        atexit.register(daemon.kill)
        sh("for i in $(seq 100); do test -s /run/docker.pid && exit; sleep 0.05; done; exit 1")

    def settle(self):
        """The first apply, then one that finds nothing to do, and records it; both are given."""
        return self.apply(), self.apply("--full")

    def version(self):
        return self.launch(self.programs.overland, "--version")

    def ip_show(self):
        return self.launch("/sbin/ip", "route", "show", "proto", "111")

    def nft_list(self):
        return self.launch("/usr/sbin/nft", "list", "table", "ip", "overland")
