"""One broken neighbour stops nothing: what it is needed for waits and is said, everything else is repaired."""

import json

import pytest
from sandbox import FOREIGN, INVENTORY, differences, explain

TWO_SEGMENTS = INVENTORY.replace("[[host]]", """[[segment]]
name = "far"
subnet = "10.1.0.0/24"
[[host]]""", 1).replace('address = "10.0.0.200"', 'router = true\naddress = ["10.0.0.200", "10.1.0.200"]').replace(
    'address = "10.0.0.202"', 'address = "10.1.0.202"')
SECOND_LINK = """ip link add eth1 type veth peer name farlan; ip link set farlan up; ip link set eth1 up
ip address add 10.1.0.200/24 dev eth1"""

# How it is broken, and the words that have to be said about it.
BROKEN = {
    "a dead link": ("ip link set eth1 down", "segment far"),
    "a pulled cable": ("ip link set farlan down", "eth1 is up, but has no carrier"),
    "a link without its address": ("ip address flush dev eth1", "10.1.0.200"),
    "a link that is gone": ("ip link del eth1", "10.1.0.200"),
    "no Docker": ("rm /usr/bin/dockerd", "Docker is not installed"),
    "a bridge in daemon.json": ("""echo '{"bridge": "br7"}' > /etc/docker/daemon.json""", "daemon.json:1:2"),
    "junk in daemon.json": ("echo '{,' > /etc/docker/daemon.json", "daemon.json:1:2"),
    "a daemon.json that leads nowhere": ("rm /etc/docker/daemon.json; ln -s /srv/none/x /etc/docker/daemon.json",
                                         "a folder that is not there"),
    "a daemon.json that is a folder": ("rm /etc/docker/daemon.json; mkdir /etc/docker/daemon.json", "daemon.json"),
}


@pytest.fixture
def place(host):
    host.sh(FOREIGN)
    host.write("/etc/overland/inventory.toml", TWO_SEGMENTS)
    host.sh(SECOND_LINK)
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    return host


def damage(host):
    host.sh("ip route del 192.168.200.0/24; nft delete table ip overland")


def is_repaired(host):
    return "192.168.200.0/24 via 10.0.0.201" in host.sh("ip route show proto 111") and \
        "chain trusted" in host.sh("nft list table ip overland")


@pytest.mark.parametrize("how", BROKEN)
def test_everything_else_is_repaired(place, how):
    host = place
    script, words = BROKEN[how]
    host.sh(script)
    damage(host)
    done = host.overland("apply")
    assert done.returncode == 1 and words in done.stderr, explain(done)
    assert is_repaired(host)
    again = host.overland("apply", "--json")
    assert again.returncode == 1, explain(again)
    report = json.loads(again.stdout)
    assert not report["converged"] and not report["steps"] and not report["remaining"]
    assert any(words in str(finding) for finding in report["findings"])


@pytest.mark.parametrize("how", BROKEN)
def test_plan_and_status_say_it_and_change_nothing(place, how):
    host = place
    script, words = BROKEN[how]
    host.sh(script)
    damage(host)
    before = host.state()
    planned = host.overland("plan", "--json")
    status = host.overland("status", "--json")
    assert planned.returncode == 0 and status.returncode == 0, explain(planned) + explain(status)
    assert any(words in str(finding) for finding in json.loads(planned.stdout)["findings"])
    assert json.loads(status.stdout)["in_sync"] is False
    assert words in host.overland("status").stdout
    assert differences(before, host.state()) == {}


@pytest.mark.parametrize("how", BROKEN)
def test_the_next_run_converges_when_it_is_whole_again(place, how):
    host = place
    keep = "cp -a /etc/docker /usr/bin/dockerd /run/"
    mend = """rm -rf /etc/docker; cp -a /run/docker /etc/; cp -a /run/dockerd /usr/bin/
ip link show eth1 > /dev/null 2>&1 || { ip link add eth1 type veth peer name farlan; ip link set farlan up; }
ip link set farlan up; ip link set eth1 up; ip address replace 10.1.0.200/24 dev eth1"""
    host.sh(keep)
    host.sh(BROKEN[how][0])
    damage(host)
    assert host.overland("apply").returncode == 1
    host.sh(mend)
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    assert "192.168.210.0/24 via 10.1.0.202" in host.sh("ip route show proto 111")


def test_a_dead_link_keeps_its_peers_trusted(place):
    host = place
    rules = host.sh("nft -s list table ip overland")
    assert "eth1" in rules
    host.sh("ip address flush dev eth1")
    assert host.overland("apply").returncode == 1
    assert host.sh("nft -s list table ip overland") == rules


def test_the_wrong_place_is_refused_and_nothing_is_changed(place):
    host = place
    damage(host)
    host.sh("ip address flush dev eth0; ip address flush dev eth1")
    before = host.state()
    done = host.overland("apply")
    assert done.returncode == 78 and "is it the right file" in done.stderr, explain(done)
    assert differences(before, host.state()) == {}


@pytest.mark.parametrize("how", BROKEN)
def test_purge_takes_all_it_can_reach(place, how):
    host = place
    host.sh(BROKEN[how][0])
    done = host.overland("purge")
    unreadable = how in ("junk in daemon.json", "a daemon.json that is a folder", "a daemon.json that leads nowhere")
    assert done.returncode == (1 if unreadable else 0), explain(done)
    assert ("Verified" in done.stdout) is not unreadable
    assert host.sh("ip route show proto 111") == ""
    assert "overland" not in host.sh("nft list ruleset")
    assert (host.read("/var/lib/overland/state.json") is not None) is unreadable  # what it knows is needed yet


def test_the_remedy_for_a_bridge_of_ones_own_is_whole(place):
    host = place
    host.sh("""echo '{"bridge": "br7"}' > /etc/docker/daemon.json""")
    said = host.overland("apply").stderr
    assert 'set bridge = "br7" and daemon_json = "off" for this host' in said
    host.write("/etc/overland/inventory.toml", TWO_SEGMENTS.replace(
        'bip = "192.168.100.1/24"', 'bip = "192.168.100.1/24"\nbridge = "br7"\ndaemon_json = "off"'))
    host.sh("ip link add br7 type bridge; ip address add 192.168.100.1/24 dev br7; ip link set br7 up")
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    assert 'iifname "br7"' in host.sh("nft list table ip overland")


def test_a_lone_address_needs_a_route_that_makes_its_peers_on_link(place):
    host = place
    host.sh("ip address del 10.0.0.200/24 dev eth0; ip address add 10.0.0.200/32 dev eth0; ip route add 10.0.0.1 dev eth0; "
            "ip route add default via 10.0.0.1")
    done = host.overland("apply")
    assert done.returncode == 1 and "eth0 has 10.0.0.200/32 alone" in done.stderr, explain(done)
    assert "via 10.0.0.201" not in host.sh("ip route show proto 111")
    host.sh("ip route add 10.0.0.0/24 dev eth0")
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert "192.168.200.0/24 via 10.0.0.201 dev eth0" in host.sh("ip route show proto 111")
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
