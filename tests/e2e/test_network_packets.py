"""Bridge networks of several hosts, declared once: reached as docker0 is, with sources kept, isolated at home."""

import pytest
from lab.cluster import INVENTORY, Cluster
from lab.probe import reach
from product import apply_everywhere

SUITES = {"docker-200": "sid", "docker-201": "bookworm", "docker-202": "trixie"}
NETWORKS = """
[[network]]
name = "app"
driver = "bridge"
subnets = { docker-200 = "192.168.110.0/24", docker-201 = "192.168.111.0/24", docker-202 = "192.168.112.0/24" }

[[network]]
name = "other"
driver = "bridge"
subnets = { docker-200 = "192.168.113.0/24" }
"""


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Cluster(product_lab, suites=SUITES, inventory=INVENTORY + NETWORKS)
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    cluster.apps = cluster.lab.together(
        lambda host: host.container("app", publish=["8081:80"], network="app"), cluster.hosts)
    cluster.let_outsiders_in()
    return cluster


def test_they_reach_each_other_with_their_own_addresses(cluster):
    pairs = [(a, b) for a in cluster.apps for b in cluster.apps if a is not b]
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs]


def test_docker0_of_other_hosts_reaches_them_and_is_reached(cluster):
    webs = [cluster.containers[host.name][0] for host in cluster.hosts]
    pairs = [(a, b) for a in cluster.apps for b in webs if a.host is not b.host]
    pairs += [(b, a) for a, b in pairs]
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs]


def test_bridges_of_one_host_stay_apart(cluster):
    host = cluster.hosts[0]
    here, other = cluster.apps[0], host.container("other", network="other")
    web = cluster.containers[host.name][0]
    assert reach(cluster.lab, [(cluster.apps[1], other)]) == [(True, cluster.apps[1].address)], "it is up, and answers"
    for a, b in ((here, other), (other, here), (web, here), (here, web)):
        assert not a.ping(b.address) and a.tcp(b.address) is None


def test_strangers_are_refused(cluster):
    for app in cluster.apps:
        assert not cluster.internet.ping(app.address)
        assert cluster.internet.tcp(app.address) is None
