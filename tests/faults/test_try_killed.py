"""A trial whose processes are killed at every step: starter (terminal), watchdog and maker. The host is as it was before."""

import os
import time
from subprocess import DEVNULL, PIPE, STDOUT

import pytest
from sandbox import BINARY, FOREIGN, INVENTORY, differences, explain
from trials import on_trial, over, processes, start, until

EVERY = os.environ.get("OVERLAND_FAULTS") == "all"
STARTER, WATCHDOG, MAKER = 0, 1, 2  # how often each was forked
NAMES = {STARTER: "starter", WATCHDOG: "watchdog", MAKER: "maker"}


def trial(host, counted, victim, n, error=0):
    environment = {"LD_PRELOAD": "/run/shim.so", "FAULT_CALLS": "all", "FAULT_AT": str(n), "FAULT_ERRNO": str(error),
                   "FAULT_FORKS": str(counted), "FAULT_VICTIM": str(victim), "FAULT_COUNT": "/run/count"}
    command = ["env", *(f"{key}={value}" for key, value in environment.items()), BINARY, "try", "--timeout", "60"]
    return host.start(command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)


def calls(host, counted):
    """How many calls that process makes in a trial that is taken back at its end."""
    host.sh("rm -f /run/count")
    running = trial(host, counted, counted, 0)
    on_trial(host)
    host.overland("confirm", "--undo")
    running.communicate(timeout=30)
    assert over(host)
    return int(host.read("/run/count"))


def is_as_before(host, before, where):
    assert over(host), where
    left = differences(before, host.state())
    # A killed process may leave the temporary file it was writing, and a socket nobody listens at.
    left.pop("leftovers", None)
    assert left == {}, where
    host.sh("rm -f /var/lib/overland/try.sock /run/overland/try.sock;"
            "find /etc/docker /var/lib/overland -name '.*.??????' -delete")


@pytest.fixture
def prepared(host, shim):
    host.path("/run/shim.so").write_bytes(shim)
    host.sh(FOREIGN)
    return host


@pytest.mark.parametrize("victim", [STARTER, WATCHDOG, MAKER], ids=NAMES.get)
def test_killed_at_every_step_of_the_change(prepared, victim):
    host, before = prepared, prepared.state()
    total = calls(host, MAKER)
    assert total > 30
    for n in range(1, total + 1, 1 if EVERY else 11):
        where = f"{NAMES[victim]} killed at {n} of {total}"
        running = trial(host, MAKER, victim, n)
        out, _ = running.communicate(timeout=60)
        if victim == STARTER:
            assert running.returncode != 0, where
            host.overland("confirm", "--undo")  # where the maker was faster than the kill, it waits to be confirmed
        else:
            why = "the watchdog died" if victim == WATCHDOG else "not all of it could be made"
            assert running.returncode == 1 and why in out and "as it was before" in out, f"{where}\n{out}"
        is_as_before(host, before, where)


@pytest.mark.parametrize("victim", [STARTER, WATCHDOG], ids=NAMES.get)
def test_killed_at_every_step_of_the_way_back(prepared, victim):
    """A change that cannot be made whole goes back at once."""
    host = prepared
    host.sh("mount -t tmpfs -o ro,mode=755 tmpfs /etc/docker")
    before = host.state()
    running = trial(host, WATCHDOG, WATCHDOG, 0)
    assert running.wait(timeout=30) == 1
    assert over(host)
    total = int(host.read("/run/count"))
    assert total > 30
    for n in range(1, total + 1, 1 if EVERY else 11):
        running = trial(host, WATCHDOG, victim, n)
        out, _ = running.communicate(timeout=60)
        assert running.returncode != 0, out
        is_as_before(host, before, f"{NAMES[victim]} killed at {n} of {total}: {out}")


def test_a_watchdog_killed_while_it_waits_is_stood_in_for(host):
    host.sh(FOREIGN)
    before = host.state()
    running = start(host, "--timeout", "600")
    on_trial(host)
    _, watchdog = processes(host)
    host.sh(f"kill -9 {watchdog}")
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 1 and "the watchdog died" in out and "as it was before" in out, out
    is_as_before(host, before, "waiting")


def test_both_killed_leaves_a_free_lock_and_an_honest_next_run(host):
    host.sh(FOREIGN)
    running = start(host, "--timeout", "600")
    on_trial(host)
    tried = host.state()
    host.sh("kill -9 " + " ".join(processes(host)))
    running.wait(timeout=30)
    assert over(host)
    tried.pop("leftovers")
    assert differences(tried, host.state()) == {}  # nobody is left who could take it back
    done = host.overland("confirm")
    assert done.returncode == 1 and "no trial" in done.stderr, explain(done)
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)


OTHER = INVENTORY.replace("192.168.200.1/24", "192.168.220.1/24")  # held until --prune, were it ever applied


def killed(host):
    """A trial of another inventory in which a peer's bip is another one, dead with its watchdog."""
    host.write("/run/other.toml", OTHER)
    running = start(host, "-i", "/run/other.toml", "--prune", "--timeout", "600")
    assert until(lambda: "192.168.200.0" not in host.sh("ip route show; nft list table ip overland"), 30)
    time.sleep(1)  # until the confirmation is awaited
    host.sh("kill -9 $(pgrep -f '[o]verland try')")
    running.wait(timeout=30)


def is_gone(host):
    return "192.168.220.0" not in host.sh("ip route show; nft list table ip overland") and \
        "192.168.200.0/24 via" in host.sh("ip route show proto 111")


def test_both_killed_the_next_run_takes_back_what_nobody_confirmed(host):
    assert host.overland("apply").returncode == 0
    before = host.state()
    killed(host)
    assert not is_gone(host)
    done = host.overland("status", "--check")
    assert done.returncode == 2 and "killed before anybody confirmed it" in done.stdout, explain(done)
    done = host.overland("apply")
    assert done.returncode == 0 and "a trial was killed" in done.stderr, explain(done)
    assert is_gone(host)
    assert differences(before, host.state()) == {}
    done = host.overland("apply")
    assert done.returncode == 0 and "trial" not in done.stderr, explain(done)


def test_both_killed_the_watcher_takes_it_back(watched):
    host = watched.host
    killed(host)
    assert until(lambda: is_gone(host), 20), watched.said
    assert "a trial was killed" in watched.said
    assert "trial" not in host.overland("status").stdout


def test_once_confirmed_it_is_held_as_after_any_apply(host):
    assert host.overland("apply").returncode == 0
    host.write("/run/other.toml", OTHER)
    running = start(host, "-i", "/run/other.toml", "--prune", "--timeout", "600")
    assert until(lambda: host.overland("confirm", "--install").returncode == 0, 20)
    assert running.wait(timeout=20) == 0
    host.write("/etc/overland/inventory.toml", INVENTORY)
    host.overland("apply")
    assert "192.168.220.0/24 via" in host.sh("ip route show proto 111")
