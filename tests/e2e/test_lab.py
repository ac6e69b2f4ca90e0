"""The lab cleans up after itself, whatever happens to the process that raised it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import missing
from lab import Lab, leftovers

RAISE_AND_WAIT = """
import sys, time
sys.path.insert(0, {tests!r})
from lab import Lab
with Lab() as lab:
    host = lab.host("victim", docker=False, links={{"eth0": (lab.lan(), "10.0.0.1/24")}})
    host.serve()
    print(lab.name, flush=True)
    time.sleep(60)
"""


def remains(name):
    return [path for path in (leftovers.runs() / name, leftovers.cgroup2() / name) if path.exists()]


def processes(name):
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and name in command_line(pid)]


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_lab_is_killed(number):
    if reason := missing():
        pytest.skip(reason)
    script = RAISE_AND_WAIT.format(tests=str(Path(__file__).resolve().parents[1]))
    with subprocess.Popen([sys.executable, "-B", "-c", script], stdout=subprocess.PIPE, text=True) as victim:
        name = victim.stdout.readline().strip()
        assert processes(name)
        victim.send_signal(number)
    # Nothing can be cleaned up by a process that got SIGKILL: the next lab does it.
    if number == signal.SIGKILL:
        with Lab():
            pass
    assert not remains(name)
    assert not processes(name)
    assert name not in Path("/proc/mounts").read_text()


def test_a_host_has_its_own_network_name_and_settings(lab):
    lan = lab.lan()
    one = lab.host("one", docker=False, links={"eth0": (lan, "10.0.0.1/24")})
    two = lab.host("two", docker=False, links={"uplink": (lan, ["10.0.0.2/24", "10.0.0.3/24"])})
    assert one.read("/proc/sys/net/ipv4/ip_forward") == "0\n"
    assert two.run(["hostname"]).stdout == "two\n"
    two.serve(80)
    assert one.ping("10.0.0.3") and one.tcp("10.0.0.2") == "10.0.0.1"
    assert not one.exists("/dev/vda") and not one.exists("/sys/fs/cgroup/unified")


def test_a_host_keeps_its_disk_and_nothing_else_over_a_reboot(lab):
    host = lab.hosts["one"]
    host.write("/etc/kept", "kept\n")
    host.sh("ip route add 192.168.9.0/24 via 10.0.0.2; nft add table ip gone")
    host.reboot()
    assert host.read("/etc/kept") == "kept\n"
    assert "192.168.9.0" not in host.run(["ip", "route"]).stdout
    assert "gone" not in host.run(["nft", "list", "ruleset"]).stdout
    assert host.ping("10.0.0.2")
