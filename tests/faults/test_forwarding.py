"""Forwarding that is off for one link stops packets, too: repaired where it is ours, else told with its remedy."""

import json

import pytest
from sandbox import INVENTORY, differences, explain
from test_tunnels import TUNNELLED, works
from test_verified import looks, settle
from watchers import Watcher, settled

FILE = "/etc/overland/inventory.toml"
DOCKER0 = "ip link add docker0 type bridge; ip address add 192.168.100.1/24 dev docker0; ip link set docker0 up"
# By link: how the key is written.
LINKS = {"eth0": "eth0", "docker0": "docker0", "vxlan.ovl": "vxlan/ovl"}


def shut(host, link):
    host.sh(f"echo 0 > /proc/sys/net/ipv4/conf/{link}/forwarding")


def forwards(host, link):
    return host.sh(f"cat /proc/sys/net/ipv4/conf/{link}/forwarding") == "1\n"


@pytest.fixture
def theirs(foreign):
    """ip_forward was on before overland."""
    foreign.sh(DOCKER0)
    foreign.write(FILE, TUNNELLED)
    works(foreign)
    return foreign


@pytest.fixture
def ours(foreign):
    """A router, whose ip_forward is overland's own."""
    foreign.sh(f"{DOCKER0}; echo 0 > /proc/sys/net/ipv4/ip_forward")
    foreign.write(FILE, TUNNELLED.replace('address = "10.0.0.200"', 'address = "10.0.0.200"\nrouter = true'))
    works(foreign)
    assert foreign.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    return foreign


@pytest.mark.parametrize("link", LINKS)
def test_somebody_elses_is_told_with_its_remedy(theirs, link):
    shut(theirs, link)
    key = f"net.ipv4.conf.{LINKS[link]}.forwarding"
    done = theirs.overland("apply")
    assert done.returncode == 0 and f"sysctl -w {key}=1" in done.stderr, explain(done)
    assert not forwards(theirs, link), "not ours to change"
    status = theirs.overland("status", "--check")
    assert status.returncode == 3 and key in status.stdout and "route ok" not in status.stdout, explain(status)
    told = json.loads(theirs.overland("status", "--json").stdout)
    assert not told["in_sync"] and [one for one in told["conflicts"] if one["resource"] == f"sysctl {key}"], told
    theirs.sh(f"sysctl -w {key}=1")
    assert theirs.overland("status", "--check").returncode == 0


def test_it_ends_the_record(theirs):
    settle(theirs)
    shut(theirs, "eth0")
    assert looks(theirs)


def test_another_link_is_nobodys_business(theirs):
    theirs.sh("ip link add other type bridge; ip link set other up; ip address add 10.77.0.1/24 dev other")
    shut(theirs, "other")
    assert theirs.overland("status", "--check").returncode == 0


@pytest.mark.parametrize("link", LINKS)
def test_ours_is_repaired(ours, link):
    shut(ours, link)
    assert ours.overland("plan", "--detailed-exitcode").returncode == 2
    assert "drift" in ours.overland("status").stdout
    works(ours)
    assert forwards(ours, link)


def test_ours_is_repaired_by_the_watcher(ours):
    watcher = Watcher(ours)
    for link in LINKS:
        shut(ours, link)
        assert settled(ours), watcher.said
        assert forwards(ours, link)
    assert watcher.end() == 0


def test_a_purge_shuts_no_link(ours):
    """What a repair found is not what was there before us."""
    shut(ours, "eth0")
    works(ours)
    assert ours.overland("purge").returncode == 0
    ours.sh("echo 1 > /proc/sys/net/ipv4/ip_forward")
    assert all(forwards(ours, link) for link in ("eth0", "docker0"))


def test_forwarding_that_is_off_as_a_whole_is_one_step(ours):
    ours.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    planned = ours.overland("plan").stdout
    assert planned.count(".forwarding") == 0 and "net.ipv4.ip_forward" in planned, planned
    works(ours)


def test_a_host_without_containers_forwards_for_nobody(foreign):
    foreign.write(FILE, INVENTORY.replace('bip = "192.168.100.1/24"\n', ""))
    before = foreign.state()
    shut(foreign, "eth0")
    assert foreign.overland("apply").returncode == 0
    assert foreign.overland("status", "--check").returncode == 0
    assert foreign.overland("purge").returncode == 0
    assert differences(before, foreign.state()) == {}
