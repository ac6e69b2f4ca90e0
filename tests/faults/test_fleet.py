"""overland fleet whose operator goes away: by an ssh that is none, which runs what it is sent on the host itself."""

import os
import signal
import time

import pytest
from sandbox import BINARY, INVENTORY, explain

FILE, NEW = "/etc/overland/inventory.toml", "/run/new.toml"
# As with sshd the other end is in a session of its own, and hears of the end of the connection when it next writes.
SSH = """#!/usr/bin/python3
import os, signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
child = os.fork()
if child == 0:
    os.setsid()
    os.execv("/bin/sh", ["sh", "-s"])
for fd in range(3):
    os.close(fd)
os.waitpid(child, 0)
"""
SLOW = f"""#!/bin/sh
if [ -e "/run/slow.$1" ]; then
    touch /run/begun
    while [ ! -e /run/go ]; do sleep 0.05; done
fi
{BINARY} "$@"
code=$?
[ ! -e "/run/slow.$1" ] || touch /run/ended
exit $code
"""


@pytest.fixture
def far(host):
    host.sh("rm -f /usr/bin/ssh; mount -t tmpfs -o mode=755 tmpfs /usr/local/sbin")
    host.write("/usr/bin/ssh", SSH, 0o755)
    host.write("/usr/local/sbin/overland", SLOW, 0o755)
    host.write("/etc/docker/daemon.json", '{"bip": "192.168.100.1/24"}')
    host.write(NEW, "generation = 9\n" + INVENTORY)
    return host


def appears(host, file):
    for _ in range(400):
        if host.path(file).exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{file} did not appear")


def interrupt(host, action, slow):
    host.sh(f"touch /run/slow.{slow}")
    process = host.start([BINARY, "fleet", action, "-i", NEW, "docker-200"], stdout=-1, stderr=-1, start_new_session=True)
    appears(host, "/run/begun")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    host.write("/run/go", "")
    appears(host, "/run/ended")
    for _ in range(200):  # until the other end is done
        if "sh -s" not in host.sh("ps ax -o stat,args | grep -v '^Z' || true"):
            break
        time.sleep(0.05)
    assert host.sh("ls -Ad /run/.overland* /etc/overland/.overland* 2>/dev/null || true") == ""
    return out, err  # the exit status is nsenter's


def test_ctrl_c_in_the_check_changes_nothing_and_leaves_nothing(far):
    out, err = interrupt(far, "apply", "plan")
    assert "interrupted: nothing was changed anywhere" in err and "docker-200" in out, out + err
    assert far.read(FILE) == INVENTORY


def test_ctrl_c_in_a_wave_tells_what_is_known_and_what_was_begun_is_done(far):
    out, err = interrupt(far, "apply", "apply")
    assert "interrupted in wave 1" in err and "docker-200" in out, out + err
    assert far.read(FILE) == far.read(NEW)
    done = far.overland("fleet", "status", "-i", NEW, "docker-200", "--no-probe")
    assert "docker-200" in done.stdout and "9" in done.stdout, explain(done)
    assert far.read("/var/lib/overland/last-inventory.toml") == far.read(NEW), "it is applied"
