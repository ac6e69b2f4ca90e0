"""apply before dockerd's first start, and apply on hosts whose Docker still has its own default network."""

import json

import pytest
from lab.cluster import BIPS, Cluster
from lab.probe import reach
from product import apply, apply_everywhere, plan


def all_reach_all(cluster):
    pairs = cluster.pairs()
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs]


def status(host):
    return json.loads(host.overland("status", "--json").stdout)


def words(host):
    """What is said of the ways to its peers."""
    return {peer["state"] for peer in status(host)["peers"]}


def check(host):
    return host.overland("status", "--check").returncode


@pytest.fixture(scope="module")
def cluster(product_lab):
    return Cluster(product_lab)


def test_apply_before_the_first_start_of_docker(cluster):
    for report in apply_everywhere(cluster):
        assert report["changed"] is True
    for host in cluster.hosts:
        assert json.loads(host.read("/etc/docker/daemon.json")) == {"bip": BIPS[host.name]}
    cluster.lab.start_dockers()
    cluster.start_containers()
    all_reach_all(cluster)
    assert [plan(host)[0] for host in cluster.hosts] == [0, 0, 0]


def test_after_a_reboot_apply_brings_everything_back(cluster):
    host = cluster.hosts[0]
    host.reboot()
    assert apply(host)["changed"] is True
    host.start_docker()
    for container in cluster.containers[host.name]:
        container.start()
    all_reach_all(cluster)


def test_a_changed_bip_waits_for_a_permitted_restart(cluster):
    """docker-202 goes back to Docker's default network, then overland comes again."""
    host = cluster.hosts[2]
    assert host.overland("purge").returncode == 0
    host.restart_docker_on_default_bridge()
    assert host.docker0() == "172.17.0.1/16"

    report = apply(host)
    assert report["docker_restart_required"] is True
    assert host.docker0() == "172.17.0.1/16", "apply restarted Docker without being allowed to"
    assert (words(host), check(host), plan(host)[0]) == ({"restart due"}, 2, 2)

    report = apply(host, "--restart-docker")
    assert report["docker_restart_required"] is False
    assert host.docker0() == BIPS[host.name]
    for container in cluster.containers[host.name]:
        container.start()
    all_reach_all(cluster)
    assert (words(host), check(host), plan(host)[0]) == ({"route ok"}, 0, 0)
    hops = [hop for peer in status(host)["peers"] for hop in peer["next_hops"]]
    assert {(hop["link"], hop["neighbour"]) for hop in hops} <= {("eth0", "reachable"), ("eth0", "stale")}
    assert apply(host, "--restart-docker")["changed"] is False


def test_a_docker_that_stopped_is_said(cluster):
    host = cluster.hosts[2]
    host.stop_docker()
    assert words(host) == {"Docker stopped"}
    assert "Ways       2 Docker stopped\n" in host.overland("status").stdout
    host.start_docker()
    assert words(host) == {"route ok"}
