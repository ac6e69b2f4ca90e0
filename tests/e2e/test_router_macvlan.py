"""Containers on Docker macvlan networks in two segments, whose gateway is the overland router, and bridge containers
elsewhere. The hosts of the macvlan networks have no address in the segments and are not in the inventory.

    m1 (macvlan) -- v100 --+
    m2 (macvlan) -- v200 --+-- router -- lan -- docker-200 (bridge)
"""

import pytest
from lab.probe import reach
from product import apply
from routed import Routed

SEGMENTS = {"v100": "172.16.10.0/24", "v200": "172.16.20.0/24", "lan": "10.0.0.0/24"}
HOSTS = {
    "docker-200": {"at": {"lan": "10.0.0.200/24"}, "bip": "192.168.100.1/24"},
    "router": {"at": {"v100": "172.16.10.1/24", "v200": "172.16.20.1/24", "lan": "10.0.0.1/24"}, "router": True},
}


@pytest.fixture(scope="module")
def net(product_lab):
    net = Routed(product_lab, SEGMENTS, HOSTS)
    for segment in ("v100", "v200"):
        net.text = net.text.replace(f'name = "{segment}"\n', f'name = "{segment}"\ntrust = "subnet"\n')
    net.write_inventory(net.text)
    net["router"].sh("iptables -P FORWARD DROP")

    def macvlan(place):
        name, segment = place
        host = product_lab.host(name, links={"eth0": (net.lans[segment], [])})
        host.start_docker()
        subnet = SEGMENTS[segment]
        host.docker("network", "create", "--driver", "macvlan", "--subnet", subnet, "--gateway",
                    subnet.replace(".0/24", ".1"), "--ip-range", subnet.replace(".0/24", ".64/26"),
                    "--opt", "parent=eth0", "macvlan")
        return host.container("web", network="macvlan")
    net.left, net.right = product_lab.together(macvlan, [("m1", "v100"), ("m2", "v200")])
    net.bridged = net["docker-200"].web
    net.before = net.left.ping(net.right.address), net.left.ping(net.bridged.address)
    for host in net.hosts.values():
        apply(host)
    return net


def test_nothing_is_reached_before_apply(net):
    assert net.before == (False, False)


def test_macvlan_and_bridge_containers_reach_each_other_with_their_own_addresses(net):
    places = [net.left, net.right, net.bridged]
    pairs = [(a, b) for a in places for b in places if a is not b]
    assert reach(net.lab, pairs) == [(True, source.address) for source, _ in pairs]


def test_the_packets_pass_the_router(net):
    for link in ("v100", "v200"):
        expression = f"icmp and src {net.left.address} and dst {net.right.address}"
        assert net["router"].hears(expression, lambda: net.left.ping(net.right.address), link=link)


def test_explain_knows_macvlan_containers_by_their_segment(net):
    told = net["router"].overland("explain", net.left.address, net.bridged.address)
    assert told.returncode == 0 and "It arrives with the source address" in told.stdout, told
    assert "in segment v100" in told.stdout


def test_a_segment_without_trust_as_a_whole_keeps_them_out(net):
    docker = net["docker-200"]
    docker.write("/etc/overland/inventory.toml", net.text.replace('"v100"\ntrust = "subnet"', '"v100"'))
    apply(docker)
    assert not net.left.ping(net.bridged.address) and net.right.ping(net.bridged.address)
    told = docker.overland("explain", net.left.address, net.bridged.address)
    assert "published ports only" in told.stdout, told
    docker.write("/etc/overland/inventory.toml", net.text)
    apply(docker)
    assert net.left.ping(net.bridged.address)
