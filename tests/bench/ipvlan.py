"""Packets per second over ipvlan l3s and by docker0, from host to host of config/ipvlan.toml in one qemu guest.

It is emulated, with Debian's kernel: only the ratio tells anything. A packet costs what the processor was busy, since
one so slow leaves part of the path to ksoftirqd."""

import pathlib
import sys

from rows import Row, in_turn

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS), str(TESTS / "vlan")]

from lab import Lab, layer  # noqa: E402  (the path has to be set first)
from rack import CONFIG, HOSTS, declare, raise_rack  # noqa: E402

SHARE = 10  # an emulated processor takes so much longer
TICKS = 100  # a second, of /proc/stat: USER_HZ


def contained(network, hosts, count):
    source, sink = (host.container(f"bench-{network}", network) for host in hosts)
    return path(source, sink, sink.address, "eth0", count)


def path(source, sink, address, link, count):
    """A question for the packets per second, in thousands, from one to the other."""
    sink.sh("setsid bench_tool sink > /dev/null 2>&1 < /dev/null &")
    send = f"head -n 1 /proc/stat; bench_tool send {address} {count}; head -n 1 /proc/stat"

    def rate():
        before = received(sink, link)
        first, _, last = source.sh(send).stdout.splitlines()
        if (arrived := received(sink, link) - before) < count * 0.99:
            sys.exit(f"bench: to {address}: {arrived} of {count} packets arrived")
        return count / (busy(last) - busy(first)) * TICKS / 1000
    return rate


def busy(line):
    """All of a line of /proc/stat but idle and iowait: proc(5)."""
    ticks = list(map(int, line.split()[1:9]))
    return sum(ticks) - ticks[3] - ticks[4]


def received(place, link):
    return int(place.sh(f"grep {link}: /proc/net/dev").stdout.split()[2])


def rows(programs, size):
    with Lab(programs.overland) as lab:
        layer.bundle(lab.layer, programs.tool)
        hosts = raise_rack(lab).hosts
        declare(hosts, (CONFIG / "ipvlan.toml").read_text())
        for host in hosts:
            host.overland("apply", check=True)
        count = size.packets // SHARE
        paths = {network: contained(network, hosts, count) for network in ("fast", "bridge")}
        paths["hosts"] = path(*hosts, HOSTS[hosts[1].name][0].split("/")[0], hosts[1].link, count)
        seen = in_turn(paths, size.rounds)

    def row(what, ours, goal=0.0):
        return Row(what, seen[ours], "kpps", "docker0 of the same hosts", seen["bridge"], goal=goal, at_least=True)
    return [row("packets between containers of ipvlan l3s, emulated", "fast", 1.5),
            row("bound: from host to host, without containers, emulated", "hosts")]
