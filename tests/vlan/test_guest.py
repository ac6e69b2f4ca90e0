"""The guest goes with the lab, whatever happens to the process that raised it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import TESTS, missing
from lab import Lab, leftovers

RAISE_AND_WAIT = """
import sys, time
sys.path.insert(0, {tests!r})
from lab import Lab
from lab.guest import Guest
from lab.switch import Switch
with Lab() as lab:
    guest = lab.keep(Guest(lab, "victim", lab.keep(Switch({{}})).trunk()))
    guest.boot()
    print(lab.name, guest.qemu.pid, flush=True)
    time.sleep(60)
"""


def runs(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_guest_outlives_its_lab(number):
    if reason := missing():
        pytest.skip(reason)
    script = RAISE_AND_WAIT.format(tests=str(TESTS))
    with subprocess.Popen([sys.executable, "-B", "-c", script], stdout=subprocess.PIPE, text=True) as victim:
        name, pid = victim.stdout.readline().split()
        assert runs(pid)
        victim.send_signal(number)
    deadline = time.monotonic() + 30
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not runs(pid), "the guest ends by itself when nobody is left to talk to"
    with Lab():
        pass  # takes away what a killed lab left
    assert not (leftovers.runs() / name).exists() and not (leftovers.cgroup2() / name).exists()
