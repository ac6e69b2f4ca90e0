"""The cluster most tests and the demo use: three Docker hosts on one LAN, a gateway, and the internet behind it.

    internet 203.0.113.10 --- gateway 10.0.0.254 --- lan 10.0.0.0/24 --- docker-200, docker-201, docker-202

The gateway only forwards: a packet that reaches the internet shows the address its Docker host gave it.
"""

INTERNET = "203.0.113.10"
POOL = "192.168.0.0/16"
# In the pool, but no host's: the gateway knows the way, the Docker hosts must not trust it.
STRANGER = "192.168.77.7"
BIPS = {"docker-200": "192.168.100.1/24", "docker-201": "192.168.200.1/24", "docker-202": "192.168.210.1/24"}
ADDRESSES = {name: f"10.0.0.{name[-3:]}" for name in BIPS}


def inventory_of(pool, bips):
    return f"""version = 1

[cluster]
name = "lab"
pool = "{pool}"

[[segment]]
name   = "lan"
subnet = "10.0.0.0/24"
""" + "".join(f"""
[[host]]
name    = "{name}"
address = "{ADDRESSES[name]}"
bip     = "{bip}"
""" for name, bip in bips.items())


INVENTORY = inventory_of(POOL, BIPS)


class Cluster:
    """`suites` and `variants`: one for all hosts, or a dict by host name."""

    def __init__(self, lab, suites="bookworm", variants="nft", inventory=INVENTORY, bips=None):
        self.lab, self.inventory, self.bips = lab, inventory, bips or BIPS
        self.lan, self.wan = lab.lan("lan"), lab.lan("wan")
        self.hosts = lab.together(lambda name: lab.host(
            name, suite=choice(suites, name), variant=choice(variants, name),
            links={"eth0": (self.lan, f"{ADDRESSES[name]}/24")}, gateway="10.0.0.254"), BIPS)
        self.gateway = lab.host("gateway", docker=False, forward=True, routes=[f"{STRANGER} via {INTERNET}"],
                                links={"eth0": (self.lan, "10.0.0.254/24"), "eth1": (self.wan, "203.0.113.1/24")})
        self.internet = lab.host("internet", docker=False, gateway="203.0.113.1",
                                 links={"eth0": (self.wan, [f"{INTERNET}/24", f"{STRANGER}/32"])})
        self.internet.serve(80)
        for host in self.hosts:
            host.write("/etc/overland/inventory.toml", inventory)
        self.containers = {}

    def configure_bips(self):
        """As an administrator would by hand: dockerd finds its bip when it starts."""
        for host in self.hosts:
            host.write_daemon_json(bip=self.bips[host.name])

    def start_containers(self):
        """On every host `web`, published on port 8080, and `hidden`, not published."""
        def start(host):
            return host.name, (host.container("web", publish=["8080:80"]), host.container("hidden"))
        self.containers = dict(self.lab.together(start, self.hosts))

    def let_outsiders_in(self):
        """The gateway learns the way to the bridge subnets: now only the hosts themselves keep outsiders off."""
        for name, bip in BIPS.items():
            self.gateway.run(["ip", "route", "replace", bip.replace(".1/24", ".0/24"), "via", ADDRESSES[name]])

    def restart_containers(self):
        """A restart of dockerd has stopped them; they may come up with other addresses."""
        self.lab.together(lambda one: one.start(), self.all_containers())

    def all_containers(self):
        return [one for pair in self.containers.values() for one in pair]

    def pairs(self):
        """Every container with every container on another host."""
        return [(a, b) for a in self.all_containers() for b in self.all_containers() if a.host is not b.host]


def choice(given, name):
    return given[name] if isinstance(given, dict) else given
