"""What status says, and by which exit code: of a host that is well, and of what stands in the way."""

import json
import re
from pathlib import Path

import pytest
from sandbox import BINARY, FOREIGN, INVENTORY, explain

FILE = "/etc/overland/inventory.toml"
METRICS = "/run/overland.prom"
PEER = "192.168.200.0/24"


@pytest.fixture
def applied(host):
    """As the inventory says; its dockerd never runs."""
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    return host


def status(host, *arguments, code=0):
    done = host.overland("status", "--json", *arguments)
    assert done.returncode == code, explain(done)
    return json.loads(done.stdout)


def states(host, **options):
    return {peer["subnet"]: peer["state"] for peer in status(host, **options)["peers"]}


def check(host):
    return host.overland("status", "--check").returncode


def metric(host, name, *arguments, code=0):
    done = host.overland("status", "--prometheus", METRICS, *arguments)
    assert done.returncode == code, explain(done)
    values = dict(line.rsplit(" ", 1) for line in host.read(METRICS).splitlines() if not line.startswith("#"))
    return values.get(name)


def test_neighbours_and_links_have_their_words(applied):
    host = applied
    assert set(states(host).values()) == {"Docker stopped"}
    host.sh("ip neigh replace 10.0.0.201 dev eth0 nud failed;"
            "ip neigh replace 10.0.0.202 lladdr 02:00:00:00:00:01 dev eth0 nud permanent")
    assert states(host)[PEER] == "neighbour failed"
    hops = {peer["subnet"]: peer["next_hops"] for peer in status(host)["peers"]}
    assert hops[PEER] == [{"address": "10.0.0.201", "link": "eth0", "neighbour": "failed"}]
    assert hops["192.168.210.0/24"][0]["neighbour"] == "entered", "which proves nothing"
    host.sh("ip link set lan down")
    assert set(states(host).values()) == {"link down"}
    host.sh("ip link set eth0 down")
    assert set(states(host).values()) == {"link down"}


def test_the_graph_has_the_colours_of_the_words(applied):
    def colours():
        done = applied.overland("graph", "--live")
        assert done.returncode == 0, explain(done)
        return [line.split('color="')[1][:7] for line in done.stdout.splitlines() if "shape=box" in line]

    good, doubt, bad = "#1a7f37", "#9a6700", "#cf222e"
    assert colours() == [good, bad, bad]  # Docker stopped: what is said of the ways to both
    applied.sh(f"ip route del {PEER}")
    assert colours() == [doubt, bad, bad]
    applied.sh(f"ip route add {PEER} via 10.0.0.7 proto static")
    assert colours() == [bad, bad, bad]


def test_all_about_one_peer(applied):
    for named in ("docker-201", "10.0.0.201", "192.168.200.1"):
        report = status(applied, named)
        assert [peer["subnet"] for peer in report["peers"]] == [PEER]
        assert report["peer"]["name"] == "docker-201" and report["peer"]["let_in_on"] == ["eth0"]
        assert report["peer"]["path"]["arrives"] is True
    text = applied.overland("status", "docker-201").stdout
    assert "Let in     on eth0\n" in text and "By the inventory: " in text and "192.168.210" not in text
    for wrong in ("docker-209", "docker-200", "10.0.0.77"):
        done = applied.overland("status", wrong)
        assert done.returncode == 64 and wrong in done.stderr and done.stdout == "", explain(done)


def test_check_says_the_gravest(applied):
    host = applied
    assert check(host) == 0 and host.overland("status").returncode == 0
    assert status(host)["status"] == "in_sync" and metric(host, "overland_status") == "0"
    host.sh(f"ip route del {PEER}")
    assert check(host) == 2 and host.overland("status").returncode == 0
    assert status(host)["in_sync"] is False and metric(host, "overland_status", "--check", code=2) == "2"
    host.sh(f"ip route add {PEER} via 10.0.0.7 proto static")
    assert check(host) == 3
    assert status(host)["status"] == "conflict" and metric(host, "overland_status") == "3"
    assert states(host)[PEER] == "held by another"
    host.sh(f"ip route del {PEER} proto static")
    assert host.overland("apply").returncode == 0 and check(host) == 0
    host.sh("nft add table inet foreign;"
            "nft add chain inet foreign c '{ type filter hook forward priority 50; policy drop; }'")
    assert check(host) == 3 and set(states(host).values()) == {"conflict"}


def test_the_documented_wrapper_speaks_the_language_of_nagios(applied):
    host = applied
    operations = Path(__file__).resolve().parents[2] / "docs/operations.md"
    wrapper = re.search(r"```sh\n(#!/bin/sh\n.*?--check.*?)```", operations.read_text(), re.DOTALL)[1]
    host.write("/run/check", wrapper, 0o755)
    host.sh(f"ln -s {BINARY} /usr/bin/overland")

    def says():
        done = host.run(["/run/check"], check=False)
        return done.returncode, done.stdout

    assert says() == (0, "overland: in sync\n")
    host.sh(f"ip route del {PEER}")
    assert says() == (1, "overland: 1 change to make\n")
    host.sh(f"ip route add {PEER} via 10.0.0.7 proto static")
    assert says()[0] == 2 and "1 conflict" in says()[1]
    host.write(FILE, "broken")
    assert says()[0] == 2 and "the present inventory is refused" in says()[1]
    host.sh("rm /var/lib/overland/last-inventory.toml")
    code, line = says()
    assert code == 2 and line.count("\n") == 1 and "inventory.toml" in line
    host.sh("rm /usr/bin/overland")
    assert says()[0] == 3


def test_what_could_only_not_be_looked_at_is_1(applied):
    host = applied
    host.write("/etc/docker/daemon.json", "{")
    assert check(host) == 1
    assert status(host)["status"] == "unknown" and metric(host, "overland_status") == "1"
    done = host.overland("plan", "--detailed-exitcode")
    assert done.returncode == 1, explain(done)
    assert "not known" in host.overland("status").stdout  # and not "not set"
    host.sh(f"ip route del {PEER}")
    assert check(host) == 2 and host.overland("plan", "--detailed-exitcode").returncode == 2


def test_where_the_inventory_is_refused_what_was_applied_last_is_shown(applied):
    host = applied
    host.write(FILE, INVENTORY.replace("10.0.0.202", "10.0.0.201"))
    report = status(host, "--check", code=78)
    assert len(report["peers"]) == 2 and report["in_sync"] is False and "faults" in report["inventory"]["refused"]
    shown = host.overland("status")
    assert shown.returncode == 78 and "the one applied last, the present is refused" in shown.stdout
    assert metric(host, "overland_inventory_refused", code=78) == "1"


def test_where_no_address_is_here_any_more_the_rest_is_shown(applied):
    host = applied
    host.sh("ip address flush dev eth0")
    report = status(host, code=78)
    assert {peer["state"] for peer in report["peers"]} == {"no link"}
    assert "not one underlay address" in report["inventory"]["refused"]
    assert metric(host, "overland_routes_installed", code=78) == "0"
    assert host.overland("plan").returncode == 78


def test_metrics_are_written_even_where_there_is_no_inventory(host):
    host.write(METRICS, "overland_status 0\n")
    host.sh(f"rm {FILE}")
    assert metric(host, "overland_status", code=78) == "1"
    assert "overland_routes_desired" not in host.read(METRICS)


def test_a_conflict_is_in_the_journal_once_until_it_changes(host):
    host.sh(FOREIGN + "nft add table inet foreign;"
            "nft add chain inet foreign c '{ type filter hook forward priority 50; policy drop; }'")

    def said(script="true"):
        host.sh(script)
        host.sh("exec 2> /run/said; export JOURNAL_STREAM=$(stat -c %d:%i /run/said);"
                f"{BINARY} apply --quiet > /dev/null")
        return host.read("/run/said")

    assert "inet foreign" in said()
    assert "inet foreign" not in said()
    assert "inet foreign" in host.overland("apply").stderr, "who asks is always told"
    assert "inet foreign" not in said()
    assert "10.0.0.7" in said(f"ip route add {PEER} via 10.0.0.7 proto static")
    assert said("nft delete table inet foreign") == ""
    assert "inet foreign" in said("nft add table inet foreign;"
                                  "nft add chain inet foreign c '{ type filter hook forward priority 50; policy drop; }'")


def test_json_of_the_other_verbs_is_one_document(host):
    good = host.overland("validate", "--json", FILE)
    assert good.returncode == 0 and json.loads(good.stdout)["hosts"] == 3, explain(good)
    host.write("/run/bad.toml", INVENTORY.replace("10.0.0.202", "10.0.0.201"))
    bad = host.overland("validate", "--json", "/run/bad.toml")
    faults = json.loads(bad.stdout)["diagnostics"]
    assert bad.returncode == 78 and bad.stderr == "" and faults[0]["line"] > 0, explain(bad)
    tried = host.overland("try", "--json", "--timeout", "1")
    assert tried.returncode == 1 and json.loads(tried.stdout)["changed"] is True, explain(tried)
    assert "Rolled back" in tried.stderr
    assert host.overland("apply", "--json").returncode == 0
    nothing = host.overland("try", "--json")
    assert nothing.returncode == 0 and json.loads(nothing.stdout)["changed"] is False, explain(nothing)
    for arguments in (["explain", "docker-200", "docker-201", "--json"], ["purge", "--dry-run", "--json"],
                      ["purge", "--json"]):
        assert host.overland(*arguments).returncode == 0, arguments
