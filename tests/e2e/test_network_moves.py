"""Networks in use whose driver or parent changes, with a real Docker: held, moved with all that is on them, and as they were where
that fails."""

import json

import pytest
from networked import BEGIN, Networked
from product import apply, explain

SUITES = ["bookworm", "sid"]
PARENTS = "".join(f"ip link add par{i} type veth peer name far{i}; ip link set par{i} up; ip link set far{i} up; "
                  for i in range(3))


def wire(parent, name="wire", third=9, more="shim = true"):
    return f"""
[[network]]
name = "{name}"
driver = "macvlan"
parent = "{parent}"
subnet = "172.30.{third}.0/24"
ranges = {{ docker-200 = "172.30.{third}.32/28", docker-201 = "172.30.{third}.48/28" }}
gateway = "172.30.{third}.1"
{more}
"""


BRIDGE = """
[[network]]
name = "wire"
driver = "bridge"
subnets = { docker-200 = "172.30.9.0/24" }
"""


@pytest.fixture(scope="module", params=SUITES)
def net(request, product_lab):
    lan = product_lab.lan(f"lan-{request.param}")
    host = product_lab.host(f"moves-{request.param}", suite=request.param, links={"eth0": (lan, "10.0.0.200/24")})
    host.write_daemon_json(bip="192.168.100.1/24")
    host.start_docker()
    host.sh(PARENTS)
    net = Networked(host)
    net.wants(BEGIN + wire("par0"))
    apply(host)
    net.run("web", "--network", "wire", "--ip", "172.30.9.40")
    yield net
    host.close()


def parent_of(net, link):
    shown = json.loads(net.host.sh(f"ip -j link show {link}").stdout)[0]
    return shown["link"]


def stands_on(net, parent, name="wire"):
    assert net.inspect(name)["Options"]["parent"] == parent
    assert parent_of(net, f"ovl-{name}") == parent
    assert net.host.ping(net.endpoint("web" if name == "wire" else name, name)["IPAddress"])


def test_another_parent_waits_for_who_is_on_it(net):
    stands_on(net, "par0")
    net.wants(BEGIN + wire("par1"))
    before = net.id("wire")
    for options in ((), ("--prune",)):
        done = net.overland("apply", "--json", *options)
        assert done.returncode == 1, explain(done)
        assert [step["resource"] for step in json.loads(done.stdout)["held"]] == ["network wire"], explain(done)
        assert "web uses it" in done.stderr and "--recreate-networks" in done.stderr
        assert net.id("wire") == before
        stands_on(net, "par0")


def test_asked_for_it_moves_with_its_shim(net):
    apply(net.host, "--recreate-networks")
    stands_on(net, "par1")
    assert not apply(net.host)["changed"]


def test_what_docker_refuses_is_as_it_was_shim_and_all(net):
    """The network is made, and nobody can be put on it: a member of a bridge carries no macvlan."""
    net.host.sh("ip link add other type bridge; ip link set par2 master other")
    net.wants(BEGIN + wire("par2"))
    done = net.overland("apply", "--recreate-networks")
    assert done.returncode == 1 and "as it was before" in done.stderr, explain(done)
    assert net.inspect("wire")["Options"]["parent"] == "par1"
    assert net.endpoint("web", "wire")["IPAddress"] == "172.30.9.40"
    net.overland("apply")
    stands_on(net, "par1")
    net.host.sh("ip link del other")
    net.wants(BEGIN + wire("par1"))
    assert net.overland("apply").returncode == 0
    stands_on(net, "par1")


def test_another_driver_waits_with_all_that_serves_it(net):
    net.wants(BEGIN + BRIDGE)
    done = net.overland("apply", "--json", "--prune")
    assert done.returncode == 1, explain(done)
    assert "network wire" in [step["resource"] for step in json.loads(done.stdout)["held"]], explain(done)
    stands_on(net, "par1")


def test_asked_for_it_becomes_a_bridge_and_macvlan_again(net):
    apply(net.host, "--recreate-networks", "--prune")
    assert net.inspect("wire")["Driver"] == "bridge"
    assert net.endpoint("web", "wire")["IPAddress"] == "172.30.9.40"
    assert "ovl-wire" not in net.host.sh("ip link").stdout
    assert net.host.ping("172.30.9.40")
    net.wants(BEGIN + wire("par1"))
    apply(net.host, "--recreate-networks", "--prune")
    stands_on(net, "par1")
    assert not apply(net.host)["changed"]


def test_two_that_swap_their_parents_are_moved_in_turn(net):
    """Docker 20.10 takes one network a parent."""
    net.wants(BEGIN + wire("par1") + wire("par2", "yard", 10))
    apply(net.host)
    net.run("yard", "--network", "yard", "--ip", "172.30.10.40")
    net.wants(BEGIN + wire("par2") + wire("par1", "yard", 10))
    apply(net.host, "--recreate-networks")
    stands_on(net, "par2")
    stands_on(net, "par1", "yard")
    assert not apply(net.host)["changed"]


APP = """
[[network]]
name = "app"
driver = "bridge"
subnets = { docker-200 = "192.168.110.0/24", docker-201 = "192.168.120.0/24" }
"""


def test_at_boot_links_and_policy_are_there_before_docker(net):
    """Declared while the host was off: a network with a shim, a bridge, and an address of the shim that is there."""
    net.host.docker("rm", "--force", "web", "yard")
    net.host.stop_docker()
    net.host.sh("ip link del ovl-wire; ip link del ovl-yard; nft flush ruleset; ip route flush proto 111")
    moved = wire("par1", "yard", 10).replace("32/28", "64/28")
    net.wants(BEGIN + wire("par2") + moved + wire("par0", "more", 11) + APP)
    done = net.overland("apply", "--boot")
    assert done.returncode == 0, explain(done)
    for name, parent, address in (("wire", "par2", "172.30.9.32"), ("yard", "par1", "172.30.10.64"),
                                  ("more", "par0", "172.30.11.32")):
        assert parent_of(net, f"ovl-{name}") == parent
        assert f" {address}/32 " in net.host.sh(f"ip -4 -o address show ovl-{name}").stdout
    rules = net.host.sh("nft list table ip overland").stdout
    assert "br-app" in rules and "192.168.110.0/24" in rules
    net.host.start_docker()
    after = apply(net.host)
    resources = {step["resource"] for step in after["steps"]}
    assert {"network more", "network app", "network yard"} <= resources
    assert not [one for one in resources if one.startswith(("link", "route"))], resources
    more = net.run("more", "--network", "more", "--ip", "172.30.11.40")
    assert net.host.ping(more.address)
    assert not apply(net.host)["changed"]


def test_at_boot_a_network_that_will_be_used_is_served_again_once_docker_runs(net):
    """Before Docker nobody can tell who is on it: the shim moves, and comes back for who is."""
    net.run("web", "--network", "wire", "--ip", "172.30.9.40", "--restart", "always")
    net.host.stop_docker()
    net.wants(BEGIN + wire("par1") + APP)
    assert net.overland("apply", "--boot").returncode == 0
    net.host.start_docker()
    done = net.overland("apply")
    assert done.returncode == 1 and "--recreate-networks" in done.stderr, explain(done)
    stands_on(net, "par2")
