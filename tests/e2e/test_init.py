"""A cluster set up by hand, by the recipe that is published everywhere: init writes its inventory, apply takes it over, and no
packet is lost."""

import os
import shlex
import subprocess

import pytest
from lab.cluster import ADDRESSES, BIPS, Cluster
from lab.flow import Flow, Flows, Place
from product import apply_everywhere, explain, plan

NETWORKS = {name: bip.replace(".1/24", ".0/24") for name, bip in BIPS.items()}


def recipe(host):
    """Routes to the others, forwarding open, and no masquerading between them."""
    script = "iptables -P FORWARD ACCEPT; iptables -I FORWARD -s 192.168.0.0/16 -d 192.168.0.0/16 -j ACCEPT\n"
    script += f"iptables -t nat -I POSTROUTING -s {NETWORKS[host.name]} -d 192.168.0.0/16 -j RETURN\n"
    for name, network in NETWORKS.items():
        if name != host.name:
            script += f"ip route add {network} via {ADDRESSES[name]}\n"
    host.sh(script)


def ssh_to(hosts, folder):
    """A program named ssh that leads into the hosts; whom it does not know wants a password."""
    script = "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\ncase $1 in\n"
    for host in hosts:
        script += f"{host.name}) exec {shlex.join(host.ns.argv(['sh', '-c']))} \"$2\" ;;\n"
    script += "esac\necho \"$1: Permission denied (publickey,password).\" >&2\nexit 255\n"
    (folder / "ssh").write_text(script)
    (folder / "ssh").chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def cluster(product_lab, tmp_path_factory):
    cluster = Cluster(product_lab)
    for host in cluster.hosts:
        host.run(["rm", "/etc/overland/inventory.toml"])
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    product_lab.together(recipe, cluster.hosts)
    cluster.ssh = ssh_to(cluster.hosts, tmp_path_factory.mktemp("bin"))
    return cluster


def init(cluster, *arguments):
    return subprocess.run([cluster.lab.binary, "init", *arguments], env=cluster.ssh, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


def state(host):
    return host.sh("ip route; ip -br address | sort; iptables-save | grep -v '^[#:]'; cat /etc/docker/daemon.json; "
                   "ls /etc/overland").stdout


def test_a_host_that_wants_a_password_is_told_and_the_others_go_on(cluster):
    before = [state(host) for host in cluster.hosts]
    done = init(cluster, "docker-200", "stranger", "docker-201")
    assert done.returncode == 1 and "stranger: it takes none of your keys and asks for a password" in done.stderr, explain(done)
    assert done.stdout.count("\n[[host]]\n") == 2
    assert [state(host) for host in cluster.hosts] == before


def test_on_the_host_itself_it_tells_of_those_it_has_routes_to(cluster):
    host = cluster.hosts[0]
    done = host.overland("init")
    assert done.returncode == 0 and "192.168.210.0/24 by 10.0.0.202" in done.stdout, explain(done)
    assert done.stdout.count("\n[[host]]\n") == 1


def test_what_it_writes_is_applied_and_no_packet_is_lost(cluster):
    hidden = {name: pair[1] for name, pair in cluster.containers.items()}
    places = {name: Place(one.netns, one.address) for name, one in hidden.items()}
    flows = [Flow(places[a], places[b]) for a in places for b in places if a != b]
    with Flows(flows) as running:
        done = init(cluster, *BIPS)
        assert done.returncode == 0, explain(done)
        for name, bip in BIPS.items():
            assert f'name    = "{name}"\naddress = "{ADDRESSES[name]}"\nbip     = "{bip}"\n' in done.stdout
        for host in cluster.hosts:
            host.write("/etc/overland/inventory.toml", done.stdout)
            checked = host.overland("validate")
            assert checked.returncode == 0 and checked.stderr == "", explain(checked)
        cluster.reports = apply_everywhere(cluster, "--adopt")
    running.prove()


def test_then_nothing_is_left_to_do_and_the_routes_are_ours(cluster):
    for host in cluster.hosts:
        assert plan(host)[0] == 0
        assert len(host.sh("ip route show proto 111 type unicast").stdout.split("\n")) == 3
        assert "proto boot" not in host.sh("ip route").stdout
