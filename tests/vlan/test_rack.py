"""config/ipvlan.toml and config/macvlan-vlans.toml as published, on Debian's kernel with real 802.1Q and real Docker."""

import json

import pytest
from conftest import KERNEL_TESTS, missing
from lab import Lab, layer
from rack import CONFIG, declare, raise_rack, sources_kept
from product import explain

IPVLAN = (CONFIG / "ipvlan.toml").read_text()
VLANS = (CONFIG / "macvlan-vlans.toml").read_text()


def apply(host, *options):
    done = host.overland("apply", "--json", *options)
    assert done.returncode == 0, f"{host.name}: {explain(done)}"
    return json.loads(done.stdout)


def settled(host):
    done = host.overland("plan", "--detailed-exitcode")
    assert done.returncode == 0, f"{host.name}: {explain(done)}"


@pytest.fixture(scope="module")
def rack():
    if reason := missing():
        pytest.skip(reason)
    with Lab() as lab:
        if not lab.binary:
            pytest.skip("there is no overland binary: build it or set OVERLAND_BINARY")
        if KERNEL_TESTS.is_file():
            layer.bundle(lab.layer, KERNEL_TESTS)
        yield raise_rack(lab)


@pytest.fixture(scope="module")
def ipvlan(rack):
    declare(rack.hosts, IPVLAN)
    for host in rack.hosts:
        apply(host)
        settled(host)
        host.web = host.container("web", "bridge")
        host.flat, host.fast = (host.container(name, name) for name in ("flat", "fast"))
    rack.stranger.sh("ip route add 10.91.0.0/24 via 10.0.0.200; ip route add 10.91.1.0/24 via 10.0.0.201")
    rack.stranger.serve()
    yield rack


def test_l2_is_on_the_wire_of_its_vlan(ipvlan):
    one, two = (host.flat for host in ipvlan.hosts)
    assert sources_kept([(one, two), (two, one)]) == [one.address, two.address]


def test_l3s_is_routed_with_its_own_addresses(ipvlan):
    one, two = (host.fast for host in ipvlan.hosts)
    webs = [host.web for host in ipvlan.hosts]
    pairs = [(one, two), (two, one), (one, webs[1]), (webs[1], one), (webs[0], two)]
    assert sources_kept(pairs) == [source.address for source, _ in pairs]


def test_the_host_reaches_its_own_by_shims(ipvlan):
    host = ipvlan.hosts[0]
    assert host.tcp(host.flat.address) and host.tcp(host.fast.address)
    assert host.web.tcp(host.fast.address), "and so does docker0"


def test_strangers_are_refused_and_replies_are_not(ipvlan):
    host, stranger = ipvlan.hosts[0], ipvlan.stranger
    assert stranger.tcp(host.fast.address) is None and not stranger.ping(host.fast.address)
    assert host.fast.tcp("10.0.0.9") == host.fast.address
    host.sh("nft delete table inet overland")
    assert stranger.tcp(host.fast.address) == "10.0.0.9", "what the test is worth"
    assert {step["resource"] for step in apply(host)["steps"]} == {"firewall"}
    assert stranger.tcp(host.fast.address) is None


def test_l3_hears_the_cluster_alone(ipvlan):
    declare(ipvlan.hosts, IPVLAN.replace('"l3s" ', '"l3" '))
    for host in ipvlan.hosts:
        apply(host, "--prune", "--recreate-networks")
        settled(host)
    one, two = (host.fast for host in ipvlan.hosts)
    pairs = [(one, two), (two, one), (one, ipvlan.hosts[1].web), (ipvlan.hosts[1].web, one)]
    assert sources_kept(pairs) == [source.address for source, _ in pairs]
    host, stranger = ipvlan.hosts[0], ipvlan.stranger
    assert host.tcp(one.address) and host.web.tcp(one.address)
    assert stranger.tcp(one.address) is None and one.tcp("10.0.0.9") is None
    host.sh("nft delete table netdev overland")
    assert stranger.tcp(one.address) == "10.0.0.9", "what the test is worth"
    apply(host)
    assert stranger.tcp(one.address) is None and two.tcp(one.address) == two.address


def test_purge_leaves_nothing(ipvlan):
    for host in ipvlan.hosts:
        host.docker("rm", "--force", "web", "flat", "fast")
        done = host.overland("purge")
        assert done.returncode == 0, explain(done)
        left = host.sh("nft list tables; ip -o link; ip route; docker network ls").stdout
        for word in ("overland", "ovl-", "ens33.10", "proto 111", "flat", "fast"):
            assert word not in left, left


def test_the_adapter_makes_shims_of_ipvlan(rack):
    if not KERNEL_TESTS.is_file():
        pytest.skip(f"{KERNEL_TESTS} is not built")
    done = rack.sh("netns_kernel --gtest_filter='IpvlanShims.*:IpvlanLinks.Asking*'", check=False)
    assert done.returncode == 0 and "[  PASSED  ] 3 tests." in done.stdout, done.stdout + done.stderr


def test_two_macvlan_vlans_and_a_router(rack):
    """Two containers on each of two hosts: the same VLAN by the switch, the other one by the router, or not at all."""
    declare([*rack.hosts, rack.router], VLANS)
    for host in rack.hosts:
        apply(host)
        settled(host)
        host.ten, host.twenty = (host.container(name, name) for name in ("mv10", "mv20"))
    one, two = rack.hosts
    same = [(one.ten, two.ten), (two.ten, one.ten), (one.twenty, two.twenty), (two.twenty, one.twenty)]
    other = [(one.ten, two.twenty), (two.twenty, one.ten), (one.ten, one.twenty), (one.twenty, two.ten)]
    assert sources_kept(same) == [source.address for source, _ in same]
    assert sources_kept(other) == [None] * len(other), "without the router"
    assert one.tcp(one.twenty.address) and not one.ping(one.ten.address), "the shim is for mv20 alone"
    apply(rack.router)
    assert sources_kept([*same, *other]) == [source.address for source, _ in [*same, *other]]
    assert "id 10 <" in rack.router.sh("ip -d link show ens33.10").stdout
    rack.router.overland("purge")
    assert sources_kept([same[0], other[0]]) == [one.ten.address, None]
