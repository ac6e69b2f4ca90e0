"""How trials end beside a verdict in time: too slow, streams and places that vanish, neighbours that hang, another version."""

import os
from subprocess import DEVNULL, PIPE, STDOUT

import pytest
from sandbox import BINARY, INVENTORY, differences, explain
from trials import made, on_trial, over, processes, rolled_back, start, terminal, until

HANGING_VALIDATE = """#!/bin/sh
case "$*" in *--validate*) exec sleep 1000;; esac
echo "Docker version 28.5.2, build 1"
"""
HANGING = "#!/bin/sh\nexec sleep 1000\n"
TRIED = "/etc/overland/tried.toml"
OTHER = INVENTORY.replace("192.168.210.1/24", "192.168.211.1/24")


def program(host, path, text):
    host.sh(f"rm -f {path}")
    host.write(path, text, 0o755)


def test_a_change_that_outlasts_the_timeout_is_stopped_and_undone(foreign):
    host, before = foreign, foreign.state()
    program(host, "/usr/bin/dockerd", HANGING_VALIDATE)
    running = start(host, "--timeout", "2")
    assert until(lambda: "proto 111" in host.sh("ip -N route"))
    out, _ = running.communicate(timeout=40)
    assert running.returncode == 1 and "not made in time" in out and "as it was before" in out, out
    assert host.sh("pgrep -x -r R,S,D sleep || true") == "", "what the change had started lives on"
    program(host, "/usr/bin/dockerd", '#!/bin/sh\necho "Docker version 28.5.2, build 1"\n')
    rolled_back(host, before)


def test_ctrl_c_in_the_middle_of_the_change_undoes_it(foreign):
    host, before = foreign, foreign.state()
    program(host, "/usr/bin/dockerd", HANGING_VALIDATE)
    running, leader = terminal(host, "--timeout", "600")
    assert until(lambda: "proto 111" in host.sh("ip -N route"))
    os.write(leader, b"\x03")
    assert running.wait(timeout=20) == 1
    assert over(host) and differences(before, host.state()) == {}
    os.close(leader)


def test_a_terminal_lost_in_the_middle_of_the_change_undoes_it(foreign):
    host, before = foreign, foreign.state()
    program(host, "/usr/bin/dockerd", HANGING_VALIDATE)
    running, leader = terminal(host, "--timeout", "600")
    assert until(lambda: "proto 111" in host.sh("ip -N route"))
    os.close(leader)
    assert running.wait(timeout=20) != 0
    assert over(host) and differences(before, host.state()) == {}


@pytest.mark.parametrize("signal", ["TERM", "INT"])
def test_a_signal_to_the_starter_undoes_it(foreign, signal):
    host, before = foreign, foreign.state()
    running = start(host, "--timeout", "600")
    on_trial(host)
    host.sh(f"kill -{signal} {processes(host)[0]}")
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 1 and "that was asked for" in out, out
    rolled_back(host, before)


def test_sigterm_to_the_watchdog_undoes_it(foreign):
    host, before = foreign, foreign.state()
    running = start(host, "--timeout", "600")
    on_trial(host)
    host.sh(f"kill {processes(host)[1]}")
    assert running.wait(timeout=30) == 1
    rolled_back(host, before)


def test_a_reader_that_goes_away_ends_nothing(foreign):
    host, before = foreign, foreign.state()
    running = start(host, "--timeout", "4")
    running.stdout.close()
    on_trial(host)
    assert len(processes(host)) == 2
    assert running.wait(timeout=30) == 1
    rolled_back(host, before)


def test_what_was_typed_before_the_question_confirms_nothing(foreign):
    host, before = foreign, foreign.state()
    running, leader = terminal(host, "--timeout", "3")
    os.write(leader, b"\n\n\n")
    on_trial(host)
    assert running.wait(timeout=20) == 1
    rolled_back(host, before)
    os.close(leader)


WIPED = ["rm -rf /run/overland", "mount -t tmpfs tmpfs /run/overland", "rm -rf /run/overland; mkdir /run/overland",
         "rm -f /var/lib/overland/try.sock", "mount -t tmpfs tmpfs /run"]


@pytest.mark.parametrize("wipe", WIPED)
def test_a_place_that_is_wiped_loses_neither_lock_nor_trial(foreign, wipe):
    host, before = foreign, foreign.state()
    running = start(host, "--timeout", "600")
    on_trial(host)
    host.sh(wipe)
    done = host.overland("apply", "--quiet", "--wait", "60")
    assert done.returncode == 75 and "error" not in done.stderr, explain(done)
    done = host.overland("confirm", "--undo")
    assert done.returncode == 0 and "as it was before" in done.stdout, explain(done)
    assert running.wait(timeout=20) == 1
    assert differences(before, host.state()) == {}


@pytest.mark.parametrize("place", ["/run/overland", "/var/lib/overland"])
def test_one_place_that_cannot_be_written_stops_no_trial(foreign, place):
    host = foreign
    assert host.overland("apply").returncode == 0
    host.write("/etc/overland/inventory.toml", OTHER)
    before = host.state()
    host.sh(f"mount --bind {place} {place}; mount -o remount,bind,ro {place}")
    running = start(host, "--timeout", "600")
    assert until(lambda: "192.168.211.0/24" in host.sh("ip -N route")), running.communicate()
    assert until(lambda: host.overland("confirm", "--undo").returncode == 0)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 1 and "as it was before" in out, out
    assert differences(before, host.state()) == {}


def hanging_bus(host):
    """One that takes connections and never answers, on a host where systemd seems to run."""
    host.sh("mkdir -p /run/dbus /run/systemd/system")
    server = "import socket,time; s=socket.socket(socket.AF_UNIX); s.bind('/run/dbus/system_bus_socket'); s.listen(99)\n" \
             "print('up', flush=True); time.sleep(1000)"
    bus = host.start(["/usr/bin/python3", "-c", server], stdout=PIPE)
    assert bus.stdout.readline() == "up\n"
    return bus


def test_neighbours_that_hang_do_not_keep_it_from_going_back(foreign):
    host, before = foreign, foreign.state()
    running = start(host, "--timeout", "600")
    on_trial(host)
    program(host, "/usr/bin/dockerd", HANGING)
    for name in ("iptables", "iptables-nft", "iptables-legacy"):
        host.sh(f"mkdir -p /run/bin; cp /dev/null /run/bin/{name}")
        program(host, f"/run/bin/{name}", HANGING)
        host.sh(f"mount --bind /run/bin/{name} $(readlink -f $(command -v {name}))")
    bus = hanging_bus(host)
    host.sh(f"kill {processes(host)[1]}")
    assert until(lambda: "proto 111" not in host.sh("ip -N route"), 5), "routes wait for a neighbour"
    assert until(lambda: "overland" not in host.sh("nft list tables"), 5), "the firewall waits for a neighbour"
    host.sh("pkill -x python3")
    bus.wait(timeout=20)
    assert until(lambda: host.sh("pkill -x sleep || true") or running.poll() is not None, 60)
    now = host.state()
    for part in ("routes", "rules", "forward", "links", "memory"):
        assert now[part] == before[part]


def installed(host):
    """The program in the sandbox's own file system, as a package puts it there."""
    host.path("/usr/bin/overland").write_bytes(open(BINARY, "rb").read())
    host.path("/usr/bin/overland").chmod(0o755)


def start_installed(host):
    running = host.start(["/usr/bin/overland", "try", "--timeout", "600"], stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    on_trial(host)
    return running


@pytest.mark.parametrize("word", [[], ["--undo"]], ids=["confirm", "undo"])
def test_a_package_upgraded_in_the_middle_leaves_the_trial_alone(foreign, word):
    host, before = foreign, foreign.state()
    installed(host)
    running = start_installed(host)
    host.sh("rm /usr/bin/overland")
    installed(host)
    assert "(deleted)" in host.sh(f"readlink /proc/{processes(host)[1]}/exe")
    done = host.run(["/usr/bin/overland", "confirm", *word])
    assert done.returncode == 0, explain(done)
    out, _ = running.communicate(timeout=30)
    if word:
        rolled_back(host, before)
    else:
        assert running.returncode == 0 and "the changes stay" in out, out
        assert host.overland("plan", "--detailed-exitcode").returncode == 0


@pytest.mark.parametrize("script, argument", [("debian/prerm", "remove"), ("rpm/preun", "0")])
def test_a_package_removed_in_the_middle_ends_the_trial_first(foreign, script, argument):
    host, before = foreign, foreign.state()
    installed(host)
    running = start_installed(host)
    text = open(os.path.join(os.path.dirname(__file__), "../../packaging", script)).read()
    host.run(["sh", "-c", text, "script", argument])
    assert differences(before, host.state()) == {}
    host.sh("rm /usr/bin/overland")
    assert running.wait(timeout=20) == 1


@pytest.mark.parametrize("script, argument", [("debian/prerm", "upgrade"), ("rpm/preun", "1")])
def test_a_package_upgrade_ends_no_trial(foreign, script, argument):
    host = foreign
    installed(host)
    running = start_installed(host)
    text = open(os.path.join(os.path.dirname(__file__), "../../packaging", script)).read()
    host.run(["sh", "-c", text, "script", argument])
    assert host.run(["/usr/bin/overland", "confirm"]).returncode == 0
    assert running.wait(timeout=20) == 0


@pytest.mark.parametrize("verb", ["try", "apply"])
def test_another_inventory_than_the_installed_one_is_said(foreign, verb):
    host = foreign
    host.write(TRIED, OTHER)
    if verb == "apply":
        done = host.overland("apply", "-i", TRIED)
        assert done.returncode == 0 and "overland.timer" in done.stderr, explain(done)
        assert "overland.timer" not in host.overland("apply").stderr
        host.sh("rm /etc/overland/inventory.toml")
        assert "overland.timer" not in host.overland("apply", "-i", TRIED).stderr
        return
    running = start(host, "--timeout", "600", "-i", TRIED)
    made(host, "-i", TRIED)
    done = host.overland("confirm")
    assert done.returncode == 0 and "not for good" in done.stdout and "stay" not in done.stdout, explain(done)
    out, _ = running.communicate(timeout=20)
    assert "overland.timer" in out and "not for good" in out and "changes stay" not in out, out
    assert host.read("/etc/overland/inventory.toml") == INVENTORY


def test_confirm_install_puts_what_was_tried_in_place(foreign):
    host = foreign
    host.write(TRIED, OTHER)
    running = start(host, "--timeout", "600", "-i", TRIED)
    made(host, "-i", TRIED)
    host.write(TRIED, "something else by now")
    done = host.overland("confirm", "--install")
    assert done.returncode == 0 and "Installed" in done.stdout and "changes stay" in done.stdout, explain(done)
    out, _ = running.communicate(timeout=20)
    assert running.returncode == 0 and "changes stay" in out, out
    assert host.read("/etc/overland/inventory.toml") == OTHER
    assert host.read("/etc/overland/inventory.toml.bak") == INVENTORY
    assert host.sh("stat -c %a:%U /etc/overland/inventory.toml") == "644:root\n"
    assert host.overland("plan", "--detailed-exitcode").returncode == 0


def test_an_inventory_that_cannot_be_installed_decides_nothing(foreign):
    host, before = foreign, foreign.state()
    host.write(TRIED, OTHER)
    host.sh("mount --bind /etc/overland /etc/overland")
    running = start(host, "--timeout", "600", "-i", TRIED)
    made(host, "-i", TRIED)
    host.sh("mount -o remount,bind,ro /etc/overland")
    done = host.overland("confirm", "--install")
    assert done.returncode == 1 and "the trial goes on" in done.stderr, explain(done)
    assert host.overland("confirm", "--undo").returncode == 0
    running.communicate(timeout=20)
    assert differences(before, host.state()) == {}


def test_usage_of_confirm(host):
    assert host.overland("confirm", "--undo", "--install").returncode == 64
    assert host.overland("confirm", "--install").returncode == 1
