"""A tunnel that cannot be as the inventory has it: it is said, what is somebody else's stays, all the rest is done."""

import errno
import subprocess

import pytest
from sandbox import BINARY, INVENTORY, differences, explain
from test_injected import KINDS, NETLINK, Trials
from watchers import Watcher, settled

# docker-200 and its neighbours are on one LAN, far-1 and far-2 behind somebody's router.
TUNNELLED = INVENTORY + """
[tunnel]
type = "vxlan"
[[segment]]
name = "far"
subnet = "10.9.0.0/24"
[[host]]
name = "far-1"
address = "10.9.0.1"
bip = "192.168.221.1/24"
[[host]]
name = "far-2"
address = "10.9.0.2"
bip = "192.168.222.1/24"
"""
NEAR, FAR = "192.168.200.0/24 via 10.0.0.201", "192.168.221.0/24 via 10.9.0.1 dev vxlan.ovl"
WITHOUT_VXLAN = {"LD_PRELOAD": "/run/kernel.so", "KERNEL_WITHOUT_VXLAN": "1"}
HOLD_PORT = """
import socket, sys
taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taken.bind(("0.0.0.0", 4789))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def tunnelled(foreign):
    foreign.write("/etc/overland/inventory.toml", TUNNELLED)
    return foreign


def apply(host, env=None):
    return host.run(["env", *(f"{key}={value}" for key, value in (env or {}).items()), BINARY, "apply"], check=False)


def is_said(host, done, *words, status=1):
    """The apply ended with these words; what does not need the tunnel is there, and nothing leads into one."""
    assert done.returncode == status, explain(done)
    assert [word for word in words if word not in done.stdout + done.stderr] == [], explain(done)
    routes = host.sh("ip route show proto 111")
    assert NEAR in routes and "via 10.9." not in routes, routes


def works(host):
    """Nothing is in the way any more."""
    done = apply(host)
    assert done.returncode == 0, explain(done)
    assert FAR in host.sh("ip route show proto 111")
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    assert "alias overland" in host.sh("ip link show vxlan.ovl")


def is_purged(host, before):
    done = host.overland("purge")
    assert done.returncode == 0, explain(done)
    assert differences(before, host.state()) == {}


def test_it_comes_and_goes(tunnelled):
    before = tunnelled.state()
    works(tunnelled)
    assert "10.9.0.1 dev vxlan.ovl lladdr 02:6f:0a:09:00:01" in tunnelled.state()["neighbours"]
    assert "02:6f:0a:09:00:02 dev vxlan.ovl dst 10.9.0.2 self permanent" in tunnelled.state()["neighbours"]
    again = apply(tunnelled)
    assert again.returncode == 0 and "docker-200 is as the inventory says" in again.stdout, explain(again)
    is_purged(tunnelled, before)


def test_a_kernel_without_vxlan(tunnelled, other_kernel):
    tunnelled.path("/run/kernel.so").write_bytes(other_kernel)
    before = tunnelled.state()
    is_said(tunnelled, apply(tunnelled, WITHOUT_VXLAN), "vxlan", "kernel")
    is_said(tunnelled, apply(tunnelled, WITHOUT_VXLAN), "vxlan")
    works(tunnelled)
    is_purged(tunnelled, before)


def test_the_port_is_taken(tunnelled):
    holder = tunnelled.start(["python3", "-c", HOLD_PORT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == "ready\n"
        is_said(tunnelled, apply(tunnelled), "4789")
        is_said(tunnelled, apply(tunnelled), "4789")
    finally:
        holder.communicate(timeout=20)
    works(tunnelled)


def test_the_network_identifier_is_taken(tunnelled):
    tunnelled.sh("ip link add theirs type vxlan id 111 dstport 4789 nolearning; ip link set theirs up")
    is_said(tunnelled, apply(tunnelled), "theirs")
    assert "vxlan id 111" in tunnelled.sh("ip -d link show theirs"), "the other's link is gone"
    tunnelled.sh("ip link delete theirs")
    works(tunnelled)


CHAIN = "nft 'table {} t {{ chain c {{ type filter hook {}; policy drop; {}\n}}; }}'"
# What ends the tunnel, and what is said of it.
DEADLY = {
    "input": (CHAIN.format("inet", "input priority 5", "iif lo accept"), "drops traffic from 10.9.0.1 to UDP port 4789"),
    "output": (CHAIN.format("inet", "output priority 5", "oif lo accept"), "drops traffic from this host to UDP port 4789"),
    "ingress": (CHAIN.format("netdev", "ingress device eth0 priority 0", "arp operation 1 accept"), "of table netdev t drops"),
    "rule": ("ip rule add to 10.9.0.1 blackhole", "refuses the tunnel's packets to 10.9.0.1"),
    "route": ("ip route add blackhole 10.9.0.1", "refuses the tunnel's packets to 10.9.0.1"),
    "unrouted": ("ip route del default; ip route del 10.9.0.0/24", "no route leads the tunnel's packets to 10.9.0.1 and 1 more"),
    "thrown": ("ip route add throw 10.9.0.1", "no route leads the tunnel's packets to 10.9.0.1"),
    "loop": ("ip route add 10.9.0.1 dev vxlan.ovl", "leads the tunnel's packets to 10.9.0.1 into vxlan.ovl"),
    "own": ("ip address add 10.9.0.1/32 dev lan", "leads the tunnel's packets to 10.9.0.1 into lan"),
    "mark": ("ip route add default dev eth0 table 7; ip rule add fwmark 0x200000/0x200000 lookup 7", "leads the tunnel's packets"),
}


@pytest.mark.parametrize("what", DEADLY)
def test_what_ends_it_is_no_order(tunnelled, what):
    tunnelled.sh("ip route add 10.9.0.0/24 dev eth0")
    works(tunnelled)
    assert tunnelled.overland("status", "--check").returncode == 0
    command, said = DEADLY[what]
    tunnelled.sh(command)
    done = tunnelled.overland("status", "--check")
    assert done.returncode != 0 and said in done.stdout, explain(done)
    assert said in apply(tunnelled).stderr


MOVES = {"vni": ("vni = 112\n", "type vxlan id 112 dstport 4789"), "port": ("port = 4790\n", "type vxlan id 111 dstport 4790")}


@pytest.mark.parametrize("what", MOVES)
def test_a_change_that_is_taken_leaves_no_old_tunnel_open(tunnelled, what):
    """Its rule is gone: nobody asks who sends to the old one."""
    line, taken = MOVES[what]
    works(tunnelled)
    tunnelled.sh(f"ip link add theirs {taken} nolearning; ip link set theirs up")
    tunnelled.write("/etc/overland/inventory.toml", TUNNELLED.replace('type = "vxlan"\n', f'type = "vxlan"\n{line}'))
    is_said(tunnelled, apply(tunnelled), "theirs")
    assert "vxlan.ovl" not in tunnelled.sh("ip -br link")
    tunnelled.sh("ip link delete theirs")
    works(tunnelled)
    assert "10.9.0.2 dev vxlan.ovl" in tunnelled.state()["neighbours"]


def test_a_change_is_one_run(tunnelled):
    works(tunnelled)
    tunnelled.write("/etc/overland/inventory.toml", TUNNELLED.replace('type = "vxlan"\n', 'type = "vxlan"\nvni = 112\n'))
    planned = tunnelled.overland("plan").stdout
    assert planned.index("link vxlan.ovl") < planned.index("firewall") < planned.rindex("link vxlan.ovl"), planned
    works(tunnelled)
    assert "vxlan id 112 " in tunnelled.sh("ip -d link show vxlan.ovl")


@pytest.mark.parametrize("kind", ["type bridge", "type vxlan id 111 local 10.0.0.200 dstport 4789 nolearning"])
def test_the_name_is_somebody_elses(tunnelled, kind):
    tunnelled.sh(f"ip link add vxlan.ovl {kind}; ip link set vxlan.ovl up")
    before = tunnelled.sh("ip link show vxlan.ovl")
    # A conflict, as any link that stands where one of ours is to be.
    is_said(tunnelled, apply(tunnelled), "link vxlan.ovl: a link of that name exists", status=0)
    assert tunnelled.overland("status", "--check").returncode == 3
    assert tunnelled.sh("ip link show vxlan.ovl") == before
    assert tunnelled.overland("purge").returncode == 0
    assert tunnelled.sh("ip link show vxlan.ovl") == before
    tunnelled.sh("ip link delete vxlan.ovl")
    works(tunnelled)


def test_no_link_has_the_address(tunnelled):
    also = 'address = ["10.0.0.200", "10.7.0.5"]\ntunnel_address = "10.7.0.5"'
    spare = '[[segment]]\nname = "spare"\nsubnet = "10.7.0.0/24"\n'
    changed = TUNNELLED.replace('address = "10.0.0.200"', also) + spare
    tunnelled.write("/etc/overland/inventory.toml", changed)
    is_said(tunnelled, apply(tunnelled), "10.7.0.5")
    assert "vxlan.ovl" not in tunnelled.sh("ip -br link")
    tunnelled.sh("ip link add spare type bridge; ip link set spare up; ip address add 10.7.0.5/24 dev spare")
    works(tunnelled)


def test_more_is_said_than_the_link_carries(tunnelled):
    """It is told, and what is smaller counts."""
    tunnelled.write("/etc/overland/inventory.toml", TUNNELLED.replace("\n[tunnel]\n", "\n[tunnel]\nmtu = 9000\n"))
    done = apply(tunnelled)
    assert done.returncode == 1, explain(done)
    assert "9000" in done.stderr and "link eth0 carries packets of 1500" in done.stderr, explain(done)
    assert "mtu 1450 " in tunnelled.sh("ip link show vxlan.ovl")
    assert FAR in tunnelled.sh("ip route show proto 111")


def test_the_link_is_smaller_than_any_packet(tunnelled):
    tunnelled.sh("ip link set eth0 mtu 500")
    is_said(tunnelled, apply(tunnelled), "500", "eth0")
    tunnelled.sh("ip link set eth0 mtu 1500")
    works(tunnelled)


# What the inventory may not say: the table's lines, and the code of the fault.
BROKEN = ["vni = 0", "vni = 16777216", "port = 0", "port = 65536", "mtu = 575", "mtu = 65536", "type = 'gre'",
          "always = 1", "only = ['nobody']", "exclude = ['far-1']\nonly = ['far-2']"]


@pytest.mark.parametrize("lines", BROKEN)
def test_a_value_out_of_range(tunnelled, lines):
    kind = "" if lines.startswith("type") else 'type = "vxlan"\n'
    tunnelled.write("/etc/overland/inventory.toml", TUNNELLED.replace('type = "vxlan"\n', f"{kind}{lines}\n"))
    before = tunnelled.state()
    done = apply(tunnelled)
    assert done.returncode == 78 and "OVL-E" in done.stderr, explain(done)
    assert differences(before, tunnelled.state()) == {}


# By hand, and each is drift that an apply mends.
DAMAGES = {
    "the link is gone": "ip link delete vxlan.ovl",
    "down": "ip link set vxlan.ovl down",
    "another MTU": "ip link set vxlan.ovl mtu 1300",
    "another MAC": "ip link set vxlan.ovl address 02:00:00:00:00:01",
    "no address": "ip address flush dev vxlan.ovl",
    "no neighbour": "ip neighbour delete 10.9.0.1 dev vxlan.ovl",
    "no neighbours": "ip neighbour flush nud permanent dev vxlan.ovl",
    "another neighbour": "ip neighbour replace 10.9.0.1 lladdr 02:00:00:00:00:01 nud permanent dev vxlan.ovl",
    "no entry": "bridge fdb delete 02:6f:0a:09:00:01 dev vxlan.ovl",
    "another's entry": "bridge fdb replace 02:6f:0a:09:00:01 dev vxlan.ovl dst 10.9.0.2 self permanent",
    "an entry too many": "bridge fdb append 00:00:00:00:00:00 dev vxlan.ovl dst 10.9.0.66 self permanent",
    "a neighbour too many": "ip neighbour replace 10.9.0.66 lladdr 02:6f:0a:09:00:42 nud permanent dev vxlan.ovl",
    "no route": "ip route delete 192.168.221.0/24 proto 111 via 10.9.0.1",
    "learning": "ip link set vxlan.ovl type vxlan learning",
    "the lower link's MTU": "ip link set eth0 mtu 1400",
}


def test_what_is_damaged_by_hand_is_mended(tunnelled):
    works(tunnelled)
    for what, command in DAMAGES.items():
        tunnelled.sh(command)
        assert tunnelled.overland("plan", "--detailed-exitcode").returncode == 2, what
        works(tunnelled)
    assert "mtu 1350 " in tunnelled.sh("ip link show vxlan.ovl")


def test_what_is_damaged_by_hand_is_mended_by_the_watcher(tunnelled):
    works(tunnelled)
    watcher = Watcher(tunnelled)
    for what, command in DAMAGES.items():
        tunnelled.sh(command)
        assert settled(tunnelled), f"{what}: {watcher.said}"
    assert watcher.end() == 0
    assert "mtu 1350 " in tunnelled.sh("ip link show vxlan.ovl")


class TunnelTrials(Trials):
    def __init__(self, host, shim):
        host.write("/etc/overland/inventory.toml", TUNNELLED)
        super().__init__(host, shim)
        assert FAR in self.applied["routes"]


@pytest.mark.parametrize("kind", ["kill after", "netlink ENOMEM"])
def test_every_call(host, shim, kind):
    calls, error, stride = KINDS[kind]
    trials = TunnelTrials(host, shim)
    for n in range(1, trials.count(calls) + 2, stride):
        trials.run(calls, error, n)


def test_every_call_of_a_purge(host, shim):
    trials = TunnelTrials(host, shim)
    assert host.overland("apply").returncode == 0
    assert trials.faulty(NETLINK, errno.ENOMEM, 0, "purge").returncode == 0
    for n in range(1, int(host.read("/run/count")) + 1, 5):
        assert host.overland("apply").returncode == 0
        trials.faulty(NETLINK, errno.ENOMEM, n, "purge")
        trials.purge()
