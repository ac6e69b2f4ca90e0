"""What overland watch repairs towards: whatever this host was last made to be like, and nothing older."""

import time

import pytest
from sandbox import INVENTORY, explain
from trials import start, until
from watchers import FILE, PEER, Watcher, back, route

ADDED = "192.168.230.0/24"
MORE = INVENTORY + '[[host]]\nname = "docker-203"\naddress = "10.0.0.203"\nbip = "192.168.230.1/24"\n'
OTHERS = INVENTORY.replace("docker-201", "docker-211").replace("docker-202", "docker-212").replace(
    "192.168.200.1", "192.168.231.1").replace("192.168.210.1", "192.168.230.1")


def stays(watched, destination):
    """Also when something beside it is repaired."""
    host = watched.host
    host.sh("nft delete table ip overland")
    listing = ["nft", "list", "table", "ip", "overland"]
    assert until(lambda: host.run(listing, check=False).returncode == 0), watched.said
    time.sleep(1)
    return "proto 111" in route(host, destination)


@pytest.mark.parametrize("how", [["confirm"], ["confirm", "--install"]])
def test_a_confirmed_trial_stays(watched, how):
    host = watched.host
    file = FILE if how == ["confirm"] else "/etc/overland/other.toml"
    host.write(file, MORE)
    trial = start(host, "-i", file, "--timeout", "60")
    assert until(lambda: host.overland(*how).returncode == 0, 20)  # once all of it is done
    assert trial.wait(timeout=20) == 0
    assert stays(watched, ADDED), watched.said


def test_of_what_is_not_at_hand_nothing_is_taken_back(watched):
    host = watched.host
    host.write("/etc/overland/other.toml", MORE)
    assert host.overland("apply", "-i", "/etc/overland/other.toml").returncode == 0
    host.sh(f"ip route del {PEER}")
    time.sleep(1)
    assert "proto 111" in route(host, ADDED) and route(host) == "", watched.said
    assert "nothing is repaired until it is applied again" in watched.said
    host.write(FILE, MORE)
    assert host.overland("apply").returncode == 0
    host.sh(f"ip route del {PEER}")
    assert back(host), watched.said


def test_what_came_beside_held_removals_stays(watched):
    host = watched.host
    host.write(FILE, OTHERS)
    done = host.overland("apply")
    assert done.returncode == 1 and "held back" in done.stderr, explain(done)
    assert stays(watched, ADDED), watched.said
    assert "proto 111" in route(host), watched.said


def test_a_removed_host_is_not_trusted_again_where_nothing_could_be_kept(watched):
    host = watched.host
    kept = "/var/lib/overland/last-inventory.toml"
    host.sh(f"mount --bind {kept} {kept}")  # it cannot be replaced
    host.write(FILE, INVENTORY[:INVENTORY.rindex("[[host]]")])
    done = host.overland("apply", "--prune")
    assert "is not kept as the one last applied" in done.stderr, explain(done)
    host.sh(f"ip route del {PEER}")
    assert back(host), watched.said
    assert route(host, "192.168.210.0/24") == "", watched.said


def test_what_a_boot_applied_stays(foreign):
    host = foreign
    assert host.overland("apply").returncode == 0
    host.write(FILE, MORE)
    host.sh("rm -r /run/overland")
    assert host.overland("apply", "--boot").returncode == 0
    watcher = Watcher(host)
    assert stays(watcher, ADDED), watcher.said
    assert watcher.end() == 0
