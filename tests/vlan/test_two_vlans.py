"""config/two-vlans.toml as published, with real 802.1Q tags: the router makes its VLAN links and joins the two."""

import json

import pytest
from conftest import KERNEL_TESTS, PARENT
from product import apply, plan


def link(router, name):
    """The link as `ip` tells it, or None."""
    shown = router.sh(f"ip -j -d address show dev {name}", check=False)
    return json.loads(shown.stdout)[0] if shown.returncode == 0 else None


def addresses(found):
    return [f"{one['local']}/{one['prefixlen']}" for one in found["addr_info"] if one["family"] == "inet"]


def test_the_containers_reach_each_other_after_apply_only(net):
    assert not net.containers_talk()
    for report in net.apply_everywhere():
        assert report["changed"] is True and report["conflicts"] == [], report
    assert net.containers_talk()


def test_apply_made_the_vlan_links(net):
    for vlan, address in ((100, "172.16.10.1/24"), (200, "172.16.20.1/24")):
        found = link(net.router, f"{PARENT}.{vlan}")
        info = found["linkinfo"]
        assert info["info_kind"] == "vlan" and info["info_data"]["id"] == vlan
        assert "REORDER_HDR" in info["info_data"]["flags"]
        assert found["link"] == PARENT and found["ifalias"] == "overland" and "UP" in found["flags"]
        assert addresses(found) == [address] and found["mtu"] == 1500


def test_the_packets_are_tagged_and_keep_their_source(net):
    one, two = (host.web for host in net.hosts)
    for vlan in (100, 200):
        heard = net.router.hears(f"vlan {vlan} and icmp and src {one.address} and dst {two.address}",
                                 lambda: one.ping(two.address), link=PARENT)
        assert f"vlan {vlan}," in heard and f"{one.address} > {two.address}" in heard, heard
    crossed = {(frame.vlan, frame.source, frame.destination) for frame in net.switch.seen if frame.protocol == 1}
    for vlan in (100, 200):
        assert {(vlan, one.address, two.address), (vlan, two.address, one.address)} <= crossed


def test_a_second_apply_changes_nothing(net):
    for host in (*net.hosts, net.router):
        assert plan(host)[0] == 0
        assert apply(host)["changed"] is False


def test_the_mtu_follows_the_parent(net):
    router = net.router
    router.sh(f"ip link set {PARENT} mtu 1400")
    assert link(router, f"{PARENT}.100")["mtu"] == 1400, "the kernel lowers it itself"
    router.sh(f"ip link set {PARENT} mtu 1500")
    assert plan(router)[0] == 2
    apply(router)
    assert [link(router, f"{PARENT}.{vlan}")["mtu"] for vlan in (100, 200)] == [1500, 1500]
    assert plan(router)[0] == 0


def test_a_link_that_was_changed_by_hand_is_repaired(net):
    router = net.router
    for harm in (f"ip link del {PARENT}.100", f"ip link set {PARENT}.200 down",
                 f"ip address flush dev {PARENT}.100"):
        router.sh(harm)
        assert plan(router)[0] == 2, harm
        apply(router)
        assert plan(router)[0] == 0, harm
    assert net.containers_talk()


def test_a_lost_parent_heals_when_it_is_back(net):
    router = net.router
    device = router.sh(f"basename $(readlink -f /sys/class/net/{PARENT}/device)").stdout.strip()
    router.sh(f"echo {device} > /sys/bus/virtio/drivers/virtio_net/unbind")
    assert link(router, f"{PARENT}.100") is None
    refused = router.overland("apply", "--json")
    assert refused.returncode != 0 and PARENT in refused.stderr, refused
    router.sh(f"echo {device} > /sys/bus/virtio/drivers/virtio_net/bind")
    router.sh(f"ip link set {router.first_link()} name {PARENT}; ip link set {PARENT} up")
    assert apply(router)["changed"] is True
    assert plan(router)[0] == 0
    assert net.containers_talk()


def test_purge_removes_our_links_only(net):
    router = net.router
    router.sh(f"ip link add link {PARENT} name foreign type vlan id 300")
    done = router.overland("purge")
    assert done.returncode == 0, done
    assert link(router, f"{PARENT}.100") is None and link(router, f"{PARENT}.200") is None
    assert link(router, "foreign")["linkinfo"]["info_data"]["id"] == 300
    router.sh("ip link del foreign")
    assert "proto 111" not in router.sh("ip route show").stdout


def test_a_foreign_vlan_link_that_agrees_is_used(net):
    router = net.router
    router.sh(f"ip link add link {PARENT} name campus type vlan id 100; ip address add 172.16.10.1/24 dev campus; "
              "ip link set campus up")
    apply(router)
    assert link(router, f"{PARENT}.100") is None and link(router, f"{PARENT}.200") is not None
    assert "ifalias" not in link(router, "campus")
    assert net.containers_talk()
    assert plan(router)[0] == 0


def test_a_foreign_link_that_does_not_agree_is_a_conflict(net):
    router = net.router
    assert router.overland("purge").returncode == 0
    assert link(router, "campus") is not None, "purge leaves what is not ours"
    router.sh(f"ip link del campus; ip link add link {PARENT} name {PARENT}.100 type vlan id 101")
    done = router.overland("apply", "--json")
    report = json.loads(done.stdout)
    assert [one["resource"] for one in report["conflicts"]] == [f"link {PARENT}.100"], report
    assert link(router, f"{PARENT}.100")["linkinfo"]["info_data"]["id"] == 101
    router.sh(f"ip link del {PARENT}.100")
    apply(router)
    assert net.containers_talk()


def test_the_adapter_makes_and_repairs_vlan_links(net):
    """The tests of tests/netns/kernel that need 802.1Q, in namespaces of their own on the router's kernel."""
    if not KERNEL_TESTS.is_file():
        pytest.skip(f"{KERNEL_TESTS} is not built")
    done = net.router.sh("netns_kernel --gtest_filter='VlanLinks.*'", check=False)
    assert done.returncode == 0 and "[  PASSED  ] 5 tests." in done.stdout, done.stdout + done.stderr
