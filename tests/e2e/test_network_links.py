"""A container with one more address, and networks whose links are not what they need, with a real Docker."""

import json

import pytest
from lab.shell import run
from networked import BEGIN, MACVLAN, PATH, SUITES, Networked
from product import apply, explain

SHOP = BEGIN + """
[[network]]
name = "shop"
driver = "bridge"
subnets = { docker-200 = "192.168.110.0/24" }

[[network]]
name = "app"
driver = "bridge"
subnets = { docker-200 = "192.168.111.0/24" }
"""
IPVLAN = BEGIN + """
[[network]]
name = "fast"
driver = "ipvlan"
mode = "l3"
segment = "lan"
subnets = { docker-200 = "10.91.0.0/24" }
"""
PAR0 = "ip link add par0 type veth peer name par1; ip link set par0 up; ip link set par1 up"


@pytest.fixture(scope="module", params=SUITES)
def net(request, product_lab):
    lan = product_lab.lan(f"lan-{request.param}")
    host = product_lab.host(f"links-{request.param}", suite=request.param, links={"eth0": (lan, "10.0.0.200/24")})
    host.write_daemon_json(bip="192.168.100.1/24")
    host.start_docker()
    yield Networked(host)
    host.close()


def default_gateway(container):
    return run(container.argv(["ip", "route", "show", "default"])).stdout.split()[2]


def test_a_running_container_gets_one_more_address(net):
    net.wants(SHOP)
    apply(net.host)
    web = net.run("web", "--restart", "always")
    net.host.docker("network", "connect", "--ip", "192.168.110.50", "shop", "web")
    assert net.host.tcp("192.168.110.50") and net.host.tcp(web.address)
    assert default_gateway(web) == "192.168.100.1", "what went out by docker0 still does"
    net.host.restart_docker()
    assert net.endpoint("web", "shop")["IPAddress"] == "192.168.110.50"
    assert not any("network" in step["resource"] for step in apply(net.host)["steps"])
    assert net.host.tcp("192.168.110.50")


def test_a_name_before_bridge_takes_the_default_route(net):
    warned = net.overland("validate", PATH)
    assert "OVL-W109" in warned.stdout + warned.stderr, explain(warned)
    web = net.run("trapped")
    assert default_gateway(web) == "192.168.100.1"
    net.host.docker("network", "connect", "app", "trapped")
    assert default_gateway(web) == "192.168.111.1"
    net.host.docker("network", "disconnect", "app", "trapped")
    assert default_gateway(web) == "192.168.100.1"
    net.host.docker("rm", "--force", "web", "trapped")


def test_a_parent_deleted_under_running_containers_is_told_and_mended(net):
    net.host.sh(PAR0)
    net.wants(MACVLAN)
    apply(net.host, "--prune")
    net.run("web", "--network", "wire", "--ip", "172.30.9.34")
    net.host.sh("ip link del par0")
    done = net.overland("apply")
    assert "par0, is not there" in done.stderr, explain(done)
    assert "parent was gone" in net.setting("wire")["actual"]
    net.host.sh(PAR0)
    done = net.overland("apply")
    assert done.returncode == 1 and "--recreate-networks" in done.stderr, explain(done)
    apply(net.host, "--recreate-networks")
    assert net.endpoint("web", "wire")["IPAddress"] == "172.30.9.34"
    assert net.setting("wire")["ok"]
    net.host.docker("rm", "--force", "web")


def test_docker_is_told_of_no_ipvlan_that_the_kernel_lacks(net):
    if net.host.sh("ip link add i0 link eth0 type ipvlan && ip link del i0", check=False).returncode == 0:
        pytest.skip("this kernel has ipvlan")
    net.wants(IPVLAN)
    done = net.overland("apply", "--json", "--prune")
    report = json.loads(done.stdout)
    assert "this kernel has no ipvlan" in done.stdout + done.stderr, explain(done)
    assert not net.has("fast")
    assert not [step for step in report["steps"] if step["resource"] == "network fast"]
