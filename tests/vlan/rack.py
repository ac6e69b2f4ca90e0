"""Two Docker hosts, a router and a stranger in one qemu guest, on a switch with true 802.1Q tags."""

from pathlib import Path

from lab.inner import Rack
from lab.switch import Switch

HOSTS = {"docker-200": ("10.0.0.200/24", "10.100.200.1/24"), "docker-201": ("10.0.0.201/24", "10.100.201.1/24")}
CONFIG = Path(__file__).resolve().parents[2] / "config"
PATH = "/etc/overland/inventory.toml"


def raise_rack(lab):
    rack = lab.keep(Rack(lab, "rack", lab.keep(Switch({})).trunk(), memory=2048))
    rack.boot()
    rack.hosts = [rack.host(name, address) for name, (address, _) in HOSTS.items()]
    rack.router = rack.host("router", "10.0.0.254/24")
    rack.stranger = rack.host("stranger", "10.0.0.9/24")
    for host in rack.hosts:
        host.start_docker(bip=HOSTS[host.name][1])
    return rack


def declare(hosts, text):
    for host in hosts:
        host.write(PATH, text)


def sources_kept(pairs):
    """For each pair, what the second saw as the first's address; (None: not reached)."""
    return [one.tcp(other.address) for one, other in pairs]
