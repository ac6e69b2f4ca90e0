"""[[network]]: made, made anew, put back and removed by a real Docker, and nothing of anybody else's touched."""

import json

import pytest
from networked import BEGIN, MACVLAN, SUITES, Networked, bridge
from product import apply, explain


@pytest.fixture(scope="module", params=SUITES)
def net(request, product_lab):
    lan = product_lab.lan(f"lan-{request.param}")
    # Its address says which host of the inventory it is.
    host = product_lab.host(f"engine-{request.param}", suite=request.param, links={"eth0": (lan, "10.0.0.200/24")})
    host.write_daemon_json(bip="192.168.100.1/24")
    host.start_docker()
    yield Networked(host)
    host.close()


def test_it_is_made_and_a_second_apply_does_nothing(net):
    net.wants(bridge())
    assert net.setting("app") == {"name": "network app", "desired": "bridge 192.168.110.0/24",
                                  "actual": "missing", "ok": False}
    report = apply(net.host)
    assert {"network app"} <= {step["resource"] for step in report["steps"]}
    shown = net.inspect("app")
    assert shown["Options"]["com.docker.network.bridge.name"] == "br-app"
    assert "overland" in shown["Labels"]
    assert net.setting("app")["ok"]
    assert not apply(net.host)["changed"]


def test_it_is_still_ours_after_docker_restarts(net):
    before = net.id("app")
    net.host.restart_docker()
    assert not any("network" in step["resource"] for step in apply(net.host)["steps"])
    assert net.id("app") == before


def test_unused_it_is_made_anew_where_it_changes(net):
    net.wants(bridge(111))
    apply(net.host)
    assert net.subnet("app") == "192.168.111.0/24"
    assert net.host.sh("ip -4 -o address show br-app").stdout.split()[3] == "192.168.111.1/24"


def test_pruned_by_hand_it_is_made_again(net):
    net.run("stopped", "--network", "app", "--ip", "192.168.111.77")
    net.host.docker("stop", "stopped")
    net.host.docker("network", "prune", "--force")
    assert not net.has("app")
    assert apply(net.host)["changed"]
    assert net.subnet("app") == "192.168.111.0/24"
    net.host.docker("start", "stopped")
    assert net.endpoint("stopped", "app")["IPAddress"] == "192.168.111.77"
    net.host.docker("rm", "--force", "stopped")


def test_used_it_is_held_until_it_is_asked_for(net):
    """Two containers: one runs, with an address of its own, one is stopped."""
    net.run("web", "--network", "app", "--ip", "192.168.111.9", "--network-alias", "front",
            "--mac-address", "02:00:00:00:00:09")
    net.run("idle", "--network", "app")
    net.host.docker("stop", "idle")
    net.wants(bridge(111, 'options = { "com.docker.network.bridge.enable_icc" = "true" }'))
    before = net.id("app")
    held = net.overland("apply", "--json")
    assert held.returncode == 1, explain(held)
    report = json.loads(held.stdout)
    assert [step["resource"] for step in report["held"]] == ["network app"]
    assert "--recreate-networks" in held.stderr and "idle, web" in held.stderr
    assert net.id("app") == before and not net.setting("app")["ok"]

    apply(net.host, "--recreate-networks")
    assert net.id("app") != before
    assert net.inspect("app")["Options"]["com.docker.network.bridge.enable_icc"] == "true"
    web = net.endpoint("web", "app")
    assert web["IPAddress"] == "192.168.111.9"
    assert "front" in web["Aliases"]
    if net.host.suite == "bookworm":  # from 25.0 to 28 Docker ignores the MAC it is told
        assert web["MacAddress"] == "02:00:00:00:00:09"
    net.host.docker("start", "idle")
    assert net.endpoint("idle", "app")["IPAddress"].startswith("192.168.111.")
    assert not apply(net.host)["changed"]


def test_what_cannot_be_made_anew_is_as_it_was(net):
    """web has an address that is in no other subnet: Docker would refuse to put it there."""
    net.wants(bridge(112))
    before = net.id("app")
    done = net.overland("apply", "--recreate-networks")
    assert done.returncode == 1, explain(done)
    assert "web (192.168.111.9)" in done.stderr and "docker network disconnect app web" in done.stderr
    assert net.id("app") == before, "nothing was begun"
    assert net.subnet("app") == "192.168.111.0/24"
    assert net.inspect("app")["Options"]["com.docker.network.bridge.enable_icc"] == "true"
    assert net.endpoint("web", "app")["IPAddress"] == "192.168.111.9"
    assert net.endpoint("idle", "app")["IPAddress"]
    assert "overland" in net.inspect("app")["Labels"]


def test_gone_from_the_inventory_it_stays_while_it_is_used(net):
    net.wants(BEGIN)
    assert net.overland("apply").returncode == 1
    assert net.has("app")
    apply(net.host, "--prune")
    assert not net.has("app")
    assert net.endpoint("web", "app") is None
    net.host.docker("rm", "-f", "web", "idle")


def test_somebody_elses_network_is_never_touched(net):
    net.host.docker("network", "create", "--subnet", "10.99.0.0/24", "app")
    before = net.inspect("app")
    net.wants(bridge())
    done = net.overland("apply", "--prune", "--recreate-networks")
    assert "somebody else made" in done.stderr, explain(done)
    assert net.inspect("app") == before
    assert net.overland("status", "--check").returncode == 3
    net.host.docker("network", "rm", "app")

    net.host.docker("network", "create", "--subnet", "192.168.110.0/25", "other")
    done = net.overland("apply")
    assert "network other" in done.stderr, explain(done)
    assert not net.has("app") and net.has("other")
    net.host.docker("network", "rm", "other")
    apply(net.host)
    assert net.has("app")


def test_followed_it_is_only_compared(net):
    net.wants(bridge())
    assert net.overland("purge").returncode == 0
    net.wants(bridge(110, 'manage = "follow"').replace('link = "br-app"\n', ""))
    done = net.overland("apply")
    assert "is not there" in done.stderr and not net.has("app"), explain(done)
    net.host.docker("network", "create", "--subnet", "192.168.110.0/24", "app")
    assert net.setting("app")["ok"]
    assert "network app" not in net.overland("apply").stderr
    net.host.docker("network", "rm", "app")


def test_without_docker_all_else_is_done_and_they_come_later(net):
    net.wants(bridge())
    net.host.stop_docker()
    done = net.overland("apply", "--json")
    report = json.loads(done.stdout)
    assert not [step for step in report["steps"] if "network" in step["resource"]]
    assert any(one["resource"] == "networks" for one in report["advice"])
    assert net.setting("app")["actual"] == "not known"
    assert net.overland("apply", "--boot").returncode == 0
    net.host.start_docker()
    apply(net.host)
    assert net.subnet("app") == "192.168.110.0/24"


def test_a_trial_puts_them_back(net):
    net.wants(bridge(113))
    before = net.inspect("app")["IPAM"]["Config"]
    done = net.overland("try", "--timeout", "3")
    assert "Rolled back" in done.stdout + done.stderr, explain(done)
    assert net.inspect("app")["IPAM"]["Config"] == before
    net.wants(bridge())
    assert not apply(net.host)["changed"]


def test_purge_takes_the_unused_and_names_the_others(net):
    net.run("web", "--network", "app")
    done = net.overland("purge")
    assert done.returncode == 1 and "web uses it" in done.stderr, explain(done)
    assert net.has("app")
    net.host.docker("rm", "-f", "web")
    done = net.overland("purge")
    assert done.returncode == 0, explain(done)
    assert not net.has("app")
    assert net.host.run(["ip", "link", "show", "br-app"], check=False).returncode != 0


def test_macvlan_waits_for_its_parent_and_gives_only_its_range(net):
    net.wants(MACVLAN)
    done = net.overland("apply")
    assert "par0, is not there" in done.stderr and not net.has("wire"), explain(done)
    net.host.sh("ip link add par0 type veth peer name par1; ip link set par0 up; ip link set par1 up")
    apply(net.host)
    config = net.inspect("wire")["IPAM"]["Config"][0]
    assert config["IPRange"] == "172.30.9.32/28" and config["Gateway"] == "172.30.9.1"
    assert "172.30.9.33" in config["AuxiliaryAddresses"].values()
    web = net.run("web", "--network", "wire", "--ip", "172.30.9.34")
    assert web.address == "172.30.9.34"
    assert not apply(net.host)["changed"]


def test_a_parent_that_docker_did_not_find_is_told_and_mended(net):
    """Docker lists the network, and no container starts on it, although the link is back."""
    net.host.docker("stop", "web")
    net.host.stop_docker()
    net.host.sh("ip link del par0")
    net.host.start_docker()
    done = net.overland("apply")
    assert "par0, is not there" in done.stderr, explain(done)
    assert "parent was gone" in net.setting("wire")["actual"]
    net.host.sh("ip link add par0 type veth peer name par1; ip link set par0 up; ip link set par1 up")
    done = net.overland("apply")
    assert done.returncode == 1 and "--recreate-networks" in done.stderr, explain(done)
    apply(net.host, "--recreate-networks")
    net.host.docker("start", "web")
    assert net.endpoint("web", "wire")["IPAddress"] == "172.30.9.34"
    assert net.setting("wire")["ok"]


def test_options_this_docker_would_ignore_are_refused(net):
    old = net.host.suite != "sid"
    net.wants(bridge(110, 'options = { "com.docker.network.bridge.gateway_mode_ipv4" = "nat-unprotected" }'))
    done = net.overland("apply", "--prune")
    assert net.has("app") != old, explain(done)
    assert ("is ignored by Docker" in done.stderr) == old
