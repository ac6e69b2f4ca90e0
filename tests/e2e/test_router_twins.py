"""Two routers between the same segments, the second a Docker host as well, and a Docker host in both segments.

    one -- left --+-- r1 --+-- right -- two
                  +-- r2 --+
                  +- both -+
"""

import pytest
from lab.probe import reach
from product import apply, plan
from routed import Routed, route

STRICT = {f"net.ipv4.conf.{link}.rp_filter": 1 for link in ("left", "right")}
SEGMENTS = {"left": "172.16.10.0/24", "right": "172.16.20.0/24"}
HOSTS = {
    "one": {"at": {"left": "172.16.10.11/24"}, "bip": "192.168.100.1/24"},
    "two": {"at": {"right": "172.16.20.12/24"}, "bip": "192.168.200.1/24"},
    "both": {"at": {"left": "172.16.10.30/24", "right": "172.16.20.30/24"}, "bip": "192.168.130.1/24",
             "sysctls": STRICT},
    "r1": {"at": {"left": "172.16.10.1/24", "right": "172.16.20.1/24"}, "router": True},
    "r2": {"at": {"left": "172.16.10.2/24", "right": "172.16.20.2/24"}, "router": True, "bip": "192.168.140.1/24"},
}


@pytest.fixture(scope="module")
def net(product_lab):
    net = Routed(product_lab, SEGMENTS, HOSTS)
    net["r1"].sh("iptables -P FORWARD DROP")
    net.reports = dict(zip(net.hosts, product_lab.together(apply, net.hosts.values())))
    return net


def everybody_reaches_everybody(net):
    return reach(net.lab, net.pairs()) == [(True, source.address) for source, _ in net.pairs()]


def test_containers_reach_each_other_with_their_own_addresses(net):
    assert everybody_reaches_everybody(net)
    assert [plan(host)[0] for host in net.hosts.values()] == [0] * len(net.hosts)


def test_the_first_router_of_the_inventory_is_used(net):
    assert "via 172.16.10.1 " in route(net["one"], "192.168.200.0/24")
    assert "via 172.16.20.1 " in route(net["two"], "192.168.100.0/24")


def test_a_host_in_both_segments_needs_no_router(net):
    assert "via 172.16.10.30 " in route(net["one"], "192.168.130.0/24")
    assert "via 172.16.20.30 " in route(net["two"], "192.168.130.0/24")
    assert "via 172.16.20.12 " in route(net["both"], "192.168.200.0/24")


def test_a_router_with_docker_is_a_peer_like_any_other(net):
    assert "via 172.16.10.2 " in route(net["one"], "192.168.140.0/24")
    assert net["r2"].web.tcp(net["one"].web.address) == net["r2"].web.address


def test_strict_rp_filter_on_asymmetric_paths_is_reported(net):
    # one calls both by its address in right, over r1, and is answered directly in left.
    assert not net["one"].ping("172.16.20.30")
    conflicts = net.reports["both"]["conflicts"]
    assert [one["resource"] for one in conflicts] == ["rp_filter left", "rp_filter right"]
    assert all('rp_filter = "loose"' in one["remedy"] for one in conflicts)
    assert all(report["conflicts"] == [] for name, report in net.reports.items() if name != "both")
    told = net["both"].overland("explain", "one", "172.16.20.30")
    assert "The way back differs" in told.stdout, told


def test_loose_rp_filter_is_set_where_the_inventory_says_so(net):
    net.write_inventory(net.text.replace('name = "both"', 'name = "both"\nrp_filter = "loose"'))
    report = apply(net["both"])
    assert report["changed"] is True and report["conflicts"] == []
    assert net["both"].read("/proc/sys/net/ipv4/conf/right/rp_filter") == "2\n"
    assert net["one"].ping("172.16.20.30")


def test_equal_routers_share_the_load_with_ecmp(net):
    net.write_inventory(net.text.replace("[cluster]", "[cluster]\necmp = true"))
    for host in net.hosts.values():
        apply(host)
    ways = route(net["one"], "192.168.200.0/24")
    assert "nexthop via 172.16.10.1 " in ways and "nexthop via 172.16.10.2 " in ways, ways
    assert everybody_reaches_everybody(net)
    assert [plan(host)[0] for host in net.hosts.values()] == [0] * len(net.hosts)


def test_purge_takes_away_what_apply_made_on_a_router(net):
    r2 = net["r2"]
    done = r2.overland("purge")
    assert done.returncode == 0, done
    assert "proto 111" not in r2.sh("ip route show; ip route show proto 111").stdout
    assert "OVERLAND" not in r2.run(["iptables-save"]).stdout
    assert "table ip overland" not in r2.run(["nft", "list", "tables"]).stdout
