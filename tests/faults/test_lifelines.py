"""Apply refuses what would cut the machine off: exit 78, the route and the lifeline named, nothing changed."""

import pytest
from sandbox import BINARY, INVENTORY, differences, explain

PEER = "192.168.200."  # docker-201's bridge subnet


def refused(host, *words, arguments=("apply",), env=None):
    before = host.state()
    done = host.overland(*arguments, env=env)
    assert done.returncode == 78, explain(done)
    for word in words:
        assert word in done.stderr, explain(done)
    assert differences(before, host.state()) == {}


def accepted(host, *arguments, env=None):
    done = host.overland("apply", *arguments, env=env)
    assert done.returncode == 0, explain(done)


def test_a_route_over_the_default_gateway(host):
    host.sh(f"ip link add mgmt type veth peer name far; ip link set far up; ip link set mgmt up; ip address add 172.31.0.9/32 dev mgmt;"
            f"ip route add {PEER}254 dev mgmt; ip route replace default via {PEER}254")
    refused(host, "route 192.168.200.0/24 via 10.0.0.201", f"{PEER}254", "default gateway", "inventory")
    refused(host, "default gateway", arguments=("plan",))
    refused(host, "default gateway", arguments=("apply", "--boot", "--allow-cover", f"{PEER}254"))


def test_a_route_over_an_address_of_this_machine(host):
    host.sh(f"ip link add mgmt type veth peer name far; ip link set far up; ip link set mgmt up; ip address add {PEER}9/16 dev mgmt")
    refused(host, "route 192.168.200.0/24", f"{PEER}9", "link mgmt")


def test_a_bip_over_an_address_of_this_machine(host):
    host.sh("ip link add mgmt type veth peer name far; ip link set far up; ip link set mgmt up; ip address add 192.168.100.77/32 dev mgmt")
    refused(host, "bridge subnet 192.168.100.0/24", "192.168.100.77", "link mgmt")


@pytest.mark.parametrize("file", ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"])
def test_a_route_over_a_name_server(host, file):
    host.sh("mkdir -p /run/systemd/resolve")
    host.write("/etc/resolv.conf", "nameserver 127.0.0.53\n")
    host.write(file, f"search example.net\nnameserver {PEER}53\n")
    refused(host, "route 192.168.200.0/24", f"{PEER}53", file, f"--allow-cover {PEER}53")
    accepted(host, "--allow-cover", f"{PEER}53")
    accepted(host)  # it stands: nothing to refuse any more


def test_a_route_over_the_ssh_peer(host):
    ssh = {"SSH_CONNECTION": f"{PEER}77 50000 10.0.0.200 22"}
    refused(host, f"{PEER}77", "ssh session", env=ssh)
    # sudo drops the variable: an ancestor still has it.
    before = host.state()
    done = host.run(["sh", "-c", f"env -i PATH=$PATH {BINARY} apply; exit $?"], env=ssh, check=False)
    assert done.returncode == 78 and f"{PEER}77" in done.stderr, explain(done)
    assert differences(before, host.state()) == {}
    accepted(host, env={"SSH_CONNECTION": "10.0.0.9 50000 10.0.0.200 22"})


def test_a_remote_segment_may_hold_name_servers_and_ssh_peers(host):
    host.write("/etc/overland/inventory.toml", INVENTORY.replace("[[host]]", """[[segment]]
name = "office"
subnet = "10.1.0.0/24"
[[host]]""", 1) + """[[host]]
name = "gate"
router = true
address = ["10.0.0.254", "10.1.0.1"]
""")
    host.write("/etc/resolv.conf", "nameserver 10.1.0.53\n")
    accepted(host, env={"SSH_CONNECTION": "10.1.0.77 50000 10.0.0.200 22"})
    assert "10.1.0.0/24 via 10.0.0.254" in host.sh("ip route")


def test_an_inventory_others_can_change_is_refused(host):
    inventory = "/etc/overland/inventory.toml"
    host.sh(f"chmod 666 {inventory}")
    refused(host, f"chmod go-w {inventory}")
    host.sh(f"chmod 644 {inventory}; chown nobody {inventory}")
    refused(host, f"chown root {inventory}")
    host.sh(f"chown root {inventory}; chmod 777 /etc/overland")
    refused(host, "chmod go-w /etc/overland")
    refused(host, "chmod go-w /etc/overland", arguments=("try",))
    refused(host, "chmod go-w /etc/overland", arguments=("apply", "--boot"))
    host.sh("chmod 1777 /etc/overland")
    accepted(host)
