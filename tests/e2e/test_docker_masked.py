"""A router whose Docker systemd has masked: never started, and the policy of FORWARD is DROP."""

import pytest
from anchored import misplaced
from lab import nspawn
from lab.systemd import mask
from product import apply, plan
from routed import inventory


def test_traffic_flows_through_it(product_lab):
    if reason := nspawn.missing():
        pytest.skip(reason)
    lan, back = product_lab.lan("front"), product_lab.lan("back")
    host = product_lab.hosts["masked"] = nspawn.SystemdHost(
        product_lab, "masked", links={"front": (lan, "10.0.0.1/24"), "back": (back, "10.1.0.1/24")})
    host.layers.insert(0, product_lab.layer)
    mask(host.state / "upper", ["docker.service", "docker.socket"])
    host.boot()
    host.systemctl("start", "network-online.target")  # only Docker would have wanted it
    peer = product_lab.host("stand-in", docker=False, routes=["10.1.0.0/24 via 10.0.0.1"],
                            links={"eth0": (lan, ["10.0.0.100/24", "192.168.100.2/32"])})
    behind = product_lab.host("behind", docker=False, gateway="10.1.0.1", links={"eth0": (back, "10.1.0.9/24")})
    behind.serve(80)
    host.write("/etc/overland/inventory.toml", inventory(
        {"front": "10.0.0.0/24", "back": "10.1.0.0/24"},
        {"stand-in": {"at": {"front": "10.0.0.100/24"}, "bip": "192.168.100.1/24"},
         "masked": {"at": {"front": "10.0.0.1/24", "back": "10.1.0.1/24"}, "bip": "192.168.1.1/24", "router": True}}))
    host.sh("iptables -P FORWARD DROP")
    assert host.show("docker.service", "LoadState") == {"LoadState": "masked"}
    apply(host)
    assert misplaced(host) == [] and plan(host)[0] == 0
    assert peer.tcp("10.1.0.9", source="192.168.100.2") == "192.168.100.2"
    assert host.docker("version", check=False).returncode != 0
