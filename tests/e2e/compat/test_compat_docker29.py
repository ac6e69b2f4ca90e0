"""Docker 29 with its nftables backend, which Debian's archives do not have yet: its rules without the engine.

A stand-in answers for dockerd's version, the table has the shape the engine's own documentation shows
(moby/moby, integration/network/bridge/nftablesdoc), and a namespace behind docker0 stands for a container.
"""

import json

import pytest
from lab import Container
from lab.neighbours import Kind, Neighbours
from product import apply, explain, plan

VERSION = "29.0.0"
DOCKERD = f"""#!/bin/sh
case "$*" in
*--version*) echo "Docker version {VERSION}, build 0000000" ;;
*--validate*) echo "configuration OK" ;;
*) exit 1 ;;
esac
"""
BRIDGE = """
ip link add docker0 type bridge
ip address add 192.168.101.1/24 dev docker0
ip link set docker0 up
ip netns add inside
ip link add to-inside type veth peer name eth0 netns inside
ip link set to-inside master docker0 up
ip -n inside address add 192.168.101.2/24 dev eth0
ip -n inside link set eth0 up
ip -n inside route add default via 192.168.101.1
"""
# As the engine makes it when daemon.json has allow-direct-routing and bridge-accept-fwmark.
TABLE = """
table ip docker-bridges {
  map filter-forward-in-jumps { type ifname : verdict; elements = { "docker0" : jump filter-forward-in__docker0 }; }
  map filter-forward-out-jumps { type ifname : verdict; elements = { "docker0" : jump filter-forward-out__docker0 }; }
  map nat-postrouting-out-jumps { type ifname : verdict; elements = { "docker0" : jump nat-postrouting-out__docker0 }; }
  chain filter-FORWARD { type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }
  chain nat-POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
    iifname vmap @nat-postrouting-out-jumps
  }
  chain raw-PREROUTING { type filter hook prerouting priority raw; policy accept; }
  chain filter-forward-in__docker0 {
    ct state established,related counter accept
    KEYS
    iifname "docker0" counter accept
    counter drop
  }
  chain filter-forward-out__docker0 { counter accept; }
  chain nat-postrouting-out__docker0 { oifname != "docker0" ip saddr 192.168.101.0/24 counter masquerade; }
}
"""


class StandIn(Container):
    """The namespace `inside`, used as a container is."""

    @property
    def address(self):
        return "192.168.101.2"

    def argv(self, command):
        return self.host.ns.argv(["ip", "netns", "exec", "inside", *command])


@pytest.fixture(scope="module")
def cluster(product_lab):
    # The root the binary was built for: libnftables 1.0.6 itself fails on maps that a later nft has made.
    cluster = Neighbours(product_lab, {"next": Kind("bookworm"), "now": Kind("trixie")})
    coming, now = cluster.hosts
    now.write_daemon_json(**cluster.daemon_json("now"))
    now.start_docker()
    cluster.peer = now.container("web")
    coming.write("/usr/sbin/dockerd", DOCKERD, mode="755")
    coming.write_daemon_json(**{"bip": cluster.bips["next"], "firewall-backend": "nftables"})
    coming.sh(BRIDGE)
    table(coming, "")
    cluster.inside = StandIn(coming, "inside")
    return cluster


def table(host, keys):
    host.run(["nft", "-f", "-"], input="table ip docker-bridges\ndelete table ip docker-bridges\n"
             + TABLE.replace("KEYS", keys))


@pytest.mark.claim("firewall-backend: nftables (Docker 29; no engine in Debian yet): keys, marks and source addresses")
def test_the_nftables_backend_by_its_rules(cluster, record_property, note):
    record_property("engine", f"{VERSION}, a stand-in")
    note("rules only")
    coming, now = cluster.hosts
    apply(now)
    report = apply(coming)
    assert report["changed"] is True and report["conflicts"] == [], explain(report)
    assert "docker-bridges" in json.loads(coming.overland("status", "--json").stdout)["firewall"]
    assert json.loads(coming.read("/etc/docker/daemon.json")) == {
        "bip": cluster.bips["next"], "firewall-backend": "nftables",
        "bridge-accept-fwmark": "0x200000/0x200000", "allow-direct-routing": True}
    assert coming.read("/proc/sys/net/ipv4/ip_forward") == "1\n"
    tables = coming.run(["nft", "list", "tables"]).stdout.split("\n")
    assert set(filter(None, tables)) == {"table ip docker-bridges", "table ip overland"}

    # Before the engine has read the keys, its drop counts; afterwards it yields to our mark.
    assert not cluster.peer.ping(cluster.inside.address)
    table(coming, "meta mark & 0x200000 == 0x200000 counter accept")
    assert cluster.peer.ping(cluster.inside.address) and cluster.inside.ping(cluster.peer.address)
    heard = f"icmp[icmptype] == icmp-echo and src {cluster.inside.address}"
    assert cluster.peer.hears(heard, lambda: cluster.inside.ping(cluster.peer.address))
    assert not cluster.internet.ping(cluster.inside.address)
    assert plan(coming)[0] == 0
    assert coming.overland("purge").returncode == 0
    assert json.loads(coming.read("/etc/docker/daemon.json")) == {
        "bip": cluster.bips["next"], "firewall-backend": "nftables"}
