"""Starting a trial in the sandbox, and telling how far it is."""

import os
import pty
import subprocess
import time

from sandbox import BINARY, differences, explain


def start(host, *arguments, **options):
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    return host.start([BINARY, "try", *arguments], **options)


def terminal(host, *arguments):
    leader, follower = pty.openpty()
    trial = host.start(["setsid", "--ctty", "--wait", BINARY, "try", *arguments],
                       stdin=follower, stdout=follower, stderr=follower, start_new_session=True)
    os.close(follower)
    return trial, leader


def said(leader, words):
    """Reads the terminal until the words are there: what is typed before is thrown away."""
    text = b""
    while words not in text:
        text += os.read(leader, 4096)


def until(question, patience=10):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.05)
    return False


def on_trial(host):
    """All of it is applied, and the confirmation awaited."""
    def applied():
        return "192.168.100.1" in (host.read("/etc/docker/daemon.json") or "") and host.path(
            "/run/overland/try.sock").exists() and "proto 111" in host.sh("ip -N route")
    assert until(applied, 30)
    made(host)


def made(host, *options):
    assert until(lambda: host.overland("plan", "--detailed-exitcode", *options).returncode == 0)
    assert until(lambda: len(processes(host)) <= 2, 30), "the maker looks once more at what it made, and ends"


def over(host):
    """No watchdog lives: the lock is free."""
    free = ["flock", "-n", "/var/lib/overland", "flock", "-n", "/run/overland/lock", "true"]
    return until(lambda: host.run(free, check=False).returncode == 0, 20)


def rolled_back(host, before):
    assert over(host)
    for folder in ("/run/overland", "/var/lib/overland"):
        assert not host.path(f"{folder}/try.sock").exists()
    assert differences(before, host.state()) == {}
    assert host.overland("confirm").returncode == 1
    done = host.overland("apply", "--wait", "5")  # the lock is free
    assert done.returncode == 0, explain(done)


def processes(host):
    """The processes of a trial: starter, watchdog and, while the change is made, maker."""
    return host.sh("pgrep -x overland || true").split()
