"""overland watch and others: whom it yields to, who fights it, what it costs, and that it grows by nothing."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from sandbox import BINARY, INVENTORY, differences, explain
from test_watch import LEGACY, legacy  # noqa: F401  (a fixture)
from trials import start, until
from watchers import PEER, Watcher, back, route, settled, table


def test_it_waits_for_whoever_holds_the_lock(watched):
    host = watched.host
    holder = host.start(["flock", "/var/lib/overland", "sh", "-c", f"echo held; ip route del {PEER}; sleep 2"],
                        stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    time.sleep(1)
    assert route(host) == ""
    holder.wait(timeout=10)
    assert back(host), watched.said


def test_a_trial_is_left_alone_and_its_way_back(foreign):
    host = foreign
    assert host.overland("apply").returncode == 0
    host.write("/etc/overland/other.toml", INVENTORY.replace("192.168.200.1/24", "192.168.220.1/24"))
    watcher = Watcher(host)
    trial = start(host, "-i", "/etc/overland/other.toml", "--prune", "--timeout", "60")
    assert until(lambda: "proto 111" in route(host, "192.168.220.0/24"), 20)
    time.sleep(1)
    assert "proto 111" in route(host, "192.168.220.0/24") and route(host) == "", watcher.said
    assert host.overland("confirm", "--undo").returncode == 0
    assert trial.wait(timeout=20) == 1
    assert back(host) and route(host, "192.168.220.0/24") == ""
    assert watcher.end() == 0


def test_purge_leaves_nothing_while_it_watches(foreign):
    host = foreign
    before = host.state()
    assert host.overland("apply").returncode == 0
    watcher = Watcher(host)
    done = host.overland("purge")
    assert done.returncode == 0, explain(done)
    time.sleep(1)
    assert watcher.end() == 0
    left = differences(before, host.state())
    assert left == {}, watcher.said
    assert set(host.sh("ls /run/overland").split()) <= {"lock", "runs.json", "trace.json", "watch.lock"}


def test_what_a_purge_leaves_half_done_is_not_put_back(legacy):
    host = legacy
    watcher = Watcher(host, *LEGACY)
    holder = host.start(["flock", "/run/xtables.lock", "sh", "-c", "echo held; sleep 3"], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    assert host.overland("purge", "--xtables-wait", "0").returncode != 0
    assert route(host) == ""
    holder.wait(timeout=10)
    time.sleep(0.5)
    assert route(host) == "", watcher.said
    assert host.overland("purge").returncode == 0
    assert watcher.end() == 0


def test_foreign_routes_cost_next_to_nothing(watched):
    host = watched.host
    before = watched.cpu()
    host.sh("for i in $(seq 0 19999); do echo route add 20.$((i / 256)).$((i % 256)).0/24 via 10.0.0.9 proto bird;"
            "done | ip -batch -; ip route flush proto bird")
    time.sleep(0.3)
    assert watched.cpu() - before < 20
    host.sh(f"ip route del {PEER}")
    assert back(host), watched.said


def test_who_fights_is_left_more_and_more_time_and_named(watched):
    host = watched.host
    fighter = host.start(["sh", "-c", f"while test ! -e /run/peace; do ip route del {PEER} 2>/dev/null; done"])
    time.sleep(5)
    before = watched.cpu()
    assert until(lambda: PEER in (host.read("/run/overland/watch.json") or ""), 10), watched.said
    document = json.loads(host.overland("status", "--json").stdout)
    told = [one["message"] for one in document["conflicts"] if one["resource"] == f"route {PEER}"]
    assert any("in a row" in message for message in told), document
    assert "in a row" in host.overland("status").stdout
    # What nobody fights for is repaired all the same.
    host.sh("ip route del 192.168.210.0/24; nft delete table ip overland")
    assert back(host, "192.168.210.0/24") and until(lambda: "overland" in table(host)), watched.said
    assert watched.cpu() - before < 200
    host.write("/run/peace", "")
    fighter.wait(timeout=10)
    assert until(lambda: "proto 111" in route(host), 20), watched.said


def test_neither_descriptors_nor_memory_grow(watched):
    host = watched.host

    def descriptors():
        return len(host.sh(f"ls /proc/{watched.pid}/fd").split())

    def memory():
        """KiB."""
        return int(next(line for line in watched.own("status").splitlines() if "RssAnon" in line).split()[1])

    def disturb():
        host.sh(f"ip route del {PEER} || true; nft delete table ip overland || true;"
                "ip link set eth0 down; ip link set eth0 up; sleep 0.05")

    for _ in range(5):
        disturb()
    assert settled(host), watched.said
    before = descriptors(), memory()
    for _ in range(40):
        disturb()
    assert until(lambda: settled(host), 70), watched.said
    assert descriptors() <= before[0] + 1
    # AddressSanitizer keeps what was freed.
    assert memory() < before[1] + 1024 or b"__asan_init" in Path(BINARY).read_bytes()


def test_only_one_watches(watched):
    done = watched.host.overland("watch")
    assert done.returncode == 75 and "another overland watch" in done.stderr, explain(done)


@pytest.mark.parametrize("arguments", [["--json"], ["-i", "-"]])
def test_what_makes_no_sense_is_refused(foreign, arguments):
    assert foreign.overland("watch", *arguments).returncode == 64
