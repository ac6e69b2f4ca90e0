"""A packet to a container never leaves by the default route: not while a link is down, and not before the next apply."""

import json

import pytest
from sandbox import INVENTORY, explain

FILE = "/etc/overland/inventory.toml"
PEER, OWN = "192.168.200.5", "192.168.100.7"
# Docker's bridge with a container on it, and the way out, where whatever leaves is counted: nothing else is sent there.
SCENE = """
ip link add docker0 type bridge; ip address add 192.168.100.1/24 dev docker0; ip link set docker0 up
ip netns add web; ip link add web0 type veth peer name eth0 netns web; ip link set web0 master docker0 up
ip -n web address add 192.168.100.2/24 dev eth0; ip -n web link set eth0 up; ip -n web route add default via 192.168.100.1
ip route del default; ip link add wan type veth peer name isp; ip link set isp up; ip link set wan up
ip address add 203.0.113.2/24 dev wan; ip neighbour add 203.0.113.1 lladdr 02:00:00:00:00:01 dev wan nud permanent
ip route add default via 203.0.113.1
"""


@pytest.fixture
def scene(host):
    host.sh(SCENE)
    return host


def inventory(cluster):
    return INVENTORY.replace('name = "lab"\n', f'name = "lab"\n{cluster}\n')


def apply(host, code=0):
    done = host.overland("apply")
    assert done.returncode == code, explain(done)
    return done


def leaves(host, address, *place):
    """How many packets to that address leave by the default route, and what the sender is told."""
    def sent():
        return json.loads(host.sh("ip -j -s link show wan"))[0]["stats64"]["tx"]["packets"]
    before = sent()
    told = host.run([*place, "ping", "-c2", "-i0.2", "-W1", address], check=False).stdout
    return sent() - before, told


def container(host, address):
    return leaves(host, address, "ip", "netns", "exec", "web")


def test_a_link_flap_sends_nothing_to_the_default_gateway(scene):
    apply(scene)
    scene.sh("ip link set eth0 down")
    count, told = container(scene, PEER)
    assert count == 0 and "Destination Host Unreachable" in told, told
    scene.sh("ip link set eth0 up")
    assert container(scene, PEER)[0] == 0  # the routes come back with the next apply
    assert container(scene, "198.51.100.1")[0] == 2  # the rest of the world is where it was
    scene.write(FILE, inventory('fallback = "none"'))
    apply(scene)
    assert container(scene, PEER)[0] == 0
    scene.sh("ip link set eth0 down")
    assert container(scene, PEER)[0] == 2  # which is what the fallback is there for


def test_nor_do_packets_to_its_own_containers_while_the_bridge_is_gone(scene):
    apply(scene)
    scene.sh("ip link del docker0")
    assert leaves(scene, OWN)[0] == 0
    scene.sh("ip route flush proto 111")
    assert leaves(scene, OWN)[0] == 2


def test_a_pool_is_refused_whole_and_a_subnet_of_somebody_elses_in_it_wins(scene):
    scene.sh("ip route add 192.168.77.0/24 via 203.0.113.1")
    scene.write(FILE, inventory('fallback = "pool"\npool = "192.168.0.0/16"'))
    assert apply(scene).stderr == ""  # and is no conflict
    fallback = scene.sh("ip route show type unreachable proto 111").split()
    assert fallback.count("unreachable") == 1 and "192.168.0.0/16" in fallback
    assert leaves(scene, "192.168.9.9")[0] == 0
    assert leaves(scene, "192.168.77.7")[0] == 2


def test_status_counts_them_and_purge_takes_them_away(scene):
    before = scene.state()["routes"]
    apply(scene)
    assert "fallback 3 unreachable routes 3 in force" in " ".join(scene.overland("status").stdout.split())
    scene.sh("ip route del unreachable 192.168.200.0/24 proto 111")
    assert "2 in force" in scene.overland("status").stdout
    assert "fallback 192.168.200.0/24" in scene.overland("plan").stdout
    apply(scene)
    done = scene.overland("purge")
    assert done.returncode == 0 and scene.state()["routes"] == before, explain(done)


@pytest.mark.parametrize("address, words", [("192.168.44.1", "default gateway"), ("192.168.55.9", "ssh session")])
def test_a_pool_that_would_cut_the_machine_off_is_refused(scene, address, words):
    scene.sh("ip address add 198.51.100.9/32 dev wan; ip route add 192.168.44.1 dev wan; ip route replace default via 192.168.44.1"
             if words == "default gateway" else "true")
    scene.write(FILE, inventory('fallback = "pool"\npool = "192.168.0.0/16"'))
    before = scene.state()
    done = scene.overland("apply", env={"SSH_CONNECTION": f"{address} 1 203.0.113.2 22"})
    assert done.returncode == 78 and before == scene.state(), explain(done)
    assert "the fallback 192.168.0.0/16 would cover " + address in done.stderr and words in done.stderr
    scene.write(FILE, INVENTORY)
    apply(scene)


def test_a_resolver_in_a_container_of_this_host_or_of_a_peer_is_led_there_by_us(scene):
    scene.write("/etc/resolv.conf", f"nameserver {OWN}\nnameserver {PEER}\n")
    scene.write(FILE, inventory('fallback = "none"'))
    done = scene.overland("apply", "--allow-cover", PEER, "--allow-cover", OWN)
    assert done.returncode == 0, explain(done)
    scene.write(FILE, INVENTORY)
    apply(scene)
    assert "unreachable 192.168.200.0/24" in scene.sh("ip route show proto 111 type unreachable")


@pytest.mark.parametrize("kind", ["unreachable", "pool"])
def test_what_stands_at_the_same_place_stays_and_adopt_leaves_it(scene, kind):
    """A foreign route of the very last metric, and one that holds a peer's subnet."""
    scene.sh("ip route add 192.168.200.0/24 via 10.0.0.9 proto static metric 4294967295")
    scene.write(FILE, inventory(f'fallback = "{kind}"\npool = "192.168.200.0/22"').replace("192.168.100.1", "192.168.201.1").replace(
        "192.168.210.1", "192.168.202.1"))
    scene.sh("ip link del docker0")
    apply(scene)
    assert "192.168.200.0/24 via 10.0.0.9" in scene.sh("ip route show proto static")
    apply(scene)
    done = scene.overland("purge")
    assert done.returncode == 0, explain(done)
    assert "192.168.200.0/24 via 10.0.0.9" in scene.sh("ip route show proto static")
