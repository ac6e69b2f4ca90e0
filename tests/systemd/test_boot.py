"""A host with the package installed: boots, Docker's restarts, repairs, bad inventories, and its removal.

    docker-200 (systemd, dockerd, overland) --- lan 10.0.0.0/24 --- docker-201 (stands for a peer and its container)
"""

import re
import time
from types import SimpleNamespace

import pytest
from boots import await_run, moment, our_routes, plan, restart_docker, runs
from conftest import REPOSITORY, UNITS, files_of_ours
from lab import snapshot
from lab.cluster import INVENTORY
from lab.docker import Container
from lab.nspawn import SystemdHost
from lab.probe import ping
from lab.shell import run

OPERATIONS = REPOSITORY / "docs/operations.md"
PATH = "/etc/overland/inventory.toml"
PEER = "192.168.200.2"
# Its very first packet is a call to the peer, which answers with the source address it saw.
FIRST_CALL = f"echo | nc -w 3 {PEER} 80 > /www/first; exec busybox httpd -f -p 80 -h /www"
RULES = ["routes", "iptables", "nftables"]


@pytest.fixture(scope="module")
def place(lab, packages):
    lan = lab.lan()
    host = lab.hosts["docker-200"] = SystemdHost(
        lab, "docker-200", links={"eth0": (lan, "10.0.0.200/24")}, gateway="10.0.0.254",
        files={"/opt/lab/overland.deb": packages("DEB").read_bytes()})
    host.boot()
    peer = lab.host("docker-201", docker=False, routes=["192.168.100.0/24 via 10.0.0.200"],
                    links={"eth0": (lan, ["10.0.0.201/24", f"{PEER}/32"])})
    peer.serve(80)
    return SimpleNamespace(host=host, peer=peer, before=snapshot.take(host), files=files_of_ours(host))


def source_seen(host):
    """The source address the peer sees of the container with a restart policy, and the container's own."""
    container = Container(host, "first")
    return container.tcp(PEER), container.address


def test_the_install_enables_and_starts_nothing(place):
    place.host.install("/opt/lab/overland.deb")
    states = place.host.systemctl("is-enabled", *UNITS, check=False).stdout.split()
    assert states == ["disabled"] * 3
    states = place.host.systemctl("is-active", *UNITS, check=False).stdout.split()
    assert states == ["inactive"] * 3
    assert snapshot.differences(place.before, snapshot.take(place.host)) == []
    assert place.host.sh("stat -c %a /run/overland /var/lib/overland").stdout.split() == ["755", "700"]


def test_before_there_is_an_inventory_the_units_have_nothing_to_do(place):
    host = place.host
    host.systemctl("enable", "--now", *UNITS)
    host.systemctl("start", "overland.service")
    for unit in ("overland.service", "overland-boot.service"):
        assert host.show(unit, "ConditionResult", "Result") == {"ConditionResult": "no", "Result": "success"}
        assert host.journal(unit, "--priority=notice") == [], unit
    assert host.journal("overland.service") == [], "every ten minutes"
    assert host.systemctl("is-active", "overland.timer").stdout == "active\n"
    host.systemctl("disable", "--now", *UNITS)


def test_boot_puts_everything_in_place_before_the_first_packet_of_a_container(place):
    host = place.host
    host.write(PATH, INVENTORY)
    host.systemctl("enable", *UNITS)
    host.docker("import", "/opt/lab/image.tar", "lab")
    host.docker("run", "--detach", "--restart=always", "--stop-signal=KILL", "--name", "first", "lab", "sh", "-c", FIRST_CALL)
    host.reboot()

    ready = moment(host, "overland-boot.service", "ActiveEnterTimestampMonotonic")
    docker = moment(host, "docker.service", "ExecMainStartTimestampMonotonic")
    answers = moment(host, "docker.service", "ActiveEnterTimestampMonotonic")
    after = moment(host, "overland.service", "ExecMainStartTimestampMonotonic")
    assert 0 < ready <= docker < answers <= after
    assert host.docker0() == "192.168.100.1/24"
    container = Container(host, "first")
    assert container.run("cat", "/www/first").stdout.split()[-1:] == [container.address]
    assert place.peer.tcp(container.address) == "10.0.0.201"
    assert plan(host) == 0
    assert host.systemctl("--failed", "--plain", "--no-legend").stdout == ""


def test_a_run_without_changes_says_nothing_in_the_journal(place):
    said = place.host.journal("overland.service")
    place.host.systemctl("start", "overland.service")
    assert place.host.journal("overland.service") == said


def test_the_timer_repairs_a_deleted_route_and_says_so_in_one_line(place):
    host = place.host
    host.write("/etc/systemd/system/overland.timer.d/often.conf",
               "[Timer]\nOnBootSec=\nOnUnitActiveSec=\nOnActiveSec=1s\nOnUnitActiveSec=1s\nRandomizedDelaySec=0\n"
               "AccuracySec=100ms\n")
    host.systemctl("daemon-reload")
    said = len(host.journal("overland.service"))
    host.sh("ip route del 192.168.200.0/24")
    host.systemctl("restart", "overland.timer")
    deadline = time.monotonic() + 20
    while "192.168.200.0/24" not in our_routes(host):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(2.5)
    lines = [line for line in host.journal("overland.service")[said:] if "192.168.200.0/24" in line]
    assert len(lines) == 1 and "via 10.0.0.201" in lines[0]
    host.sh("rm -r /etc/systemd/system/overland.timer.d; systemctl daemon-reload; systemctl stop overland.timer")
    assert host.show("overland.timer", "Result")["Result"] == "success"


@pytest.mark.parametrize("stimulus", ["systemctl restart docker.service", "systemctl kill -s KILL docker.service"])
def test_every_start_of_docker_pulls_overland_in_and_keeps_the_source_address(place, stimulus):
    host = place.host
    previous = runs(host)
    host.sh("iptables -F OVERLAND-FORWARD; systemctl reset-failed docker.service")
    host.sh(stimulus, timeout=120)
    await_run(host, previous)
    assert plan(host) == 0
    seen, own = source_seen(host)
    assert seen == own


def test_a_reload_of_docker_disturbs_nothing(place):
    place.host.systemctl("reload", "docker.service")
    time.sleep(0.5)
    assert plan(place.host) == 0
    seen, own = source_seen(place.host)
    assert seen == own


def test_docker_is_seen_without_its_pid_file_and_not_started_by_a_look_at_its_socket(place):
    host = place.host
    host.sh("rm /run/docker.pid")
    assert re.search(r"\d, running", host.overland("status").stdout)
    previous = runs(host)
    host.systemctl("stop", "docker.service", timeout=120)
    assert host.systemctl("is-active", "docker.socket").stdout == "active\n"
    assert "not running" in host.overland("status").stdout
    assert host.systemctl("is-active", "docker.service", check=False).stdout == "inactive\n"
    restart_docker(host)
    await_run(host, previous)


def test_a_restart_that_apply_makes_itself_does_not_meet_its_own_unit(place):
    """docker.service pulls overland.service in, which waits for the lock of the apply that restarts Docker.

    It must not pull overland-boot.service in, which is not active after a mere install: Docker would wait for that.
    """
    host = place.host
    host.systemctl("stop", "overland-boot.service")
    started = time.monotonic()
    for bip in ("192.168.100.9/24", "192.168.100.1/24"):
        host.write(PATH, INVENTORY.replace("192.168.100.1/24", bip))
        host.systemctl("reset-failed", "docker.service")
        previous = runs(host)
        done = host.overland("apply", "--restart-docker", timeout=120)
        assert done.returncode == 0, done
        assert host.docker0() == bip
        await_run(host, previous)
    assert time.monotonic() - started < 30
    assert host.systemctl("is-active", "overland-boot.service", check=False).stdout == "inactive\n"
    assert plan(host) == 0


def test_metrics_are_written_after_each_run(place, promtool):
    """By the drop-in that docs/operations.md gives, under the unit's sandbox."""
    host = place.host
    drop_in = re.search(r"```ini\n(.*?ExecStopPost.*?)```", OPERATIONS.read_text(), re.DOTALL)[1]
    host.write("/etc/systemd/system/overland.service.d/metrics.conf", drop_in)
    # The folder is missing: no metrics, and nothing else.
    host.sh("systemctl daemon-reload; ip route del 192.168.200.0/24; systemctl start overland.service")
    assert "192.168.200.0/24" in host.sh("ip route show proto 111").stdout
    host.sh("mkdir -p /var/lib/prometheus/node-exporter")
    host.sh("ip route del 192.168.200.0/24; systemctl start overland.service")
    text = host.read("/var/lib/prometheus/node-exporter/overland.prom")
    lint = run([promtool, "check", "metrics"], input=text, check=False)
    assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")
    metrics = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert metrics["overland_routes_desired"] == metrics["overland_routes_installed"] == "2"
    assert metrics['overland_drift_items{kind="route"}'] == "0"
    assert int(metrics['overland_repairs_total{kind="route"}']) >= 1
    now = int(host.sh("date +%s").stdout)
    last_run, success = (int(metrics[f"overland_last_{what}_timestamp_seconds"]) for what in ("run", "success"))
    assert now - 10 < last_run <= success <= now

    # A failing run leaves the last success where it was.
    host.write(PATH, "broken")
    assert host.systemctl("start", "overland.service", check=False).returncode != 0
    broken = host.read("/var/lib/prometheus/node-exporter/overland.prom")
    assert "\noverland_status 2\n" in broken and "\noverland_inventory_refused 1\n" in broken
    host.sh("mv /var/lib/overland/last-inventory.toml /root")  # and with nothing to fall back on
    assert host.systemctl("start", "overland.service", check=False).returncode != 0
    broken = host.read("/var/lib/prometheus/node-exporter/overland.prom")
    assert "\noverland_status 1\n" in broken and "overland_routes" not in broken
    host.sh("mv /root/last-inventory.toml /var/lib/overland")
    host.write(PATH, INVENTORY)
    after = host.overland("status", "--prometheus", "-").stdout
    assert f"overland_last_success_timestamp_seconds {success}\n" in after
    assert int(re.search(r"last_run_timestamp_seconds (\d+)", after)[1]) >= success
    host.sh("rm -r /etc/systemd/system/overland.service.d /var/lib/prometheus; systemctl daemon-reload;"
            "systemctl reset-failed overland.service")


def test_a_broken_inventory_fails_loudly_and_leaves_the_last_good_state(place):
    host = place.host
    before = snapshot.take(host)
    host.write(PATH, INVENTORY.replace("192.168.210.1/24", "192.168.200.9/24"))
    for unit in ("overland.service", "overland-boot.service"):
        assert host.systemctl("restart", unit, check=False).returncode != 0
        shown = host.show(unit, "Result", "ExecMainStatus")
        assert shown == {"Result": "exit-code", "ExecMainStatus": "78"}
        assert any("OVL-E041" in line and PATH in line for line in host.journal(unit, "--priority=err"))
    assert snapshot.differences(before, snapshot.take(host)) == []
    seen, own = source_seen(host)
    assert seen == own

    # Docker is not held up by it.
    restart_docker(host)
    assert host.systemctl("is-active", "docker.service").stdout == "active\n"
    host.write(PATH, INVENTORY)
    host.systemctl("restart", "overland.service", "overland-boot.service")
    assert plan(host) == 0


def test_networkd_is_told_to_keep_our_routes(place):
    # networkd itself does not run reliably here: its dumps of links overflow ("No buffer space available").
    read = place.host.run(["systemd-analyze", "cat-config", "systemd/networkd.conf"]).stdout
    assert "# /usr/lib/systemd/networkd.conf.d/60-overland.conf\n" in read
    assert read.rstrip().endswith("[Network]\nManageForeignRoutes=no")


def test_a_late_network_is_caught_up_with(place):
    """The unit that brings the network up neither delays network-online.target nor anything after it."""
    host = place.host
    host.sh("sed -i '/^Before=/d; s/sleep [0-9.]*/sleep 4/' /etc/systemd/system/lab-network.service")
    host.close()
    host.boot(wait=False)
    deadline = time.monotonic() + 20
    while not moment(host, "overland-boot.service", "ExecMainExitTimestampMonotonic"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert host.show("overland-boot.service", "Result")["Result"] == "success", host.journal("overland-boot.service")
    assert moment(host, "lab-network.service", "ActiveEnterTimestampMonotonic") == 0, "the network was not late"
    assert "OVERLAND-FORWARD" in host.run(["iptables", "-S"]).stdout
    host.await_boot()
    host.systemctl("start", "overland.service")
    assert plan(host) == 0
    assert ping(Container(host, "first").argv, PEER)


def test_nothing_is_left_after_removal(place):
    host = place.host
    host.systemctl("disable", "--now", *UNITS)
    host.run(["overland", "purge"])
    host.run(["rm", PATH])
    host.run(["apt-get", "purge", "--yes", "overland"])
    host.docker("rm", "--force", "first")
    # Docker 20.10 itself remembers its default network's subnet in there, whatever daemon.json says.
    host.sh("systemctl stop docker.service docker.socket; rm /var/lib/docker/network/files/local-kv.db")
    host.reboot()
    found = snapshot.differences(place.before, snapshot.take(host))
    assert [line for line in found if "eth0@if" not in line] == []
    assert files_of_ours(host) - place.files == set()
    assert host.systemctl("list-unit-files", "--no-legend", "overland*", check=False).stdout == ""


def test_a_package_removed_without_purge_leaves_traffic_and_state(place):
    host = place.host
    host.install("/opt/lab/overland.deb")
    host.write(PATH, INVENTORY)
    host.systemctl("enable", *UNITS)
    host.systemctl("start", "overland.service", "overland.timer")
    rules = {what: text for what, text in snapshot.take(host).items() if what in RULES}
    host.run(["apt-get", "remove", "--yes", "overland"])
    assert {what: text for what, text in snapshot.take(host).items() if what in RULES} == rules
    assert host.exists("/var/lib/overland/state.json") and host.exists(PATH)
    assert host.systemctl("is-active", "overland.timer", check=False).stdout == "inactive\n"

    # Installed again it finds its units as they were.
    host.install("/opt/lab/overland.deb")
    assert host.systemctl("is-enabled", *UNITS).stdout.split() == ["enabled"] * 3
    assert host.systemctl("is-active", "overland.timer").stdout == "active\n"
    host.systemctl("stop", "overland.timer")
    host.run(["apt-get", "remove", "--yes", "overland"])
    host.install("/opt/lab/overland.deb")
    assert host.systemctl("is-active", "overland.timer", check=False).stdout == "inactive\n"
    host.run(["apt-get", "purge", "--yes", "overland"])
    assert files_of_ours(host) - place.files <= {"/etc/overland", PATH, "/etc/docker/daemon.json"}
