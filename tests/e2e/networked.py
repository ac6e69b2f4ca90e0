"""A Docker host with networks of the inventory, and what its tests ask of it."""

import json

from lab import layer
from lab.docker import IMAGE, Container

SUITES = ["sid", "bookworm", "trixie"]
PATH = "/etc/overland/inventory.toml"
BEGIN = """version = 1

[cluster]
name = "lab"

[[segment]]
name = "lan"
subnet = "10.0.0.0/24"

[[host]]
name = "docker-200"
address = "10.0.0.200"
bip = "192.168.100.1/24"
slot = 0

[[host]]
name = "docker-201"
address = "10.0.0.201"
bip = "192.168.200.1/24"
slot = 1
"""


def bridge(third=110, more=""):
    return BEGIN + f"""
[[network]]
name = "app"
driver = "bridge"
link = "br-app"
subnets = {{ docker-200 = "192.168.{third}.0/24", docker-201 = "192.168.120.0/24" }}
{more}
"""


MACVLAN = BEGIN + """
[[network]]
name = "wire"
driver = "macvlan"
parent = "par0"
subnet = "172.30.9.0/24"
ranges = { docker-200 = "172.30.9.32/28", docker-201 = "172.30.9.48/28" }
gateway = "172.30.9.1"
reserve = ["172.30.9.33"]
"""


class Networked:
    """One Docker host, and what its tests ask of it."""

    def __init__(self, host):
        self.host = host

    def wants(self, text):
        self.host.write(PATH, text)

    def inspect(self, name):
        return json.loads(self.host.docker("network", "inspect", name).stdout)[0]

    def id(self, name):
        return self.inspect(name)["Id"]

    def subnet(self, name):
        return self.inspect(name)["IPAM"]["Config"][0]["Subnet"]

    def has(self, name):
        return self.host.docker("network", "inspect", name, check=False).returncode == 0

    def run(self, name, *options):
        if self.host.docker("image", "inspect", IMAGE, check=False).returncode != 0:
            self.host.docker("import", layer.IMAGE, IMAGE)
        self.host.docker("run", "-d", "--name", name, "--stop-signal", "KILL", *options, IMAGE, *layer.SERVER)
        return Container(self.host, name)

    def endpoint(self, container, network):
        shown = json.loads(self.host.docker("inspect", container).stdout)[0]
        return shown["NetworkSettings"]["Networks"].get(network)

    def overland(self, *arguments):
        return self.host.overland(*arguments, timeout=120)

    def setting(self, name):
        shown = json.loads(self.overland("status", "--json").stdout)["settings"]
        return next(one for one in shown if one["name"] == f"network {name}")
