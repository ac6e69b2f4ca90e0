"""The record of what a whole look found in order: a run ends at once only where such a look would find the same."""

import json
import time

import pytest
from sandbox import BINARY, INVENTORY, explain
from test_deaf import dockerd, place  # noqa: F401  (fixtures)
from trials import start, until

RECORD = "/run/overland/verified"
FILE = "/etc/overland/inventory.toml"
PEER = "192.168.200.0/24"


def recorded(host):
    """Another one with each whole look; None where there is none."""
    try:
        status = host.path(RECORD).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def looks(host, *arguments, command=()):
    """Whether an apply looks at everything."""
    before = recorded(host)
    done = host.run([*command, BINARY, "apply", *arguments], check=False)
    return done.returncode != 0 or before is None or recorded(host) != before


def settle(host):
    """All is in order, and on record."""
    for _ in range(3):
        done = host.overland("apply", "--full")
        assert done.returncode == 0, explain(done)
        if recorded(host):
            return host
    raise AssertionError("nothing is recorded: " + explain(done))


@pytest.fixture
def host_in_order(foreign):
    return settle(foreign)


SEEN = {
    "a route of ours is deleted": f"ip route del {PEER}",
    "a better foreign route": "ip route add 192.168.200.0/25 via 10.0.0.9",
    "a route in another table": "ip route add 192.168.200.0/24 via 10.0.0.9 table 77",
    "a policy rule": "ip rule add from 10.7.0.0/16 lookup main",
    "a link goes down": "ip link set eth0 down",
    "its far end goes down": "ip link set lan down",
    "an address more": "ip address add 10.0.0.99/24 dev eth0",
    "an address less": "ip address del 10.0.0.200/24 dev eth0",
    "another MTU": "ip link set eth0 mtu 1400",
    "a new link": "ip link add more type veth peer name other",
    "forwarding is turned off": "echo 0 > /proc/sys/net/ipv4/ip_forward",
    "rp_filter is another": "echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter",
    "a set of ours loses what it holds": "nft flush set ip overland $(nft list sets | sed -n '/ip overland/,$p' |"
                                         " awk '$1 == \"set\" { print $2; exit }')",
    "a rule of ours is gone": "nft flush chain ip overland trusted-in",
    "a foreign rule drops": "nft add chain ip other f '{ type filter hook forward priority 0; }';"
                            " nft add rule ip other f ip saddr 192.168.200.0/24 drop",
    "a legacy rule": "iptables-legacy -A FORWARD -s 192.168.200.0/24 -j DROP",
    "a legacy policy": "iptables-legacy -P FORWARD DROP",
    "daemon.json is edited": "sed -i s/192.168.100.1/192.168.150.1/ /etc/docker/daemon.json",
    "daemon.json is gone": "rm /etc/docker/daemon.json",
    "daemon.json is a folder": "rm /etc/docker/daemon.json; mkdir /etc/docker/daemon.json",
    "the memory is gone": "rm /var/lib/overland/state.json",
    "the memory is another's": "chmod 666 /var/lib/overland/state.json",
    "the copy of what was applied is gone": "rm /var/lib/overland/last-inventory.toml",
    "nobody knows what is in force": "rm /run/overland/in-force",
    "something else is in force": "echo 0123456789abcdef > /run/overland/in-force",
    "the inventory is another": f"sed -i s/192.168.210.1/192.168.220.1/ {FILE}",
    "the inventory is gone": f"rm {FILE}",
    "the inventory is somebody else's": f"chown 1000 {FILE}",
    "iptables is another": "ln -sfn /usr/sbin/iptables-legacy /etc/alternatives/iptables",
    "the host has another name": "hostname docker-x",
    "the record is gone": f"rm {RECORD}",
    "the record is torn": f"truncate -s -1 {RECORD}",
    "the record is another's": f"chown 1000 {RECORD}",
    "anybody may write the record": f"chmod 666 {RECORD}",
    "the record says another time": f"sed -i 's/^looked .*/looked 1/' {RECORD}",
    "overland-trace is another": "cp /usr/libexec/overland/overland-trace /run/t; mv /run/t /usr/libexec/overland/overland-trace",
}


@pytest.mark.parametrize("what", SEEN)
def test_what_a_whole_look_would_see_is_seen(host_in_order, what):
    host = host_in_order
    assert not looks(host)
    host.sh(SEEN[what])
    assert looks(host), host.read(RECORD)


UNSEEN = {
    "nothing": "true",
    "the inventory is touched": f"touch {FILE}",
    "the inventory is replaced by the same bytes": f"cp {FILE} /etc/overland/new; mv /etc/overland/new {FILE}",
    "daemon.json is replaced by the same bytes": "cp -a /etc/docker/daemon.json /run/d; mv /run/d /etc/docker/daemon.json",
    "a route goes and comes": f"r=$(ip route show {PEER} | grep via); ip route del $r; ip route add $r",
    "rules are read": "nft list ruleset; iptables-nft -L -n; ip route; ip rule",
    "packets are counted": "ping -c 2 -i 0.1 -W 1 10.0.0.200",
    "a plan and a status": f"{BINARY} plan; {BINARY} status",
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_changes_nothing_costs_no_look(host_in_order, what):
    host_in_order.sh(UNSEEN[what])
    assert not looks(host_in_order)


def test_a_run_that_does_not_look_says_and_counts_what_others_do(host_in_order):
    host = host_in_order
    whole = host.overland("apply", "--full")
    before = json.loads(host.read("/run/overland/runs.json"))
    time.sleep(1.1)
    assert not looks(host, "--quiet")
    after = json.loads(host.read("/run/overland/runs.json"))
    assert after["last_run"] > before["last_run"] and after["last_success"] > before["last_success"]
    done = host.overland("apply")
    assert (done.returncode, done.stdout, done.stderr) == (0, whole.stdout, whole.stderr)
    assert host.overland("apply", "--quiet").stdout == ""


@pytest.mark.parametrize("argument", ["--full", "--json"])
def test_who_asks_for_a_look_gets_one(host_in_order, argument):
    assert looks(host_in_order, argument)


@pytest.mark.parametrize("arguments", [["--adopt"], ["--prune"], ["--restart-docker"], ["--recreate-networks"], ["--boot"],
                                       ["--force-generation"]])
def test_a_run_that_may_do_more_looks_and_records_nothing(host_in_order, arguments):
    host = host_in_order
    host.sh("ip route del 192.168.200.0/24")
    done = host.overland("apply", *arguments)
    assert done.returncode == 0 and f"route {PEER}" in done.stdout, explain(done)


@pytest.mark.parametrize("arguments", [["--host", "docker-200"], ["--firewall", "nft"], ["--allow-cover", "10.0.0.9"]])
def test_a_run_with_other_options_looks(host_in_order, arguments):
    assert looks(host_in_order, *arguments)


def test_another_file_looks_and_its_record_is_not_the_installed_ones(host_in_order):
    host = host_in_order
    host.sh(f"cp {FILE} /etc/overland/other.toml")
    assert looks(host, "-i", "/etc/overland/other.toml")
    assert looks(host)


def test_another_build_looks(host_in_order):
    host = host_in_order
    host.sh(f"cp {BINARY} /run/overland-other")
    before = recorded(host)
    host.run(["/run/overland-other", "apply"])
    assert recorded(host) != before


def test_another_network_namespace_looks(host_in_order):
    host = host_in_order
    done = host.run(["unshare", "--net", BINARY, "apply"], check=False)
    assert done.returncode != 0, explain(done)


def test_another_boot_looks(host_in_order):
    host = host_in_order
    host.write("/run/boot", "01234567-89ab-cdef-0123-456789abcdef\n")
    host.sh("mount --bind /run/boot /proc/sys/kernel/random/boot_id")
    assert looks(host)


@pytest.mark.parametrize("seconds", [3601, -3601])
def test_once_an_hour_all_is_looked_at(host_in_order, seconds):
    later = ["unshare", "--time", "--boottime", str(seconds), "--fork"]
    assert looks(host_in_order, command=later)


def test_it_is_the_hour_of_the_machine_not_of_a_clock_somebody_sets(host_in_order):
    assert not looks(host_in_order, command=["unshare", "--time", "--boottime", "3000", "--fork"])


def test_a_conflict_is_told_each_time(host_in_order):
    host = host_in_order
    host.sh(SEEN["a foreign rule drops"])
    for _ in range(3):
        done = host.overland("apply")
        assert done.returncode == 0 and "drop" in done.stderr, explain(done)
    assert not recorded(host)
    host.sh("nft delete chain ip other f")
    settle(host)


def test_held_removals_are_told_each_time(host_in_order):
    host = host_in_order
    host.write(FILE, INVENTORY.replace("192.168.210.1/24", "192.168.220.1/24"))
    host.overland("apply")
    for _ in range(2):
        done = host.overland("apply")
        assert done.returncode == 1 and "held back" in done.stderr, explain(done)
    host.write(FILE, INVENTORY)
    host.overland("apply", "--prune")
    settle(host)


def test_warnings_of_the_inventory_are_told_each_time(host_in_order):
    host = host_in_order
    host.write("/etc/overland/other.toml", INVENTORY + "# other bytes\n")
    for _ in range(3):
        done = host.overland("apply", "-i", "/etc/overland/other.toml")
        assert "differs from" in done.stderr, explain(done)


def test_a_trial_is_seen_before_the_record(host_in_order):
    host = host_in_order
    host.write("/etc/overland/other.toml", INVENTORY.replace("192.168.200.1/24", "192.168.220.1/24"))
    trial = start(host, "-i", "/etc/overland/other.toml", "--prune", "--timeout", "60")
    assert until(lambda: "192.168.220.0/24 via" in host.sh("ip route"), 20)
    assert host.overland("apply", "--wait", "0").returncode == 75
    assert host.overland("confirm", "--undo").returncode == 0
    trial.communicate(timeout=20)
    assert host.overland("apply", "--wait", "10").returncode == 0
    assert "192.168.220.0/24 via" not in host.sh("ip route") and f"{PEER} via" in host.sh("ip route")


def test_purge_takes_the_record_along(host_in_order):
    host = host_in_order
    assert host.overland("purge").returncode == 0
    assert not recorded(host)


def test_no_library_is_loaded_for_it(host_in_order):
    """ld.so(8) tells."""
    loaded = host_in_order.run([BINARY, "apply"], env={"LD_DEBUG": "files"}).stderr
    assert "libip4tc" in loaded and "libsystemd" not in loaded


# Beside a dockerd that runs.

NETWORKS = json.dumps([{"Name": "web", "Id": "0123456789abcdef", "Driver": "macvlan",
                        "IPAM": {"Config": [{"Subnet": "172.30.0.0/16"}]}}])


def restarted(place, program=None):
    place.started[0].kill()
    place.started[0].wait()
    place.host.sh("pkill -x dockerd || true; while pgrep -x dockerd; do sleep 0.05; done; rm -f /run/docker.pid /run/docker.sock")
    if program:
        place.host.sh(f"cp {program} /run/new; mv /run/new {program}")
    place.started[0] = place.host.start(["/usr/bin/dockerd"])
    place.host.sh("for i in $(seq 100); do test -S /run/docker.sock && exit; sleep 0.05; done; exit 1")


def stopped(place):
    place.host.sh("pkill -x dockerd; while pgrep -x dockerd; do sleep 0.05; done; rm -f /run/docker.pid /run/docker.sock")


@pytest.fixture
def place_in_order(place):  # noqa: F811
    """Docker has read what it shall."""
    place.host.write("/run/dockerd.networks", NETWORKS)
    place.host.sh("ip link add docker0 type bridge; ip address add 192.168.100.1/24 dev docker0; ip link set docker0 up")
    restarted(place)
    settle(place.host)
    return place


DOCKER = {
    "it is stopped": stopped,
    "it is killed": lambda place: place.host.sh("pkill -KILL -x dockerd; while pgrep -x dockerd; do sleep 0.05; done"),
    "it is restarted": restarted,
    "it is upgraded": lambda place: restarted(place, "/usr/bin/dockerd"),
    "a network is removed": lambda place: place.host.write("/run/dockerd.networks", "[]"),
    "a network is made anew": lambda place: place.host.write("/run/dockerd.networks", NETWORKS.replace("0123", "4567")),
    "it does not answer": lambda place: place.mode("close"),
    "it hangs": lambda place: place.mode("hang"),
    "it answers something else": lambda place: place.mode("junk"),
    "daemon.json is edited": lambda place: place.host.sh("sed -i s/journald/syslog/ /etc/docker/daemon.json"),
}


@pytest.mark.parametrize("what", DOCKER)
def test_docker_is_looked_at(place_in_order, what):
    host = place_in_order.host
    assert not looks(host)
    DOCKER[what](place_in_order)
    assert looks(host), host.read(RECORD)


def test_docker_that_starts_is_seen(place_in_order):
    stopped(place_in_order)
    host = place_in_order.host
    settle(host)
    assert not looks(host)
    restarted(place_in_order)
    assert looks(host)
