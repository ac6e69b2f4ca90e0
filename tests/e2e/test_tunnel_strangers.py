"""What strangers send to the tunnel's port reaches nothing, whoever they say they are; and Swarm has the port as well.

h1 and h3 are raised; h2 and h4 are peers that only the inventory knows, and whom anybody may claim to be.
"""

import pytest
from lab.cluster import INTERNET
from lab.strangers import ITSELF, MAC, End
from lab.vxlan import Packet, Tunnelling
from product import apply, plan
from two_sites import HOSTS, OUTER, Sites, bip, site, subnet, text

SOURCES = {f"{name}'s container": subnet(name).replace(".0/24", ".77") for name in HOSTS} | {
    f"{name}'s bridge": bip(name) for name in HOSTS} | {f"{name} itself": OUTER[name] for name in HOSTS} | {
    "a stranger": "198.51.100.66", "the internet": INTERNET, "this machine": "127.0.0.1", "nobody": "0.0.0.0"}
# Whose the outer packet says it is, and the LAN it comes from.
OUTERS = {"h1 itself": (OUTER["h1"], "east"), "h2, of the same site": (OUTER["h2"], "east"),
          "h3, from the other site": (OUTER["h3"], "west"), "h3, from the own site": (OUTER["h3"], "east"),
          "h4, from the other site": (OUTER["h4"], "west"), "somebody in the own site": ("10.1.0.66", "east"),
          "somebody in the other": ("10.2.0.66", "west"), "the internet": (INTERNET, "wan")}


@pytest.fixture(scope="module")
def net(product_lab):
    net = Sites(product_lab, ("h1", "h3"))
    # The kernel's own check of sources would hide what the firewall lets through.
    net["h1"].sh("for f in all default east; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done")
    swarm(net)
    net.apply_everywhere()
    assert net.unheard() == []
    net["h1"].sh("echo 0 > /proc/sys/net/ipv4/conf/vxlan.ovl/rp_filter")
    lans = {"east": (net.lans["east"], mac(net["h1"], "east"))}
    lans |= {link: (net.lans[link], mac(net.way, link)) for link in ("west", "wan")}
    for lan, _ in lans.values():
        lan.ns.run(["ip", "link", "set", "br0", "address", MAC.hex(":")])
    net.tunnel = Tunnelling(net["h1"], OUTER["h1"], lans)
    return net


def mac(host, link):
    return bytes.fromhex(host.read(f"/sys/class/net/{link}/address").strip().replace(":", ""))


def swarm(net):
    """Docker's own overlay network, before overland comes."""
    h1, h3 = net["h1"], net["h3"]
    h1.docker("swarm", "init", "--advertise-addr", OUTER["h1"])
    token = h1.docker("swarm", "join-token", "-q", "worker").stdout.strip()
    h3.docker("swarm", "join", "--advertise-addr", OUTER["h3"], "--token", token, f"{OUTER['h1']}:2377")
    h1.docker("network", "create", "--driver", "overlay", "--attachable", "swarm")
    net.swarm = [host.container("swarming", network="swarm") for host in (h1, h3)]


def swarms(net):
    """What of the overlay network does not work."""
    addresses = [one.address for one in net.swarm]
    seen = [one.tcp(address) for one, address in zip(net.swarm, reversed(addresses))]
    return [] if seen == addresses else [f"{seen} instead of {addresses}"]


def belongs(outer, source):
    """May this outer address bring that source? Only a peer behind the tunnel its own containers and bridge."""
    owner = next((name for name in HOSTS if OUTER[name] == outer and site(name) != site("h1")), None)
    return owner is not None and source.startswith(subnet(owner).removesuffix("0/24"))


def targets(net):
    return {"a container": (net.webs["h1"].address, 80), "the bridge": (bip("h1"), 22), "the host": (OUTER["h1"], 22),
            "a machine of the site": ("10.1.0.88", 80), "h2's container": (subnet("h2").replace(".0/24", ".9"), 80),
            "h3's container": (net.webs["h3"].address, 80), "the internet": (INTERNET, 80)}


def through(net, **more):
    """Sends each source by each outer address to all; what came through, in words, and the packet's own."""
    packets = {Packet(lan, outer, source, *target, **more): f"{source_name} by {outer_name} to {target_name}"
               for outer_name, (outer, lan) in OUTERS.items() for source_name, source in SOURCES.items()
               for target_name, target in targets(net).items()}
    return {packets[packet]: (packet, end) for packet, end in net.tunnel.send(list(packets)).items() if end}


def test_only_peers_bring_something_and_only_their_own(net):
    came = through(net)
    assert [words for words, (packet, _) in came.items() if not belongs(packet.outer, packet.source)] == []
    inside = {target for target, _ in list(targets(net).values())[:3]}
    assert [words for words, (packet, _) in came.items() if packet.target not in inside] == [], "it forwards"
    for peer in ("h3, from the other site", "h4, from the other site"):
        name = peer[:2]
        for source in ("container", "bridge"):
            packet, end = came[f"{name}'s {source} by {peer} to a container"]
            assert end == End("docker0", packet.source)
            packet, end = came[f"{name}'s {source} by {peer} to the bridge"]
            assert end == End(ITSELF, packet.source)


@pytest.mark.parametrize("more", [{"vni": 112}, {"vni": 0}, {"kind": 0x0806}, {"kind": 0x86DD}], ids=str)
def test_what_is_not_of_our_network_or_not_ipv4_reaches_nothing(net, more):
    assert through(net, **more) == {}


def test_swarm_has_the_port_as_well(net):
    assert swarms(net) == []
    for host in net.hosts.values():
        assert host.overland("purge").returncode == 0
    assert swarms(net) == []
    net.apply_everywhere()
    assert swarms(net) == [] and net.unheard() == []
    assert [plan(host)[0] for host in net.hosts.values()] == [0, 0]


def test_another_identifier_and_port_leave_no_old_door_open(net):
    """The peer follows later: until then nothing of the old one is let in."""
    net.write_inventory(text("vni = 7000\nport = 4790\n"))
    apply(net["h1"])
    assert through(net) == {}
    apply(net["h3"])
    assert net.unheard() == [] and swarms(net) == []
    net.apply_text(text())
    assert net.unheard() == []
