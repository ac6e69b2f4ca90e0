"""What may happen while two sites talk: Docker, links and addresses come and go, and the rest loses nothing."""

import time

import pytest
from lab.flow import Flow, Flows
from product import apply, explain, plan, report_of
from two_sites import GATEWAYS, HOSTS, OUTER, TUNNEL, Sites, bip, bulk, site, subnet, text

NAMES = tuple(HOSTS)


@pytest.fixture(scope="module")
def net(product_lab):
    net = Sites(product_lab)
    net.apply_everywhere()
    assert net.unheard() == []
    return net


def flows(net, *names):
    """Between all of these that are of different sites, in new connections without end."""
    webs = net.webs
    return Flows(Flow(webs[a], webs[b]) for a in names for b in names if site(a) != site(b))


def settled(net, seconds=15):
    end = time.monotonic() + seconds
    while any(plan(host)[0] != 0 for host in net.hosts.values()):
        assert time.monotonic() < end, [host.sh("cat /run/said || true").stdout for host in net.hosts.values()]
        time.sleep(0.2)


def mtu(host):
    return int(host.read(f"/sys/class/net/{TUNNEL}/mtu"))


def test_dockers_are_restarted(net):
    for name, others in (("h3", ("h1", "h2", "h4")), ("h2", ("h1", "h3", "h4"))):
        with flows(net, *others) as talk:
            net.start_docker_again(name)
        talk.prove()
        assert net.unheard() == [], f"before an apply, {name}"
        assert plan(net[name])[0] == 0


def test_boots_before_docker(net):
    """Nothing is left of links and rules, and dockerd finds the tunnel with its bridge's address."""
    def boot(name):
        host = net[name]
        host.stop_docker()
        host.reboot()
        apply(host, "--boot")
        host.start_docker()
        host.web.start()
    net.lab.together(boot, ("h2", "h3"))
    for host in (net.way, *net.hosts.values()):  # who was rebooted has other link addresses
        host.sh("for try in 1 2 3 4 5; do ip neighbour flush all && exit; done; exit 1")
    net.look_at_containers()
    assert net.unheard() == []
    net.apply_everywhere()
    assert [plan(host)[0] for host in net.hosts.values()] == [0] * 4


def down_and_up(host):
    link = site(host.name)
    host.sh(f"ip link set {link} down; ip link set {link} up; ip route add default via {GATEWAYS[link]}")


def test_a_link_goes_down_and_up(net):
    """The kernel takes the plain routes with it; the tunnel's stay, and serve as soon as the underlay does."""
    here = net["h1"]
    with flows(net, "h2", "h3", "h4") as talk:
        down_and_up(here)
    talk.prove()
    assert net.unheard(("h1", "h3", "h4")) == [line for line in net.unheard(("h3", "h4"))]
    assert net.unheard(("h1", "h2")) != [], "the plain route was to go"
    assert plan(here)[0] == 2
    apply(here)
    assert net.unheard() == []


def test_the_outer_address_moves_to_another_link(net):
    """As into a bond: the tunnel has no link below it that could take it along."""
    here, link = net["h3"], "bond"
    ethernet = here.read("/sys/class/net/west/address").strip()
    net.lans["west"].attach(here, link)
    with flows(net, "h1", "h2", "h4") as talk:
        here.sh(f"ip link set west down; ip address delete {OUTER['h3']}/24 dev west;"
                f"ip link set {link} address {ethernet} mtu 1480 up; ip address add {OUTER['h3']}/24 dev {link};"
                f"ip route add default via {GATEWAYS['west']}")
        assert net.unheard(("h1", "h2", "h3")) == [], "before an apply"
        apply(here)
    talk.prove()
    assert net.unheard() == [] and mtu(here) == 1430
    here.sh(f"ip link delete {link}; ip address add {OUTER['h3']}/24 dev west; ip link set west up;"
            f"ip route add default via {GATEWAYS['west']}")
    apply(here)
    assert net.unheard() == [] and mtu(here) == 1450


def test_a_link_has_another_mtu(net):
    here = net["h4"]
    here.sh("ip link set west mtu 1400")
    assert plan(here)[0] == 2 and mtu(here) == 1450
    apply(here)
    assert mtu(here) == 1350 and plan(here)[0] == 0
    assert bulk(net.webs["h4"], net.webs["h1"]) == 400_000
    here.sh("ip link set west mtu 1500")
    apply(here)
    assert mtu(here) == 1450


@pytest.fixture
def watched(net):
    for host in net.hosts.values():
        host.sh("setsid sh -c 'echo $$ >/run/watch.pid; exec overland watch' </dev/null >/run/said 2>&1 &")
    time.sleep(2)
    yield net
    for host in net.hosts.values():
        host.sh("kill $(cat /run/watch.pid)")


def test_a_watcher_mends(watched):
    down_and_up(watched["h1"])
    watched["h2"].sh(f"ip link delete {TUNNEL}")
    watched["h3"].sh("ip link set west mtu 1400")
    watched["h4"].sh(f"ip neighbour flush nud permanent dev {TUNNEL}; bridge fdb delete 02:6f:0a:01:00:0b dev {TUNNEL}")
    settled(watched)
    assert watched.unheard() == []
    assert mtu(watched["h3"]) == 1350
    watched["h3"].sh("ip link set west mtu 1500")
    settled(watched)
    assert mtu(watched["h3"]) == 1450


def test_an_outer_address_changes(net):
    """Both are carried while the hosts learn of it, one after the other."""
    new = "10.1.0.22"
    moved = text(hosts={"h2": {"at": {"east": f"{new}/24"}}})
    with flows(net, "h1", "h3", "h4") as talk:
        net["h2"].sh(f"ip address add {new}/24 dev east")
        net.write_inventory(moved)
        net["h2"].overland("apply", "--prune", timeout=120)
        net["h2"].sh(f"ip address delete {OUTER['h2']}/24 dev east; ip address replace {new}/24 dev east;"
                     f"ip route replace default via {GATEWAYS['east']}")
        net.apply_everywhere("--prune")
    talk.prove()
    shown = net["h2"].sh(f"ip -d link show {TUNNEL}").stdout
    assert f"local {new} " in shown and "02:6f:0a:01:00:16" in shown, shown
    assert net.unheard() == []
    assert OUTER["h2"] not in net["h3"].sh(f"ip neighbour show dev {TUNNEL}; bridge fdb show dev {TUNNEL}").stdout
    net["h2"].sh(f"ip address add {OUTER['h2']}/24 dev east")
    net.apply_text(text(), "--prune")
    net["h2"].sh(f"ip address delete {new}/24 dev east; ip address replace {OUTER['h2']}/24 dev east;"
                 f"ip route replace default via {GATEWAYS['east']}")
    net.apply_everywhere("--prune")
    assert net.unheard() == []


def test_a_bip_changes(net):
    """As docs/operations.md has it: peers first, then the host, and its link keeps its routes."""
    here, new = net["h4"], "192.168.114.1/24"
    old = HOSTS["h4"]["bip"]
    with flows(net, "h1", "h2", "h3") as talk:
        net.apply_text(text(hosts={"h4": {"bip": new, "previous_bip": old}}))
        assert net.unheard() == []
        report = report_of(done := here.overland("apply", "--json", "--restart-docker", timeout=120))
        assert done.returncode == 0 and report["docker_restart_required"] is False, explain(done)
        here.web.start()
        net.look_at_containers()
        assert net.webs["h4"].address.startswith("192.168.114.")
        assert net.unheard() == []
        net.apply_text(text(hosts={"h4": {"bip": new}}), "--prune")
        assert net.unheard() == []
    talk.prove()
    assert here.sh(f"ip -br -4 address show {TUNNEL}").stdout.split()[2:] == ["192.168.114.1/32"]
    assert here.tcp(net.webs["h1"].address) == "192.168.114.1"
    assert subnet("h4") not in net["h1"].sh("ip route show proto 111").stdout
    assert bip("h4") not in net["h1"].sh("nft list table ip overland").stdout
