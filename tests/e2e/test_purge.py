"""purge leaves a host as it was before the first apply."""

import pytest
from lab import snapshot
from lab.cluster import BIPS, Cluster
from product import apply, explain

# Three ways a host may have been before: bip set by hand, other keys only, and no file at all.
DAEMON_JSON = {
    "docker-200": '{\n    "bip": "192.168.100.1/24",\n    "debug": false\n}\n',
    "docker-201": '{ "debug": false }\n',
    "docker-202": None,
}


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Cluster(product_lab)
    for host in cluster.hosts:
        if text := DAEMON_JSON[host.name]:
            host.write("/etc/docker/daemon.json", text)
    product_lab.start_dockers()
    cluster.before = dict(zip(BIPS, product_lab.together(snapshot.take, cluster.hosts)))
    return cluster


def beside_the_bridge(differences, name):
    """Without what Docker itself keeps of a former bip: docker0's address and its own rules for it."""
    subnets = "172.17.0.", BIPS[name].removesuffix("1/24")
    return [line for line in differences if not any(subnet in line for subnet in subnets)]


@pytest.mark.parametrize("name", BIPS)
def test_purge_leaves_nothing_behind(cluster, name):
    host = cluster.lab.hosts[name]
    apply(host, "--restart-docker")
    assert host.docker0() == BIPS[name]

    done = host.overland("purge")
    assert done.returncode == 0, explain(done)
    left = snapshot.differences(cluster.before[name], snapshot.take(host))
    had_its_bip = name == "docker-200"
    assert (left if had_its_bip else beside_the_bridge(left, name)) == []
    assert not host.exists("/var/lib/overland/state.json")


def test_a_second_purge_has_nothing_to_do(cluster):
    for host in cluster.hosts:
        done = host.overland("purge")
        assert done.returncode == 0, explain(done)


def test_purge_keeps_a_key_that_somebody_changed_since(cluster):
    host = cluster.lab.hosts["docker-202"]
    apply(host)
    host.write("/etc/docker/daemon.json", '{ "bip": "192.168.99.1/24" }\n')
    done = host.overland("purge")
    assert done.returncode == 0, explain(done)
    assert host.read("/etc/docker/daemon.json") == '{ "bip": "192.168.99.1/24" }\n'
