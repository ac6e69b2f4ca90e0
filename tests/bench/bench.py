#!/usr/bin/python3
"""Measures overland against its peers and prints one table. scripts/bench builds and calls it."""

import argparse
import dataclasses
import os
import pathlib
import sys

import forwarding
import google
import ipvlan
import packets
import page
import processes
import restart
import scene
import tunnel
import watching


@dataclasses.dataclass
class Size:
    many: int
    few: int
    most: int
    foreign: int
    packets: int
    rounds: int


FULL = Size(many=10000, few=1000, most=100000, foreign=1000000, packets=200000, rounds=15)
QUICK = Size(many=10000, few=1000, most=100000, foreign=100000, packets=100000, rounds=5)
SMOKE = Size(many=50, few=5, most=100, foreign=2000, packets=2000, rounds=1)

GROUPS = {
    "routes": google.routes,
    "start": processes.start,
    "processes": processes.no_op,
    "recipe": processes.recipe,
    "foreign": processes.foreign_routes,
    "memory": processes.memory,
    "pure": google.pure,
    "packets": packets.rates,
    "forwarding": forwarding.rows,
    "tunnel": tunnel.rows,
    "ipvlan": ipvlan.rows,
    "first": processes.first,
    "watch": watching.rows,
    "restart": restart.rows,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a tenth of the foreign routes")
    parser.add_argument("--smoke", action="store_true", help="tiny: only whether it works")
    parser.add_argument("--only", choices=GROUPS, action="append", help="this part; may be repeated")
    parser.add_argument("--write", metavar="FILE", help="write the page there too")
    given = parser.parse_args()
    if os.geteuid() != 0:
        print("bench: SKIPPED: it needs root for its network namespaces")
        return 77
    size = SMOKE if given.smoke else QUICK if given.quick else FULL
    groups = [name for name in GROUPS if not given.only or name in given.only]
    if given.smoke:
        groups = [name for name in groups if name not in ("routes", "pure", "ipvlan", "restart")]
    programs = scene.Programs(given.build)
    scene.enter(programs)
    rows = []
    for name in groups:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        rows += GROUPS[name](programs, size)
    print(page.table(rows))
    if given.write:
        pathlib.Path(given.write).write_text(page.whole(rows, size, quick=given.quick))
    return 0


if __name__ == "__main__":
    sys.exit(main())
