"""Containers of networks beside docker0, on every engine: bridges that somebody else made, one of them closed, and a macvlan network
whose containers go out by a shim of their host's, in the very network the hosts are in.

    web (docker0) | app (bridge) | front (bridge, closed, joined to app) | mv (macvlan)      on one, two and three
"""

import json

import pytest
from lab.cluster import POOL
from lab.probe import reach
from product import apply, plan

SUITES = {"one": "bookworm", "two": "trixie", "three": "sid"}
NUMBERS = {name: number for number, name in enumerate(SUITES)}
BRIDGES = ("app", "front")

INVENTORY = f"""
version = 1
[cluster]
pool = "{POOL}"
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
""" + "".join(f"""
[[host]]
name = "{name}"
slot = {number}
address = "10.0.0.{11 + number}"
bip = "192.168.{101 + number}.1/24"
""" for name, number in NUMBERS.items())


def subnet(network, name):
    return f"192.168.{(110 if network == 'app' else 120) + NUMBERS[name]}.0/24"


def bridge(network, more=""):
    subnets = ", ".join(f'{name} = "{subnet(network, name)}"' for name in SUITES)
    return f'\n[[network]]\nname = "{network}"\ndriver = "bridge"\nmanage = "follow"\nsubnets = {{ {subnets} }}\n{more}'


NETWORKS = bridge("app") + bridge("front", 'reach = "network"\njoin = ["app"]\n') + """
[[network]]
name = "mv"
driver = "macvlan"
manage = "follow"
segment = "lan"
range = "10.0.0.128/25"
range_length = 28
gateway = "shim"
shim = true
"""


@pytest.fixture(scope="module")
def net(product_lab):
    lan = product_lab.lan("lan")

    def start(name):
        host = product_lab.host(name, suite=SUITES[name], links={"eth0": (lan, f"10.0.0.{11 + NUMBERS[name]}/24")})
        host.write("/etc/overland/inventory.toml", INVENTORY + NETWORKS)
        host.write_daemon_json(bip=f"192.168.{101 + NUMBERS[name]}.1/24")
        host.start_docker()
        for network in BRIDGES:
            host.docker("network", "create", "--subnet", subnet(network, name), network)
        apply(host)
        shim = host.sh("ip -4 -o address show dev ovl-mv").stdout.split()[3].removesuffix("/32")
        host.docker("network", "create", "--driver", "macvlan", "--subnet", "10.0.0.0/24", "--ip-range",
                    f"10.0.0.{128 + 16 * NUMBERS[name]}/28", "--gateway", shim, "--opt", "parent=eth0", "mv")
        host.where = {network: host.container(network, network=network) for network in (*BRIDGES, "mv")}
        host.where["web"] = host.container("web")
        return host
    return dict(zip(SUITES, product_lab.together(start, SUITES)))


def across(net, left, right):
    """Containers of network `left` with those of network `right` on all other hosts."""
    return [(net[a].where[left], net[b].where[right]) for a in SUITES for b in SUITES if a != b]


def keep_their_sources(net, pairs):
    assert reach(next(iter(net.values())).lab, pairs) == [(True, source.address) for source, _ in pairs]


def never_arrive(net, pairs):
    assert [told for told, _ in reach(next(iter(net.values())).lab, pairs)] == [False] * len(pairs)


@pytest.mark.parametrize("left", ("web", "app", "mv"))
@pytest.mark.parametrize("right", ("web", "app", "mv"))
def test_all_reach_each_other_with_their_own_addresses(net, left, right):
    keep_their_sources(net, across(net, left, right))


def test_a_closed_network_is_reached_by_its_namesakes(net):
    keep_their_sources(net, across(net, "front", "front"))


@pytest.mark.parametrize("left", ("web", "app", "mv"))
def test_a_closed_network_is_reached_by_nobody_else(net, left):
    never_arrive(net, across(net, left, "front"))
    assert not any(net[a].ping(net[b].where["front"].address) for a in SUITES for b in SUITES if a != b)


def test_a_closed_network_reaches_others_as_its_host(net):
    for source, target in across(net, "front", "web"):
        assert source.tcp(target.address) == f"10.0.0.{11 + NUMBERS[source.host.name]}"


def test_networks_of_one_host_are_isolated_unless_joined(net):
    for host in net.values():
        where = host.where
        keep_their_sources(net, [(where["app"], where["front"]), (where["front"], where["app"])])
        never_arrive(net, [(where["web"], where["app"]), (where["app"], where["web"]),
                           (where["web"], where["front"]), (where["front"], where["web"])])


def test_a_host_and_its_own_macvlan_containers_reach_each_other(net):
    for name, host in net.items():
        assert host.ping(host.where["mv"].address)
        assert host.where["mv"].ping(f"10.0.0.{11 + NUMBERS[name]}")


def test_each_address_has_one_answer_on_the_wire(net):
    """A shim would give the host's address a second one."""
    for host in net.values():
        own = host.sh("cat /sys/class/net/eth0/address").stdout.strip()
        number = 11 + NUMBERS[host.name]
        for other in net.values():
            if other is host:
                continue
            other.sh(f"ip neigh flush dev eth0; ping -c 2 -i 0.2 -W 1 10.0.0.{number}")
            assert own in other.sh(f"ip neigh show 10.0.0.{number}").stdout


def probed(host, *peers):
    """Whether all was reached, and by peer what was seen of it."""
    done = host.overland("probe", "--json", *peers)
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["reached"] else 1), done
    return report["reached"], {peer["name"]: peer for peer in report["stands"][0]["peers"]}


@pytest.mark.parametrize("name", SUITES)
def test_a_probe_asks_the_networks_of_others(net, name):
    reached, peers = probed(net[name])
    assert reached, peers
    for peer in peers.values():
        states = {one["name"]: (one["state"], one["address"] is not None, one["why"] != "") for one in peer["networks"]}
        assert states == {"app": ("ok", True, False), "front": ("none", False, True), "mv": ("ok", True, False)}
    text = net[name].overland("probe").stdout
    assert "NETWORKS" in text and text.count("  2 ok  ") == 2, text


def test_nothing_is_left_to_do(net):
    for host in net.values():
        assert plan(host)[0] == 0, plan(host)


def test_a_network_made_anew_with_another_link_is_followed(net):
    host = net["three"]
    host.where["app"].remove()
    host.docker("network", "rm", "app")
    reached, peers = probed(net["one"])
    assert not reached
    assert peers["two"]["reached"]
    assert [(one["where"], "network app" in one["message"]) for one in peers["three"]["faults"]] == [("peer", True)]
    assert [one["state"] for one in peers["three"]["networks"]] == ["no", "none", "ok"]
    host.docker("network", "create", "--subnet", subnet("app", "three"), "app")
    host.where["app"] = host.container("app", network="app")
    apply(host)
    keep_their_sources(net, [(host.where["app"], net["one"].where["web"]), (net["one"].where["web"], host.where["app"])])


def test_purge_leaves_neither_shim_nor_table(net):
    host = net["three"]
    done = host.overland("purge", timeout=120)
    assert done.returncode == 0, done
    assert "ovl-mv" not in host.sh("ip link").stdout
    assert "overland" not in host.sh("nft list tables").stdout
