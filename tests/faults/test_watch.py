"""overland watch: what somebody disturbs is back at once, whatever its neighbours do."""

import json
import signal
import time

import pytest
from sandbox import differences, explain
from test_deaf import dockerd, place  # noqa: F401  (fixtures)
from trials import until
from watchers import LINE, PEER, Watcher, back, route, settled, table


DISTURBANCES = {
    "a route is deleted": f"ip route del {PEER}",
    "all routes are flushed": "ip route flush proto 111",
    "a link goes down and up": "ip link set eth0 down; ip link set eth0 up",
    "its address goes and comes": "ip address flush dev eth0; sleep 0.3; ip address add 10.0.0.200/24 dev eth0",
    "the own table is deleted": "nft delete table ip overland",
    "all rules are flushed": "nft flush ruleset",
    "another program replaces a route":
        f"ip route replace {PEER} via 10.0.0.9 metric $(ip route show {PEER} | sed -n 's/.* via .*metric //p')",
}


@pytest.mark.parametrize("how", DISTURBANCES)
def test_it_is_back(watched, how):
    host = watched.host
    before = host.state()
    host.sh(DISTURBANCES[how])
    if how.startswith("another program"):
        # Nobody but --adopt takes it away; once it is gone ours is back.
        time.sleep(0.5)
        assert "10.0.0.9" in route(host) and "proto 111" not in route(host), watched.said
        host.sh(f"ip route del {PEER} via 10.0.0.9")
    assert settled(host), watched.said
    after = host.state()
    for part in ("forward", "daemon.json"):
        assert after[part] == before[part]
    ours = [[line for line in state["routes"].splitlines() if "proto overland" in line or "proto 111" in line]
            for state in (before, after)]
    assert ours[0] == ours[1] and len(ours[0]) >= 2
    assert LINE in watched.said


def test_forwarding_is_turned_on_again(place):
    host = place.host
    watcher = Watcher(host)
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    assert until(lambda: host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n", 5), watcher.said
    assert watcher.end() == 0


@pytest.mark.parametrize("mode", ["hang", "flood", "close", "refuse", "garbage"])
def test_a_broken_docker_stops_no_repair(place, mode):
    host = place.host
    watcher = Watcher(host)
    place.mode(mode)
    host.sh("touch /etc/docker/daemon.json; echo >> /etc/docker/daemon.json")  # so that Docker is looked at
    for _ in range(3):
        time.sleep(0.4)
        host.sh(f"ip route del {PEER}; nft delete table ip overland")
        assert until(lambda: "proto 111" in route(host) and table(host), 12), watcher.said
    place.mode("")
    assert watcher.end() == 0


def test_one_line_a_repair_and_each_is_counted(watched):
    host = watched.host
    for _ in range(3):
        host.sh(f"ip route del {PEER}")
        assert back(host), watched.said
    lines = [line for line in watched.said.splitlines() if LINE in line]
    assert len(lines) == 3 and all(f"route {PEER}" in line for line in lines), watched.said
    assert until(lambda: json.loads(host.read("/run/overland/runs.json"))["repairs"].get("route", 0) >= 3 + 2)


LEGACY = ["--firewall", "iptc"]


@pytest.fixture
def legacy(foreign):
    foreign.sh("touch /run/xtables.lock; iptables-legacy -N DOCKER-USER; iptables-legacy -A FORWARD -j DOCKER-USER")
    done = foreign.overland("apply", *LEGACY)
    assert done.returncode == 0, explain(done)
    return foreign


def test_legacy_rules_are_told_by_their_lock(legacy):
    host = legacy
    rules = "iptables-legacy-save -t filter | grep -v '^[:#]' | sort"
    ours = [line for line in host.sh(rules).splitlines() if "OVERLAND" in line]
    watcher = Watcher(host, *LEGACY)

    def ours_stand():
        now = host.sh(rules)
        return ours and all(line in now for line in ours)

    for _ in range(3):
        time.sleep(0.5)
        host.sh("iptables-legacy -w -F")
        host.sh("iptables-legacy -w -A FORWARD -j DOCKER-USER; iptables-legacy -w -A FORWARD -s 10.8.8.8 -j DROP")
        assert until(ours_stand, 5), watcher.said
    host.sh("rm /run/xtables.lock; iptables-legacy -w -L >/dev/null")  # made anew
    time.sleep(0.5)
    host.sh("iptables-legacy -w -D FORWARD"
            " $(iptables-legacy -nL FORWARD --line-numbers | awk '/OVERLAND/ { print $1; exit }')")
    assert until(ours_stand, 5), watcher.said
    assert watcher.end() == 0


def test_nothing_is_applied_before_somebody_has(foreign):
    host = foreign
    before = host.state()
    watcher = Watcher(host)
    host.sh("ip link set eth0 down; ip link set eth0 up; ip route add default via 10.0.0.254;"
            "ip route add 10.55.0.0/16 via 10.0.0.7 proto static; ip route add 10.56.0.0/16 dev eth0")
    time.sleep(0.5)
    assert differences(before, host.state()) == {} and "nothing is applied" in watcher.said
    assert host.overland("apply").returncode == 0
    host.sh(f"ip route del {PEER}")
    assert back(host), watcher.said
    assert watcher.end() == 0


def test_stopped_for_a_while_and_drowned_in_events(watched):
    """More than the socket holds: then all is looked at."""
    host = watched.host
    watched.signal("STOP")
    host.sh("ip link add flood type veth peer name flooded;"
            "for i in $(seq 4000); do echo link set flood mtu $((1300 + i % 100)); done | ip -batch -;"
            f"ip link del flood; ip route del {PEER}; nft delete table ip overland")
    time.sleep(1)
    assert route(host) == ""
    watched.signal("CONT")
    watched.process.send_signal(signal.SIGCONT)  # nsenter stops with it
    assert back(host) and until(lambda: "overland" in table(host)), watched.said


def test_killed_it_leaves_all_as_it_is_and_begins_again(watched):
    host = watched.host
    before = host.state()
    watched.signal("KILL")
    assert watched.process.wait(timeout=10) in (-signal.SIGKILL, 137)
    assert differences(before, host.state()) == {}
    host.sh(f"ip route del {PEER}")
    again = Watcher(host)
    assert back(host), again.said
    assert again.end() == 0
