"""Hosts whose rules the release before wrote, with chains and ipsets in the legacy tables: taken over under traffic.

    peer -- lan --+-- old                      old: Docker 20.10; gate: Docker 28.5, a router with conntrack = false
                  +-- gate -- back -- behind
                        +---- uplink -- internet

Their rules are in legacy/: what that release left in the tables and sets of exactly these hosts.
"""

from pathlib import Path

import pytest
from lab.flow import Flow, Flows, Place
from product import apply, explain, plan
from routed import Routed

RULES = Path(__file__).with_name("legacy")
INTERNET = "198.51.100.10"
GATE = "203.0.113.2"  # as the internet sees everybody
SEGMENTS = {"lan": "10.0.0.0/16", "back": "10.1.0.0/24", "uplink": "203.0.113.0/24"}
HOSTS = {
    "peer": {"at": {"lan": "10.0.0.100/16"}, "bip": "192.168.100.1/24"},
    "old": {"at": {"lan": "10.0.0.1/16"}, "bip": "192.168.1.1/24", "variant": "legacy"},
    "gate": {"at": {"lan": "10.0.0.2/16", "back": "10.1.0.1/24", "uplink": f"{GATE}/24"}, "bip": "192.168.2.1/24",
             "router": True, "masquerade": ["uplink"], "conntrack": False, "variant": "legacy", "suite": "sid"},
}
# So many that the release before put them into ipsets; none next to another, or they would be one.
GHOSTS = "".join(f'\n[[host]]\nname = "ghost-{n}"\naddress = "10.0.9.{n}"\nbip = "10.77.{n}.1/24"\n'
                 for n in range(2, 150, 2))
NAMES = ("old", "gate")
ANCHORS = (":OVERLAND-FORWARD", ":OVERLAND-USER", ":OVERLAND-MADE", ":OVERLAND-RAW")
SAVE_WITHOUT_OURS = "iptables-legacy-save | grep -vi overland > /tmp/others; iptables-legacy-restore /tmp/others"


@pytest.fixture(scope="module")
def net(product_lab):
    net = Routed(product_lab, SEGMENTS, HOSTS, trusted=["back"])
    net.write_inventory(net.text + GHOSTS)
    internet = product_lab.host("internet", docker=False, links={
        "eth0": (net.lans["uplink"], ["203.0.113.200/24", f"{INTERNET}/32"])})
    behind = product_lab.host("behind", docker=False, gateway="10.1.0.1",
                              links={"eth0": (net.lans["back"], "10.1.0.9/24")})
    for host in (internet, behind):
        host.serve(80)
    net["gate"].sh("iptables -P FORWARD DROP; ip route add default via 203.0.113.200")
    net["old"].sh("ip route add default via 10.0.0.2")
    net.web = {name: Place(net[name].web.netns, net[name].web.address) for name in HOSTS}
    net.behind, net.internet = Place(behind.netns, "10.1.0.9"), Place(internet.netns, INTERNET)
    product_lab.together(apply, net.hosts.values())
    return net


def talks(net):
    """Source, target, and the address the target has to see."""
    peer, old, gate, behind = net.web["peer"], net.web["old"], net.web["gate"], net.behind
    pairs = [(peer, old), (old, peer), (peer, gate), (gate, peer), (old, gate), (gate, old), (peer, behind),
             (behind, peer), (behind, gate), (old, behind)]
    # Untracked is only what goes from container to container: to a host the router translates.
    return [(a, b, a.address) for a, b in pairs] + [(gate, behind, "10.1.0.1")] + [
        (source, net.internet, GATE) for source in (old, gate, behind)]


def assert_all_talk(net):
    wrong = [f"{a.address} to {b.address}: {seen} instead of {expected}" for a, b, expected in talks(net)
             if (seen := a.tcp(b.address)) != expected]
    assert not wrong, "\n".join(wrong)


def back_to_the_release_before(host):
    """As if this release had never been here; routes and settings were the same."""
    host.sh(SAVE_WITHOUT_OURS)
    host.sh("nft delete table ip overland 2> /dev/null || true")
    host.sh("ipset list -n | grep '^overland' | xargs -rn1 ipset destroy")
    host.run(["ipset", "restore"], input=(RULES / f"{host.name}.ipset").read_text())
    host.run(["iptables-legacy-restore", "--noflush"], input=(RULES / f"{host.name}.iptables").read_text())


def remains(host):
    """Of what that release wrote: chains that are no anchors, rules of nat, ipsets."""
    saved = host.run(["iptables-legacy-save"]).stdout
    chains = [line.split()[0] for line in saved.splitlines() if line.startswith(":OVERLAND")]
    nat = host.run(["iptables-legacy", "-t", "nat", "-S"]).stdout
    return [name for name in chains if name not in ANCHORS] + \
        [line for line in nat.splitlines() if "overland" in line.lower()] + \
        [line for line in saved.splitlines() if "--match-set" in line] + \
        [name for name in host.run(["ipset", "list", "-n"]).stdout.split() if name.startswith("overland")]


def flows(net):
    """All talks at the same time, by new connections; and by one that lasts for the longest way and the way out."""
    lasting = Flow(net.web["peer"], net.behind, fresh=False), Flow(net.behind, net.internet, fresh=False, seen_as=GATE)
    return Flows([*(Flow(a, b, seen_as=expected) for a, b, expected in talks(net)), *lasting])


def test_one_apply_takes_over_and_no_packet_is_lost(net):
    for name in NAMES:
        back_to_the_release_before(net[name])
        assert len(remains(net[name])) > 10 and plan(net[name])[0] == 2
    assert_all_talk(net)
    with flows(net) as talk:
        for name in NAMES:
            report = apply(net[name])
            assert [step["resource"] for step in report["steps"]] == ["firewall"] and report["conflicts"] == []
    talk.prove()
    for name in NAMES:
        assert remains(net[name]) == []
        assert "table ip overland" in net[name].run(["nft", "list", "tables"]).stdout
        assert plan(net[name])[0] == 0 and apply(net[name])["steps"] == []
    assert_all_talk(net)


def test_purge_takes_what_the_release_before_left(net):
    for name in NAMES:
        host = net[name]
        back_to_the_release_before(host)
        done = host.overland("purge")
        assert done.returncode == 0, explain(done)
        assert remains(host) == []
        assert "overland" not in host.run(["iptables-legacy-save"]).stdout.lower()
        assert "overland" not in host.run(["nft", "list", "tables"]).stdout
