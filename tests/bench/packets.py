"""Packets per second from container to container across two hosts, over veth:

    c0 -- docker0 [h0] eth0 -- eth0 [h1] docker0 -- c1

The kernel carries a packet all the way to its receiver while it is sent, so the sender's CPU time is the
cost of the path, whatever else the machine does."""

import subprocess

import fleet
import scene
from rows import Row, in_turn

PORT = 9  # kPort of tool.h

DOCKER = """
t='iptables -w'
$t -P FORWARD DROP; $t -N DOCKER-USER; $t -N DOCKER
$t -A FORWARD -j DOCKER-USER
$t -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
$t -A FORWARD -o docker0 -j DOCKER
$t -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
$t -A DOCKER ! -i docker0 -o docker0 -j DROP
$t -t nat -A POSTROUTING -s {network} ! -o docker0 -j MASQUERADE
"""
RAW_DROP = "iptables -w -t raw -A PREROUTING -d {container} ! -i docker0 -j DROP\n"
PUBLISHED = """
$t -t nat -N DOCKER; $t -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
$t -t nat -A DOCKER ! -i docker0 -p udp --dport {port} -j DNAT --to-destination {container}
$t -I DOCKER -d {container} ! -i docker0 -o docker0 -p udp --dport {port} -j ACCEPT
"""
ACCEPTED = """
$t -I DOCKER-USER -s 100.64.0.0/10 -j ACCEPT; $t -t raw -I PREROUTING -s 100.64.0.0/10 -j ACCEPT; $t -t nat -F
"""
# The least that marks what is let through and looks for forged sources: two chains that ask nothing worth it.
BOUND = """
nft -f - <<'END'
table ip bound {{
  chain marks {{ type filter hook prerouting priority -310; meta mark set meta mark | 0x200000; }}
  chain asks {{ type filter hook forward priority -10; iifname "nowhere" drop; }}
  chain tracks {{ type nat hook postrouting priority 90; snat to ip saddr; }}
}}
END
for place in 'filter -I {forward}' 'raw -I PREROUTING'; do
iptables -w -t $place -m mark --mark 0x200000/0x200000 -j ACCEPT
done
"""


def inside(netns, *command):
    return ["nsenter", f"--net=/run/netns/{netns}", *command]


def received(netns):
    table = scene.sh("cat /proc/net/dev", netns)
    return next(int(line.split()[2]) for line in table.splitlines() if line.strip().startswith("eth0:"))


def rate(programs, source, sink, target, packets):
    """Packets per second of one core, in thousands, from one namespace to another; every packet has to arrive."""
    before = received(sink)
    out = subprocess.run(inside(source, programs.tool, "send", target, str(packets)),
                         capture_output=True, text=True, check=True)
    arrived = received(sink) - before
    if arrived < packets * 0.99:
        raise SystemExit(f"bench: from {source} to {sink}: {arrived} of {packets} packets arrived")
    return packets / float(out.stdout) / 1000


class Pair:
    def __init__(self, programs, name, hosts, conntrack=True):
        self.programs, self.name, self.hosts = programs, name, hosts
        self.target = fleet.container_address(1, hosts)
        self.h = [scene.Host(programs, f"{name}-h{i}", i, hosts, conntrack, with_links=False) for i in (0, 1)]
        scene.sh(f"ip link add eth0 netns {name}-h0 type veth peer name eth0 netns {name}-h1")
        for host in self.h:
            host.configure(hosts)
            host.sh("echo 1 > /proc/sys/net/ipv4/ip_forward")
        for i in (0, 1):
            self._container(i)
        self.sink = subprocess.Popen(inside(f"{name}-c1", programs.tool, "sink"), stdout=subprocess.PIPE)
        self.sink.stdout.readline()

    def _container(self, i):
        ns, host = f"{self.name}-c{i}", f"{self.name}-h{i}"
        scene.sh(f"ip netns add {ns}; ip link add eth0 netns {ns} type veth peer name to-c netns {host}")
        self.h[i].sh("ip link set to-c master docker0 up")
        gateway, length = fleet.bridge(i, self.hosts).split("/")
        scene.sh(f"ip link set lo up; ip addr add {fleet.container_address(i, self.hosts)}/{length} dev eth0;"
                 f"ip link set eth0 up; ip route add default via {gateway}", ns)

    def route_by_hand(self):
        for i in (0, 1):
            self.h[i].sh(f"ip route add {fleet.network(1 - i, self.hosts)} via {fleet.host_address(1 - i)}")

    def docker(self, *more):
        for i in (0, 1):
            names = {"port": PORT, "network": fleet.network(i, self.hosts),
                     "container": fleet.container_address(i, self.hosts)}
            self.h[i].sh("".join((DOCKER, *more)).format(**names))

    def bound(self, forward):
        for host in self.h:
            host.sh(BOUND.format(forward=forward))

    def overland(self):
        for host in self.h:
            host.settle()

    def overlay(self):
        """As Docker's overlay networks are: the bridge and its tunnel in a namespace of their own, the
        tunnel's packets through the host."""
        for i in (0, 1):
            ns = f"{self.name}-o{i}"
            scene.sh(f"ip netns add {ns}")
            self.h[i].sh(f"ip link add vx type vxlan id 7 dstport 4789 local {fleet.host_address(i)}"
                         f" remote {fleet.host_address(1 - i)}; ip link set vx netns {ns};"
                         f"ip link set to-c nomaster; ip link set to-c netns {ns}")
            scene.sh("ip link add br0 type bridge; ip link set vx master br0 up; ip link set to-c master br0 up;"
                     "ip link set br0 up", ns)
            scene.sh("ip addr flush dev eth0; ip link set eth0 mtu 1450;"
                     f"ip addr add {fleet.container_address(i, self.hosts)}/10 dev eth0", f"{self.name}-c{i}")

    def rate(self, packets):
        return rate(self.programs, f"{self.name}-c0", f"{self.name}-c1", self.target, packets)

    def close(self):
        self.sink.kill()
        self.sink.wait()


def raise_pairs(programs, hosts):
    pairs = {name: Pair(programs, name, hosts, conntrack="untracked" not in name)
             for name in ("overland", "untracked", "alone", "alone-untracked", "plain", "masqueraded", "docker",
                          "overlay", "bound", "alone-bound")}
    for name in ("overland", "untracked", "bound"):
        pairs[name].docker(RAW_DROP)
    for name in ("overland", "untracked", "alone", "alone-untracked"):
        pairs[name].overland()
    for name in ("plain", "docker", "bound", "alone-bound"):
        pairs[name].route_by_hand()
    pairs["bound"].bound("DOCKER-USER")
    pairs["alone-bound"].bound("FORWARD")
    pairs["masqueraded"].docker(RAW_DROP, PUBLISHED)
    pairs["masqueraded"].target = fleet.host_address(1)
    pairs["docker"].docker(RAW_DROP, ACCEPTED)
    pairs["overlay"].docker(RAW_DROP)
    pairs["overlay"].overlay()
    return pairs


def rates(programs, size):
    hosts = size.many + 1
    pairs = raise_pairs(programs, hosts)
    try:
        for pair in pairs.values():
            scene.sh(f"ping -c 2 -i 0.2 -W 2 {pair.target}", f"{pair.name}-c0")
        seen = in_turn({name: lambda pair=pair: pair.rate(size.packets) for name, pair in pairs.items()}, size.rounds)
    finally:
        for pair in pairs.values():
            pair.close()

    def row(what, ours, peer, theirs, goal=0.0):
        return Row(what, seen[ours], "kpps", peer, seen[theirs], goal=goal, at_least=True)

    what = f"packets between containers, {size.many:,} peers in the sets"
    bare = "plain routing, no rules at all"
    return [
        row(what + ", no Docker rules", "alone", bare, "plain", 0.8),
        row(what + ", no Docker rules, `conntrack = false`", "alone-untracked", bare, "plain", 0.8),
        row(what + ", beside Docker's rules", "overland", bare, "plain", 0.8),
        row(what + ", beside Docker's rules", "overland", "Docker's way: masqueraded, to a published port",
            "masqueraded", 1.05),
        row(what + ", beside Docker's rules", "overland", "VXLAN, as in Docker's overlay networks", "overlay", 1.2),
        row(what + ", the same and `conntrack = false`", "untracked", bare, "plain", 0.8),
        row(what + ", the same and `conntrack = false`", "untracked", "overland's default", "overland"),
        row("bound: Docker's rules, all accepted, no NAT", "docker", bare, "plain"),
        row("bound: Docker's rules and two chains of ours that ask nothing", "bound", bare, "plain"),
        row("bound: Docker's rules and two chains of ours that ask nothing", "bound",
            "VXLAN, as in Docker's overlay networks", "overlay"),
        row("bound: two chains of ours that ask nothing, and connection tracking", "alone-bound", bare, "plain"),
    ]
