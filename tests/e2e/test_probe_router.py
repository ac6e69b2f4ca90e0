"""`overland probe` where a router lies between, and on the router itself.

    one -- left -- r -- right -- two
"""

import json

import pytest
from product import apply, explain
from routed import Routed

SEGMENTS = {"left": "172.16.10.0/24", "right": "172.16.20.0/24"}
HOSTS = {
    "one": {"at": {"left": "172.16.10.11/24"}, "bip": "192.168.100.1/24"},
    "two": {"at": {"right": "172.16.20.12/24"}, "bip": "192.168.200.1/24"},
    "r": {"at": {"left": "172.16.10.1/24", "right": "172.16.20.1/24"}, "router": True},
}


@pytest.fixture(scope="module")
def net(product_lab):
    net = Routed(product_lab, SEGMENTS, HOSTS)
    product_lab.together(apply, list(net.hosts.values()))
    return net


def probe(host, *options):
    done = host.overland("probe", "--json", *options)
    assert done.returncode in (0, 1), explain(done)
    return done.returncode, json.loads(done.stdout)


def peers(stand):
    return {peer["name"]: peer for peer in stand["peers"]}


def test_over_the_router_all_is_reached(net):
    status, report = probe(net["one"])
    assert status == 0
    seen = peers(report["stands"][0])
    assert seen["two"]["containers"] == "ok" and seen["two"]["next_hop"] == "172.16.10.1"
    assert (seen["r"]["host"], seen["r"]["bridge"], seen["r"]["containers"]) == ("ok", "none", "none")


def test_the_router_asks_from_each_of_its_segments(net):
    status, report = probe(net["r"])
    assert status == 0
    assert [stand["from"] for stand in report["stands"]] == ["172.16.10.1", "172.16.20.1"]
    for stand in report["stands"]:
        assert {name: peer["containers"] for name, peer in peers(stand).items()} == {"one": "ok", "two": "ok"}


def test_a_router_that_does_not_forward_is_where_it_ends(net):
    router = net["r"]
    router.sh("sysctl -q -w net.ipv4.ip_forward=0")
    try:
        status, report = probe(net["one"], "two")
    finally:
        router.sh("sysctl -q -w net.ipv4.ip_forward=1")
        apply(router)
    fault, = peers(report["stands"][0])["two"]["faults"]
    assert status == 1 and fault["where"] == "way", fault
    assert "r (172.16.10.1)" in fault["message"]


def test_what_is_lost_behind_the_router_is_its_last_hop(net):
    net.lans["right"].unplug(net["two"], "right")
    try:
        status, report = probe(net["one"], "two")
    finally:
        net.lans["right"].plug_in(net["two"], "right")
    fault, = peers(report["stands"][0])["two"]["faults"]
    assert status == 1 and fault["where"] == "way" and "r (172.16" in fault["message"], fault
