"""overland watch and files: the inventory that changes, breaks or goes, daemon.json, and the metrics it writes."""

import time

from sandbox import INVENTORY, explain
from trials import until
from watchers import FILE, PEER, Watcher, back, route, table


def test_daemon_json_is_put_right(watched):
    host = watched.host
    host.sh("sed -i 's/192.168.100.1/192.168.150.1/' /etc/docker/daemon.json")
    assert until(lambda: "192.168.100.1" in host.read("/etc/docker/daemon.json")), watched.said


def test_a_broken_file_is_told_once_and_what_was_applied_stays(watched):
    host = watched.host
    host.write(FILE, "version = 1\n[cluster\n")
    assert until(lambda: "stays in force" in watched.said, 10), watched.said
    host.sh(f"touch {FILE}")
    time.sleep(1.5)
    assert watched.said.count("stays in force") == 1, watched.said
    host.sh(f"ip route del {PEER}; nft delete table ip overland")
    assert back(host) and until(lambda: "overland" in table(host)), watched.said
    host.sh(f"rm {FILE}")
    assert until(lambda: watched.said.count("stays in force") == 2, 10), watched.said
    host.sh(f"ip route del {PEER}")
    assert back(host), watched.said


def test_a_changed_file_is_announced_and_not_applied(watched):
    host = watched.host
    host.write(FILE, INVENTORY.replace("192.168.210.1/24", "192.168.220.1/24"))
    assert until(lambda: "not applied yet" in watched.said, 10), watched.said
    host.sh(f"ip route del {PEER}; nft flush ruleset")
    assert back(host), watched.said
    assert route(host, "192.168.220.0/24") == "" and "proto 111" in route(host, "192.168.210.0/24")
    done = host.overland("apply", "--prune")
    assert done.returncode == 0, explain(done)
    host.sh("ip route del 192.168.220.0/24")
    assert back(host, "192.168.220.0/24"), watched.said
    assert route(host, "192.168.210.0/24") == ""


def test_a_file_replaced_a_hundred_times_a_second(watched):
    host = watched.host
    before = watched.cpu()
    other = INVENTORY.replace("192.168.210.1/24", "192.168.220.1/24")
    host.write("/etc/overland/a", INVENTORY)
    host.write("/etc/overland/b", other)
    host.sh(f"for i in $(seq 150); do cp /etc/overland/a /etc/overland/n; mv /etc/overland/n {FILE};"
            f" cp /etc/overland/b /etc/overland/n; mv /etc/overland/n {FILE}; sleep 0.01; done")
    host.sh(f"ip route del {PEER}")
    assert back(host), watched.said
    assert until(lambda: watched.said.count("not applied yet") == 1, 10), watched.said
    assert watched.cpu() - before < 100


def test_follow_applies_it_after_a_while_of_quiet(foreign):
    host = foreign
    assert host.overland("apply").returncode == 0
    watcher = Watcher(host, "--follow")
    added = INVENTORY + '[[host]]\nname = "docker-203"\naddress = "10.0.0.203"\nbip = "192.168.230.1/24"\n'
    host.write(FILE, added)
    time.sleep(3)
    assert route(host, "192.168.230.0/24") == ""
    assert until(lambda: "proto 111" in route(host, "192.168.230.0/24"), 15), watcher.said
    # The gates hold: removals of a changed bip wait for --prune.
    host.write(FILE, added.replace("192.168.230.1/24", "192.168.240.1/24"))
    assert until(lambda: "proto 111" in route(host, "192.168.240.0/24"), 20), watcher.said
    assert "proto 111" in route(host, "192.168.230.0/24")
    assert watcher.end() == 0


def test_metrics_are_written_as_things_change(foreign):
    host = foreign
    assert host.overland("apply").returncode == 0
    watcher = Watcher(host, "--prometheus", "/run/overland.prom")
    assert until(lambda: "overland_status 0" in (host.read("/run/overland.prom") or "")), watcher.said
    assert "overland_inventory_pending 0" in host.read("/run/overland.prom")
    host.write(FILE, INVENTORY.replace("192.168.210.1/24", "192.168.220.1/24"))
    assert until(lambda: "overland_inventory_pending 1" in host.read("/run/overland.prom"), 10), watcher.said
    host.write(FILE, "version = 2\n")
    assert until(lambda: "overland_inventory_refused 1" in host.read("/run/overland.prom"), 10), watcher.said
    assert watcher.end() == 0
