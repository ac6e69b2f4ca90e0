"""docker.address_pools: new networks come from there, others' pools stay, and purge gives them back."""

import json

import pytest
from lab.cluster import ADDRESSES, BIPS, INVENTORY
from product import apply, explain

PATH = "/etc/overland/inventory.toml"
DAEMON_JSON = "/etc/docker/daemon.json"
POOLS = INVENTORY + '[docker]\naddress_pools = ["10.210.0.0/16", { base = "10.211.0.0/16", size = 26 }]\n'
OURS = [{"base": "10.210.0.0/16", "size": 24}, {"base": "10.211.0.0/16", "size": 26}]
THEIRS = [{"base": "10.77.0.0/16", "size": 25}]
HOSTS = {"docker-200": "bookworm", "docker-201": "sid"}


@pytest.fixture(scope="module", params=HOSTS, ids=HOSTS.values())
def host(request, product_lab):
    name, lan = request.param, product_lab.lan(f"lan-{request.param}")
    host = product_lab.host(name, suite=HOSTS[name], gateway="10.0.0.254",
                            links={"eth0": (lan, f"{ADDRESSES[name]}/24")})
    host.write(PATH, POOLS)
    host.start_docker()
    return host


def pools(host):
    return json.loads(host.read(DAEMON_JSON)).get("default-address-pools")


def subnet_of_a_new_network(host):
    host.docker("network", "create", "new")
    shown = host.docker("network", "inspect", "new", "--format", "{{range .IPAM.Config}}{{.Subnet}}{{end}}").stdout
    host.docker("network", "rm", "new")
    return shown.strip()


def test_new_networks_come_from_the_pools_once_docker_has_read_them(host):
    assert not subnet_of_a_new_network(host).startswith("10.21")
    assert apply(host)["docker_restart_required"]
    assert pools(host) == OURS
    assert not subnet_of_a_new_network(host).startswith("10.21"), "before Docker's restart"
    apply(host, "--restart-docker")
    assert host.docker0() == BIPS[host.name]
    assert subnet_of_a_new_network(host) == "10.210.0.0/24"
    assert not apply(host)["changed"]


def test_pools_of_somebody_else_stay_unless_adopted(host):
    host.write_daemon_json(**{"bip": BIPS[host.name], "default-address-pools": THEIRS})
    done = host.overland("apply")
    assert "daemon.json default-address-pools" in done.stderr and "--adopt" in done.stderr, explain(done)
    assert pools(host) == THEIRS
    apply(host, "--adopt")
    assert pools(host) == OURS


def test_purge_gives_them_back(host):
    assert host.overland("purge").returncode == 0
    assert pools(host) == THEIRS
