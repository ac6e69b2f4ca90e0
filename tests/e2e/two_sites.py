"""Two sites without a segment in common, and a way between them that knows nothing of containers.

    h1, h2 -- east 10.1.0.0/24 -- way -- west 10.2.0.0/24 -- h3, h4        three Dockers, both variants
                                   |
                                  wan -- internet 203.0.113.10

The way asks where a source is at home (rp_filter), and forwards nothing but what the three networks send each other.
"""

import socket
import threading

from lab.cluster import INTERNET
from lab.flow import Place
from lab.probe import reach
from lab.sockets import inside
from product import apply
from routed import Routed, inventory

TUNNEL = "vxlan.ovl"
SEGMENTS = {"east": "10.1.0.0/24", "west": "10.2.0.0/24"}
KINDS = {"h1": ("bookworm", "nft"), "h2": ("trixie", "legacy"), "h3": ("sid", "nft"), "h4": ("bookworm", "legacy")}
CHECKS = {"h2": 2, "h3": 1}  # rp_filter, of which the others have none
SITES = {"east": ("h1", "h2"), "west": ("h3", "h4")}
GATEWAYS = {"east": "10.1.0.1", "west": "10.2.0.1"}
OUTER = {"h1": "10.1.0.11", "h2": "10.1.0.12", "h3": "10.2.0.13", "h4": "10.2.0.14"}
PUBLISHED = 8080
NETWORKS = "10.1.0.0/24,10.2.0.0/24,203.0.113.0/24"
WAY = {"at": {"east": "10.1.0.1/24", "west": "10.2.0.1/24", "wan": "203.0.113.1/24"}, "forward": True,
       "sysctls": {f"net.ipv4.conf.{link}.rp_filter": 1 for link in ("all", "east", "west", "wan")}}


def site(name):
    return next(site for site, names in SITES.items() if name in names)


def subnet(name):
    return f"192.168.{100 + int(name[1:])}.0/24"


def bip(name):
    return subnet(name).replace(".0/24", ".1")


def specification(name):
    suite, variant = KINDS[name]
    return {"at": {site(name): f"{OUTER[name]}/24"}, "bip": f"{bip(name)}/24", "suite": suite, "variant": variant,
            "gateway": GATEWAYS[site(name)], "publish": [f"{PUBLISHED}:80"],
            "sysctls": {"net.ipv4.conf.all.rp_filter": CHECKS.get(name, 0)}}


HOSTS = {name: specification(name) for name in KINDS}


def text(tunnel="", hosts=None):
    """The inventory. `tunnel`: further lines of its table; `hosts`: keys of hosts that are others, or more."""
    changed = {name: spec | (hosts or {}).get(name, {}) for name, spec in HOSTS.items()}
    further = {name: spec for name, spec in (hosts or {}).items() if name not in HOSTS}
    return inventory(SEGMENTS, changed | further, f'\n[tunnel]\ntype = "vxlan"\n{tunnel}')


class Sites(Routed):
    """Nothing is applied yet. `names`: which hosts are raised."""

    def __init__(self, lab, names=tuple(HOSTS)):
        super().__init__(lab, SEGMENTS, {name: HOSTS[name] for name in names})
        self.lans["wan"] = lab.lan("wan")
        links = {link: (self.lans[link], address) for link, address in WAY["at"].items()}
        self.way = lab.host("way", docker=False, links=links, forward=True, sysctls=WAY["sysctls"])
        self.way.sh(f"iptables -P FORWARD DROP; iptables -A FORWARD -s {NETWORKS} -d {NETWORKS} -j ACCEPT")
        self.internet = lab.host("internet", docker=False, gateway="203.0.113.1",
                                 links={"eth0": (self.lans["wan"], f"{INTERNET}/24")})
        for host in (*self.hosts.values(), self.internet):
            host.serve(80)
        self.look_at_containers()
        self.write_inventory(text())

    def look_at_containers(self):
        """After a start of Docker they have other processes and addresses."""
        self.webs = {name: Place(host.web.netns, host.web.address) for name, host in self.hosts.items()}

    def apply_everywhere(self, *options):
        return dict(zip(self.hosts, self.lab.together(lambda host: apply(host, *options), self.hosts.values())))

    def apply_text(self, changed, *options):
        self.write_inventory(changed)
        return self.apply_everywhere(*options)

    def unheard(self, names=None):
        """Of the containers on these hosts: which do not reach which, or come with another source than their own."""
        names = names or self.hosts
        pairs = [(self.hosts[a].web, self.hosts[b].web) for a in names for b in names if a != b]
        return [f"{a.host.name} to {b.host.name}: ping {ping}, TCP from {source}"
                for (a, b), (ping, source) in zip(pairs, reach(self.lab, pairs))
                if (ping, source) != (True, self.webs[a.host.name].address)]

    def start_docker_again(self, name):
        self[name].restart_docker()
        self[name].web.start()
        self.look_at_containers()


def across():
    """All pairs of hosts of different sites, both ways."""
    return [(a, b) for a in HOSTS for b in HOSTS if site(a) != site(b)]


def bulk(source, target, size=400_000, seconds=10):
    """Has a connection carry that many octets; how many arrived."""
    listener = inside(target.netns, lambda: socket.create_server(("", 0)))
    port, taken = listener.getsockname()[1], []

    def take():
        with listener, listener.accept()[0] as talk:
            talk.settimeout(seconds)
            while chunk := talk.recv(65536):
                taken.append(len(chunk))
    listener.settimeout(seconds)
    receiver = threading.Thread(target=lambda: quietly(take), daemon=True)
    receiver.start()

    def give():
        with socket.create_connection((target.address, port), seconds) as talk:
            talk.sendall(bytes(size))
    inside(source.netns, lambda: quietly(give))
    receiver.join()
    return sum(taken)


def quietly(work):
    """What did not arrive is counted."""
    try:
        work()
    except OSError:
        pass
