"""Trust needs both the right address and the right link."""

import pytest
from lab.cluster import INVENTORY
from product import apply

PEER_CONTAINER = "192.168.200.2"


@pytest.fixture(scope="module")
def places(product_lab):
    lan, outside = product_lab.lan("lan"), product_lab.lan("outside")
    host = product_lab.host(
        "docker-200", gateway="10.0.0.254",
        links={"eth0": (lan, "10.0.0.200/24"), "eth1": (outside, "198.51.100.200/24")},
        # The kernel's own check of source addresses would hide what the firewall lets through.
        sysctls={"net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.eth1.rp_filter": 0})
    host.write("/etc/overland/inventory.toml", INVENTORY)
    host.write_daemon_json(bip="192.168.100.1/24")
    host.start_docker()
    apply(host)
    # Two senders of the same packets: one where the peer is, the other on the link to the outside.
    peer = product_lab.host("docker-201", docker=False, routes=["192.168.100.0/24 via 10.0.0.200"],
                            links={"eth0": (lan, ["10.0.0.201/24", f"{PEER_CONTAINER}/32"])})
    forger = product_lab.host("forger", docker=False, routes=["192.168.100.0/24 via 198.51.100.200"],
                              links={"eth0": (outside, ["198.51.100.9/24", f"{PEER_CONTAINER}/32", "10.0.0.201/32"])})
    return host.container("web"), peer, forger


@pytest.mark.parametrize("source", [PEER_CONTAINER, "10.0.0.201"])
def test_the_peers_packets_arrive_from_the_peers_link_only(places, source):
    web, peer, forger = places
    expression = f"icmp[icmptype] == icmp-echo and src {source}"
    assert web.hears(expression, lambda: peer.ping(web.address, source=source))
    assert not web.hears(expression, lambda: forger.ping(web.address, source=source))
