"""Three routers in a row, with the internet behind the first and a smaller MTU behind the last.

    one -- left -- a -- ab -- b -- bc -- c -- right -- two
                   a -- uplink -- internet
"""

import pytest
from lab.probe import reach
from product import apply, apply_everywhere, plan
from routed import Routed

INTERNET = "198.51.100.10"  # beyond the uplink segment
SMALL = 1400
SEGMENTS = {"left": "172.16.10.0/24", "ab": "172.16.12.0/24", "bc": "172.16.23.0/24", "right": "172.16.20.0/24",
            "uplink": "203.0.113.0/24"}
HOSTS = {
    "one": {"at": {"left": "172.16.10.11/24"}, "bip": "192.168.100.1/24"},
    "two": {"at": {"right": "172.16.20.12/24"}, "bip": "192.168.200.1/24"},
    "a": {"at": {"left": "172.16.10.1/24", "ab": "172.16.12.1/24", "uplink": "203.0.113.1/24"},
          "router": True, "masquerade": ["uplink"]},
    "b": {"at": {"ab": "172.16.12.2/24", "bc": "172.16.23.2/24"}, "router": True},
    "c": {"at": {"bc": "172.16.23.3/24", "right": "172.16.20.1/24"}, "router": True},
}


@pytest.fixture(scope="module")
def net(product_lab):
    net = Routed(product_lab, SEGMENTS, HOSTS)
    net.internet = product_lab.host("internet", docker=False, links={
        "eth0": (net.lans["uplink"], ["203.0.113.10/24", f"{INTERNET}/32"])})
    net.internet.serve(80)
    net["a"].sh("ip route add default via 203.0.113.10")
    net["one"].sh("ip route add default via 172.16.10.1")
    for name, gateway in (("b", "172.16.12.1"), ("c", "172.16.23.2"), ("two", "172.16.20.1")):
        net[name].sh(f"ip route add default via {gateway}")
    for name in ("c", "two"):
        net[name].sh(f"ip link set right mtu {SMALL}")
    for name in "abc":
        net[name].sh("iptables -P FORWARD DROP")
    net.before = reach(product_lab, net.pairs())
    net.reports = apply_everywhere(Everywhere(net))
    return net


class Everywhere:
    """What apply_everywhere() takes: all hosts of the inventory, routers included."""

    def __init__(self, net):
        self.lab, self.hosts = net.lab, list(net.hosts.values())


def test_nothing_is_reached_before_apply(net):
    assert set(net.before) == {(False, None)}


def test_apply_is_complete_and_has_no_conflicts(net):
    for report in net.reports:
        assert report["changed"] is True and report["conflicts"] == []
    assert [plan(host)[0] for host in net.hosts.values()] == [0] * len(net.hosts)


def test_containers_reach_each_other_with_their_own_addresses(net):
    assert reach(net.lab, net.pairs()) == [(True, source.address) for source, _ in net.pairs()]


def test_every_host_reaches_every_other(net):
    for source in net.hosts.values():
        for name, spec in HOSTS.items():
            if source.name != name:
                for address in spec["at"].values():
                    assert source.ping(address.split("/")[0]), f"{source.name} to {name} {address}"


def test_internet_bound_traffic_is_masqueraded_and_cluster_traffic_never(net):
    web = net["one"].web
    for name in ("one", "two"):  # at the router that masquerades, and behind two that only pass it on
        assert net[name].web.tcp(INTERNET) == "203.0.113.1"
        assert net[name].tcp(INTERNET) == "203.0.113.1"
    assert web.tcp(net["two"].web.address) == web.address


def test_the_internet_is_not_forwarded_into_the_cluster(net):
    net.internet.sh("ip route add 192.168.100.0/24 via 203.0.113.1; ip route add 172.16.10.0/24 via 203.0.113.1")
    assert not net.internet.ping(net["one"].web.address)
    assert not net.internet.ping("172.16.10.11", source=INTERNET)


def test_a_packet_too_large_is_told_so_and_tcp_gets_through(net):
    web, far = net["one"].web, net["two"].web.address
    argv = ["ping", "-n", "-c", "1", "-W", "2", "-M", "do", "-s", "1450", far]
    told = net["one"].run(["nsenter", "-t", web.inspect()[0], "-n", *argv], check=False)
    assert f"mtu = {SMALL}" in told.stdout + told.stderr, told
    assert net["one"].run(["nsenter", "-t", web.inspect()[0], "-n", "ping", "-n", "-c", "1", "-W", "2", "-s", "1450",
                           "-M", "dont", far], check=False).returncode == 0


def test_routers_send_no_redirects(net):
    one = net["one"]
    lan = net.lans["left"]
    net.lab.host("neighbour", docker=False, links={"eth0": (lan, "172.16.10.99/24")})
    one.sh("ip route add 172.16.10.99/32 via 172.16.10.1")
    assert not one.hears("icmp[icmptype] == icmp-redirect", lambda: one.ping("172.16.10.99"), link="left")
    one.sh("ip route del 172.16.10.99/32")
    for link in HOSTS["a"]["at"]:
        assert net["a"].read(f"/proc/sys/net/ipv4/conf/{link}/send_redirects") == "0\n"


def test_explain_tells_the_way_the_packets_take(net):
    one, two = net["one"].web, net["two"].web
    told = net["one"].overland("explain", one.address, two.address)
    assert told.returncode == 0, told
    stations = [line.split("(")[1].split(")")[0] for line in told.stdout.splitlines() if " -> " in line and "(" in line.split(" over ")[0]]
    assert stations == ["one", "a", "b", "c", "two"], told.stdout
    for name, link in (("a", "ab"), ("b", "bc"), ("c", "right")):
        assert net[name].hears(f"icmp and src {one.address} and dst {two.address}",
                               lambda: one.ping(two.address), link=link)


def test_graph_shows_the_drift_of_this_host(net):
    b = net["b"]
    assert "#cf222e" not in b.overland("graph", "--live").stdout
    b.sh("ip route del 192.168.200.0/24")
    drawn = b.overland("graph", "--live", "--format", "mermaid").stdout
    assert "class h1 drift" in drawn and "class h3 doubt" in drawn, drawn
    apply(b)


def test_drift_on_a_router_is_repaired(net):
    b = net["b"]
    for harm in ("ip route del 192.168.200.0/24", "sysctl -q -w net.ipv4.ip_forward=0", "iptables -F OVERLAND-FORWARD",
                 "nft delete table ip overland", "sysctl -q -w net.ipv4.conf.ab.send_redirects=1"):
        b.sh(harm)
        assert plan(b)[0] == 2, harm
        assert apply(b)["changed"] is True
        assert plan(b)[0] == 0, harm
    assert net["one"].web.tcp(net["two"].web.address) == net["one"].web.address
