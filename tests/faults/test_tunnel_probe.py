"""What a probe says of a peer beyond a tunnel: bip and containers are asked, and where nothing comes this host finds out why."""

import json

import pytest
from sandbox import explain
from test_forwarding import DOCKER0
from test_tunnel_errors import FAR_AWAY
from test_tunnels import tunnelled, works  # noqa: F401  (fixture)

IN_R = "ip netns exec r "
FORWARD = IN_R + "nft 'add table ip f; add chain ip f f { type filter hook forward priority 0; }; add rule ip f f %s'"


@pytest.fixture
def joined(tunnelled):  # noqa: F811
    """A host with a bridge for containers, and far-1 with the address of one."""
    tunnelled.sh(DOCKER0)
    works(tunnelled)
    tunnelled.sh(FAR_AWAY + "ip netns exec far sysctl -qw net.ipv4.ip_forward=1\nip -n far address add 192.168.221.2/32 dev lo\n")
    return tunnelled


def probed(host):
    done = host.overland("probe", "--json", "far-1")
    assert done.returncode in (0, 1), explain(done)
    return json.loads(done.stdout)["stands"][0]["peers"][0]


def test_its_outer_address_is_not_asked_for_containers(joined):
    joined.sh("nft 'add table ip seen; add chain ip seen s { type filter hook prerouting priority -400; };"
              " add rule ip seen s iifname docker0 ip daddr 10.9.0.1 counter'")
    peer = probed(joined)
    assert peer["reached"] and peer["bridge"] == peer["containers"] == "ok" and peer["host"] == "none", peer
    assert peer["addresses"] == ["10.9.0.1"] and peer["link"] == "vxlan.ovl", peer
    assert not [note for note in peer["notes"] if "host itself" in note], peer
    assert "packets 0 " in joined.sh("nft list table ip seen")


CUTS = {
    "its port": (FORWARD % "udp dport 4789 drop", "way", "10.9.0.1, answers this host, but nothing comes through"),
    "everything": (FORWARD % "drop", "unknown", "10.9.0.1, does not answer this host"),
    "what comes back": (FORWARD % "ip saddr 10.9.0.1 udp dport 4789 drop", "way", "drops its UDP port, or translates"),
}


@pytest.mark.parametrize("what", CUTS)
def test_a_way_that_is_cut(joined, what):
    cut, where, message = CUTS[what]
    joined.sh(cut)
    peer = probed(joined)
    assert not peer["reached"] and len(peer["faults"]) == 1, peer
    assert peer["faults"][0]["where"] == where and message in peer["faults"][0]["message"], peer


def test_an_address_translated_on_the_way(joined):
    """It is no peer's: what comes with it is dropped, and told."""
    joined.sh(IN_R + "nft 'add table ip n; add chain ip n n { type nat hook postrouting priority 100; };"
              " add rule ip n n ip saddr 10.9.0.1 udp dport 4789 snat to 10.0.0.254'")
    peer = probed(joined)
    assert not peer["reached"] and peer["faults"][0]["where"] == "way", peer
    assert "answers of far-1 come from 10.0.0.254 instead of 10.9.0.1" in peer["faults"][0]["message"], peer
    dropped = joined.sh("nft list chain ip overland outer-known").splitlines()[-3]
    assert "drop" in dropped and "packets 0 " not in dropped, dropped
