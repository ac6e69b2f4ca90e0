"""`overland probe` on three hosts with real dockerds: what works is said to work, and what does not is said to end where
it does. docker-200 has Docker 28 and a container, docker-201 legacy iptables and one, docker-202 none."""

import json
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from lab.cluster import ADDRESSES, BIPS, INTERNET, Cluster
from lab.namespace import ENVIRONMENT
from product import apply_everywhere, explain

HERE, PEER, EMPTY = BIPS
SUBNETS = {name: bip.replace(".1/24", ".0/24") for name, bip in BIPS.items()}


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Cluster(product_lab, suites=dict(zip(BIPS, ("sid", "bookworm", "bookworm"))),
                      variants=dict(zip(BIPS, ("nft", "legacy", "nft"))))
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.webs = {host.name: host.container("web") for host in cluster.hosts[:2]}
    apply_everywhere(cluster)
    cluster.by_name = {host.name: host for host in cluster.hosts}
    yield cluster
    assert leftovers(cluster) == ""


def leftovers(cluster):
    """What a probe may have left on its host."""
    time.sleep(0.1)  # the kernel takes namespaces away a little later
    return cluster.hosts[0].sh("ip -o link show overland-probe 2>/dev/null || :; "
                               "nft list tables | grep -E 'untracked|probe' || :").stdout


def probe(host, *options, status=None):
    """The JSON document of a probe, whose exit status says what it says."""
    done = host.overland("probe", "--json", *options)
    assert done.returncode in (0, 1) and done.stdout, explain(done)
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["reached"] else 1)
    if status is not None:
        assert done.returncode == status, explain(done)
    return report


def peers(report, stand=0):
    return {peer["name"]: peer for peer in report["stands"][stand]["peers"]}


def only_fault(report, name):
    faults = peers(report)[name]["faults"]
    assert len(faults) == 1, faults
    return faults[0]["where"], faults[0]["message"]


@contextmanager
def while_(host, do, undo):
    host.sh(do)
    try:
        yield
    finally:
        host.sh(undo)


def test_all_is_reached_from_a_container_and_a_host_without_one_forwards(cluster):
    report = probe(cluster.hosts[0], status=0)
    stand = report["stands"][0]
    assert (stand["kind"], stand["container"], stand["from"]) == ("container", "web", cluster.webs[HERE].address)
    assert stand["inbound"] is True
    seen = peers(report)
    assert set(seen) == {PEER, EMPTY}
    for peer in seen.values():
        assert (peer["host"], peer["bridge"], peer["faults"]) == ("ok", "ok", [])
        assert peer["source_kept"] is True and peer["mtu"] == 1500 and 0 < peer["round_trip_seconds"] < 1
    assert seen[PEER]["containers"] == "ok" and seen[PEER]["container"] == cluster.webs[PEER].address
    assert seen[EMPTY]["containers"] == "forwards" and seen[EMPTY]["container"] is None


def test_with_a_container_there_it_does_not_wait_for_others(cluster):
    assert probe(cluster.hosts[0], PEER, status=0)["seconds"] < 2


def test_without_a_container_here_it_is_sent_from_an_address_of_its_own(cluster):
    report = probe(cluster.by_name[EMPTY], PEER, status=0)
    stand = report["stands"][0]
    assert (stand["kind"], stand["from"]) == ("own", "192.168.210.254")
    assert stand["inbound"] is True
    assert peers(report)[PEER]["containers"] == "ok"
    assert cluster.by_name[EMPTY].sh("ip -o link show overland-probe 2>/dev/null || :").stdout == ""


def test_people_get_one_line_a_peer(cluster):
    done = cluster.hosts[0].overland("probe", PEER)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"from {cluster.webs[HERE].address} (container web), 1 peer, ")
    assert lines[1].split() == ["PEER", "HOST", "BRIDGE", "CONTAINERS", "SOURCE", "MTU", "RTT"]
    assert lines[2].split()[:7] == [PEER, "ok", "ok", "ok", f"({cluster.webs[PEER].address})", "kept", "1500"]
    assert lines[-2:] == ["inbound: our accepts hold for new flows (untracked replies passed)", "1 of 1 reached"]


def test_a_peer_that_drops_in_forward_is_named(cluster):
    with while_(cluster.by_name[PEER], "iptables -I FORWARD -j DROP", "iptables -D FORWARD -j DROP"):
        where, message = only_fault(probe(cluster.hosts[0], PEER, status=1), PEER)
    assert where == "peer"
    assert message == f"{PEER} answers, but does not forward to {SUBNETS[PEER]}: run `overland status` there"


def test_a_peer_that_does_not_forward_at_all_is_named(cluster):
    switch = "sysctl -q -w net.ipv4.ip_forward="
    with while_(cluster.by_name[EMPTY], switch + "0", switch + "1"):
        where, message = only_fault(probe(cluster.hosts[0], EMPTY, status=1), EMPTY)
    assert where == "peer" and "does not forward" in message


def test_a_lost_route_there_is_told_from_a_peer_that_is_off(cluster):
    peer, route = cluster.by_name[PEER], f"{SUBNETS[HERE]} via {ADDRESSES[HERE]}"
    with while_(peer, f"ip route flush {SUBNETS[HERE]}; ip route add blackhole {SUBNETS[HERE]}",
                f"ip route flush {SUBNETS[HERE]}; ip route add {route}; overland apply --quiet || :"):
        where, message = only_fault(probe(cluster.hosts[0], PEER, status=1), PEER)
    assert where == "peer" and "the way back" in message
    assert probe(cluster.hosts[0], PEER, status=0)


def test_a_bridge_that_is_down_there_is_named(cluster):
    with while_(cluster.by_name[EMPTY], "ip link set docker0 down", "ip link set docker0 up"):
        where, message = only_fault(probe(cluster.hosts[0], EMPTY, status=1), EMPTY)
    assert where == "peer" and "its bridge is down" in message


def test_a_host_that_is_off_does_not_answer_arp(cluster):
    peer = cluster.by_name[EMPTY]
    cluster.lan.unplug(peer, "eth0")
    try:
        report = probe(cluster.hosts[0], EMPTY, status=1)
    finally:
        cluster.lan.plug_in(peer, "eth0")
    where, message = only_fault(report, EMPTY)
    assert where == "link" and f"{EMPTY} ({ADDRESSES[EMPTY]}) does not answer ARP on eth0" in message
    assert report["seconds"] < 3, "nothing more is to be expected"


def test_a_missing_route_here_is_named(cluster):
    host = cluster.hosts[0]
    with while_(host, f"ip route delete {SUBNETS[PEER]}", "overland apply --quiet"):
        where, message = only_fault(probe(host, PEER, status=1), PEER)
    assert where == "here" and SUBNETS[PEER] in message


@pytest.mark.parametrize("here, there, words", [(HERE, PEER, "drops the request"),
                                               (PEER, HERE, "probably drops the request")], ids=["nft", "legacy"])
def test_a_rule_here_is_named(cluster, here, there, words):
    drop = f"DOCKER-USER -d {SUBNETS[there]} -m comment --comment 'old rule' -j DROP"
    with while_(cluster.by_name[here], f"iptables -I {drop}", f"iptables -D {drop}"):
        where, message = only_fault(probe(cluster.by_name[here], there, status=1), there)
    assert where == "here"
    assert "DOCKER-USER" in message and words in message and SUBNETS[there] in message


def test_a_rule_here_that_drops_replies_is_named(cluster):
    drop = f"PREROUTING -s {SUBNETS[PEER]} -j DROP"
    with while_(cluster.hosts[0], f"iptables -t raw -I {drop}", f"iptables -t raw -D {drop}"):
        where, message = only_fault(probe(cluster.hosts[0], PEER, status=1), PEER)
    assert where == "here"
    assert "PREROUTING" in message and "drops the reply" in message


def test_a_lost_accept_here_shows_though_replies_to_us_pass(cluster):
    host = cluster.hosts[0]
    with while_(host, "iptables -F OVERLAND-FORWARD; iptables -I FORWARD ! -i docker0 -m conntrack ! --ctstate "
                      "ESTABLISHED -j DROP", "iptables -D FORWARD ! -i docker0 -m conntrack ! --ctstate ESTABLISHED "
                                             "-j DROP; overland apply --quiet"):
        report = probe(host, PEER, status=1)
    assert report["stands"][0]["inbound"] is False
    assert peers(report)[PEER]["containers"] == "ok"
    assert probe(host, PEER, status=0)["stands"][0]["inbound"] is True


def test_a_lost_accept_in_raw_shows_from_a_container_that_docker_guards(cluster):
    """Docker 28 drops there whatever comes from elsewhere straight to a container."""
    host = cluster.hosts[0]
    with while_(host, "iptables -t raw -F OVERLAND-RAW", "overland apply --quiet"):
        where, message = only_fault(probe(host, PEER, status=1), PEER)
    assert where == "here" and "PREROUTING" in message and "drops the reply" in message


def test_a_source_that_is_not_kept_is_seen(cluster):
    host = cluster.hosts[0]
    rule = f"POSTROUTING -s {SUBNETS[HERE]} -o eth0 -j MASQUERADE"
    with while_(host, f"nft delete chain ip overland keep-source 2>/dev/null || nft flush chain ip overland keep-source; "
                      f"iptables -t nat -I {rule}", f"iptables -t nat -D {rule}; overland apply --quiet"):
        peer = peers(probe(host, PEER, status=0))[PEER]
    assert (peer["source"], peer["source_kept"]) == (ADDRESSES[HERE], False)


def test_a_smaller_mtu_on_the_way_is_found(cluster):
    peer = cluster.by_name[PEER]
    with while_(peer, "ip link set eth0 mtu 1400", "ip link set eth0 mtu 1500"):
        seen = peers(probe(cluster.hosts[0], PEER, status=0))[PEER]
    assert (seen["mtu"], seen["mtu_shrunk"]) == (1400, True) and seen["notes"]


def test_one_address_is_asked_for_itself(cluster):
    host, web = cluster.hosts[0], cluster.webs[PEER].address
    assert peers(probe(host, web, status=0))[PEER]["asked"] == web
    where, message = only_fault(probe(host, "192.168.200.77", status=1), PEER)
    assert where == "peer" and message == f"{PEER} forwards, but nobody there has 192.168.200.77"


def test_a_port_is_open_or_closed(cluster):
    host, web = cluster.hosts[0], cluster.webs[PEER].address
    assert peers(probe(host, web, "--tcp", "80", status=0))[PEER]["tcp"] == "open"
    closed = probe(host, PEER, "--tcp", "81", status=1)
    assert peers(closed)[PEER]["tcp"] == "closed" and "nothing listens" in only_fault(closed, PEER)[1]


def test_a_subnet_means_those_in_it(cluster):
    assert set(peers(probe(cluster.hosts[0], SUBNETS[PEER], status=0))) == {PEER}
    assert set(peers(probe(cluster.hosts[0], "10.0.0.0/24", status=0))) == {PEER, EMPTY}


@pytest.mark.parametrize("asked, why", [
    ("203.0.113.10", "--any"), ("docker-999", "neither an address nor a host"), (HERE, "is this host"),
    ("192.168.200.1/24", "is no IPv4 subnet"), ("172.31.0.0/24", "no host of the inventory")])
def test_what_cannot_be_meant_is_refused_and_said(cluster, asked, why):
    done = cluster.hosts[0].overland("probe", asked)
    assert done.returncode == 64 and why in done.stderr and done.stdout == "", explain(done)


def test_a_stranger_is_asked_where_somebody_says_so(cluster):
    report = probe(cluster.hosts[0], "--any", INTERNET, status=0)
    assert peers(report)[INTERNET]["source"] == ADDRESSES[HERE], "as all that leaves the cluster"


def test_without_root_it_says_what_is_missing(cluster):
    done = cluster.hosts[0].run(["setpriv", "--reuid=65534", "--clear-groups", "overland", "probe"], check=False)
    assert done.returncode == 77 and "root" in done.stderr, explain(done)


def test_with_docker_stopped_it_works(cluster):
    host = cluster.hosts[0]
    host.stop_docker()
    try:
        report = probe(host, PEER, status=0)
    finally:
        host.start_docker()
        cluster.webs[HERE].start()
    assert report["stands"][0]["kind"] == "own" and peers(report)[PEER]["containers"] == "ok"


def test_two_at_once_both_succeed(cluster):
    host = cluster.by_name[EMPTY]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: host.overland("probe", PEER), range(3)))
    assert [one.returncode for one in done] == [0, 0, 0], [explain(one) for one in done]


def test_nothing_is_left_by_one_that_is_killed(cluster):
    host = cluster.by_name[EMPTY]
    there = "ip -o link show overland-probe 2>/dev/null"
    with subprocess.Popen(host.ns.argv(["overland", "probe", "192.168.100.99"]), env=ENVIRONMENT,
                          stdout=subprocess.DEVNULL) as killed:
        deadline = time.monotonic() + 5
        while not host.sh(f"{there} || :").stdout and time.monotonic() < deadline:
            time.sleep(0.02)
        assert host.sh(f"{there} || :").stdout, "it was never there"
        host.sh("""for one in /proc/[0-9]*; do
            if grep -qs 'opt/overland/overlan[d]' $one/cmdline; then kill -9 ${one#/proc/}; fi; done""")
        killed.wait()
    assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert probe(host, HERE, status=0), "the next one is not in the way of what is going"
    assert host.sh(f"{there} || :").stdout == "" and "untracked" not in host.sh("nft list tables").stdout


def test_metrics_are_written_for_the_exporter(cluster):
    host = cluster.hosts[0]
    peer = cluster.by_name[EMPTY]
    with while_(peer, "iptables -I FORWARD -j DROP", "iptables -D FORWARD -j DROP"):
        done = host.overland("probe", "--prometheus", "/run/probe.prom")
    assert done.returncode == 0 and done.stdout == "", explain(done)
    lines = host.read("/run/probe.prom").splitlines()
    assert f'overland_peer_reachable{{peer="{PEER}"}} 1' in lines
    assert f'overland_peer_reachable{{peer="{EMPTY}"}} 0' in lines
    assert f'overland_peer_source_kept{{peer="{PEER}"}} 1' in lines
    assert "overland_inbound_ok 1" in lines
    assert any(line.startswith(f'overland_peer_round_trip_seconds{{peer="{PEER}"}} ') for line in lines)
