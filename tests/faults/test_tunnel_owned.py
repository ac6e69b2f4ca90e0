"""Whose a link vxlan.ovl is, where its alias says nothing: ours goes with its rules, somebody else's stays."""

import pytest
from sandbox import INVENTORY, explain
from test_tunnels import FAR, apply, is_purged, tunnelled, works  # noqa: F401  (fixture)
from watchers import Watcher, settled

UNMARKED = 'ip link set vxlan.ovl alias ""'
# What of ours is left on it, each alone.
MARKS = {
    "nothing but the alias is gone": UNMARKED,
    "another alias": "ip link set vxlan.ovl alias theirs",
    # With its address the kernel takes neighbours away, and one is entered again.
    "neighbours": f"{UNMARKED}; ip route flush proto 111; ip link set vxlan.ovl address 02:00:00:00:00:01;"
                  " ip neighbour replace 10.9.0.1 lladdr 02:6f:0a:09:00:01 nud permanent dev vxlan.ovl protocol 111",
    "routes": f"{UNMARKED}; ip neighbour flush nud permanent dev vxlan.ovl; ip link set vxlan.ovl address 02:00:00:00:00:01",
    "its Ethernet address": f"{UNMARKED}; ip route flush proto 111; ip neighbour flush nud permanent dev vxlan.ovl",
}


def is_gone(host):
    assert "vxlan" not in host.sh("ip -d link"), "open to anybody: no rule asks who sends to it"
    assert "vxlan.ovl" not in host.state()["neighbours"]


@pytest.mark.parametrize("left", MARKS)
def test_a_purge_takes_it_away(tunnelled, left):  # noqa: F811
    before = tunnelled.state()
    works(tunnelled)
    tunnelled.sh(MARKS[left])
    is_purged(tunnelled, before)
    is_gone(tunnelled)


@pytest.mark.parametrize("left", MARKS)
def test_it_goes_with_its_table_of_the_inventory(tunnelled, left):  # noqa: F811
    works(tunnelled)
    tunnelled.sh(MARKS[left])
    tunnelled.write("/etc/overland/inventory.toml", INVENTORY)
    done = tunnelled.overland("apply", "--prune")
    assert done.returncode == 0, explain(done)
    is_gone(tunnelled)


@pytest.mark.parametrize("left", MARKS)
def test_it_is_marked_again(tunnelled, left):  # noqa: F811
    works(tunnelled)
    tunnelled.sh(MARKS[left])
    assert tunnelled.overland("plan", "--detailed-exitcode").returncode == 2
    works(tunnelled)
    assert FAR in tunnelled.sh("ip route show proto 111")


def test_the_watcher_marks_it_again(tunnelled):  # noqa: F811
    works(tunnelled)
    watcher = Watcher(tunnelled)
    tunnelled.sh(UNMARKED)
    assert settled(tunnelled), watcher.said
    assert watcher.end() == 0
    assert "alias overland" in tunnelled.sh("ip link show vxlan.ovl")


# By hand, with the name or with what a tunnel leads to, and nothing that bears our mark.
THEIRS = {
    "a VXLAN": "ip link add vxlan.ovl type vxlan id 7 local 10.0.0.200 dstport 4790; ip link set vxlan.ovl up",
    "its own peers": "ip link add vxlan.ovl type vxlan id 7 dstport 4790; ip link set vxlan.ovl up;"
                     " ip neighbour replace 10.9.0.1 lladdr 02:6f:0a:09:00:01 nud permanent dev vxlan.ovl;"
                     " ip route add 192.168.221.0/24 via 10.9.0.1 dev vxlan.ovl onlink proto static",
    "another name": "ip link add vxlan7 type vxlan id 7 local 10.0.0.200 dstport 4790; ip link set vxlan7 up",
}


@pytest.mark.parametrize("theirs", THEIRS)
def test_somebody_elses_stays(tunnelled, theirs):  # noqa: F811
    tunnelled.sh(THEIRS[theirs])
    shown = "ip -d link show type vxlan; ip neighbour show nud permanent; bridge fdb show; ip route show proto static"
    before = tunnelled.sh(shown)
    apply(tunnelled)
    tunnelled.write("/etc/overland/inventory.toml", INVENTORY)
    assert tunnelled.overland("apply", "--prune").returncode in (0, 1)
    done = tunnelled.overland("purge")
    assert done.returncode == 0, explain(done)
    assert tunnelled.sh(shown) == before
