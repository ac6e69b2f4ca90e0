"""docs/performance.md, made of the rows."""

import os
import platform
import re

from rows import quantity

HEAD = """# How fast it is

Made by `scripts/bench --write`; do not edit. {machine}{hurry}

{table}

## How to read it

* Each line is one thing overland does, measured against one peer that does the same, or as much of it as it can. All
  of them ran on this machine in one session, **in turn** (A B C A B C …, {rounds} rounds), so that whatever else the
  machine did disturbed all of them alike. The numbers are medians; the *ratio* is the ratio of the medians.
* *Goal* is what we want to reach and keep. "≤" lines tell how much dearer overland may be, "≥" lines how many times
  faster it has to be, or which part of the peer's packets per second it has to carry. Absolute numbers belong to
  this machine, ratios travel better.
* The peers had nothing tuned: `ip` and BIRD install routes without a metric, as everybody writes them. With a gateway
  for each peer on one link the kernel then compares each new route's next hop with all before; overland spreads the metrics,
  a pure function of the prefix (`model::route_metric`).
* *Whole process* is from fork to exit, start-up included, of the release build on a host without Docker (a network
  namespace with a veth pair as underlay and an empty docker0). `nft list` and `ip route show` write to /dev/null.
* A *no-op* finds that nothing has changed since a whole look found all in order; with `--full` it looks all the same.
* *CPU time* is what wait4(2) tells, user and system, of a program and of those it runs. *Docker* is there one that only answers.
* *Peak memory* is what wait4(2) tells (`ru_maxrss`), 1 MB being 10⁶ bytes: the largest of a program and those it runs. The first apply adds every route
  and every element; later ones send only what changed.
* *Packets* are UDP of 64 bytes in one flow between containers on two hosts. Over veth the kernel carries a packet the whole
  way within the sender's system call, so its CPU time is the cost of the path: both hosts, both containers, one core. It says
  nothing about a network card. All rows have the same topology. *Beside Docker's rules* is what a Docker 28 host has: filter,
  raw and nat rules, hence connection tracking. *Masqueraded* is Docker's own way from a container to one of another host: the source
  masqueraded, the port published there. *VXLAN* has bridge and tunnel in a namespace of their own, as Docker's overlay networks do. *Bound* is what Docker's rules alone
  leave of plain routing: nothing that runs beside them can be faster. *Two chains of ours that ask nothing* are what the default cannot do
  without: one before routing, which marks what is let through, one in forward, for forged sources, and the source that is kept, for which the kernel
  tracks connections. *By hand* is a VXLAN link with routes into it: both hosts route what is within, and ask all their rules about it; Docker's own has bridges there.
* *Forwarded* packets pass one host only; with and without overland it is the same host, with the same rules of others and the same ends.
  *Nobody's* come from an address of no inventory and go to another: on a host from a network of virtual machines, on a router from segment to segment.
* *Emulated*: two hosts with Docker 26.1 in one qemu guest without hardware help, for a kernel that has ipvlan. Sending itself is dear there,
  which hides part of what lies between: its *bound* has no container, no bridge and no ipvlan at all.
* *Watching*: from the end of the command that disturbs to the return of what it took; a container pings a thousand times a second meanwhile,
  beside rules as Docker's, and what is lost is counted. flannel looks after its routes every 10 s (`routeCheckRetries`), BIRD 2 at its scans,
  every 60 s unless told otherwise: a route deleted beside it was back after 58 s.
* *Docker restarted*: a real one, with live-restore, since containers end with their dockerd otherwise; each packet is a connection of its own.
  What is lost is lost to Docker: it writes its rules anew one by one, for a while with its drops above DOCKER-USER.

Again: `scripts/bench` (all, some minutes, as root), `scripts/bench --quick` (the same with fewer rounds).
Everything happens in network namespaces of its own.
"""


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    kernel = re.match(r"\d+\.\d+", platform.release()).group()
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores; {system}, Linux {kernel}."


def table(rows):
    lines = ["| what | overland | against | | ratio or value | goal | reached |", "|---|--:|---|--:|--:|--:|---|"]
    for row in rows:
        theirs = quantity(row.theirs, row.unit) if row.peer else ""
        lines.append(f"| {row.what} | {quantity(row.ours, row.unit)} | {row.peer or '–'} | {theirs} "
                     f"| {row.figure_text} | {row.goal_text} | {row.verdict} |")
    return "\n".join(lines)


def whole(rows, size, quick):
    hurry = " A quick run: fewer rounds than usual." if quick else ""
    return HEAD.format(machine=machine(), hurry=hurry, table=table(rows), rounds=size.rounds)
