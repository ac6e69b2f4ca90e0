"""Failing libc calls and kill -9 at every n of an apply: nothing foreign lost, files whole, the report true, and the next
apply converges."""

import errno
import json
import os

import pytest
from sandbox import BINARY, FOREIGN, differences, explain

NETLINK = "socket,sendmsg,recvmsg,sendto,recvfrom,send,recv"
FILES = "open,openat,write,read,fsync,rename,renameat,renameat2,fchmod,fchown,mkdir,mkdirat,flock,unlink,unlinkat,pipe2"
# Calls, errno (see shim.c) and stride: with 7 every seventh n is tried, since two cores are few. OVERLAND_FAULTS=all tries
# every n of every kind, which takes some ten minutes.
EVERY = os.environ.get("OVERLAND_FAULTS") == "all"
KINDS = {
    "kill before": ("all", 0, 7),
    "kill after": ("write,fsync,rename,renameat,renameat2,openat,sendmsg,sendto,unlink", -1, 3),
    "files EIO": (FILES, errno.EIO, 9),
    "files ENOSPC": ("write,fsync,renameat,renameat2,openat,mkdir,mkdirat,open", errno.ENOSPC, 5),
    "files EROFS": ("renameat,renameat2,openat,open,unlink", errno.EROFS, 5),
    "files EINTR": ("open,write,read,flock", errno.EINTR, 13),
    "netlink ENOBUFS": (NETLINK, errno.ENOBUFS, 11),
    "netlink ENOMEM": (NETLINK, errno.ENOMEM, 11),
    "netlink EINTR": (NETLINK, errno.EINTR, 17),
    "netlink EPERM": ("socket,sendmsg,sendto", errno.EPERM, 7),
    "netlink EAGAIN": ("recvmsg,recvfrom,recv", errno.EAGAIN, 13),
}
OUR_WORDS = ("OVERLAND", "overland", "DOCKER-USER", "192.168.", "proto 111")


class Trials:
    """One host on which one fault after the other is tried; between them it is what it was before overland."""

    def __init__(self, host, shim):
        self.host = host
        host.path("/run/shim.so").write_bytes(shim)
        host.sh(FOREIGN)
        self.fresh = host.state()
        assert host.overland("apply").returncode == 0
        self.applied = host.state()
        self.purge()

    def purge(self):
        done = self.host.overland("purge")
        assert done.returncode == 0, explain(done)
        left = differences(self.fresh, self.host.state())
        # A killed apply may leave the temporary file it was writing: nobody reads it.
        left.pop("leftovers", None)
        assert left == {}
        self.host.sh("find /etc/docker /var/lib/overland -name '.*' -type f -delete")

    def faulty(self, calls, error, n, *arguments):
        environment = {"LD_PRELOAD": "/run/shim.so", "FAULT_CALLS": calls, "FAULT_AT": str(n),
                       "FAULT_ERRNO": str(error), "FAULT_COUNT": "/run/count"}
        command = ["env", *(f"{key}={value}" for key, value in environment.items()), BINARY, *arguments]
        return self.host.run(command, check=False, timeout=120)

    def count(self, calls):
        done = self.faulty(calls, 1, 0, "apply")
        assert done.returncode == 0, explain(done)
        self.purge()
        return int(self.host.read("/run/count"))

    def foreign_is_whole(self, where):
        now = self.host.state()
        for part in ("routes", "rules"):
            lost = foreign_lines(self.fresh[part]) - foreign_lines(now[part])
            assert not lost, f"{where}: lost {lost}"
        assert now["daemon.json"] in (self.fresh["daemon.json"], self.applied["daemon.json"]), where
        assert now["mode"] == self.fresh["mode"], where
        assert now["forward"] == self.fresh["forward"], where
        return now

    def report_is_true(self, done, now, where):
        if done.returncode in (137, -9):
            return
        assert done.returncode in (0, 1, 75, 77, 78), f"{where}: {explain(done)}"
        assert "terminate called" not in done.stderr, f"{where}: {explain(done)}"
        if done.returncode != 0:
            assert done.stderr.strip(), f"{where}: failed without a word"
        if not done.stdout.strip():
            assert done.returncode != 0, f"{where}: success without a report"
            return
        report = json.loads(done.stdout)
        assert report["converged"] == (done.returncode == 0), f"{where}: {explain(done)}"
        same = all(now[part] == self.applied[part] for part in ("routes", "rules", "daemon.json"))
        if done.returncode == 0:
            assert same, f"{where}: says converged\n{differences(self.applied, now)}"
        for step in report["steps"]:
            if step["status"] != "done":
                assert step["why"], f"{where}: no reason for {step}"
            elif step["resource"].startswith("route "):
                assert step["resource"].split()[1] in now["routes"], f"{where}: {step} is not there"

    def run(self, calls, error, n):
        where = f"{calls} errno {error} at {n}"
        done = self.faulty(calls, error, n, "apply", "--json")
        self.report_is_true(done, self.foreign_is_whole(where), where)
        again = self.host.overland("apply")
        assert again.returncode == 0, f"{where}: the next apply: {explain(again)}\nafter {explain(done)}"
        now = self.host.state()
        different = {key for key in differences(self.applied, now)} - {"leftovers"}
        assert not different, f"{where}: {differences(self.applied, now)}"
        self.purge()


def foreign_lines(text):
    return {line for line in text.splitlines() if not any(word in line for word in OUR_WORDS)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_call(host, shim, kind):
    calls, error, stride = KINDS[kind]
    trials = Trials(host, shim)
    total = trials.count(calls)
    assert total > 3
    for n in range(1, total + 2, 1 if EVERY else stride):
        trials.run(calls, error, n)


def test_every_call_of_a_purge(host, shim):
    trials = Trials(host, shim)
    for calls, error in (("all", 0), (NETLINK, errno.ENOMEM), (FILES, errno.EIO)):
        assert host.overland("apply").returncode == 0
        assert trials.faulty(calls, 1, 0, "purge").returncode == 0
        total = int(host.read("/run/count"))
        for n in range(1, total + 1, 1 if EVERY else 29):
            assert host.overland("apply").returncode == 0
            done = trials.faulty(calls, error, n, "purge")
            trials.foreign_is_whole(f"purge: {calls} errno {error} at {n}")
            if done.returncode == 0:
                assert differences(trials.fresh, host.state()) == {}
            trials.purge()


def test_a_file_system_that_cannot_exchange_files(host, shim):
    trials = Trials(host, shim)
    done = trials.faulty("renameat2", errno.EINVAL, 1, "apply")
    assert done.returncode == 0 and host.read("/run/count") == "2\n", explain(done)
    assert differences(trials.applied, host.state()) == {}
