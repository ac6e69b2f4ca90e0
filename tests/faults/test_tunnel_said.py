"""What is said where a tunnel cannot be: once, with link, MTU and remedy. What is no trouble is not looked at again."""

import json

from sandbox import explain
from test_tunnels import FAR, NEAR, TUNNELLED, apply, tunnelled, works  # noqa: F401  (fixture)
from test_verified import looks, recorded

LONE = TUNNELLED[:TUNNELLED.index('[[host]]\nname = "far-2"')]


def lines_about(done, word):
    return [line for line in done.stderr.splitlines() if word in line]


def test_a_link_that_became_too_small(tunnelled):  # noqa: F811
    """The old tunnel is told of once, and all else is repaired."""
    works(tunnelled)
    tunnelled.sh("ip link set eth0 mtu 500; ip route delete 192.168.200.0/24 proto 111 via 10.0.0.201")
    for _ in range(2):
        done = apply(tunnelled)
        assert done.returncode == 1, explain(done)
        said = lines_about(done, "500")
        assert len(said) == 1 and "eth0" in said[0] and "ip link set eth0 mtu 1500" in said[0], explain(done)
        assert "held back" not in done.stderr and "it stays as it was" in said[0], explain(done)
        assert FAR in tunnelled.sh("ip route show proto 111")
        assert NEAR in tunnelled.sh("ip route show proto 111")
    tunnelled.sh("ip link set eth0 mtu 1500")
    works(tunnelled)


def test_a_link_that_was_too_small_from_the_first(tunnelled):  # noqa: F811
    tunnelled.sh("ip link set eth0 mtu 500")
    done = apply(tunnelled)
    assert done.returncode == 1 and len(lines_about(done, "overland: error")) == 1, explain(done)
    assert NEAR in tunnelled.sh("ip route show proto 111")
    assert "vxlan.ovl" not in tunnelled.sh("ip -br link; ip route")
    tunnelled.sh("ip link set eth0 mtu 1500")
    works(tunnelled)


def test_a_link_that_is_just_large_enough(tunnelled):  # noqa: F811
    works(tunnelled)
    for mtu in (576, 600, 626):
        tunnelled.sh(f"ip link set eth0 mtu {mtu}")
        works(tunnelled)
        assert f"mtu {mtu - 50} " in tunnelled.sh("ip link show vxlan.ovl")


def test_a_link_that_cannot_be_made_is_told_once(tunnelled):  # noqa: F811
    tunnelled.sh("ip link add theirs type vxlan id 111 dstport 4789 nolearning; ip link set theirs up")
    done = apply(tunnelled)
    assert done.returncode == 1 and len(lines_about(done, "link vxlan.ovl:")) == 1, explain(done)
    assert not lines_about(done, "link vxlan.ovl still differs"), explain(done)


def test_a_warning_of_the_inventory_costs_no_look(tunnelled):  # noqa: F811
    """One host alone beyond the tunnels: OVL-W116."""
    tunnelled.write("/etc/overland/inventory.toml", LONE)
    done = apply(tunnelled)
    assert done.returncode == 0 and "OVL-W116" in done.stderr, explain(done)
    assert FAR in tunnelled.sh("ip route show proto 111")
    done = tunnelled.overland("apply", "--full")
    assert done.returncode == 0 and "OVL-W116" in done.stderr and recorded(tunnelled), explain(done)
    assert not looks(tunnelled)


def test_a_peer_that_is_entered_is_not_said_to_be_reachable(tunnelled):  # noqa: F811
    """Nobody asks it."""
    works(tunnelled)
    peers = json.loads(tunnelled.overland("status", "--json").stdout)["peers"]
    hops = {peer["name"]: peer["next_hops"][0] for peer in peers}
    assert hops["far-1"] == {"address": "10.9.0.1", "link": "vxlan.ovl", "neighbour": "entered"}, hops
    assert hops["docker-201"]["neighbour"] in ("not asked", "incomplete", "failed"), hops
