"""The published two-VLAN example, raised: two Docker hosts in access ports, and the router on the trunk between them.

    host1 -- access, VLAN 100 --+
                                +-- switch -- trunk: host3 (qemu, Debian's kernel)
    host2 -- access, VLAN 200 --+
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

from lab import Lab, layer  # noqa: E402  (the path has to be set first)
from lab.guest import Guest  # noqa: E402
from lab.switch import Switch, offload_nothing  # noqa: E402
from product import apply  # noqa: E402

SKIPPED = 77
EXAMPLE = TESTS.parent / "config/two-vlans.toml"
PARENT = "enp0s8"
KERNEL_TESTS = Path(os.environ.get("OVERLAND_BUILD_DIR", TESTS.parent / "build/dev")) / "tests/netns/kernel/netns_kernel"
ACCESS = {"host1": (100, "172.16.10.11/24", "10.100.11.1/24"), "host2": (200, "172.16.20.12/24", "10.100.12.1/24")}


def missing():
    if os.geteuid() != 0:
        return "needs root"
    tools = ("qemu-system-x86_64", "mke2fs", "debugfs", "mmdebstrap", "busybox", "nsenter", "ip")
    absent = [tool for tool in tools if not shutil.which(tool)]
    return f"missing: {', '.join(absent)}; run scripts/bootstrap" if absent else None


class TwoVlans:
    def __init__(self, lab):
        self.lab = lab
        self.lans = {vlan: lab.lan(f"vlan{vlan}") for vlan, _, _ in ACCESS.values()}
        self.switch = lab.keep(Switch(self.lans))
        # Started first: it boots while the others come up.
        self.router = lab.keep(Guest(lab, "host3", self.switch.trunk(), link=PARENT))
        self.hosts = lab.together(self.docker_host, ACCESS)
        self.router.boot()
        self.router.write("/etc/overland/inventory.toml", EXAMPLE.read_text())

    def docker_host(self, name):
        vlan, address, bip = ACCESS[name]
        host = self.lab.host(name, links={"eth0": (self.lans[vlan], address)})
        offload_nothing(host.netns, "eth0")
        host.write("/etc/overland/inventory.toml", EXAMPLE.read_text())
        host.write_daemon_json(bip=bip)
        host.start_docker()
        host.web = host.container("web")
        return host

    def apply_everywhere(self):
        return [apply(host) for host in (*self.hosts, self.router)]

    def containers_talk(self):
        """Do both containers reach each other, seen with their own addresses?"""
        one, two = (host.web for host in self.hosts)
        return one.tcp(two.address) == one.address and two.tcp(one.address) == two.address


@pytest.fixture(scope="module")
def net():
    if reason := missing():
        pytest.skip(reason)
    with Lab() as lab:
        if not lab.binary:
            pytest.skip("there is no overland binary: build it or set OVERLAND_BINARY")
        if KERNEL_TESTS.is_file():
            layer.bundle(lab.layer, KERNEL_TESTS)
        yield TwoVlans(lab)


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = SKIPPED
