"""Nothing stays behind: what belongs to a lab, how it is removed, and how a dead lab's remains are found."""

import os
import re
import time
from pathlib import Path

from . import roots
from .shell import LabError

PREFIX = "ovl-"


def cgroup2():
    """Where the machine has its cgroup2 tree: hybrid machines beside the version 1 ones."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, path, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(path)
    raise LabError("this machine has no writable cgroup2 mount")


def runs():
    return roots.CACHE / "run"


def sweep():
    """Remove what labs left whose process is gone."""
    for group in cgroup2().glob(f"{PREFIX}*"):
        if not alive(group.name):
            remove_cgroup(group)
    for state in runs().glob(f"{PREFIX}*"):
        if not alive(state.name):
            roots.remove_tree(state)


def alive(name):
    found = re.match(rf"{PREFIX}(\d+)-", name)
    return bool(found) and Path(f"/proc/{found[1]}").exists()


def populated(group):
    return "populated 1" in (group / "cgroup.events").read_text()


def wait_until_empty(group, seconds):
    deadline = time.monotonic() + seconds
    while populated(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def commands_in(group):
    pids = [pid for file in group.rglob("cgroup.procs") for pid in file.read_text().split()]
    return [name for name in map(name_of, pids) if name]


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None  # it has ended meanwhile


def remove_cgroup(group):
    if not wait_until_empty(group, 0):
        (group / "cgroup.kill").write_text("1")
        if not wait_until_empty(group, 10):
            raise LabError(f"{group}: processes that do not die: {commands_in(group)}")
    for folder, _, _ in os.walk(group, topdown=False):
        os.rmdir(folder)


def remove(group, state):
    """Take a closed lab away, then say what should not have been there any more."""
    survivors = [] if wait_until_empty(group, 5) else commands_in(group)
    remove_cgroup(group)
    roots.remove_tree(state)
    if survivors:
        raise LabError(f"processes outlived their host: {', '.join(survivors)}")
