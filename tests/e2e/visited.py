"""A host of each kind that strangers come to: by its links to two segments and to a way out, whichever of them the
inventory knows.

    distant -- far -- gate -- lan --+        +-- back -- beside
                     near -- lan ---+- host -+
                                             +-- wan -- edge, the internet

Strangers are in lan, back and wan; of back and far every address is trusted.
"""

import itertools
import time
from dataclasses import dataclass

from lab import layer
from lab.docker import IMAGE
from lab.shell import LabError
from lab.strangers import Packet, Strangers
from product import apply, explain
from routed import inventory
from says import Says, place

SEGMENTS = {"lan": "10.0.0.0/24", "back": "10.1.0.0/24", "far": "10.2.0.0/24", "wan": "203.0.113.0/24"}
TRUST = {"lan": "hosts", "back": "subnet", "far": "subnet", "wan": "hosts"}
MINE = {"lan": "10.0.0.1/24", "back": "10.1.0.1/24", "wan": "203.0.113.1/24"}
BIP, USER_NETWORK = "192.168.1.1/24", "172.30.0.0/24"
BRIDGES = {"docker0": "hidden", "br-user": "user"}  # a container on each
DEFAULT_GATEWAY = "203.0.113.254"
PEERS = {
    "near": {"at": {"lan": "10.0.0.2/24"}, "bip": "192.168.2.1/24"},
    "beside": {"at": {"back": "10.1.0.2/24"}, "bip": "192.168.3.1/24"},
    "gate": {"at": {"lan": "10.0.0.3/24", "far": "10.2.0.3/24"}, "router": True},
    "distant": {"at": {"far": "10.2.0.2/24"}, "bip": "192.168.4.1/24"},
}
EDGE = {"edge": {"at": {"wan": "203.0.113.2/24"}, "bip": "192.168.5.1/24"}}


@dataclass(frozen=True)
class Kind:
    """What the inventory says of the host; `forward`: its administrator has turned forwarding on."""
    knows: tuple = ("lan", "back")
    router: bool = False
    masquerade: bool = False
    forward: bool = False

    def hosts(self, name, bip):
        me = {"at": {link: MINE[link] for link in self.knows}} | ({"bip": bip} if bip else {})
        me |= {"router": True} if self.router else {}
        me |= {"masquerade": ["wan"]} if self.masquerade else {}
        # Without a router nobody leads from lan to back: then no Docker host can be there.
        beside = PEERS["beside"] if self.router else {"at": PEERS["beside"]["at"]}
        return {name: me} | PEERS | {"beside": beside} | (EDGE if self.masquerade else {})

    def segments(self):
        return {name: subnet for name, subnet in SEGMENTS.items() if name in (*self.knows, "far")}


KINDS = {
    "plain": Kind(),
    "router": Kind(router=True),
    "masquerading": Kind(("lan", "back", "wan"), router=True, masquerade=True),
    "forwarding": Kind(router=True, forward=True),
}
# Addresses the stations of each LAN answer for.
STATIONS = {
    "lan": ["10.0.0.2/24", "10.0.0.3/24", "10.0.0.66/24", "10.0.0.88/24"],
    "back": ["10.1.0.2/24", "10.1.0.66/24", "10.1.0.88/24"],
    "wan": ["203.0.113.2/24", "203.0.113.66/24", "203.0.113.88/24", f"{DEFAULT_GATEWAY}/24"],
}
OWN = {"lan": "10.0.0.66", "back": "10.1.0.66", "wan": "203.0.113.66"}
SOURCES = {
    "near": "10.0.0.2", "near's container": "192.168.2.7", "beside": "10.1.0.2", "beside's container": "192.168.3.7",
    "somebody in back": "10.1.0.77", "gate": "10.0.0.3", "gate in far": "10.2.0.3", "distant": "10.2.0.2",
    "distant's container": "192.168.4.7", "somebody in far": "10.2.0.77", "edge": "203.0.113.2",
    "edge's container": "192.168.5.7", "a container of its own": "192.168.1.77",
    "one of its user network": "172.30.0.77", "nobody": "198.51.100.66",
}
THROUGH = {
    "near": ("10.0.0.2", 80), "near's container": ("192.168.2.9", 80), "beside's container": ("192.168.3.9", 80),
    "distant's container": ("192.168.4.9", 80), "edge's container": ("192.168.5.9", 80),
    "a machine in lan": ("10.0.0.88", 80), "a machine in back": ("10.1.0.88", 80),
    "a machine in far": ("10.2.0.88", 80), "a machine in wan": ("203.0.113.88", 80),
    "the internet": ("198.51.100.99", 80),
}
AT_HOST = {
    "the host": ("10.0.0.1", 22), "the host in back": ("10.1.0.1", 22), "web's published port": ("10.0.0.1", 8080),
    "web's published port in wan": ("203.0.113.1", 8080), "web's port of 127.0.0.1 there": ("10.0.0.1", 8081),
    "web's port of 127.0.0.1": ("127.0.0.1", 8081), "user's published port": ("10.0.0.1", 8090),
    "user's port of 127.0.0.1 there": ("10.0.0.1", 8091),
}
# Containers claim to be these, which says something only of other hosts and containers.
CLAIMED = ("near", "near's container", "beside", "distant's container", "nobody")
PORTS = (80, 81, 82)  # a container's own: published, published at 127.0.0.1, neither
CONTAINERS = {
    "web": ["-p", "8080:80", "-p", "127.0.0.1:8081:81"], "hidden": [],
    "user": ["--network", "user", "-p", "8090:80", "-p", "127.0.0.1:8091:81"],
}

STATE = "{{.Name}} {{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
START = 60  # seconds until Docker has started containers it has to restart


class Visited:
    """A host with its strangers; `tables`: what they reached, by the words for what had happened before."""

    def __init__(self, lab, name, kind, *, docker, **options):
        self.tables = {}
        lans = {link: lab.lan(f"{name}-{link}") for link in MINE}
        # The kernel's own check of source addresses would hide what the firewall lets through.
        quiet = {f"net.ipv4.conf.{link}.rp_filter": 0 for link in ("all", *MINE)}
        self.host = lab.host(name, docker=docker, links={link: (lans[link], MINE[link]) for link in MINE},
                             gateway=DEFAULT_GATEWAY, forward=kind.forward, sysctls=quiet, **options)
        self.strangers = Strangers(self.host, {lans[link]: own for link, own in STATIONS.items()})
        hosts = kind.hosts(name, BIP if docker else None)
        self.says = Says(kind.segments(), TRUST, hosts, name, {"docker0": None, "br-user": USER_NETWORK})
        text = inventory(kind.segments(), hosts)
        for segment, subnet in kind.segments().items():
            text = text.replace(f'subnet = "{subnet}"\n', f'subnet = "{subnet}"\ntrust = "{TRUST[segment]}"\n')
        self.host.write("/etc/overland/inventory.toml", text)
        if docker:
            self.host.write_daemon_json(bip=BIP)

    def look(self, when, containers=False):
        """A table: by link, name of the source and name of the target, the packet and its end."""
        found = self.containers() if containers else {}
        ports = {f"{name}'s port {port}": (address, port) for name, (_, address) in found.items() for port in PORTS}
        packets = {}
        for link, (target, to) in itertools.product(MINE, (THROUGH | AT_HOST | ports).items()):
            for source, own in ({"itself": OWN[link]} | SOURCES).items():
                packets[link, source, target] = Packet(link, own, *to)
        ways = {}
        for bridge, name in BRIDGES.items() if containers else ():
            pid, own = found[name]
            ways[bridge] = f"/proc/{self.host.ns.pid}/root/proc/{pid}/ns/net", "eth0"
            for target, to in THROUGH.items():
                for source in ("itself", *CLAIMED):
                    packets[bridge, source, target] = Packet(bridge, SOURCES.get(source, own), *to)
        ends = self.strangers.send(packets.values(), ways)
        self.tables[when] = {key: (packet, ends[packet]) for key, packet in packets.items()}

    def containers(self):
        """Process and address of each, once all of them run."""
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            said = self.host.docker("inspect", "--format", STATE, *CONTAINERS).stdout.splitlines()
            found = {words[0].strip("/"): words[1:] for words in map(str.split, said) if len(words) == 3}
            if found.keys() == CONTAINERS.keys() and all(self.host.tcp(address) for _, address in found.values()):
                return found
        raise LabError(f"of {self.host.name}'s containers only {found} have been started, or not all of them answer")

    def make_containers(self):
        self.host.docker("import", layer.IMAGE, IMAGE)
        self.host.docker("network", "create", "--subnet", USER_NETWORK,
                         "--opt", "com.docker.network.bridge.name=br-user", "user")
        for name, options in CONTAINERS.items():
            self.host.docker("run", "--detach", "--name", name, "--restart", "always", "--stop-signal", "KILL",
                             *options, IMAGE, *layer.SERVER)

    def purge(self):
        done = self.host.overland("purge")
        assert done.returncode == 0, explain(done)

    def live_with_docker(self):
        self.look("never started")
        self.host.start_docker()
        self.make_containers()
        self.look("before", True)
        apply(self.host)
        self.look("apply", True)
        self.host.restart_docker()
        self.look("restart", True)
        self.host.reboot()
        apply(self.host, "--boot")
        self.look("boot, before Docker")
        self.host.start_docker()
        self.look("boot", True)
        apply(self.host)
        self.look("boot and apply", True)
        self.purge()
        self.look("purge", True)
        self.host.reboot()
        apply(self.host, "--boot")
        self.purge()
        self.look("purge, before Docker")
        self.host.start_docker()
        self.look("purge and Docker", True)

    def live_without_docker(self):
        self.look("before")
        apply(self.host)
        self.look("apply")
        self.host.reboot()
        apply(self.host, "--boot")
        self.look("boot")
        self.purge()
        self.look("purge")

    def wrong(self, after, before="before", links=tuple(MINE)):
        """Of the packets that came by these links: where they end that neither ended there before nor should by the
        inventory, and the reverse."""
        found = {}
        for (link, source, target), (packet, end) in self.tables[after].items():
            old = place(self.tables[before][link, source, target][1])
            expected = old if after.startswith("purge") else self.says.expected(packet, old)
            if link in links and place(end) != expected:
                words = f"not {expected or 'dropped'} but " + (f"{place(end)} ({end.link})" if end else "dropped")
                found.setdefault((link, words, target), []).append(source)
        together = {}
        for (link, words, target), sources in found.items():
            together.setdefault((link, words, ", ".join(sources)), []).append(target)
        return [f"in by {link}: {words}: from {sources} to {', '.join(targets)}"
                for (link, words, sources), targets in together.items()]
