"""Beside the distribution's host firewalls: traffic flows, or status names the rule that drops it and what to type."""

import json

import pytest
from claims import keep_their_sources
from lab.neighbours import Kind, Neighbours
from product import apply, apply_everywhere, plan

PACKAGES = ("ufw", "firewalld", "dbus")
START_FIREWALLD = """
mkdir -p /run/dbus
dbus-daemon --system --fork
firewalld --nopid > /var/log/firewalld.log 2>&1
for i in $(seq 100); do firewall-cmd --state 2> /dev/null | grep -q running && exit 0; sleep 0.1; done
cat /var/log/firewalld.log
exit 1
"""

# Docker is told, and then gives firewalld its bridge back and writes its rules anew.
RELOAD = """
firewall-cmd --reload
for i in $(seq 200); do firewall-cmd --get-zone-of-interface=docker0 2> /dev/null | grep -q docker && break; sleep 0.1; done
sleep 1
"""


@pytest.fixture(scope="module")
def cluster(product_lab):
    kinds = {"old": Kind("bookworm", packages=PACKAGES), "new": Kind("sid", packages=PACKAGES)}
    cluster = Neighbours(product_lab, kinds)
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    return cluster


def conflicts(host):
    return json.loads(host.overland("status", "--json").stdout)["conflicts"]


@pytest.mark.claim("ufw enabled, and reloaded")
def test_ufw(cluster, on):
    on(*cluster.hosts)
    for host in cluster.hosts:
        host.sh("ufw allow 22/tcp && ufw --force enable")
    keep_their_sources(cluster, cluster.pairs())
    for host in cluster.hosts:
        host.sh("ufw reload")
    keep_their_sources(cluster, cluster.pairs())
    assert [plan(host)[0] for host in cluster.hosts] == [0, 0]
    assert [conflicts(host) for host in cluster.hosts] == [[], []]
    for host in cluster.hosts:
        host.sh("ufw --force disable")


@pytest.fixture(scope="module")
def firewalld(cluster):
    """As on a host that boots with both: firewalld first, then Docker, then overland."""
    def start(host):
        host.stop_docker()
        host.sh(START_FIREWALLD)
        host.start_docker()
        apply(host)
    cluster.lab.together(start, cluster.hosts)
    cluster.restart_containers()
    return cluster


@pytest.mark.claim("firewalld, where Docker opens it itself")
def test_firewalld_lets_the_peers_in_by_dockers_own_policy(firewalld, on):
    new = firewalld.lab.hosts["new"]
    on(new)
    assert conflicts(new) == []
    for web, _ in [firewalld.containers["old"]]:
        assert all(web.ping(one.address) for one in firewalld.containers["new"])


@pytest.mark.claim("firewalld, where it does not: status names the rule, and its remedy works")
def test_firewalld_rejects_and_status_names_the_rule_and_the_remedy(firewalld, on):
    old = firewalld.lab.hosts["old"]
    on(old)
    web, hidden = firewalld.containers["old"]
    peer, _ = firewalld.containers["new"]
    assert not peer.ping(hidden.address)

    [conflict] = conflicts(old)
    assert "reject with icmpx admin-prohibited" in conflict["message"]
    assert "of table inet firewalld drops traffic from" in conflict["message"]
    assert "inet firewalld" in old.overland("status").stdout
    remedy = conflict["remedy"]
    old.sh(remedy.replace("; ", "\n"))
    keep_their_sources(firewalld, firewalld.pairs())
    assert conflicts(old) == []


@pytest.mark.claim("firewalld reloaded: plan shows what it took, the next apply brings it back")
def test_a_reload_of_firewalld(firewalld, on, note):
    on(*firewalld.hosts)
    for host in firewalld.hosts:
        host.sh(RELOAD)
    lost = [host.name for host in firewalld.hosts if plan(host)[0] == 2]
    note("yes (taken by firewalld 1.3)" if lost == ["old"] else "yes")
    apply_everywhere(firewalld)
    keep_their_sources(firewalld, firewalld.pairs())
    assert [plan(host)[0] for host in firewalld.hosts] == [0, 0]
