"""The main job: three hosts, one inventory, `overland apply` on each, and containers reach each other.

dockerd runs with its bip before overland comes, as on hosts that were set up by hand.
"""

import pytest
from lab.cluster import ADDRESSES, BIPS, INTERNET, STRANGER, Cluster
from lab.probe import reach
from product import apply, apply_everywhere, plan


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Cluster(product_lab)
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    cluster.before = reach(product_lab, cluster.pairs())
    cluster.reports = apply_everywhere(cluster)
    return cluster


def test_nothing_reaches_a_peer_before_apply(cluster):
    assert set(cluster.before) == {(False, None)}


def test_apply_reports_changes_and_needs_no_docker_restart(cluster):
    for report in cluster.reports:
        assert report["changed"] is True
        assert report["steps"]
        assert report["conflicts"] == []
        assert report["docker_restart_required"] is False


def test_every_container_reaches_every_other_with_its_own_address(cluster):
    pairs = cluster.pairs()
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs]


def test_hosts_and_peers_containers_reach_each_other(cluster):
    for host in cluster.hosts:
        for web, hidden in (pair for name, pair in cluster.containers.items() if name != host.name):
            assert host.ping(hidden.address)
            assert host.tcp(web.address) == ADDRESSES[host.name]
            assert web.ping(ADDRESSES[host.name])


def test_a_container_reaches_a_port_published_by_a_peer(cluster):
    web, _ = cluster.containers["docker-200"]
    assert web.tcp(ADDRESSES["docker-201"], 8080) is not None


def test_internet_bound_traffic_is_masqueraded(cluster):
    for name, containers in cluster.containers.items():
        for container in containers:
            assert container.tcp(INTERNET) == ADDRESSES[name]


def test_a_published_port_works_from_outside(cluster):
    for address in ADDRESSES.values():
        assert cluster.internet.tcp(address, 8080) == INTERNET


def test_a_pool_address_from_outside_is_not_let_in(cluster):
    web, hidden = cluster.containers["docker-200"]
    cluster.let_outsiders_in()
    assert cluster.internet.ping(ADDRESSES["docker-200"], source=STRANGER), "the stranger's packets do not even arrive"
    for container in (web, hidden):
        assert not cluster.internet.ping(container.address, source=STRANGER)
    # Not `web`: up to Docker 27 anybody who has a route may use a container's published port directly.
    assert cluster.internet.tcp(hidden.address, source=STRANGER) is None


def test_an_outsider_is_not_let_in(cluster):
    _, hidden = cluster.containers["docker-200"]
    cluster.let_outsiders_in()
    for outsider in (cluster.internet, cluster.gateway):
        assert outsider.ping(ADDRESSES["docker-200"])
        assert not outsider.ping(hidden.address)
        assert outsider.tcp(hidden.address) is None


def test_a_second_apply_changes_nothing_and_says_so_in_one_line(cluster):
    for host in cluster.hosts:
        assert plan(host)[0] == 0
        report = apply(host)
        assert report["changed"] is False and report["steps"] == []
        spoken = host.overland("apply")
        assert spoken.returncode == 0 and len(spoken.stdout.splitlines()) == 1


def test_iptables_and_docker_keep_working_beside_the_rules(cluster):
    host = cluster.hosts[0]
    saved = host.run(["iptables-save"])
    assert "incompatible" not in saved.stdout + saved.stderr
    host.run(["iptables-restore", "--test"], input=saved.stdout)
    late = host.container("late", publish=["8081:80"])
    peer, _ = cluster.containers["docker-201"]
    assert peer.tcp(late.address) == peer.address
    assert cluster.internet.tcp(ADDRESSES[host.name], 8081) == INTERNET
    late.remove()


def test_traffic_flows_after_dockers_were_restarted(cluster):
    cluster.lab.together(lambda host: host.restart_docker(), cluster.hosts)
    cluster.restart_containers()
    pairs = cluster.pairs()
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs]
    assert [host.docker0() for host in cluster.hosts] == list(BIPS.values())
    assert [plan(host)[0] for host in cluster.hosts] == [0, 0, 0]
