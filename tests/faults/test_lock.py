"""The lock: two places, of which one is enough; nobody else can hold it; a holder that is stuck is said."""

import subprocess
import time

import pytest
from sandbox import differences, explain
from trials import on_trial, processes, start

PLACES = ["/run/overland", "/var/lib/overland"]
# A place that cannot be had, as read-only, no folder, a link, somebody else's, or open to others.
SPOILT = ["mount -t tmpfs -o ro,mode=755 tmpfs {0}", "rm -rf {0}; touch {0}", "rm -rf {0}; mkdir -m 700 /run/real; ln -s /run/real {0}",
          "chown 1234 {0}", "chmod 777 {0}"]


def hold(host, place, seconds=60, user=None):
    """Somebody holds the lock of a folder or file until the sandbox ends."""
    command = ["flock", place, "sh", "-c", f"echo held; exec sleep {seconds}"]
    holder = host.start([*(["setpriv", "--reuid", user, "--clear-groups"] if user else []), *command], stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
    return holder, holder.stdout.readline() == "held\n"


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("place", PLACES)
def test_one_place_that_cannot_be_had_stops_no_repair(foreign, place, how):
    host = foreign
    assert host.overland("apply").returncode == 0
    host.sh("ip route del 192.168.200.0/24")
    host.sh(how.format(place))
    done = host.overland("apply")
    # Whatever else is said of that place: the route is back.
    assert "proto 111" in host.sh("ip -N route show 192.168.200.0/24"), explain(done)
    assert done.returncode in (0, 1) and place in done.stderr, explain(done)


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("place", PLACES)
def test_the_other_place_still_excludes(foreign, place, how):
    host = foreign
    other = "/var/lib/overland" if place == PLACES[0] else "/run/overland/lock"
    assert host.overland("apply").returncode == 0
    host.sh(how.format(place))
    holder, held = hold(host, other)
    assert held
    done = host.overland("apply", "--wait", "0")
    # Where it cannot be counted how often that was, it is a fault at once.
    uncounted = place == "/run/overland" and ("-o ro" in how or "touch" in how)
    assert done.returncode == (1 if uncounted else 75) and "another process holds the lock" in done.stderr, explain(done)
    holder.kill()


def test_no_place_at_all(foreign):
    host = foreign
    host.sh("".join(f"mount -t tmpfs -o ro,mode=755 tmpfs {place};" for place in PLACES))
    before = host.state()
    for verb in ("apply", "purge", "try"):
        done = host.overland(verb)
        assert done.returncode == 1 and all(place in done.stderr for place in PLACES), explain(done)
        assert differences(before, host.state()) == {}


def test_a_read_only_disk_keeps_its_lock(foreign):
    """flock needs no write: the folder is there, and 0700."""
    host = foreign
    assert host.overland("apply").returncode == 0
    host.sh("mount --bind /var/lib/overland /var/lib/overland; mount -o remount,bind,ro /var/lib/overland")
    done = host.overland("apply")
    assert done.returncode == 0 and done.stderr == "", explain(done)
    holder, held = hold(host, "/var/lib/overland")
    assert held and host.overland("apply", "--wait", "0").returncode == 75
    holder.kill()


def test_a_lock_file_that_is_a_link_is_not_followed(foreign):
    host = foreign
    host.sh("ln -s /etc/shadow /run/overland/lock")
    done = host.overland("apply")
    assert done.returncode == 0 and "/run/overland/lock" in done.stderr, explain(done)


def test_the_folder_is_made_and_nobody_else_can_hold_it(foreign):
    host = foreign
    for how in ("rm -rf /var/lib/overland", "chmod 755 /var/lib/overland"):
        host.sh(how)
        assert host.overland("apply").returncode == 0
        assert host.sh("stat -c %a /var/lib/overland") == "700\n"
    for place in ("/var/lib/overland", "/run/overland/lock"):
        holder, held = hold(host, place, user="65534")
        assert not held
        holder.wait(timeout=10)
    assert host.overland("apply", "--wait", "0").returncode == 0


@pytest.mark.parametrize("place", ["/run/overland/lock", "/var/lib/overland"])
def test_a_lock_that_is_held_answers_in_time(foreign, place):
    host = foreign
    holder, held = hold(host, place)
    assert held
    began = time.monotonic()
    done = host.overland("apply", "--wait", "1")
    assert done.returncode == 75 and "lock" in done.stderr, explain(done)
    assert 0.9 < time.monotonic() - began < 5
    host.sh("pkill -x sleep")
    holder.wait(timeout=20)
    assert host.overland("apply").returncode == 0


def runs(host, *arguments):
    return host.overland("apply", "--wait", "0", *arguments)


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["by hand", "timer"])
def test_a_lock_not_had_three_times_in_a_row_fails(foreign, quiet):
    host = foreign
    holder, _ = hold(host, "/var/lib/overland")
    assert [runs(host, *quiet).returncode for _ in range(2)] == [75, 75]
    done = runs(host, *quiet)
    assert done.returncode == 1 and "stuck" in done.stderr, explain(done)
    assert runs(host, *quiet).returncode == 1
    host.sh("pkill -x sleep")
    holder.wait(timeout=20)
    assert runs(host, *quiet).returncode == 0  # that one got it: counted anew
    holder, _ = hold(host, "/var/lib/overland")
    assert runs(host, *quiet).returncode == 75
    holder.kill()


def test_the_lock_of_iptables_not_had_three_times_in_a_row_fails(foreign):
    host = foreign
    host.sh("iptables-legacy -N DOCKER-USER; iptables-legacy -A FORWARD -j DOCKER-USER")
    holder, _ = hold(host, "/run/xtables.lock")
    codes = [runs(host, "--firewall", "iptc", "--xtables-wait", "0").returncode for _ in range(3)]
    assert codes == [75, 75, 1], explain(runs(host, "--firewall", "iptc", "--xtables-wait", "0"))
    host.sh("pkill -x sleep")
    holder.wait(timeout=20)
    assert runs(host, "--firewall", "iptc").returncode == 0


def test_a_trial_is_no_fault_however_often(foreign):
    host = foreign
    trial = start(host, "--timeout", "600")
    on_trial(host)
    for _ in range(4):
        done = runs(host, "--quiet")
        assert done.returncode == 75 and "stuck" not in done.stderr, explain(done)
    assert host.overland("confirm", "--undo").returncode == 0
    assert trial.wait(timeout=20) == 1


def test_a_trial_that_hangs_is_a_holder_like_others(foreign):
    host = foreign
    trial = start(host, "--timeout", "600")
    on_trial(host)
    watchdog = processes(host)[1]
    host.sh(f"kill -STOP {watchdog}")
    assert [runs(host, "--quiet").returncode for _ in range(3)] == [75, 75, 1]
    host.sh(f"kill -CONT {watchdog}")
    assert host.overland("confirm", "--undo").returncode == 0
    assert trial.wait(timeout=20) == 1
