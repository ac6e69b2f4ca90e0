"""What an inventory says about a packet that comes to one of its hosts: a second opinion, beside the product's own.

Told by the table of routed.py. Packets are believed on the links by which the shortest paths of whoever owns their
source address end at the host.
"""

from ipaddress import ip_address, ip_interface, ip_network

from lab.strangers import ITSELF

CONTAINER, BEYOND = "container", "beyond"


class Says:
    """`trust`: "hosts" or "subnet" for every segment; `bridges`: Docker's at this host, with their subnets those that
    the inventory does not know."""

    def __init__(self, segments, trust, hosts, me, bridges):
        self.segments = {name: ip_network(subnet) for name, subnet in segments.items()}
        self.me, self.bridges = hosts[me], bridges
        self.local = [ip_network(subnet) for subnet in bridges.values() if subnet]
        self.outside = {name for host in hosts.values() for name in host.get("masquerade", [])
                        if trust[name] != "subnet"}
        self.inside = [subnet for name, subnet in self.segments.items() if name not in self.outside]
        self.open = [subnet for name, subnet in self.segments.items() if trust[name] == "subnet"]
        self.peers = {name: host for name, host in hosts.items() if name != me}
        self.peer_bridges = [bridge(host) for host in self.peers.values() if "bip" in host]
        self.peer_addresses = [address for host in self.peers.values() for address in addresses(host)]

    def expected(self, packet, before):
        """Where a packet has to end that ended `before`, as place() says."""
        source, target = ip_address(packet.source), ip_address(packet.target)
        if packet.link in self.bridges:
            return None if self.is_other_host(source) else before
        return self.lets(packet, source, target) or before

    def lets(self, packet, source, target):
        """Where the packet may end that comes by a wire; None: what was there before us decides."""
        if target in addresses(self.me) or target.is_loopback or packet.link not in self.ways_from(source):
            return None
        if "bip" in self.me and target in bridge(self.me):
            return CONTAINER if self.is_trusted(source) else None
        if self.passes(source) and self.passes(target) and self.me.get("router"):
            return BEYOND
        return BEYOND if self.is_led_out(source, target) else None

    def is_other_host(self, address):
        """Another host of the inventory, or a container there."""
        return address in self.peer_addresses or among(address, self.peer_bridges)

    def is_trusted(self, address):
        return self.is_other_host(address) or among(address, self.open)

    def passes(self, address):
        """A router forwards between any two of these."""
        return self.is_other_host(address) or among(address, self.inside)

    def is_led_out(self, source, target):
        """To outside the cluster, by a masquerade of this host: what comes from within."""
        return ("masquerade" in self.me and among(source, self.peer_bridges + self.inside)
                and not self.passes(target) and not among(target, self.local))

    def ways_from(self, source):
        """The links of this host by which that address's packets come."""
        for host in self.peers.values():
            if source in addresses(host) or "bip" in host and source in bridge(host):
                return self.ways(set(host["at"]))
        return self.ways({name for name, subnet in self.segments.items()
                          if source in subnet and name not in self.outside})

    def ways(self, reached):
        """Breadth first, over all routers but this one."""
        while reached:
            if shared := reached & set(self.me["at"]):
                return shared
            wider = reached.union(*(host["at"] for host in self.peers.values()
                                    if host.get("router") and reached & set(host["at"])))
            if wider == reached:
                break
            reached = wider
        return set()


def bridge(host):
    return ip_interface(host["bip"]).network


def addresses(host):
    return [ip_interface(address).ip for address in host["at"].values()]


def among(address, subnets):
    return any(address in subnet for subnet in subnets)


def place(end):
    """ITSELF, CONTAINER, BEYOND or None: by which link a packet leaves, routes may change."""
    if end is None or end.link == ITSELF:
        return end and ITSELF
    return CONTAINER if end.link.startswith(("docker", "br-")) else BEYOND
