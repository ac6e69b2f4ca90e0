"""What a tunnel costs: packets against Docker's own VXLAN, and 10,000 peers behind one against as many on the LAN.

The fleet's first host moves into a segment of its own; the underlay carries both by itself."""

import statistics

import fleet
import packets
import scene
from processes import value
from rows import Row, in_turn

FIRST, MOVED = "10.0.0.1", "172.16.0.1"  # fleet.host_address(0), and where it is now
ADDED = """
[tunnel]
type = "vxlan"

[[segment]]
name = "far"
subnet = "172.16.0.0/24"

[[host]]
name = "beside"
address = "172.16.0.9"
"""  # somebody beside it: a host that is alone is warned of, and then nothing is recorded as in order


def move(host):
    """Has the inventory and, on the first host, its link say so."""
    text = host.inventory.read_text()
    host.inventory.write_text(text.replace(f'address = "{FIRST}"', f'address = "{MOVED}"') + ADDED)
    if host.index == 0:
        host.sh(f"ip addr flush dev eth0; ip addr add {MOVED}/24 dev eth0; ip route add 10.0.0.0/8 dev eth0")
    else:
        host.sh("ip route add 172.16.0.0/24 dev eth0")
UNTRACKED = """
for chain in PREROUTING OUTPUT; do iptables -w -t raw -I $chain -p udp --dport 4789 -j CT --notrack; done
"""


class ByHand(packets.Pair):
    """A VXLAN link with routes into it and nothing else: what no rule of ours can be faster than."""

    def routed(self):
        for i in (0, 1):
            self.h[i].sh(f"ip link add vx type vxlan id 7 dstport 4789 local {fleet.host_address(i)}"
                         f" remote {fleet.host_address(1 - i)}; ip addr add 192.0.2.{1 + i}/24 dev vx;"
                         f"ip link set vx up; ip route add {fleet.network(1 - i, self.hosts)} via 192.0.2.{2 - i}")


class Tunnelled(packets.Pair):
    def overland(self):
        for host in self.h:
            move(host)
        super().overland()


def raise_pairs(programs, hosts):
    kinds = {"tunnel": Tunnelled, "tunnel-untracked": Tunnelled, "beside": packets.Pair, "overlaid": packets.Pair,
             "by-hand": ByHand, "no-rules": ByHand}
    pairs = {name: kind(programs, name, hosts, conntrack="untracked" not in name) for name, kind in kinds.items()}
    for name, pair in pairs.items():
        if name not in ("by-hand", "no-rules"):
            pair.docker(packets.RAW_DROP)
    pairs["by-hand"].docker(packets.RAW_DROP, packets.ACCEPTED, UNTRACKED)
    for name in ("by-hand", "no-rules"):
        pairs[name].routed()
    for name in ("tunnel", "tunnel-untracked", "beside"):
        pairs[name].overland()
    pairs["overlaid"].overlay()
    return pairs


def rates(programs, size):
    pairs = raise_pairs(programs, size.many + 1)
    try:
        for pair in pairs.values():
            scene.sh(f"ping -c 2 -i 0.2 -W 2 {pair.target}", f"{pair.name}-c0")
        seen = in_turn({name: lambda pair=pair: pair.rate(size.packets) for name, pair in pairs.items()}, size.rounds)
    finally:
        for pair in pairs.values():
            pair.close()
    what = f"packets between containers by the tunnel, {size.many:,} peers, beside Docker's rules"
    overlay = "VXLAN, as in Docker's overlay networks"

    def row(name, theirs, peer, more="", goal=0.0):
        return Row(what + more, seen[name], "kpps", peer, seen[theirs], goal=goal, at_least=True)

    def bound(name, text):
        return Row(f"bound: {text}", seen[name], "kpps", overlay, seen["overlaid"], at_least=True)
    return [row("tunnel", "overlaid", overlay, goal=1.1),
            row("tunnel-untracked", "overlaid", overlay, ", `conntrack = false`", 1.1),
            row("tunnel", "beside", "overland's own plain routes"),
            bound("by-hand", "the same tunnel by hand, Docker's rules, all accepted, no NAT"),
            bound("no-rules", "the same tunnel by hand, no rules at all")]


def many(programs, size):
    """The same fleet, once behind the tunnel and once on the LAN."""
    firsts, last = {"tunnelled": [], "plain": []}, {}
    for i in range(3):
        for name, times in firsts.items():
            host = scene.Host(programs, f"{name}{i}", 0, size.many + 1)
            if name == "tunnelled":
                move(host)
            times.append(host.apply()[0])
            last[name] = host
    for host in last.values():
        host.settle()

    def cpu(*options):
        return in_turn({name: lambda host=host: host.apply(*options)[2] for name, host in last.items()}, size.rounds)
    again, whole = cpu(), cpu("--full")
    peers, plain = f"{size.many:,} peers behind the tunnel", "as many on the LAN"
    ours, theirs = (statistics.median(firsts[name]) for name in ("tunnelled", "plain"))
    return [
        Row(f"first `apply`, {peers}, whole process", ours, "ms", plain, theirs, goal=1000, kind="difference"),
        value(f"no-op `apply`, {peers}, CPU time", again["tunnelled"], "ms"),
        Row(f"no-op `apply`, {peers}, CPU time", again["tunnelled"], "ms", plain, again["plain"], goal=1.8),
        Row(f"`apply --full`, nothing to do, {peers}, CPU time", whole["tunnelled"], "ms", plain,
            whole["plain"], goal=1.8),
    ]


def rows(programs, size):
    return rates(programs, size) + many(programs, size)
