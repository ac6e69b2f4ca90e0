"""Debian roots for the hosts, built once with mmdebstrap and kept in a cache.

A root is read only to every host (the lower layer of its overlay), so any number of hosts share one.
"""

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from .shell import LabError, run

CACHE = Path(os.environ.get("OVERLAND_LAB_CACHE", "/var/cache/overland-lab"))
MIRROR = os.environ.get("OVERLAND_LAB_MIRROR", "http://deb.debian.org/debian")

BASE = ["iptables", "nftables", "iproute2", "ipset", "procps", "busybox-static", "tcpdump", "iputils-ping",
        "init-system-helpers", "sysvinit-utils"]
DOCKER = ["docker.io"]
# trixie moved the client out of docker.io.
DOCKER_LATER = ["docker.io", "docker-cli"]
SUITES = {"bookworm": DOCKER, "trixie": DOCKER_LATER, "sid": DOCKER_LATER}

OPTIONS = [
    "--mode=root", "--variant=essential", "--format=directory",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    '--aptopt=Acquire::Check-Valid-Until "false"',
]


def packages(suite, docker=True, extra=()):
    if suite not in SUITES:
        raise LabError(f"unknown suite {suite!r}; known: {', '.join(SUITES)}")
    return sorted(BASE + (SUITES[suite] if docker else []) + list(extra))


def path_of(suite, docker=True, extra=()):
    recipe = "\n".join([suite, MIRROR, *packages(suite, docker, extra), *OPTIONS])
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    kind = "docker" if docker else "plain"
    return CACHE / f"{suite}-{kind}-{digest}"


def ensure(suite, docker=True, extra=()):
    """The folder of a finished root; builds it when the cache has none for this recipe."""
    root = path_of(suite, docker, extra)
    if root.is_dir():
        return root
    with building(root.name):
        if not root.is_dir():
            build(root, suite, packages(suite, docker, extra))
    return root


@contextmanager
def building(name):
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(root, suite, include):
    if not shutil.which("mmdebstrap"):
        raise LabError("mmdebstrap is missing: run scripts/bootstrap")
    unfinished = root.with_name(root.name + ".unfinished")
    remove_tree(unfinished)
    # In namespaces of its own: where it is killed its mounts go with it, and nothing stands in the way of the next try.
    alone = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    # The network is the one part of the lab that fails for reasons of its own: one more try.
    for attempts_left in (1, 0):
        done = run(
            [*alone, "nice", "-n", "5", "mmdebstrap", *OPTIONS, "--include=" + ",".join(include), suite, unfinished, MIRROR],
            timeout=900, check=not attempts_left,
        )
        if done.returncode == 0:
            break
        remove_tree(unfinished)
    unfinished.rename(root)


def remove_tree(tree):
    """Remove a folder, but never through a mount that is still inside it."""
    inside = f"{Path(tree).resolve()}/"
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()
               if (line.split()[1] + "/").startswith(inside)]
    if mounted:
        raise LabError(f"refusing to remove {tree}: still mounted: {', '.join(mounted)}")
    run(["rm", "-rf", "--one-file-system", tree])


def main(suites):
    """Build (or find) the roots of the given suites, "sid+ufw" with a package beside Docker; for scripts that want them
    ready beforehand."""
    for suite in suites:
        name, *extra = suite.split("+")
        print(ensure(name, extra=extra), flush=True)


if __name__ == "__main__":
    import sys
    main(sys.argv[1:] or ["bookworm"])
