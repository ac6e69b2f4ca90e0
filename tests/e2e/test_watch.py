"""overland watch beside real Docker: what its restart and others disturb is right again, without a timer."""

import time

import pytest
from lab.cluster import Cluster
from lab.probe import reach
from product import apply_everywhere, plan


def all_reach_all(cluster):
    pairs = cluster.pairs()
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs], said(cluster)


def said(cluster):
    return [host.read("/run/said") for host in cluster.hosts]


def settled(cluster, seconds=10):
    end = time.monotonic() + seconds
    while any(plan(host)[0] != 0 for host in cluster.hosts):
        assert time.monotonic() < end, said(cluster)
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster(product_lab):
    variants = {"docker-200": "nft", "docker-201": "legacy", "docker-202": "nft"}
    cluster = Cluster(product_lab, suites="sid", variants=variants)
    apply_everywhere(cluster)
    cluster.lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    for host in cluster.hosts:
        host.sh("setsid sh -c 'echo $$ >/run/watch.pid; exec overland watch' </dev/null >/run/said 2>&1 &")
    time.sleep(2)
    yield cluster
    for host in cluster.hosts:
        host.sh("kill $(cat /run/watch.pid)")


def test_docker_restarted(cluster):
    for host in cluster.hosts[:2]:
        host.restart_docker()
    cluster.restart_containers()
    settled(cluster)
    all_reach_all(cluster)


def test_rules_and_routes_flushed_and_a_link_that_went_down(cluster):
    for host in cluster.hosts:
        host.sh("nft delete table ip overland; ip route flush proto 111; ip link set eth0 down; ip link set eth0 up")
    settled(cluster)
    all_reach_all(cluster)


def test_containers_that_come_and_go_are_no_disturbance(cluster):
    before = said(cluster)
    for host in cluster.hosts[:2]:
        for container in cluster.containers[host.name]:
            container.restart()
    time.sleep(2)
    settled(cluster)
    assert said(cluster) == before
    all_reach_all(cluster)
