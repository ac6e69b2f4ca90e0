"""The RPM, installed, upgraded and erased by rpm on a host with systemd and Docker.

The host is Debian's, so its libraries are not known to rpm: the dependencies are looked at in test_package.py only.
"""

from types import SimpleNamespace

import pytest
from conftest import UNITS, files_of_ours, need
from lab import snapshot
from lab.cluster import INVENTORY
from lab.nspawn import SystemdHost

PATH = "/etc/overland/inventory.toml"
RPM = ["rpm", "--nodeps", "--force-debian"]
NEXT = "0.1.999"


@pytest.fixture(scope="module")
def place(lab, packages):
    need("cpack", "rpmbuild")
    files = {"/opt/lab/overland.rpm": packages("RPM").read_bytes(),
             "/opt/lab/next.rpm": packages("RPM", NEXT).read_bytes()}
    host = lab.hosts["docker-200"] = SystemdHost(
        lab, "docker-200", links={"eth0": (lab.lan(), "10.0.0.200/24")}, gateway="10.0.0.254", files=files)
    host.boot()
    host.run(["rpm", "--initdb"])
    return SimpleNamespace(host=host, before=snapshot.take(host), files=files_of_ours(host))


def states(host, question):
    return host.systemctl(question, *UNITS, check=False).stdout.split()


def test_the_install_enables_and_starts_nothing(place):
    host = place.host
    done = host.run([*RPM, "--install", "/opt/lab/overland.rpm"])
    assert done.stdout + done.stderr == ""
    assert states(host, "is-enabled") == ["disabled"] * 3
    assert states(host, "is-active") == ["inactive"] * 3
    assert host.run([*RPM, "--verify", "overland"]).stdout == ""
    assert host.sh("stat -c %a /run/overland /var/lib/overland").stdout.split() == ["755", "700"]
    assert snapshot.differences(place.before, snapshot.take(host)) == []


def test_an_upgrade_leaves_the_units_as_they_were(place):
    host = place.host
    host.write(PATH, INVENTORY)
    assert host.overland("apply", "--restart-docker", timeout=120).returncode == 0
    host.systemctl("enable", *UNITS)
    host.systemctl("start", *UNITS)
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    done = host.run([*RPM, "--upgrade", "/opt/lab/next.rpm"])
    assert done.stdout + done.stderr == ""
    assert host.run(["rpm", "--query", "--queryformat=%{VERSION}", "overland"]).stdout == NEXT
    assert states(host, "is-enabled") == ["enabled"] * 3
    assert states(host, "is-active") == ["active", "inactive", "active"]
    assert host.overland("plan", "--detailed-exitcode").returncode == 0


def test_erased_without_a_purge_it_leaves_traffic_and_state(place):
    host = place.host
    routes = host.sh("ip -4 route show proto 111").stdout
    assert "192.168.200.0/24" in routes
    host.run([*RPM, "--erase", "overland"])
    assert host.sh("ip -4 route show proto 111").stdout == routes
    assert host.exists("/var/lib/overland/state.json") and host.exists(PATH)
    assert states(host, "is-active") == ["inactive"] * 3
    assert host.systemctl("list-unit-files", "--no-legend", "overland*", check=False).stdout == ""


def test_nothing_is_left_after_a_purge_and_the_erasure(place):
    host = place.host
    host.run([*RPM, "--install", "/opt/lab/overland.rpm"])
    assert host.overland("purge").returncode == 0
    host.run(["rm", PATH])
    done = host.run([*RPM, "--erase", "overland"])
    assert done.stdout + done.stderr == ""
    assert files_of_ours(host) - place.files == set()
    assert host.sh("ip -4 route show proto 111").stdout == ""
