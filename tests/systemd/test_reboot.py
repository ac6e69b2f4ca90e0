"""A true reboot: a host with a kernel, links and a systemd of its own, under qemu. Nothing but its disk outlives one.

    docker-200 (qemu) --- trunk --- switch --- access, VLAN 100 --- docker-201 (stands for a peer and its container)

Its link into the VLAN is overland's work, and so is the address on it. The link below it is systemd-networkd's.
"""

import json
import shutil
from types import SimpleNamespace

import pytest
from conftest import REPOSITORY, UNITS
from lab.cluster import INVENTORY
from lab.machine import TRUNK, Machine
from lab.switch import Switch, offload_nothing

PATH = "/etc/overland/inventory.toml"
VLAN = 100
LINK = f"{TRUNK}.{VLAN}"
PEER = "192.168.200.2"
ROUTES = {"192.168.200.0/24": "10.0.0.201", "192.168.210.0/24": "10.0.0.202"}
BIP, NEW_BIP = "192.168.100.1/24", "192.168.100.65/26"
# Its very first packet is a call to the peer, which answers with the source address it saw.
FIRST_CALL = f"echo | nc -w 5 {PEER} 80 > /www/first; exec busybox httpd -f -p 80 -h /www"
TOOLS = ("qemu-system-x86_64", "mke2fs", "cpack", "dpkg-deb")
DROP_IN = "/etc/systemd/networkd.conf.d/60-overland.conf"
NETWORK = "/etc/systemd/network/05-lan.network"
MANAGED = f"[Match]\nName={LINK}\n\n[Network]\nAddress=10.0.0.200/24\n"
WIDE = "[Match]\nName=en*\n\n[Network]\nLinkLocalAddressing=no\n"
NARROWED = "Name=en*\n", "Name=en*\nKind=!vlan\n"
OPERATIONS = REPOSITORY / "docs/operations.md"


def tagged(inventory):
    """The lab's inventory, but docker-200 reaches its segment by a tag."""
    for line, more in (('subnet = "10.0.0.0/24"', f"vlan = {VLAN}"), ('address = "10.0.0.200"', f'parent = "{TRUNK}"')):
        inventory = inventory.replace(line, f"{line}\n{more}")
    return inventory


@pytest.fixture(scope="module")
def place(lab, packages):
    if absent := [tool for tool in TOOLS if not shutil.which(tool)]:
        pytest.skip(f"missing: {', '.join(absent)}; run scripts/bootstrap")
    lan = lab.lan()
    switch = lab.keep(Switch({VLAN: lan}))
    guest = lab.keep(Machine(lab, "docker-200", switch.trunk(), {
        "/opt/lab/overland.deb": packages("DEB").read_bytes(), PATH: tagged(INVENTORY).encode()}))
    peer = lab.host("docker-201", docker=False, routes=["192.168.100.0/24 via 10.0.0.200"],
                    links={"eth0": (lan, ["10.0.0.201/24", f"{PEER}/32"])})
    offload_nothing(peer.netns, "eth0")
    peer.serve(80)
    guest.boot()
    return SimpleNamespace(guest=guest, peer=peer)


def boot_id(guest):
    return guest.sh("cat /proc/sys/kernel/random/boot_id").stdout


def routes(guest):
    shown = json.loads(guest.sh("ip -j -4 route show proto 111 type unicast").stdout)
    return {one["dst"]: one["gateway"] for one in shown if one["dev"] == LINK}


def link_of_ours(guest):
    """VLAN id, alias and IPv4 addresses."""
    found = json.loads(guest.sh(f"ip -j -d address show dev {LINK}").stdout)[0]
    addresses = [f"{one['local']}/{one['prefixlen']}" for one in found["addr_info"] if one["family"] == "inet"]
    return found["linkinfo"]["info_data"]["id"], found["ifalias"], addresses


def order(guest):
    """When overland was done, when Docker began, when it answered, when overland began again."""
    moments = [("overland-boot.service", "ActiveEnterTimestampMonotonic"),
               ("docker.service", "ExecMainStartTimestampMonotonic"), ("docker.service", "ActiveEnterTimestampMonotonic"),
               # Not ExecMainStart, which is nothing for a moment if the timer happens to start it again now.
               ("overland.service", "InactiveExitTimestampMonotonic")]
    return [int(guest.show(unit, name)[name]) for unit, name in moments]


def everything_is_in_place(place, bip):
    guest = place.guest
    failed = guest.systemctl("--failed", "--plain", "--no-legend").stdout
    assert failed == "", failed + guest.sh("journalctl --boot --no-pager --output=short-monotonic --lines=200").stdout
    ready, docker, answers, after = order(guest)
    assert 0 < ready <= docker < answers <= after

    assert link_of_ours(guest) == (VLAN, "overland", ["10.0.0.200/24"])
    assert routes(guest) == ROUTES
    assert guest.sh("cat /proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    assert json.loads(guest.sh("cat /etc/docker/daemon.json").stdout)["bip"] == bip
    rules = guest.sh("nft list table ip overland > /dev/null; iptables -S FORWARD; iptables -S DOCKER-USER").stdout
    assert "-A FORWARD -j DOCKER-USER\n" in rules
    assert "-N DOCKER-USER\n-A DOCKER-USER -m mark --mark 0x200000/0x200000 -m comment --comment overland -j OVERLAND-FORWARD\n" in rules
    done = guest.overland("plan", "--detailed-exitcode")
    assert done.returncode == 0, done.stdout

    container = guest.sh("docker inspect --format '{{.NetworkSettings.IPAddress}}' first").stdout.strip()
    assert guest.sh("docker exec first cat /www/first").stdout.split()[-1:] == [container]
    assert place.peer.tcp(container) == "10.0.0.201"
    return container


def test_a_host_comes_to_be(place):
    """Docker is not restarted: the reboot will do that."""
    guest = place.guest
    guest.sh("dpkg --install /opt/lab/overland.deb; systemctl enable " + " ".join(UNITS))
    done = guest.overland("apply")
    assert done.returncode == 0 and "restart of Docker is due" in done.stderr, done
    guest.sh("docker import /opt/lab/image.tar lab; "
             "docker run --detach --restart=always --stop-signal=KILL --name=first lab sh -c '" + FIRST_CALL + "'")


def test_after_a_reboot_everything_is_in_place_before_the_first_packet_of_a_container(place):
    last = boot_id(place.guest)
    place.guest.reboot()
    assert boot_id(place.guest) != last
    everything_is_in_place(place, BIP)


def restart_networkd(guest, *waiting_for):
    """Until it has looked at the links it manages."""
    links = [f"--interface={link}" for link in (f"{TRUNK}:carrier", *waiting_for)]
    guest.systemctl("restart", "systemd-networkd.service")
    guest.run(["/lib/systemd/systemd-networkd-wait-online", "--timeout=60", *links])


@pytest.fixture
def without_timer(place):
    place.guest.systemctl("stop", "overland.timer")


def test_networkd_keeps_routes_on_a_link_it_manages_because_of_the_drop_in(place, without_timer):
    guest = place.guest
    guest.write(NETWORK, MANAGED)
    restart_networkd(guest, LINK)
    assert routes(guest) == ROUTES
    guest.sh(f"mkdir -p $(dirname {DROP_IN}); ln -s /dev/null {DROP_IN}")
    restart_networkd(guest, LINK)
    assert routes(guest) == {}, "without the drop-in it removes what it has not made"
    guest.sh(f"rm {DROP_IN}")
    guest.systemctl("start", "overland.service")
    assert any("+ route" in line for line in guest.journal("overland.service"))
    restart_networkd(guest, LINK)
    assert routes(guest) == ROUTES


def test_networkd_leaves_our_links_alone_where_its_files_do_not_match_them(place, without_timer):
    """A wide `Name=` takes our VLAN link, address and all; what docs/operations.md gives for it does not."""
    guest = place.guest
    guest.write(NETWORK, WIDE)
    restart_networkd(guest, f"{LINK}:carrier")
    assert link_of_ours(guest)[2] == [] and routes(guest) == {}
    assert f"~ link {LINK}" in guest.overland("apply").stdout
    guest.write(NETWORK, WIDE.replace(*NARROWED))
    restart_networkd(guest)
    assert link_of_ours(guest)[2] == ["10.0.0.200/24"] and routes(guest) == ROUTES
    assert NARROWED[1] in OPERATIONS.read_text()
    guest.sh(f"rm {NETWORK}")


def test_after_a_power_cut_right_behind_an_apply_everything_is_in_place(place):
    """Nothing is written to the disk but by the apply itself."""
    guest = place.guest
    guest.write(PATH, tagged(INVENTORY).replace(BIP, NEW_BIP))
    guest.sh("sync")
    done = guest.overland("apply", "--prune")
    assert done.returncode == 0 and "restart of Docker is due" in done.stderr, done
    last = boot_id(guest)
    guest.power_cut()
    assert boot_id(guest) != last
    container = everything_is_in_place(place, NEW_BIP)
    assert container.startswith("192.168.100.") and int(container.split(".")[3]) > 64
