"""Packets per second from container to container across two hosts, over veth:

    c1 -- docker0 [h1] eth0 -- eth0 [h2] docker0 -- c2

The kernel carries a packet all the way to its receiver while it is sent, so one core does all the work
and the time of sending is the time of the path."""

import subprocess

import fleet
import scene
from rows import Row, in_turn

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
RECIPE = "iptables -w -I DOCKER-USER -s 10.0.0.0/8 -j ACCEPT\n"


class Pair:
    def __init__(self, programs, name, hosts, conntrack=True):
        self.programs, self.name, self.hosts = programs, name, hosts
        self.h = [scene.Host(programs, f"{name}-h{i}", i, hosts, conntrack, with_links=False) for i in (0, 1)]
        scene.sh(f"ip link add eth0 netns {name}-h0 type veth peer name eth0 netns {name}-h1")
        for host in self.h:
            host.configure(hosts)
            host.sh("echo 1 > /proc/sys/net/ipv4/ip_forward")
        for i in (0, 1):
            self._container(i)
        self.sink = subprocess.Popen(self._inside("c1", programs.tool, "sink"), stdout=subprocess.PIPE)
        self.sink.stdout.readline()

    def _inside(self, which, *command):
        return ["nsenter", f"--net=/run/netns/{self.name}-{which}", *command]

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
            names = {"network": fleet.network(i, self.hosts), "container": fleet.container_address(i, self.hosts)}
            self.h[i].sh("".join((DOCKER, *more)).format(**names))

    def overland(self):
        for host in self.h:
            host.settle()

    def vxlan(self):
        """The containers in one network, bridged through a tunnel."""
        for i in (0, 1):
            self.h[i].sh(f"ip link add vx type vxlan id 7 dstport 4789 local {fleet.host_address(i)}"
                         f" remote {fleet.host_address(1 - i)}; ip link set vx master docker0 up")
            scene.sh("ip route flush dev eth0; ip addr flush dev eth0;"
                     f"ip addr add {fleet.container_address(i, self.hosts)}/10 dev eth0; ip link set eth0 mtu 1450",
                     f"{self.name}-c{i}")

    def received(self):
        table = scene.sh("cat /proc/net/dev", f"{self.name}-c1")
        return next(int(line.split()[2]) for line in table.splitlines() if line.strip().startswith("eth0:"))

    def rate(self, packets):
        """Packets per second, in thousands; every packet has to arrive."""
        before = self.received()
        target = fleet.container_address(1, self.hosts)
        out = subprocess.run(self._inside("c0", self.programs.tool, "send", target, str(packets)),
                             capture_output=True, text=True, check=True)
        arrived = self.received() - before
        if arrived < packets * 0.99:
            raise SystemExit(f"bench: {self.name}: {arrived} of {packets} packets arrived")
        return packets / float(out.stdout) / 1000

    def close(self):
        self.sink.kill()
        self.sink.wait()


def rates(programs, size):
    hosts = size.many + 1
    pairs = {name: Pair(programs, name, hosts, conntrack=name != "untracked")
             for name in ("overland", "untracked", "plain", "masqueraded", "vxlan")}
    for name in ("overland", "untracked"):
        pairs[name].docker(RAW_DROP)
        pairs[name].overland()
    for name in ("plain", "masqueraded"):
        pairs[name].route_by_hand()
    pairs["masqueraded"].docker(RECIPE)
    pairs["vxlan"].vxlan()
    try:
        for pair in pairs.values():
            scene.sh(f"ping -c 2 -i 0.2 -W 2 {fleet.container_address(1, hosts)}", f"{pair.name}-c0")
        rate = in_turn({name: lambda pair=pair: pair.rate(size.packets) for name, pair in pairs.items()}, size.rounds)
    finally:
        for pair in pairs.values():
            pair.close()
    what = f"packets between containers, {size.many:,} peers in the sets"
    rows = [Row(what, rate["overland"], "kpps", peer, rate[name], goal=goal, at_least=True)
            for name, peer, goal in (("plain", "plain routing, no rules at all", 0.8),
                                     ("masqueraded", "Docker's rules, masqueraded", 1.05),
                                     ("vxlan", "VXLAN", 1.2))]
    return rows + [Row(what + ", `conntrack = false`", rate["untracked"], "kpps", "overland's default",
                       rate["overland"], at_least=True)]
