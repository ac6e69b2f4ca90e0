"""Docker of the oldest and the newest suite starts and chooses networks with the unreachable routes in place."""

import ipaddress
import json

import pytest
from lab.probe import reach
from product import apply
from routed import Routed

SUITES = {"bookworm": "20.10.", "sid": "28."}
POOL = 'pool = "192.168.0.0/16"\n'
MERGED = ipaddress.ip_network("192.168.0.0/23")  # what the two bips are together


@pytest.fixture(scope="module", params=SUITES)
def net(request, product_lab):
    """Two hosts whose Docker has never run."""
    lan = f"lan-{request.param}"
    hosts = {f"{name}-{request.param}": {"at": {lan: f"10.0.0.{n + 1}/24"}, "bip": f"192.168.{n}.1/24", "started": False,
                                         "suite": request.param} for n, name in enumerate(("one", "two"))}
    net = Routed(product_lab, {lan: "10.0.0.0/24"}, hosts, POOL)
    net.version = SUITES[request.param]
    for host in net.hosts.values():
        apply(host)
        host.start_docker()
        host.web = host.container("web", restart="always")
    return net


def unreachable(host):
    return [line.split()[1] for line in host.sh("ip -4 route show type unreachable proto 111").stdout.splitlines()]


def chosen(host, name):
    """The subnet Docker chose for a new network."""
    host.docker("network", "create", name)
    shown = json.loads(host.docker("network", "inspect", name).stdout)[0]
    return ipaddress.ip_network(shown["IPAM"]["Config"][0]["Subnet"])


def all_reach_all(net):
    assert reach(net.lab, net.pairs()) == [(True, source.address) for source, _ in net.pairs()]


def test_its_first_start_and_its_networks(net):
    for host in net.hosts.values():
        assert host.docker("version", "--format", "{{.Server.Version}}").stdout.startswith(net.version)
        assert unreachable(host) == [str(MERGED)]
        assert ipaddress.ip_interface(host.docker0()).network.subnet_of(MERGED)
        assert not any(chosen(host, name).overlaps(MERGED) for name in ("a", "b"))
    all_reach_all(net)


def test_a_restart_and_a_reboot_with_them_in_place(net):
    one, two = net.hosts.values()
    one.restart_docker()
    two.reboot()
    apply(two, "--boot")
    assert unreachable(two) == [str(MERGED)]
    two.start_docker()
    assert apply(two)["held"] == []
    all_reach_all(net)
    assert json.loads(two.docker("network", "inspect", "a").stdout)[0]["Name"] == "a"


def test_a_whole_pool_and_a_network_of_dockers_in_it(net):
    net.write_inventory(net.text.replace(POOL, POOL + 'fallback = "pool"\n'))
    for host in net.hosts.values():
        apply(host)
        assert unreachable(host) == ["192.168.0.0/16"]
        host.restart_docker()
        assert not chosen(host, "c").overlaps(ipaddress.ip_network("192.168.0.0/16"))
        host.docker("network", "create", "--subnet", "192.168.77.0/24", "d")
        inside = host.container("inside", network="d")
        assert host.ping(inside.address)
        assert apply(host)["conflicts"] == []
    all_reach_all(net)


def test_a_link_that_is_down_sends_nothing_by_the_default_route(net):
    one, two = net.hosts.values()
    one.sh("ip link add wan type veth peer name isp; ip link set wan up; ip link set isp up; ip address add 203.0.113.2/24 dev wan;"
           "ip route add default via 203.0.113.1; ip neigh add 203.0.113.1 lladdr 02:00:00:00:00:01 dev wan")
    link = next(iter(one.links))
    one.sh(f"ip link set {link} down")
    assert one.hears("icmp", lambda: one.web.ping("198.51.100.1"), link="wan")
    assert not one.hears("icmp", lambda: one.web.ping(two.web.address), link="wan")
    one.sh(f"ip link set {link} up; ip route del default")
    apply(one)
    all_reach_all(net)
