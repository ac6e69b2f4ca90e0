"""Networks made anew under their containers, and somebody is killed in the middle of it: the next apply, without any option, finishes."""

import time

import pytest
from lab.shell import CommandFailed
from networked import Networked, bridge
from product import apply, explain

SUITES = ["bookworm", "trixie", "sid"]
NETWORKS = "/var/lib/docker/network/files/local-kv.db"
MEMBERS = {"web": "192.168.110.9", "db": "192.168.110.10", "idle": None}  # by the fixed address, if any


def icc(on):
    """Another option of the driver: another network, in the same subnet."""
    return bridge(110, f'options = {{ "com.docker.network.bridge.enable_icc" = "{str(on).lower()}" }}')


@pytest.fixture(scope="module", params=SUITES)
def net(request, product_lab):
    lan = product_lab.lan(f"lan-{request.param}")
    host = product_lab.host(f"cut-{request.param}", suite=request.param, links={"eth0": (lan, "10.0.0.200/24")})
    host.write_daemon_json(bip="192.168.100.1/24")
    host.start_docker()
    net = Networked(host)
    net.wants(icc(True))
    apply(host)
    for name, address in MEMBERS.items():
        net.run(name, "--network", "app", "--network-alias", f"the-{name}", *(["--ip", address] if address else []))
    host.docker("stop", "idle")
    yield net
    host.close()


def all_are_on_it(net, but=None):
    network = net.id("app")
    for name, address in MEMBERS.items():
        if name == but:
            continue
        end = net.endpoint(name, "app")
        assert end is not None, name
        assert address is None or (end["IPAMConfig"] or {}).get("IPv4Address") == address, f"{name}: {end}"
        assert f"the-{name}" in end["Aliases"]
        assert end["NetworkID"] in ("", network), name
    net.host.docker("start", "idle")
    assert net.endpoint("idle", "app")["NetworkID"] == network
    net.host.docker("stop", "idle")


def finish(net):
    """What was begun, and holds what was not. Docker may still be at what the killed one asked for: then the next run is."""
    until = time.monotonic() + 60
    while "failed" in (done := net.overland("apply")).stdout:
        assert time.monotonic() < until, explain(done)
        time.sleep(1)


def test_whenever_overland_is_killed(net):
    on, cut = True, 0
    for pause in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6, 2.0):
        on = not on
        net.wants(icc(on))
        net.host.sh(f"timeout -s KILL {pause} overland apply --recreate-networks || true")
        cut += '"moving"' in net.host.sh("cat /var/lib/overland/state.json").stdout
        finish(net)
        all_are_on_it(net)
        apply(net.host, "--recreate-networks")
        assert net.inspect("app")["Options"]["com.docker.network.bridge.enable_icc"] == str(on).lower()
        all_are_on_it(net)
        assert not apply(net.host)["changed"]
    assert cut, "not one was cut off in the middle"


def start_after_kill(host):
    """Docker 20.10 that is killed between releasing a network's addresses and forgetting the network panics at every start."""
    try:
        host.start_docker()
    except CommandFailed as error:
        if "reservePools" not in str(error):
            raise
        host.sh(f"mv {NETWORKS} {NETWORKS}.gone")
        host.start_docker()


def is_forgotten(net):
    """Killed between its driver's part of it and its own, Docker 20.10 has a network it does not list, for good."""
    done = net.overland("apply", "--recreate-networks")
    return "Docker does not list that one" in done.stderr


def test_dockerd_killed_in_the_middle(net):
    on = net.inspect("app")["Options"]["com.docker.network.bridge.enable_icc"] != "true"
    net.wants(icc(on))
    net.host.sh("(sleep 0.4; kill -9 $(cat /var/run/docker.pid)) & overland apply --recreate-networks; wait", check=False)
    time.sleep(1)
    net.host.stop_docker()
    start_after_kill(net.host)
    for name in ("web", "db"):
        net.host.docker("start", name, check=False)
    if is_forgotten(net):  # the remedy
        net.host.stop_docker()
        net.host.sh(f"mv {NETWORKS} {NETWORKS}.gone")
        net.host.start_docker()
    apply(net.host, "--recreate-networks")
    all_are_on_it(net)


def test_one_that_is_gone_meanwhile_is_let_go(net):
    net.host.docker("rm", "--force", "db")
    assert not apply(net.host)["changed"]
    all_are_on_it(net, but="db")
