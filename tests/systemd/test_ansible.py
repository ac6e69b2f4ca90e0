"""The Ansible role over ssh to three hosts with systemd and Docker."""

import json
import os
import re
import subprocess
import tomllib
from types import SimpleNamespace

import pytest
import yaml
from conftest import REPOSITORY, need
from lab import snapshot
from lab.cluster import ADDRESSES, BIPS, POOL
from lab.docker import Container
from lab.nspawn import SystemdHost
from lab.shell import run

ANSIBLE = REPOSITORY / "ansible"
NEW_BIP = "192.168.220.1/24"
PATH = "/etc/overland/inventory.toml"


def settings(**changes):
    """The Ansible inventory; `changes` by host name with _ for -, None removes a variable."""
    hosts = {}
    for name, bip in BIPS.items():
        values = {"ansible_host": ADDRESSES[name], "overland_address": ADDRESSES[name], "overland_bip": bip}
        values |= changes.get(name.replace("-", "_"), {})
        hosts[name] = {key: value for key, value in values.items() if value is not None}
    common = {"overland_cluster": {"name": "lab", "pool": POOL},
              "overland_segments": [{"name": "lan", "subnet": "10.0.0.0/24", "trust": "hosts"}]}
    return {"all": {"hosts": hosts, "vars": common | changes.get("common", {})}}


@pytest.fixture(scope="module")
def control(lab, packages, tmp_path_factory):
    need("ansible-playbook", "ssh-keygen", "cpack")
    folder = tmp_path_factory.mktemp("control")
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"])
    lan = lab.lan()
    key = (folder / "key.pub").read_text()
    for name, address in ADDRESSES.items():
        lab.hosts[name] = SystemdHost(lab, name, links={"eth0": (lan, f"{address}/24")}, gateway="10.0.0.254",
                                      authorized_key=key)
    lab.together(lambda name: lab.hosts[name].boot(), ADDRESSES)
    where = lab.host("control", docker=False, links={"eth0": (lan, "10.0.0.250/24")})
    return SimpleNamespace(folder=folder, where=where, hosts=[lab.hosts[name] for name in ADDRESSES],
                           package=packages("DEB"), lab=lab)


def play(control, playbook, *options, inventory=None, check=True, package=""):
    """Runs ansible-playbook; gives its recap by host, its whole text and its exit status."""
    file = control.folder / "hosts.yml"
    file.write_text(yaml.safe_dump(inventory or settings()))
    ssh = (f"-i {control.folder}/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
           f"-o ControlMaster=auto -o ControlPersist=30 -o ControlPath={control.folder}/%h")
    environment = os.environ | {
        "ANSIBLE_SSH_ARGS": ssh, "ANSIBLE_REMOTE_USER": "root", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_INTERPRETER_PYTHON": "/usr/bin/python3", "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_LOCAL_TEMP": str(control.folder / "tmp"), "ANSIBLE_HOME": str(control.folder), "LC_ALL": "C.UTF-8",
    }
    # Its files are the machine's, its network is a host's on the LAN; its processes end with the lab's.
    enter = ["nsenter", "-t", str(control.where.ns.pid), "-n"]
    done = run([*enter, "ansible-playbook", "-i", file, ANSIBLE / playbook,
                "-e", f"overland_package={package}", *options], env=environment, check=False, timeout=300)
    recap = {name: {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", rest)}
             for name, rest in re.findall(r"^(docker-\d+) +: (.*)$", done.stdout, re.MULTILINE)}
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(recap=recap, text=done.stdout + done.stderr, status=done.returncode)


def changed(result):
    return {name: counts["changed"] for name, counts in result.recap.items()}


def everything(control):
    return control.lab.together(snapshot.take, control.hosts)


def test_the_role_passes_ansible_lint_and_yamllint():
    need("ansible-lint", "yamllint")
    assert run(["env", "-C", ANSIBLE, "yamllint", "--strict", "."], check=False).stdout == ""
    done = run(["env", "-C", ANSIBLE, "ansible-lint", "--offline", "--nocolor", "--strict"], check=False, timeout=120)
    assert done.returncode == 0 and "production" in done.stderr + done.stdout, done.stdout + done.stderr


def test_tables_within_tables_are_written_as_toml(tmp_path):
    need("ansible")
    networks = [{"name": "shop", "driver": "bridge", "subnets": {"a.example.com": "10.110.1.0/24", "b": "10.110.2.0/24"},
                 "join": ["docker0"]},
                {"name": "wire", "driver": "macvlan", "segment": "lan", "range": "10.0.0.128/25", "range_length": 28,
                 "gateway": "shim", "shim": True, "options": {"com.docker.network.driver.mtu": "1400"}}]
    tunnel = {"type": "vxlan", "mtu": 1400, "exclude": ["b"]}
    docker = {"address_pools": ["10.210.0.0/16", {"base": "10.211.0.0/16", "size": 26}]}
    hosts = {name: {"overland_address": f"10.0.0.{slot + 1}", "overland_slot": slot, "overland_tunnel_address": f"10.0.0.{slot + 1}"}
             for slot, name in enumerate(("a.example.com", "b"))}
    own = {"docker": {"daemon_json": "verify"}, "firewall": {"conntrack": False, "guard": "off"}}
    hosts["b"] |= {f"overland_host_{table}": values for table, values in own.items()}
    common = yaml.safe_load((ANSIBLE / "roles/overland/defaults/main.yml").read_text()) | {
        "overland_networks": networks, "overland_segments": [{"name": "lan", "subnet": "10.0.0.0/24"}],
        "overland_tunnel": tunnel, "overland_docker": docker, "ansible_connection": "local"}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": common}}))
    template = ANSIBLE / "roles/overland/templates/inventory.toml.j2"
    run(["env", "LC_ALL=C.UTF-8", f"ANSIBLE_HOME={tmp_path}", "ansible", "b", "-i", tmp_path / "hosts.yml", "-m", "template",
         "-a", f"src={template} dest={tmp_path}/inventory.toml"])
    written = tomllib.loads((tmp_path / "inventory.toml").read_text())
    assert written["network"] == networks
    assert (written["tunnel"], written["docker"]) == (tunnel, docker)
    assert [(host["slot"], host["tunnel_address"]) for host in written["host"]] == [(0, "10.0.0.1"), (1, "10.0.0.2")]
    assert [{table: host[table] for table in own if table in host} for host in written["host"]] == [{}, own]


def test_check_mode_before_the_install_changes_nothing(control):
    before = everything(control)
    result = play(control, "site.yml", "--check", package=control.package)
    assert min(changed(result).values()) > 0
    assert everything(control) == before
    assert not control.hosts[0].exists("/usr/sbin/overland")


def test_site_brings_all_hosts_up(control):
    result = play(control, "site.yml", "-e", "overland_restart_docker=true", package=control.package)
    assert min(changed(result).values()) > 0
    assert [host.docker0() for host in control.hosts] == list(BIPS.values())
    containers = [host.container("web", restart="always") for host in control.hosts]
    for source in containers:
        assert [source.tcp(target.address) for target in containers if target is not source] == [source.address] * 2
    for host in control.hosts:
        states = host.systemctl("is-enabled", "overland-boot.service", "overland.service", "overland.timer").stdout
        assert states.split() == ["enabled"] * 3
        assert host.read(PATH) == control.hosts[0].read(PATH)


def test_a_second_run_changes_nothing(control):
    assert changed(play(control, "site.yml", package=control.package)) == dict.fromkeys(ADDRESSES, 0)


def test_check_mode_tells_the_truth_and_diff_shows_the_plan(control):
    control.hosts[0].sh("systemctl kill -s STOP overland-watch.service; ip route del 192.168.200.0/24")
    before = everything(control)
    result = play(control, "site.yml", "--check", "--diff")
    assert changed(result) == {"docker-200": 1, "docker-201": 0, "docker-202": 0}
    assert "+ route 192.168.200.0/24" in result.text
    assert everything(control) == before
    assert changed(play(control, "site.yml")) == {"docker-200": 1, "docker-201": 0, "docker-202": 0}
    assert "192.168.200.0/24" in control.hosts[0].sh("ip route show proto 111").stdout
    control.hosts[0].sh("systemctl kill -s CONT overland-watch.service")


def test_a_broken_inventory_replaces_nothing(control):
    text = control.hosts[0].read(PATH)
    result = play(control, "site.yml", inventory=settings(docker_202={"overland_bip": "192.168.200.9/24"}), check=False)
    assert result.status != 0 and "OVL-E041" in result.text
    assert [host.read(PATH) for host in control.hosts] == [text] * 3


@pytest.mark.parametrize("variables", [{"overland_segments": "lan"}, {"overland_adopt": "maybe"},
                                       {"overland_cluster": {"pull": "192.168.0.0/16"}}])
def test_a_variable_of_the_wrong_type_is_refused(control, variables):
    result = play(control, "site.yml", "-e", json.dumps(variables), check=False)
    assert result.status != 0 and next(iter(variables)) in result.text and "argument" in result.text
    assert set(changed(result).values()) == {0}


def test_a_host_missing_from_the_inventory_stops_that_host_only(control):
    control.hosts[0].sh("ip route del 192.168.200.0/24")
    result = play(control, "site.yml", inventory=settings(docker_202={"overland_address": None}), check=False)
    assert {name: counts["failed"] for name, counts in result.recap.items()} == {
        "docker-200": 0, "docker-201": 0, "docker-202": 1}
    assert "192.168.200.0/24" in control.hosts[0].sh("ip route show proto 111").stdout


def test_a_bip_change_is_rolled_out_while_others_lose_no_packet(control):
    one, other, changing = control.hosts
    target = Container(other, "web").address
    endless = f"echo $$ > /run/ping; exec nsenter -t {Container(one, 'web').inspect()[0]} -n ping -n -q -i 0.05 {target}"
    pinger = subprocess.Popen(one.ns.argv(["sh", "-c", endless]), stdout=subprocess.PIPE, text=True)
    try:
        inventory = settings(docker_202={"overland_bip": NEW_BIP, "overland_previous_bip": BIPS["docker-202"]})
        result = play(control, "roll-bip.yml", inventory=inventory)
    finally:
        one.sh("kill -INT $(cat /run/ping)")
        lost = pinger.communicate(timeout=20)[0]
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", lost).groups())
    # The last one may still have been under way.
    assert sent > 40 and sent - received <= 1

    assert changing.docker0() == NEW_BIP
    assert [host.docker0() for host in (one, other)] == [BIPS["docker-200"], BIPS["docker-201"]]
    assert result.text.index("Restart Docker") < result.text.index("Take the routes to the old bridge subnets away")
    for host in (one, other):
        routes = host.sh("ip route show proto 111").stdout
        assert "192.168.220.0/24" in routes and "192.168.210.0/24" not in routes
    moved = Container(changing, "web").address
    assert moved.startswith("192.168.220.")
    assert Container(one, "web").tcp(moved) == Container(one, "web").address


def test_a_given_file_is_pushed_as_it_is(control):
    """As the roll-out left it, but for a comment: so nothing else changes."""
    file = control.folder / "given.toml"
    file.write_text("# by hand\n" + control.hosts[0].read(PATH))
    result = play(control, "site.yml", "-e", f"overland_inventory_file={file}")
    assert changed(result) == dict.fromkeys(ADDRESSES, 1)
    assert control.hosts[2].read(PATH).startswith("# by hand\n")
