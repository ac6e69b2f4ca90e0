"""Docker hosts of any engines and variants on one LAN, with a gateway and the internet behind it.

    internet 203.0.113.10 --- gateway 10.0.0.254 --- lan 10.0.0.0/24 --- hosts 10.0.0.11, 10.0.0.12, ...

Host number n has the bridge subnet 192.168.(100 + n).0/24.
"""

from dataclasses import dataclass, field

from .cluster import INTERNET, POOL, STRANGER, Cluster


@dataclass(frozen=True)
class Kind:
    """`docker`: further keys of daemon.json; `packages`: in the host's root beside Docker."""
    suite: str = "bookworm"
    variant: str = "nft"
    docker: dict = field(default_factory=dict)
    packages: tuple = ()


def bip(number):
    return f"192.168.{100 + number}.1/24"


def address(number):
    return f"10.0.0.{10 + number}"


def subnet(bip):
    return bip.replace(".1/24", ".0/24")


class Neighbours(Cluster):
    """`kinds`: what each host is, by name; the order gives the numbers."""

    # pylint: disable=super-init-not-called  (other hosts, the same way to work with them)
    def __init__(self, lab, kinds, header=""):
        self.lab, self.kinds, self.containers = lab, kinds, {}
        self.numbers = {name: number for number, name in enumerate(kinds, 1)}
        self.bips = {name: bip(number) for name, number in self.numbers.items()}
        self.addresses = {name: address(number) for name, number in self.numbers.items()}
        self.lan, self.wan = lab.lan("lan"), lab.lan("wan")
        self.hosts = lab.together(self.raise_host, kinds)
        self.gateway = lab.host("gateway", docker=False, forward=True, routes=[f"{STRANGER} via {INTERNET}"],
                                links={"eth0": (self.lan, "10.0.0.254/24"), "eth1": (self.wan, "203.0.113.1/24")})
        self.internet = lab.host("internet", docker=False, gateway="203.0.113.1",
                                 links={"eth0": (self.wan, [f"{INTERNET}/24", f"{STRANGER}/32"])})
        self.internet.serve(80)
        self.header = header
        self.distribute(self.text())

    def raise_host(self, name):
        kind = self.kinds[name]
        return self.lab.host(name, suite=kind.suite, variant=kind.variant, extra_packages=kind.packages,
                             links={"eth0": (self.lan, f"{self.addresses[name]}/24")}, gateway="10.0.0.254")

    def text(self, extra=None):
        """The inventory; `extra`: further lines for single hosts, by name."""
        head = f'version = 1\n\n[cluster]\nname = "compat"\npool = "{POOL}"\n\n'
        lan = f'[[segment]]\nname   = "lan"\nsubnet = "10.0.0.0/24"\n{self.header}'
        return head + lan + "".join(
            f'\n[[host]]\nname    = "{name}"\naddress = "{self.addresses[name]}"\nbip     = "{self.bips[name]}"\n'
            + (extra or {}).get(name, "") for name in self.kinds)

    def distribute(self, inventory):
        self.inventory = inventory
        for host in self.hosts:
            host.write("/etc/overland/inventory.toml", inventory)

    def daemon_json(self, name, with_bip=True):
        return ({"bip": self.bips[name]} if with_bip else {}) | self.kinds[name].docker

    def configure_bips(self):
        for host in self.hosts:
            host.write_daemon_json(**self.daemon_json(host.name))

    def let_outsiders_in(self):
        for name, own in self.bips.items():
            self.gateway.run(["ip", "route", "replace", subnet(own), "via", self.addresses[name]])

    def between(self, left, right):
        """Every container of one host with every one of the other, both ways."""
        there = [(a, b) for a in self.containers[left] for b in self.containers[right]]
        return there + [(b, a) for a, b in there]
