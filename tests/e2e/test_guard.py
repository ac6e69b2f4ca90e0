"""What a stranger reaches through a router is what it reached before overland, whoever turned forwarding on.

    stranger, internet -- uplink --+-- bookworm-nft -- back1 -- behind      each router but `bare` with Docker, and a
    peer --------------- lan ------+-- ...                                  container `web` (published) and `hidden`
"""

import json

import pytest
from lab.flow import Place
from product import apply, explain, plan
from routed import Routed

ENGINES = ("bookworm-nft", "bookworm-legacy", "sid-nft", "sid-legacy")
NUMBERS = {name: number for number, name in enumerate((*ENGINES, "bare"), 1)}
SEGMENTS = {"lan": "10.0.0.0/24", "uplink": "203.0.113.0/24"} | {f"back{n}": f"10.{n}.0.0/24" for n in NUMBERS.values()}
FORWARDING = "/proc/sys/net/ipv4/ip_forward"


def router(name):
    number = NUMBERS[name]
    suite, _, variant = name.partition("-")
    docker = {"bip": f"192.168.{number}.1/24", "suite": suite, "variant": variant} if variant else {}
    return {"at": {"lan": f"10.0.0.{number}/24", f"back{number}": f"10.{number}.0.1/24",
                   "uplink": f"203.0.113.{number}/24"}, "router": True, "masquerade": ["uplink"]} | docker


HOSTS = {"peer": {"at": {"lan": "10.0.0.100/24"}}} | {name: router(name) for name in NUMBERS}


class Scene(Routed):
    def __init__(self, lab):
        super().__init__(lab, SEGMENTS, HOSTS)
        numbers = NUMBERS.values()
        ways = [f"{net}.{n}.0{rest} via 203.0.113.{n}" for n in numbers for net, rest in (("192.168", "/24"),)]
        ways += [f"10.{n}.0.0/24 via 203.0.113.{n}" for n in numbers]
        self.stranger = lab.host("stranger", docker=False, routes=ways,
                                 links={"eth0": (self.lans["uplink"], "203.0.113.200/24")})
        self.stranger.serve(80)
        self.behind, self.around = {}, [self.stranger, self["peer"]]
        for name, n in NUMBERS.items():
            host = lab.host(f"behind-{n}", docker=False, gateway=f"10.{n}.0.1",
                            links={"eth0": (self.lans[f"back{n}"], f"10.{n}.0.9/24")})
            host.serve(80)
            self.around.append(host)
            self.behind[name] = Place(host.netns, f"10.{n}.0.9")
        self.containers = {}
        for name in ENGINES:
            self[name].web.remove()
            self.containers[name] = (self[name].container("web", publish=["8080:80"]), self[name].container("hidden"))
        apply(self["peer"])
        self.before = dict(zip(ENGINES, lab.together(self.reached, ENGINES)))

    def each(self, work, names=ENGINES):
        return dict(zip(names, self.lab.together(lambda name: work(self[name]), names)))

    def reached(self, name):
        """What of this router's the stranger reaches."""
        address = f"203.0.113.{NUMBERS[name]}"
        targets = {"behind": (self.behind[name].address, 80)}
        if name in self.containers:
            web, hidden = self.containers[name]
            targets |= {"published": (address, 8080), "directly": (web.address, 80), "hidden": (hidden.address, 80)}
        return {what for what, (to, port) in targets.items() if self.stranger.tcp(to, port) is not None}

    def serves(self, name):
        """Of what the inventory says: what does not get through."""
        wrong = [] if self["peer"].tcp(self.behind[name].address) else ["peer to behind"]
        if self.behind[name].tcp("203.0.113.200") != f"203.0.113.{NUMBERS[name]}":
            wrong.append("behind to the internet")
        if name in self.containers and not self["peer"].tcp(self.containers[name][1].address):
            wrong.append("peer to a container")
        return wrong

    def as_before(self):
        after = dict(zip(ENGINES, self.lab.together(self.reached, ENGINES)))
        assert after == self.before

    def start_containers(self, host):
        for container in self.containers[host.name]:
            container.start()

    def boot(self, host):
        """As at a reboot: overland before Docker's start."""
        if host.has_docker:
            host.stop_docker()
        host.reboot()
        apply(host, "--boot")
        for neighbour in self.around:  # a router that was rebooted has other link addresses
            # Fails where the kernel took one away between its look and its removal.
            neighbour.sh("for try in 1 2 3 4 5; do ip neighbour flush all && exit; done; exit 1")

    def start(self, host):
        host.start_docker()
        self.start_containers(host)


def policy(host):
    """Of FORWARD; "" where there is no such chain."""
    return host.sh("iptables -w -S FORWARD 2>/dev/null | head -n 1 || true").stdout.strip().removeprefix("-P FORWARD ")


def forwarding(host):
    return host.read(FORWARDING).strip()


def purge(host):
    done = host.overland("purge")
    assert done.returncode == 0, explain(done)
    assert "Verified" in done.stdout, explain(done)
    return done


def status(host):
    return json.loads(host.overland("status", "--json").stdout)


@pytest.fixture(scope="module")
def scene(product_lab):
    return Scene(product_lab)


def test_boot_before_docker_opens_nothing(scene):
    assert all("hidden" not in reached and "behind" not in reached for reached in scene.before.values()), scene.before
    scene.each(scene.boot)
    assert scene.each(forwarding) == dict.fromkeys(ENGINES, "1")
    assert scene.each(policy) == dict.fromkeys(ENGINES, "DROP"), "before dockerd's first start in this boot"
    scene.each(scene.start)
    scene.each(apply)
    scene.as_before()
    assert dict(zip(ENGINES, scene.lab.together(scene.serves, ENGINES))) == dict.fromkeys(ENGINES, [])
    assert {status(scene[name])["guard"] for name in ENGINES} == {"policy DROP of FORWARD"}
    assert [plan(scene[name])[0] for name in ENGINES] == [0] * len(ENGINES)


def test_docker_may_be_restarted(scene):
    def restart(host):
        host.restart_docker()
        scene.start_containers(host)
        apply(host)
    scene.each(restart)
    scene.as_before()


def test_an_opened_policy_is_repaired(scene):
    scene.each(lambda host: host.sh("iptables -w -P FORWARD ACCEPT"))
    for name in ENGINES:
        code, text = plan(scene[name])
        assert (code, "no longer DROP" in text) == (2, True), text
    scene.each(apply)
    scene.as_before()


def test_lost_memory_is_no_open_door(scene):
    host = scene[ENGINES[0]]
    host.run(["rm", "/var/lib/overland/state.json"])
    for _ in range(2):
        done = host.overland("apply")
        assert done.returncode == 0, explain(done)
        assert policy(host) == "DROP"
        assert "lost the memory" in done.stderr, explain(done)
    assert "lost the memory" in host.overland("plan").stdout


def test_purge_beside_a_running_dockerd_leaves_what_it_needs(scene):
    for done in scene.each(purge).values():
        assert "dockerd needs it" in done.stderr, explain(done)
    assert scene.each(forwarding) == dict.fromkeys(ENGINES, "1")
    assert scene.each(policy) == dict.fromkeys(ENGINES, "DROP")
    scene.as_before()


def test_purge_without_dockerd_puts_both_back(scene):
    scene.each(scene.boot)
    scene.each(purge)
    assert scene.each(forwarding) == dict.fromkeys(ENGINES, "0")
    assert "DROP" not in scene.each(policy).values()
    scene.each(scene.start)
    scene.as_before()


def test_what_was_on_before_is_not_touched(scene):
    def boot(host):
        host.stop_docker()
        host.reboot()
        host.sh(f"echo 1 > {FORWARDING}")
        apply(host, "--boot")
        assert policy(host) == "ACCEPT"
        assert "was 1 before overland" in status(host)["guard"]
        purge(host)
        assert (forwarding(host), policy(host)) in (("1", "ACCEPT"), ("1", ""))
    scene.each(boot)


def test_a_router_without_docker_forwards_for_the_cluster_alone(scene):
    bare = scene["bare"]
    apply(bare)
    assert (scene.reached("bare"), scene.serves("bare")) == (set(), [])
    assert "guard" in status(bare)["guard"]
    assert plan(bare)[0] == 0
    scene.write_inventory(scene.text.replace('name = "bare"\n', 'name = "bare"\nguard = "off"\n'))
    done = bare.overland("apply")
    assert "OVL-W108" in done.stderr, explain(done)
    assert scene.reached("bare") == {"behind"}
    purge(bare)
    assert forwarding(bare) == "0"
