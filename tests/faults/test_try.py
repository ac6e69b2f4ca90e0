"""overland try: what nobody confirms is rolled back to the last byte, whatever dies meanwhile."""

import os
import time

import pytest
from sandbox import BINARY, FOREIGN, INVENTORY, differences, explain
from trials import on_trial, over, rolled_back, said, start, terminal

# Of four hosts two lose a subnet: more would be held back without --prune.
OLDER = INVENTORY.replace("192.168.100.1", "192.168.101.1") + """[[host]]
name = "docker-203"
address = "10.0.0.203"
bip = "192.168.220.1/24"
"""


@pytest.fixture(params=["first apply", "over an older one"])
def before(request, host):
    """The host's state before the trial: never touched, or as an older inventory has it."""
    host.sh(FOREIGN)
    if request.param != "first apply":
        host.write("/etc/overland/inventory.toml", OLDER)
        assert host.overland("apply").returncode == 0
        host.write("/etc/overland/inventory.toml", INVENTORY)
    return host.state()


def test_unconfirmed_is_rolled_back(host, before):
    trial = start(host, "--timeout", "2")
    on_trial(host)
    out, _ = trial.communicate(timeout=20)
    assert trial.returncode == 1 and "as it was before" in out, out
    rolled_back(host, before)


def test_a_daemon_json_and_folder_that_were_not_there_go_again(host):
    host.sh("rm /etc/docker/daemon.json")
    before = host.state()
    trial = start(host, "--timeout", "2")
    on_trial(host)
    out, _ = trial.communicate(timeout=20)
    assert trial.returncode == 1, out
    rolled_back(host, before)


def test_confirmed_from_another_login_stays(host, before):
    trial = start(host, "--timeout", "60")
    on_trial(host)
    done = host.overland("confirm")
    assert done.returncode == 0 and "stay" in done.stdout, explain(done)
    out, _ = trial.communicate(timeout=20)
    assert trial.returncode == 0 and "Confirmed" in out, out
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    assert not host.path("/run/overland/try.sock").exists()
    assert "docker-200 is as the inventory says" in host.overland("apply").stdout


def test_enter_on_the_terminal_confirms(host):
    trial, leader = terminal(host, "--timeout", "60")
    said(leader, b"On trial")
    os.write(leader, b"\n")
    assert trial.wait(timeout=20) == 0
    os.close(leader)
    assert host.overland("plan", "--detailed-exitcode").returncode == 0


def test_ctrl_c_rolls_back_at_once(host, before):
    trial, leader = terminal(host, "--timeout", "600")
    on_trial(host)
    os.write(leader, b"\x03")
    assert trial.wait(timeout=20) == 1
    rolled_back(host, before)
    os.close(leader)


def test_a_lost_terminal_rolls_back_in_time(host, before):
    """The ssh connection is gone: SIGHUP to the whole session, every descriptor dead."""
    trial, leader = terminal(host, "--timeout", "3")
    on_trial(host)
    os.close(leader)
    assert trial.wait(timeout=20) != 0
    assert host.path("/run/overland/try.sock").exists()
    rolled_back(host, before)


def test_a_parent_killed_in_the_middle_is_rolled_back_at_once(host, before):
    for delay in (0.01, 0.02, 0.03, 0.05, 0.08, 0.12):
        # The shell's own child is the parent; the watchdog is the child of that.
        host.sh(f"{BINARY} try --timeout 600 > /dev/null 2>&1 & sleep {delay}; kill -9 $! || true")
        host.overland("confirm", "--undo")  # killed after the last change: it waits to be confirmed
        assert over(host)
        left = differences(before, host.state())
        left.pop("leftovers", None)
        assert left == {}, delay


def test_a_cut_network_does_not_keep_it_from_rolling_back(host, before):
    assert "default via 10.0.0.254" in before["routes"]
    trial = start(host, "--timeout", "2")
    on_trial(host)
    host.sh("ip link set lan down")
    trial.communicate(timeout=20)
    host.sh("ip link set lan up; sleep 0.2")
    rolled_back(host, before)


def test_the_timer_is_quiet_while_a_trial_runs(host):
    trial = start(host, "--timeout", "600")
    on_trial(host)
    began = time.monotonic()
    done = host.overland("apply", "--quiet", "--wait", "120")
    assert done.returncode == 75 and "error" not in done.stderr, explain(done)
    assert time.monotonic() - began < 5
    done = host.overland("apply")
    assert done.returncode == 75 and "overland confirm" in done.stderr, explain(done)
    assert host.overland("purge").returncode == 75
    assert host.overland("try").returncode == 75
    assert host.overland("confirm", "--undo").returncode == 0
    assert trial.wait(timeout=20) == 1


def test_nothing_to_try(host):
    assert host.overland("apply").returncode == 0
    done = host.overland("try")
    assert done.returncode == 0 and "Nothing to try" in done.stdout, explain(done)
    assert not host.path("/run/overland/try.sock").exists()


def test_a_trial_that_cannot_be_made_whole_goes_back_at_once(host):
    host.sh(FOREIGN + "mount -t tmpfs -o ro,mode=755 tmpfs /etc/docker")
    before = host.state()
    done = host.overland("try", "--timeout", "600")
    assert done.returncode == 1 and "not all of it could be made" in done.stdout, explain(done)
    assert differences(before, host.state()) == {}


def test_damaged_rules_are_no_place_to_start_from(host):
    assert host.overland("apply").returncode == 0
    host.sh("iptables-nft -F DOCKER-USER")
    before = host.state()
    done = host.overland("try")
    assert done.returncode == 1 and "damaged" in done.stderr, explain(done)
    assert differences(before, host.state()) == {}


@pytest.mark.parametrize("timeout", ["0", "86401", "-1", "soon"])
def test_usage(host, timeout):
    assert host.overland("try", "--timeout", timeout).returncode == 64
