"""Two sites without a segment or router in common: plain routes within, the tunnel between, nothing left at the end."""

import json

import pytest
from lab import snapshot
from lab.cluster import INTERNET
from product import apply, explain, plan
from routed import inventory
from two_sites import (GATEWAYS, HOSTS, OUTER, PUBLISHED, SEGMENTS, SITES, TUNNEL, WAY, Sites, across, bip, bulk, site,
                       subnet, text)

NAMES = tuple(HOSTS)
FRAGMENTS = "ip[6:2] & 0x3fff != 0"
VXLAN = "udp port 4789"


@pytest.fixture(scope="module")
def net(product_lab):
    net = Sites(product_lab)
    net.before = {name: snapshot.take(net[name]) for name in NAMES}
    return net


@pytest.fixture(scope="module")
def applied(net):
    net.apply_everywhere()
    return net


def each(net, work):
    return net.lab.together(lambda name: work(net[name]), NAMES)


def status(host):
    return json.loads(host.overland("status", "--json").stdout)


def routes(host):
    return host.sh("ip route show proto 111").stdout


def test_without_a_tunnel_the_inventory_is_refused(net):
    net.write_inventory(inventory(SEGMENTS, HOSTS))
    done = net["h1"].overland("apply")
    assert done.returncode == 78 and "OVL-E070" in done.stderr, explain(done)
    net.write_inventory(text())


def test_the_way_knows_nothing_of_containers(net):
    """Even with all routes there are: or the tests below would show nothing."""
    plain = [f"ip route replace {subnet(there)} via {GATEWAYS[site(here)]}" for here, there in across() if here == "h1"]
    net["h1"].sh("iptables -I DOCKER-USER -j ACCEPT;" + ";".join(plain))
    try:
        assert not net["h1"].web.ping(net.webs["h3"].address)
        asked = f"src {net.webs['h1'].address}"
        came = net.way.hears(asked, lambda: net["h1"].web.ping(net.webs["h3"].address), "west")
        assert not came, "the way forwards what is not its own"
    finally:
        net["h1"].sh("iptables -D DOCKER-USER -j ACCEPT;" + ";".join(plain).replace("replace", "delete"))


def test_containers_reach_each_other_and_keep_their_sources(applied):
    assert applied.unheard() == []
    assert applied.way.hears(VXLAN, lambda: applied["h1"].web.ping(applied.webs["h3"].address), "west")
    assert not applied.way.hears(VXLAN, lambda: applied["h1"].web.ping(applied.webs["h2"].address)), "within a site"


def test_only_what_needs_it_takes_the_tunnel(applied):
    for here in NAMES:
        found = routes(applied[here])
        for there in set(NAMES) - {here}:
            end = f" dev {TUNNEL}" if site(here) != site(there) else f" dev {site(here)}"
            assert f"{subnet(there)} via {OUTER[there]}{end}" in found, found


def test_hosts_and_containers(applied):
    def wrong(pair):
        here, there = pair
        web, host = applied.webs[there].address, OUTER[there]
        seen = {
            "host to container": (applied[here].tcp(web), bip(here)),
            "container to host": (applied.webs[here].tcp(host), OUTER[here]),
            "host to host": (applied[here].tcp(host), OUTER[here]),
            "host to published port": (applied[here].tcp(host, PUBLISHED), OUTER[here]),
            "container to published port": (applied[here].web.tcp(host, PUBLISHED), OUTER[here]),
        }
        return [f"{here} to {there}, {what}: {was} instead of {wanted}" for what, (was, wanted) in seen.items()
                if was != wanted]
    assert sum(applied.lab.together(wrong, across()), []) == []


def test_the_rest_of_the_world(applied):
    for name in NAMES:
        assert applied.webs[name].tcp(INTERNET) == OUTER[name]
        assert applied.internet.tcp(OUTER[name], PUBLISHED) == INTERNET


def test_a_second_apply_is_a_no_op(applied):
    assert [plan(host)[0] for host in applied.hosts.values()] == [0] * 4
    assert [report["steps"] for report in applied.apply_everywhere().values()] == [[]] * 4
    assert [report["changed"] for report in applied.apply_everywhere("--full").values()] == [False] * 4


def test_what_is_said_of_it(applied):
    here = applied["h1"]
    tunnel = {"vni": 111, "port": 4789, "outer_source": OUTER["h1"], "outer_destination": OUTER["h3"]}

    def first_stage(there):
        return json.loads(here.overland("explain", "--json", "h1", there).stdout)["stages"][0]["tunnel"]
    assert tunnel.items() <= first_stage("h3").items() and first_stage("h2") is None
    known = json.loads(here.overland("status", "--json", "h3").stdout)["peer"]["tunnel"]
    assert known == tunnel | {"mtu": 1450}
    words = here.overland("status", "h3").stdout
    assert f"vxlan.ovl, VNI 111, outer {OUTER['h1']} -> {OUTER['h3']}, UDP port 4789, MTU 1450" in words
    assert "4 pairs of hosts use the tunnel" in here.overland("validate").stdout
    assert "style=dashed" in here.overland("graph").stdout
    assert {status(host)["status"] for host in applied.hosts.values()} == {"in_sync"}


def test_a_probe_finds_the_peers_and_where_packets_end(applied):
    here, west = applied["h1"], applied.lans["west"]
    done = here.overland("probe", "--json", timeout=90)
    seen = {peer["name"]: peer["containers"] for peer in json.loads(done.stdout)["stands"][0]["peers"]}
    assert done.returncode == 0 and seen == dict.fromkeys(("h2", "h3", "h4"), "ok"), explain(done)
    west.unplug(applied["h3"], "west")
    try:
        done = here.overland("probe", "--json", "h3", "h4", timeout=90)
    finally:
        west.plug_in(applied["h3"], "west")
    peers = {peer["name"]: peer for peer in json.loads(done.stdout)["stands"][0]["peers"]}
    assert done.returncode == 1 and peers["h4"]["containers"] == "ok", explain(done)
    assert peers["h3"]["containers"] != "ok" and OUTER["h3"] in str(peers["h3"]["faults"]), explain(done)


def full_size(net):
    """Transfers both ways; is something fragmented on the way?"""
    sizes = []

    def transfer():
        sizes.extend(bulk(net.webs[here], net.webs[there]) for here, there in (("h1", "h3"), ("h4", "h2")))
    fragments = net.way.hears(f"{FRAGMENTS} and udp", transfer, "any")
    assert sizes == [400_000] * 2
    return fragments


def test_full_size_packets_are_not_fragmented(applied):
    assert not full_size(applied)


def test_a_way_of_1400(applied):
    narrow = [f"ip route change {SEGMENTS[link]} dev {link} mtu lock 1400" for link in SITES]
    applied.way.sh(";".join(narrow))
    try:
        assert full_size(applied), "what nobody told arrives as fragments"
        applied.apply_text(text("mtu = 1400\n"))
        assert {applied[name].read(f"/sys/class/net/{TUNNEL}/mtu") for name in NAMES} == {"1350\n"}
        assert not full_size(applied)
    finally:
        applied.way.sh(";".join(narrow).replace("mtu lock 1400", ""))
        applied.apply_text(text())
    assert applied["h1"].read(f"/sys/class/net/{TUNNEL}/mtu") == "1450\n"


def test_an_input_that_drops(applied):
    drop = "iptables -w -P INPUT DROP; iptables -w -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT"
    each(applied, lambda host: host.sh(drop))
    try:
        assert applied["h1"].tcp(OUTER["h3"]) is None, "or nothing is shown"
        assert applied.unheard() == []
        assert [plan(host)[0] for host in applied.hosts.values()] == [0] * 4
    finally:
        each(applied, lambda host: host.sh("iptables -w -P INPUT ACCEPT; iptables -w -D INPUT -m conntrack --ctstate "
                                           "ESTABLISHED -j ACCEPT"))


# The router between them is one of ours, which nobody has applied there: it forwards no container's packets.
ROUTER = {"way": {"at": {link: WAY["at"][link] for link in SITES}, "router": True}}


def ways(net, here):
    """By which link this host reaches the containers of the other site."""
    def way(there):
        return net[here].sh(f"ip route get {net.webs[there].address}").stdout.split(" dev ")[1].split()[0]
    return {there: way(there) for there in NAMES if site(there) != site(here)}


def test_routers_of_ours_come_first(applied):
    applied.apply_text(text(hosts=ROUTER), "--prune")
    assert ways(applied, "h1") == {"h3": "east", "h4": "east"}
    assert TUNNEL not in applied["h1"].sh("ip -br link").stdout
    assert applied.unheard(("h1", "h3")) != []


def test_always_and_exclude(applied):
    applied.apply_text(text('always = true\nexclude = ["h4"]\n', ROUTER), "--prune")
    assert ways(applied, "h1") == {"h3": TUNNEL, "h4": "east"}
    assert ways(applied, "h4") == {"h1": "west", "h2": "west"}
    assert applied.unheard(("h1", "h2", "h3")) == []


def test_always_and_only(applied):
    applied.apply_text(text('always = true\nonly = ["h1", "west"]\n', ROUTER), "--prune")
    assert ways(applied, "h1") == {"h3": TUNNEL, "h4": TUNNEL}
    assert ways(applied, "h2") == {"h3": "east", "h4": "east"}
    assert applied.unheard(("h1", "h3", "h4")) == []
    applied.apply_text(text(), "--prune")
    assert applied.unheard() == []


def left(net, name):
    found = snapshot.differences(net.before[name], snapshot.take(net[name]))
    # The kernel keeps a legacy table that was ever used, empty.
    return [line for line in found if not line.startswith("iptables: + *")]


def test_purge_leaves_nothing(applied):
    def purge(host):
        done = host.overland("purge")
        assert done.returncode == 0, explain(done)
    each(applied, purge)
    assert {name: left(applied, name) for name in NAMES} == dict.fromkeys(NAMES, [])
    assert not [line for host in applied.hosts.values() for line in host.sh(
        "ip neighbour show nud permanent; bridge fdb show").stdout.splitlines() if TUNNEL in line or "02:6f" in line]


def test_a_trial_nobody_confirms_leaves_nothing(applied):
    here = applied["h2"]
    applied.write_inventory(text())
    done = here.overland("try", "--timeout", "1", timeout=60)
    assert done.returncode == 1 and "as it was before" in done.stdout, explain(done)
    assert left(applied, "h2") == []
    apply(here)
    assert TUNNEL in here.sh("ip -br link").stdout
