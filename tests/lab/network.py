"""LANs: a bridge in a network namespace of its own, with one veth for each host that is attached."""

import hashlib
import itertools

from .namespace import network_namespace
from .shell import LabError


class Lan:
    def __init__(self, lab_name, cgroup, name):
        self.name = name
        self.ports, self.numbers = {}, itertools.count()
        self.ns = network_namespace(f"{lab_name}-{name}", cgroup / f"lan-{name}")
        self.ns.run(["ip", "-batch", "-"], input="link add br0 type bridge\nlink set br0 up\nlink set lo up\n")
        # A bridge must not pass frames through iptables here: that is what the hosts do.
        self.ns.run(["sh", "-c", "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done"])

    def attach(self, host, link):
        """Create `link` inside the host, plugged into this LAN. Nothing is made outside the two namespaces."""
        port = f"port{next(self.numbers)}"
        self.ns.run(["ip", "-batch", "-"], input=(
            f"link add {port} type veth peer name {link} address {hardware_address(host.name, link)} netns {host.ns.pid}\n"
            f"link set {port} master br0 up\n"))
        self.ports[host.name, link] = port

    def unplug(self, host, link):
        self.ns.run(["ip", "link", "set", self.port_of(host, link), "down"])

    def plug_in(self, host, link):
        self.ns.run(["ip", "link", "set", self.port_of(host, link), "up"])

    def port_of(self, host, link):
        try:
            return self.ports[host.name, link]
        except KeyError:
            raise LabError(f"{host.name}'s {link} is not on {self.name}") from None

    def close(self):
        self.ns.close()


def hardware_address(host, link):
    """A reboot keeps it: the neighbours would go on sending to the old one for a while."""
    return "02:" + hashlib.sha256(f"{host} {link}".encode()).digest()[:5].hex(":")


def addresses_of(spec):
    """A link's address may be one, or a list of them."""
    return [spec] if isinstance(spec, str) else list(spec)


def configuration(links, gateway, routes):
    """The `ip -batch` text that sets up a host's links once they exist."""
    lines = []
    for link, (_, spec) in links.items():
        lines += [f"address add {address} dev {link}" for address in addresses_of(spec)]
        lines.append(f"link set {link} up")
    if gateway:
        lines.append(f"route add default via {gateway}")
    lines += [f"route add {route}" for route in routes]
    return "\n".join(lines) + "\n"
