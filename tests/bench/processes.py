"""Whole processes: `overland apply` where nothing is to be done, against merely looking; peak memory."""

import fleet
import scene
from rows import Row, in_turn


def no_op(programs, size):
    """At two peers start-up counts, at many what is looked at."""
    few = scene.Host(programs, "few", 0, 3)
    many = scene.Host(programs, "many", 0, size.many + 1)
    few.settle()
    first, again = many.settle()
    few_look = in_turn({"overland": lambda: few.apply()[0], "ip": few.ip_show, "nft": few.nft_list}, size.rounds)
    many_look = in_turn({"overland": lambda: many.apply()[0], "ip": many.ip_show, "nft": many.nft_list}, size.rounds)
    look = "`ip route show` + `nft list table`"
    return [
        Row(f"no-op `apply`, {size.many:,} peers, whole process", many_look["overland"], "ms", look,
            many_look["ip"] + many_look["nft"], goal=1.0),
        Row("no-op `apply`, 2 peers, whole process", few_look["overland"], "ms", look,
            few_look["ip"] + few_look["nft"], goal=3.0),
        Row(f"first `apply`, {size.many:,} peers, whole process", first[0], "ms", kind="value", note="once"),
        Row(f"peak memory, {size.many:,} peers, no-op", again[1], "MB", kind="value", goal=24),
        Row(f"peak memory, {size.many:,} peers, first `apply`", first[1], "MB", kind="value", goal=24),
    ]


def start(programs, size):
    """What it costs a host of two peers to find, every minute, that nothing is to be done."""
    host = scene.Host(programs, "start", 0, 3)
    cpu = {}

    def measure(what, command):
        cpu[what] = in_turn({what: lambda: command()[2]}, size.rounds)[what]

    measure("`overland --version`", host.version)
    host.settle()
    measure("no-op `apply`, 2 peers, without Docker", host.apply)
    host.install_docker()
    host.settle()
    measure("no-op `apply`, 2 peers, Docker stopped", host.apply)
    host.start_docker()
    host.settle()
    measure("no-op `apply`, 2 peers, Docker running", host.apply)
    goals = {"`overland --version`": 2.5}
    return [Row(f"{what}, CPU time", value, "ms", kind="value", goal=goals.get(what, 4)) for what, value in cpu.items()]


def recipe(programs, size):
    """The first apply of everything, firewall too, against the published recipe's routes alone."""
    times = []
    for i in range(3):
        host = scene.Host(programs, f"recipe{i}", 0, size.few + 1)
        loop = host.folder / "loop.sh"
        loop.write_text("set -e\n" + "".join(
            f"ip route add {fleet.network(p, size.few + 1)} via {fleet.host_address(p)}\n"
            for p in range(1, size.few + 1)))
        slow = host.launch("/bin/sh", str(loop))[0]
        host.sh("ip route flush proto boot")
        times.append((host.apply()[0], slow))
        scene.sh(f"ip netns del {host.name}")
    ours, theirs = (sorted(column)[1] for column in zip(*times))
    return [Row(f"first `apply`, {size.few:,} peers, whole process with its firewall", ours, "ms",
                "shell loop of `ip route add`, no firewall", theirs, faster=True)]


def memory(programs, size):
    host = scene.Host(programs, "most", 0, size.most + 1)
    first, again = host.settle()
    return [
        Row(f"peak memory, {size.most:,} peers, no-op", again[1], "MB", kind="value", goal=120),
        Row(f"peak memory, {size.most:,} peers, first `apply`", first[1], "MB", kind="value", goal=120),
        Row(f"no-op `apply`, {size.most:,} peers, whole process", again[0], "ms", kind="value", note="once"),
    ]


def foreign_routes(programs, size):
    """A router with a full table, or several."""
    alone = scene.Host(programs, "alone", 0, size.many + 1)
    crowd = scene.Host(programs, "crowd", 0, size.many + 1)
    crowd.sh(f"{programs.tool} fill {size.foreign} {fleet.host_address(size.many + 5)}")
    alone.settle()
    crowd.settle()
    look = in_turn({"alone": lambda: alone.apply()[0], "crowd": lambda: crowd.apply()[0]}, size.rounds)
    return [Row(f"no-op `apply`, {size.many:,} peers, {size.foreign:,} foreign routes", look["crowd"], "ms",
                "the same without them", look["alone"], goal=120, kind="difference")]
