"""Runs a command in the Debian root of another suite that has what building and testing need: its compilers, its
libraries, no network. `python3 -m lab.elsewhere SUITE COMMAND...`; without a command only the root is made.
"""

import os
import sys

from . import roots
from .layer import REPOSITORY
from .namespace import ENVIRONMENT
from .shell import run


def root(suite):
    building = run([REPOSITORY / "scripts/bootstrap", "--building"]).stdout.split()
    return roots.ensure(suite, docker=False, extra=building)


def argv(suite, command):
    cache = os.environ.get("CCACHE_DIR") or run(["ccache", "--get-config", "cache_dir"]).stdout.strip()
    os.makedirs(cache, exist_ok=True)
    settings = ENVIRONMENT | {"CCACHE_DIR": cache, "CCACHE_BASEDIR": str(REPOSITORY), "CCACHE_NOHASHDIR": "1",
                              "CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CI": os.environ.get("CI", "")}
    return ["unshare", "-n", "-m", "-p", "-u", "-i", "--fork", "--kill-child", "env", "-i",
            *(f"{name}={value}" for name, value in settings.items()),
            "sh", REPOSITORY / "tests/lab/elsewhere.sh", root(suite), REPOSITORY, cache, *command]


if __name__ == "__main__":
    suite, *command = sys.argv[1:]
    if command:
        os.execvp("unshare", list(map(str, argv(suite, command))))
    print(root(suite), flush=True)
