"""Whole processes: `overland apply` where nothing is to be done, against merely looking; peak memory."""

import fleet
import scene
from rows import Row, in_turn


LOOK = "`ip route show` + `nft list table`"


def no_op(programs, size):
    """Whole processes' CPU time. At two peers start-up counts, at many what is looked at; a fleet whose bridge subnets
    merge has few elements to list."""
    rows = []
    for merge, what in ((False, "that do not merge"), (True, "that merge")):
        host = scene.Host(programs, f"many{merge:d}", 0, size.many + 1, merge=merge)
        first, again = host.settle()
        rows += against_looking(host, f"{size.many:,} peers {what}", size, goal=1.0)
        if merge:
            host.install_docker()
            host.settle()
            rows += against_looking(host, f"{size.many:,} peers {what}, Docker stopped", size, goal=1.0)
            continue
        whole = in_turn({"overland": lambda: host.apply("--full")[2]}, size.rounds)["overland"]
        rows += [
            value(f"`apply --full`, nothing to do, {size.many:,} peers, CPU time", whole, "ms", 45),
            value(f"first `apply`, {size.many:,} peers, whole process", first[0], "ms", note="once"),
            value(f"peak memory, {size.many:,} peers, `apply --full`", again[1], "MB", 24),
            value(f"peak memory, {size.many:,} peers, first `apply`", first[1], "MB", 30),
        ]
    few = scene.Host(programs, "few", 0, 3)
    few.settle()
    return rows + against_looking(few, "2 peers", size, goal=1.0)


def value(what, figure, unit, goal=0.0, note=""):
    return Row(what, figure, unit, kind="value", goal=goal, note=note)


def against_looking(host, what, size, goal):
    cpu = in_turn({"overland": lambda: host.apply()[2], "ip": lambda: host.ip_show()[2],
                   "nft": lambda: host.nft_list()[2]}, size.rounds)
    return [Row(f"no-op `apply`, {what}, CPU time", cpu["overland"], "ms", LOOK, cpu["ip"] + cpu["nft"], goal=goal)]


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
    return [value(f"{what}, CPU time", figure, "ms", goals.get(what, 3)) for what, figure in cpu.items()]


def first(programs, size):
    """The first apply against what the tools take for the very same routes and rules, given to them ready made."""
    times = []
    for i in range(3):
        ours, theirs = (scene.Host(programs, f"first{i}{who}", 0, size.many + 1) for who in ("o", "t"))
        taken = ours.apply()[0]
        routes, rules = theirs.folder / "routes", theirs.folder / "rules"
        shown = ours.sh("ip route show proto 111").splitlines()
        routes.write_text("".join(f"route add {line}\n" for line in shown))
        rules.write_text(ours.sh("nft list table ip overland"))
        by_ip = theirs.launch("/sbin/ip", "-batch", str(routes))[0]
        times.append((taken, by_ip + theirs.launch("/usr/sbin/nft", "-f", str(rules))[0]))
        for host in (ours, theirs):
            scene.sh(f"ip netns del {host.name}")
    ours, theirs = (sorted(column)[1] for column in zip(*times))
    return [Row(f"first `apply`, {size.many:,} peers that do not merge, whole process", ours, "ms",
                "`ip -batch` + `nft -f` of the same routes and rules", theirs, goal=1.0)]


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
    cpu = in_turn({"overland": lambda: host.apply()[2]}, min(size.rounds, 5))["overland"]
    return [
        value(f"peak memory, {size.most:,} peers, `apply --full`", again[1], "MB", 120),
        value(f"peak memory, {size.most:,} peers, first `apply`", first[1], "MB", 120),
        value(f"`apply --full`, nothing to do, {size.most:,} peers, whole process", again[0], "ms", note="once"),
        value(f"no-op `apply`, {size.most:,} peers, CPU time", cpu, "ms", 45),
    ]


def foreign_routes(programs, size):
    """A router with a full table, or several."""
    alone = scene.Host(programs, "alone", 0, size.many + 1)
    crowd = scene.Host(programs, "crowd", 0, size.many + 1)
    crowd.sh(f"{programs.tool} fill {size.foreign} {fleet.host_address(size.many + 5)}")
    alone.settle()
    crowd.settle()
    look = in_turn({"alone": lambda: alone.apply("--full")[0], "crowd": lambda: crowd.apply("--full")[0]}, size.rounds)
    return [Row(f"`apply --full`, nothing to do, {size.many:,} peers, {size.foreign:,} foreign routes", look["crowd"], "ms",
                "the same without them", look["alone"], goal=120, kind="difference")]
