"""Packets forwarded by one host, with overland and without, everything else the same:

    left -- in [host] eth0 -- eth0 right

As in packets.py the sender's CPU time is the cost of the path. What the ends do is in both."""

import subprocess

import fleet
import packets
import scene
from rows import Row, in_turn

STRANGER, BEYOND = "198.51.100.2", "203.0.113.2"  # RFC 5737
BACK = """[[segment]]
name = "back"
subnet = "172.16.0.0/24"

[[host]]
name = "hrouter"
router = true
address = ["10.128.0.1", "172.16.0.1"]

[[host]]
name = "hback"
address = "172.16.0.2"
bip = "{bridge}"
"""


class Forwarder:
    """`router`: between two segments of the inventory; else a host with Docker's rules. `cluster`: the packets go from
    container to container; else they are a stranger's, to somewhere beyond. `ours`: with overland."""

    def __init__(self, programs, name, hosts, router, cluster, ours):
        self.programs, self.name, self.hosts = programs, name, hosts
        self.left, self.right = f"{name}-l", f"{name}-r"
        self.source = self.own_container(router) if cluster else STRANGER
        self.target = fleet.container_address(1, hosts) if cluster else BEYOND
        self.host = scene.Host(programs, f"{name}-h", "router" if router else 0, hosts, with_links=False)
        for end, link in ((self.left, "in"), (self.right, "eth0")):
            scene.sh(f"ip netns add {end};"
                     f"ip link add eth0 netns {end} type veth peer name {link} netns {self.host.name}")
        self.host.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; ip link set in up")
        if router:
            self._router()
        else:
            self._docker(cluster, ours)
        self._ends(router, cluster)
        if ours:
            self.host.settle()
        elif cluster:
            self._by_hand(router)
        self.sink = subprocess.Popen(packets.inside(self.right, programs.tool, "sink"), stdout=subprocess.PIPE)
        self.sink.stdout.readline()

    def own_container(self, router):
        return fleet.container_address(self.hosts if router else 0, self.hosts)

    def _router(self):
        text = BACK.format(bridge=fleet.bridge(self.hosts, self.hosts))
        self.host.inventory.write_text(self.host.inventory.read_text() + text)
        self.host.sh("ip addr add 10.128.0.1/8 dev eth0; ip link set eth0 up; ip addr add 172.16.0.1/24 dev in")

    def _docker(self, cluster, ours):
        self.host.configure(self.hosts)
        rules = packets.DOCKER + (packets.RAW_DROP if ours or not cluster else packets.RAW_DROP + packets.ACCEPTED)
        names = {"network": fleet.network(0, self.hosts), "container": fleet.container_address(0, self.hosts)}
        self.host.sh(rules.format(**names) + ("" if cluster else "iptables -w -P FORWARD ACCEPT\n"))
        self.host.sh("ip link set in master docker0" if cluster else "ip addr add 198.51.100.1/24 dev in")

    def _ends(self, router, cluster):
        """What the two ends need to be who they are."""
        if router:
            address, gateway = "172.16.0.2/24", "172.16.0.1"
        elif cluster:
            own = fleet.bridge(0, self.hosts)
            gateway, length = own.split("/")
            address = f"{self.source}/{length}"
        else:
            address, gateway = f"{STRANGER}/24", "198.51.100.1"
        up = "ip link set lo up; ip link set eth0 up;"
        on_lo = "" if address.startswith(f"{self.source}/") else f"ip addr add {self.source}/32 dev lo;"
        scene.sh(f"{up} ip addr add {address} dev eth0; {on_lo}"
                 f"ip route add default via {gateway} src {self.source}", self.left)
        scene.sh(f"{up} ip addr add {fleet.host_address(1)}/8 dev eth0; ip addr add {self.target}/32 dev lo;"
                 f"ip route add default via {'10.128.0.1' if router else fleet.host_address(0)}", self.right)
        if not cluster:
            self.host.sh(f"ip route add {BEYOND} via {fleet.host_address(1)}")
        if router and not cluster:
            self.host.sh(f"ip route add {STRANGER} via 172.16.0.2")

    def _by_hand(self, router):
        self.host.sh(f"ip route add {fleet.network(1, self.hosts)} via {fleet.host_address(1)}")
        if router:
            self.host.sh(f"ip route add {fleet.network(self.hosts, self.hosts)} via 172.16.0.2")

    def rate(self, count):
        return packets.rate(self.programs, self.left, self.right, self.target, count)

    def close(self):
        self.sink.kill()
        self.sink.wait()


def rows(programs, size):
    hosts = size.many + 1
    result = []
    for router, where in ((False, "a host beside Docker's rules"), (True, "a router")):
        # What is the cluster's is tracked and marked, which plain forwarding does not do: no goal against that.
        for cluster, what, goal in ((False, "packets of nobody's", 0.95), (True, "cluster's packets", 0.0)):
            pair = {}
            try:
                for name, ours in (("with", True), ("without", False)):
                    raised = f"{'r' if router else 'd'}{'c' if cluster else 'n'}{name}"
                    pair[name] = Forwarder(programs, raised, hosts, router, cluster, ours)
                for one in pair.values():
                    scene.sh(f"ping -c 2 -i 0.2 -W 2 -I {one.source} {one.target}", one.left)
                seen = in_turn({name: lambda one=one: one.rate(size.packets) for name, one in pair.items()},
                               size.rounds)
            finally:
                for one in pair.values():
                    one.close()
            bare = "the same without overland" + (", all accepted, no NAT" if cluster and not router else "")
            result.append(Row(f"{what} forwarded by {where}, {size.many:,} peers in the sets", seen["with"], "kpps",
                              bare, seen["without"], goal=goal, at_least=True))
    return result
