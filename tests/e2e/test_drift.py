"""Drift made by hand in each kind of resource is shown by plan and repaired by apply."""

import json
import re

import pytest
from lab.cluster import BIPS, Cluster
from product import apply, apply_everywhere, plan

FIREWALL = r"(?i)overland|docker-user|prerouting|trusted|firewall"
DELETE_JUMP = "iptables {table} -S {chain} | sed -n '/-j OVERLAND/s/^-A/iptables {table} -D/p' | sh -eux"
DELETE_ELEMENT = "nft delete element ip overland peer-subnets '{ 192.168.200.0/24 }'"

DRIFTS = {
    "route removed": ("ip route del 192.168.200.0/24", r"192\.168\.200\.0/24"),
    "route to another gateway": (
        "ip route del 192.168.200.0/24; "
        "ip route add 192.168.200.0/24 via 10.0.0.202 proto 111", r"192\.168\.200\.0/24"),
    "stale route of ours": ("ip route add 192.168.222.0/24 via 10.0.0.201 proto 111", r"192\.168\.222\.0/24"),
    "ip_forward": ("sysctl -q -w net.ipv4.ip_forward=0", "ip_forward"),
    "DOCKER-USER jump": (DELETE_JUMP.format(table="", chain="DOCKER-USER"), FIREWALL),
    "a return before ours": ("iptables -I DOCKER-USER 1 -j RETURN", FIREWALL),
    "FORWARD jump": (DELETE_JUMP.format(table="", chain="FORWARD"), FIREWALL),
    "raw jump": (DELETE_JUMP.format(table="-t raw", chain="PREROUTING"), FIREWALL),
    "anchor emptied": ("iptables -F OVERLAND-FORWARD", FIREWALL),
    "set element": (DELETE_ELEMENT, FIREWALL),
    "chain emptied": ("nft flush chain ip overland trusted-in", FIREWALL),
    "table": ("nft delete table ip overland", FIREWALL),
    "daemon.json": ("sed -i 's/192.168.100.1/192.168.99.1/' /etc/docker/daemon.json", "bip"),
}


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Cluster(product_lab, variants={name: "nft" for name in BIPS} | {"docker-202": "legacy"})
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    return cluster


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_shown_and_repaired(cluster, drift):
    make, shown = DRIFTS[drift]
    host = cluster.hosts[0]
    assert plan(host)[0] == 0
    host.sh(make)

    status, text = plan(host)
    assert status == 2
    assert re.search(shown, text), text
    assert apply(host)["changed"] is True
    assert plan(host)[0] == 0

    (web, _), (peer, _) = cluster.containers["docker-200"], cluster.containers["docker-201"]
    assert web.tcp(peer.address) == web.address
    assert peer.tcp(web.address) == peer.address


def test_daemon_json_keeps_what_is_not_ours(cluster):
    host = cluster.hosts[0]
    text = '{\n\t"log-driver": "json-file",\n\t"bip": "192.168.99.1/24",\n\t"debug": false\n}\n'
    host.write("/etc/docker/daemon.json", text, mode="600")
    apply(host)
    assert host.read("/etc/docker/daemon.json") == text.replace("192.168.99.1", "192.168.100.1")
    assert host.sh("stat -c %a /etc/docker/daemon.json").stdout == "600\n"


def test_a_foreign_route_is_a_conflict_and_stays_until_adopted(cluster):
    host = cluster.hosts[1]
    host.sh("ip route del 192.168.210.0/24; ip route add 192.168.210.0/24 via 10.0.0.200")
    done = host.overland("apply", "--json")
    assert json.loads(done.stdout)["conflicts"], done
    assert "via 10.0.0.200" in host.sh("ip route show 192.168.210.0/24").stdout

    done = host.overland("apply", "--adopt", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["conflicts"] == []
    assert "via 10.0.0.202" in host.sh("ip route show 192.168.210.0/24").stdout
    assert "via 10.0.0.200" not in host.sh("ip route show 192.168.210.0/24").stdout
