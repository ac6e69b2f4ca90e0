"""Settings of Docker that change what it does to traffic, and networks beside docker0."""

import json

import pytest
from claims import keep_their_sources, serve_published_ports
from lab.neighbours import Kind, Neighbours
from product import apply, apply_everywhere, explain, plan

APART = [{"base": "172.30.0.0/16", "size": 24}]
KINDS = {
    "proxyless": Kind("bookworm", docker={"userland-proxy": False}),
    "surviving": Kind("trixie", docker={"live-restore": True}),
    "secluded": Kind("sid", docker={"icc": False, "default-address-pools": APART}),
    "bare": Kind("sid", docker={"iptables": False}),
}


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Neighbours(product_lab, KINDS)
    product_lab.hosts["bare"].sh("rm -f /usr/sbin/*tables* /etc/alternatives/*tables*")
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    return cluster


def status(host):
    return json.loads(host.overland("status", "--json").stdout)


def named(entries, resource):
    return [one for one in entries if one["resource"].startswith(resource)]


@pytest.mark.claim("userland-proxy: false")
def test_without_userland_proxy(cluster, on):
    on(cluster.lab.hosts["proxyless"])
    keep_their_sources(cluster, cluster.between("proxyless", "surviving"))
    serve_published_ports(cluster, "proxyless")
    peer, _ = cluster.containers["secluded"]
    assert peer.tcp(cluster.addresses["proxyless"], 8080) is not None


@pytest.mark.claim("icc: false keeps a host's own containers apart, not its peers")
def test_without_inter_container_communication(cluster, on):
    on(cluster.lab.hosts["secluded"])
    web, hidden = cluster.containers["secluded"]
    assert not web.ping(hidden.address) and web.tcp(hidden.address) is None
    keep_their_sources(cluster, cluster.between("secluded", "proxyless"))


@pytest.mark.claim("no iptables program, Docker with iptables: false")
def test_without_iptables(cluster, record_property):
    bare = cluster.lab.hosts["bare"]
    record_property("engine", bare.docker("version", "--format", "{{.Server.Version}}").stdout.split("+")[0])
    assert "no iptables program" in status(bare)["firewall"]
    keep_their_sources(cluster, cluster.between("bare", "proxyless"))
    assert plan(bare)[0] == 0


@pytest.mark.claim("a compose-style user network beside docker0")
def test_a_user_network_beside_docker0(cluster, on):
    host = cluster.lab.hosts["secluded"]
    on(host)
    host.docker("network", "create", "app_default")
    inside = host.container("app", network="app_default")
    assert plan(host)[0] == 0 and named(status(host)["conflicts"], "docker network") == []
    keep_their_sources(cluster, cluster.between("secluded", "proxyless"))
    # No bridge subnet of the inventory: Docker's masquerade stays, and the peer sees the host.
    peer, _ = cluster.containers["proxyless"]
    assert inside.tcp(peer.address) == cluster.addresses["secluded"]
    inside.remove()
    host.docker("network", "rm", "app_default")


@pytest.mark.claim("a user network over a peer's bridge subnet is reported")
def test_a_user_network_that_covers_a_peers_subnet(cluster, on):
    host = cluster.lab.hosts["proxyless"]
    on(host)
    host.docker("network", "create", "--subnet", "192.168.102.0/25", "rogue")
    [conflict] = named(status(host)["conflicts"], "docker network rogue")
    assert "192.168.102.0/24" in conflict["message"] and "default-address-pools" in conflict["remedy"]
    host.docker("network", "rm", "rogue")
    assert named(status(host)["conflicts"], "docker network") == []


@pytest.mark.claim("address pools of Docker that hold a peer's bridge subnet are reported")
def test_address_pools(cluster, on):
    on(cluster.lab.hosts["proxyless"], cluster.lab.hosts["secluded"])
    [advice] = named(status(cluster.lab.hosts["proxyless"])["advice"], "docker address pool 192.168.0.0/16")
    assert "default-address-pools" in advice["remedy"]
    assert named(status(cluster.lab.hosts["secluded"])["advice"], "docker address pool") == []


@pytest.mark.claim("a bip over a connected network is reported")
def test_a_bip_that_covers_a_connected_network(cluster, on):
    host = cluster.lab.hosts["proxyless"]
    on(host)
    host.sh("ip link add lab0 type bridge; ip addr add 192.168.101.200/28 dev lab0; ip link set lab0 up")
    [conflict] = named(status(host)["conflicts"], "docker bip")
    assert "link lab0" in conflict["message"] and "another bip" in conflict["remedy"]
    host.sh("ip link del lab0")
    assert plan(host)[0] == 0


@pytest.mark.claim("live-restore with a changed bip: noticed and said, not believed")
def test_live_restore_keeps_the_old_bip(cluster, on):
    host = cluster.lab.hosts["surviving"]
    on(host)
    old, new = cluster.bips["surviving"], "192.168.112.1/24"
    cluster.bips["surviving"] = new
    cluster.distribute(cluster.text({"surviving": f'previous_bip = "{old}"\n'}))
    apply_everywhere(cluster)

    done = host.overland("apply", "--restart-docker", "--json", timeout=120)
    assert done.returncode == 1, explain(done)
    assert json.loads(done.stdout)["docker_restart_required"] is True
    assert "live-restore" in done.stderr
    assert host.docker0() == old
    assert status(host)["docker_restart_required"] is True
    # The old subnet still counts: nobody is cut off.
    keep_their_sources(cluster, cluster.between("surviving", "proxyless"))

    host.docker("stop", "--time", "0", "web", "hidden")
    report = apply(host, "--restart-docker")
    assert report["docker_restart_required"] is False and host.docker0() == new
    cluster.lab.together(lambda container: container.start(), cluster.containers["surviving"])
    keep_their_sources(cluster, cluster.between("surviving", "proxyless"))
