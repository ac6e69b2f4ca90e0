"""Routers with Docker of several ages and variants, each the only way to a LAN of its own.

    peer (web, banned) -- lan --+-- bookworm-nft    -- back1 -- behind
                                +-- bookworm-legacy -- back2 -- behind      each router with a container `web` and a
                                +-- ...                                     link to uplink, where the internet is
"""

import json
import re

from lab.flow import Flow, Flows, Place
from product import apply, plan
from routed import Routed

ENGINES = ("bookworm-nft", "bookworm-legacy", "trixie-legacy", "sid-nft", "sid-legacy")
WITHOUT = ("without-nft", "without-legacy")  # no Docker at all
NUMBERS = {name: number for number, name in enumerate((*ENGINES, *WITHOUT), 1)}
SEGMENTS = {"lan": "10.0.0.0/24", "uplink": "203.0.113.0/24"} | {f"back{n}": f"10.{n}.0.0/24" for n in NUMBERS.values()}
OURS = re.compile("OVERLAND|overland")
JUMP = "-A FORWARD -j DOCKER-USER"


def outside(number):
    """An address of the internet that the peer reaches through this router."""
    return f"198.51.100.{number}"


def router(name):
    suite, variant = name.split("-")
    number = NUMBERS[name]
    docker = {} if name in WITHOUT else {"bip": f"192.168.{number}.1/24", "started": False, "suite": suite}
    return {"at": {"lan": f"10.0.0.{number}/24", f"back{number}": f"10.{number}.0.1/24",
                   "uplink": f"203.0.113.{number}/24"},
            "router": True, "masquerade": ["uplink"], "variant": variant} | docker


HOSTS = {"peer": {"at": {"lan": "10.0.0.100/24"}, "bip": "192.168.100.1/24"}} | {name: router(name) for name in NUMBERS}


class Anchored(Routed):
    """Nothing is applied but on the peer; every router's policy of FORWARD is DROP."""

    def __init__(self, lab):
        super().__init__(lab, SEGMENTS, HOSTS, trusted=[name for name in SEGMENTS if name.startswith("back")])
        self.tracked = True
        peer = self["peer"]
        self.web, self.banned = place(peer.web), place(peer.container("banned"))
        internet = lab.host("internet", docker=False, links={
            "eth0": (self.lans["uplink"], ["203.0.113.200/24", *(f"{outside(n)}/32" for n in NUMBERS.values())])})
        internet.serve(80)
        self.behind, self.webs, self.containers = {}, {}, {}
        for name, number in NUMBERS.items():
            host = lab.host(f"behind-{number}", docker=False, gateway=f"10.{number}.0.1",
                            links={"eth0": (self.lans[f"back{number}"], f"10.{number}.0.9/24")})
            host.serve(80)
            self.behind[name] = Place(host.netns, f"10.{number}.0.9")
            self[name].sh("iptables -P FORWARD DROP; ip route add default via 203.0.113.200")
            peer.sh(f"ip route add {outside(number)} via 10.0.0.{number}")
        apply(peer)

    def each(self, work, names=ENGINES):
        """work(host) on all at the same time."""
        self.lab.together(lambda name: work(self[name]), names)

    def prove(self, check, names=ENGINES):
        """check(name) on all at the same time has nothing to say."""
        said = zip(names, self.lab.together(check, names))
        wrong = [f"{name}: {sentence}" for name, sentences in said for sentence in sentences]
        assert not wrong, "\n".join(wrong)

    def apply_everywhere(self):
        self.each(apply)

    def look_at_containers(self, names=ENGINES):
        """After a start of Docker they have other processes and addresses."""
        for name in names:
            self.webs[name] = place(self.containers[name])

    def talks(self, name):
        """Source, target and the address it has to see; without the router's own container where it has none."""
        behind, own = self.behind[name], self.webs.get(name)
        pairs = [(self.web, behind), (behind, self.web)]
        if own:
            pairs += [(self.web, own), (own, self.web), (behind, own)]
        talks = [(a, b, a.address) for a, b in pairs]
        if own:
            # Untracked is only what goes from container to container: to a host the router translates then.
            talks.append((own, behind, own.address if self.tracked else behind.address.replace(".9", ".1")))
        return talks

    def unheard(self, name):
        """Of the cluster's traffic: what is not answered, or comes with another address."""
        return [f"{a.address} to {b.address}: {seen} instead of {expected}" for a, b, expected in self.talks(name)
                if (seen := a.tcp(b.address)) != expected]

    def let_through(self, name):
        """Of the traffic a user's rule of DOCKER-USER drops: what passes."""
        return [f"banned reaches {b.address}" for a, b, _ in self.talks(name)
                if a is self.web and self.banned.tcp(b.address, 0.6)]

    def track(self, tracked):
        """The routers' `conntrack`, and an apply of it."""
        self.tracked = tracked
        text = self.text.replace("conntrack = false\n", "")
        self.write_inventory(text if tracked else text.replace("router = true\n", "router = true\nconntrack = false\n"))
        self.apply_everywhere()

    def to_the_outside(self, name):
        """What is wrong with the ways out by this router: all are masqueraded by it."""
        sources = {"peer's container": (self.web, outside(NUMBERS[name])), "behind": (self.behind[name], outside(1))}
        if own := self.webs.get(name):
            sources["its own container"] = (own, outside(1))
        expected = f"203.0.113.{NUMBERS[name]}"
        return [f"{what}: {seen} instead of {expected}" for what, (source, address) in sources.items()
                if (seen := source.tcp(address)) != expected]

    def settled(self, name, ban=False):
        """Everything that has to hold after an apply, whatever Docker is doing."""
        host = self[name]
        wrong = self.unheard(name) + (self.let_through(name) if ban else []) + misplaced(host)
        if plan(host)[0] != 0:
            wrong.append(f"drift after apply: {changes(host)}")
        status = host.overland("status")
        firewall = [line for line in status.stdout.splitlines() if line.startswith("  firewall ")]
        if status.returncode != 0 or not firewall or not firewall[0].endswith("in force"):
            wrong.append(f"status {status.returncode}: {firewall} {status.stderr}")
        again = apply(host)
        if again["steps"] or (again["conflicts"] and not ban):
            wrong.append(f"a second apply: {again['steps']} {again['conflicts']}")
        return wrong

    def repaired(self, name, ban=False):
        """As settled(), after an apply that had something to do, as plan had said."""
        if plan(self[name])[0] != 2:
            return [f"plan saw no drift: {self.unheard(name)}"]
        apply(self[name])
        return self.settled(name, ban)


def place(container):
    """A container with the process it has now: asked again only after Docker has started it anew."""
    return Place(container.netns, container.address)


def changes(host):
    """What plan says is to change."""
    return [line.strip() for line in plan(host)[1].splitlines() if line[2:4] in ("+ ", "~ ", "- ")]


def rules(host, chain, table="filter"):
    shown = host.run(["iptables", "-w", "-t", table, "-S", chain], check=False).stdout.splitlines()
    return [line for line in shown if line.startswith("-A")]


def misplaced(host):
    """What is wrong with the places of our accepts. Docker puts its rules between its jump and ours at any time."""
    forward, raw = rules(host, "FORWARD"), rules(host, "PREROUTING", "raw")
    wrong = []
    ours = [number for number, rule in enumerate(forward) if OURS.search(rule)]
    if len(ours) != 1 or (ours[0] <= forward.index(JUMP) if JUMP in forward else ours[0] != 0):
        wrong.append(f"FORWARD: {forward}")
    if [number for number, rule in enumerate(raw) if OURS.search(rule)] != [0]:
        wrong.append(f"raw PREROUTING: {raw}")
    user = rules(host, "DOCKER-USER")
    if host.has_docker != bool([rule for rule in user if OURS.search(rule)]):
        wrong.append(f"DOCKER-USER: {user}")
    return wrong


def moved(host, chain, place, table="filter"):
    """Takes our rule out of the chain; `place`: the words that put it in again, "-I FORWARD 1", or none."""
    ours = [line for line in rules(host, chain, table) if OURS.search(line)]
    assert len(ours) == 1, f"{host.name} has not one rule of ours in {chain}: {ours}"
    text = ours[0].removeprefix(f"-A {chain}")
    for words in (f"-D {chain}", place) if place else (f"-D {chain}",):
        host.sh(f"iptables -w -t {table} {words} {text}")


def ban(net, host):
    """The user's own rule, above ours."""
    host.sh(f"iptables -w -I DOCKER-USER 1 -s {net.banned.address} -j DROP")


def ban_again(net, host):
    """Where ours has been put in at the head again."""
    host.sh(f"iptables -w -D DOCKER-USER -s {net.banned.address} -j DROP")
    ban(net, host)


def foreign(host, chain):
    return [rule for rule in rules(host, chain) if not OURS.search(rule)]


def flows(net):
    """New connections without end from the peer's container through every router."""
    return Flows(Flow(net.web, net.behind[name]) for name in ENGINES)


def flows_to_containers(net):
    return Flows(Flow(net.web, net.webs[name]) for name in ENGINES)


def directly_below(host):
    forward = rules(host, "FORWARD")
    return [] if OURS.search(forward[forward.index(JUMP) + 1]) else [f"FORWARD: {forward}"]


def flush(host):
    host.sh("iptables -w -F")


def set_keys(host, **keys):
    host.write_daemon_json(**json.loads(host.read("/etc/docker/daemon.json")) | keys)
