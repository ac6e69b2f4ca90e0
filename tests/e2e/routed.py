"""Routed networks: an inventory's text and its hosts from one table.

A host of the table: `at` maps links to addresses with prefix length ("left" is the LAN of that name), `bip` makes it a
Docker host, anything else goes into the inventory as it stands, but for what the lab alone has to know: `sysctls`,
`suite`, `variant`, `gateway`, `publish` (of its container), and `started` (False: dockerd has never run, and nothing
configures it).
"""

LAB_OPTIONS = ("sysctls", "suite", "variant", "gateway")
LAB_ONLY = ("at", "started", "publish", *LAB_OPTIONS)


def inventory(segments, hosts, cluster="", trusted=()):
    text = f'version = 1\n\n[cluster]\nname = "routed"\n{cluster}\n'
    for name, subnet in segments.items():
        text += f'\n[[segment]]\nname = "{name}"\nsubnet = "{subnet}"\n' + 'trust = "subnet"\n' * (name in trusted)
    for name, host in hosts.items():
        addresses = [address.split("/")[0] for address in host["at"].values()]
        text += f'\n[[host]]\nname = "{name}"\naddress = {addresses}\n'
        text += "".join(f"{key} = {toml(value)}\n" for key, value in host.items() if key not in LAB_ONLY)
    return text


def toml(value):
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else repr(value)


class Routed:
    """The hosts of the table, raised; nothing of the product is done yet. LANs are made as needed."""

    def __init__(self, lab, segments, hosts, cluster="", trusted=()):
        """`trusted`: the segments whose every address is."""
        self.lab, self.text = lab, inventory(segments, hosts, cluster, trusted)
        self.lans = {name: lab.lan(name) for name in segments}

        def raise_host(name):
            spec = hosts[name]
            links = {link: (self.lans[link], address) for link, address in spec["at"].items()}
            options = {key: spec[key] for key in LAB_OPTIONS if key in spec}
            host = lab.host(name, docker="bip" in spec, links=links, **options)
            host.write("/etc/overland/inventory.toml", self.text)
            if host.has_docker and spec.get("started", True):
                host.write_daemon_json(bip=spec["bip"])
                host.start_docker()
                host.web = host.container("web", publish=spec.get("publish", ()))
            return name, host
        self.hosts = dict(lab.together(raise_host, hosts))

    def __getitem__(self, name):
        return self.hosts[name]

    def docker_hosts(self):
        return [host for host in self.hosts.values() if host.has_docker]

    def pairs(self):
        """Every container with every container on another host."""
        webs = [host.web for host in self.docker_hosts()]
        return [(a, b) for a in webs for b in webs if a is not b]

    def write_inventory(self, text):
        self.text = text
        for host in self.hosts.values():
            host.write("/etc/overland/inventory.toml", text)


def route(host, destination):
    """The kernel's answer: the next hop and the link, or the text of a multipath route."""
    return host.sh(f"ip -4 route show {destination}").stdout


