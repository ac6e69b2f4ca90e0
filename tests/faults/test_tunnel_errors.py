"""A forged "fragmentation needed" about what is sent without DF makes no tunnel narrow; a narrow way passes all."""

import pytest
from sandbox import explain
from test_tunnels import tunnelled, works  # noqa: F401  (fixture)

# argv: who says it, to whom, about a packet to whom, what it quotes. The MTU it claims is 600.
FORGER = r"""
import socket, struct, sys
says, host, peer, kind = sys.argv[1:]
def total(data):
    whole = sum(struct.unpack(f"!{len(data) // 2}H", data))
    whole = (whole >> 16) + (whole & 0xffff)
    return ~(whole + (whole >> 16)) & 0xffff
def header(source, target, protocol, length, options=b""):
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, length, 1, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target)) + options
    return head[:10] + struct.pack("!H", total(head)) + head[12:]
vxlan = struct.pack("!II", 1 << 27, 111 << 8)
quoted = {"tunnel": (17, struct.pack("!HHHH", 50000, 4789, 1400, 0) + vxlan, b""),
          "tunnel with options": (17, struct.pack("!HHHH", 50000, 4789, 1400, 0) + vxlan, bytes([1, 1, 1, 1])),
          "echo reply": (1, struct.pack("!BBHHH", 0, 0, 0, 7, 1), b""),
          "echo reply with options": (1, struct.pack("!BBHHH", 0, 0, 0, 7, 1), bytes([1, 1, 1, 1])),
          "another": (17, struct.pack("!HHHH", 4321, 999, 1400, 0), b"")}[kind]
error = struct.pack("!BBHHH", 3, 4, 0, 0, 600) + header(host, peer, quoted[0], 1450, quoted[2]) + quoted[1]
error = error[:2] + struct.pack("!H", total(error)) + error[4:]
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).sendto(
    header(says, host, 1, 20 + len(error)) + error, (host, 0))
"""
SOCKET = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("0.0.0.0", 4321))
print("ready", flush=True)
sys.stdin.read()
"""
ABOUT_TUNNEL = ["tunnel", "tunnel with options", "echo reply", "echo reply with options"]


def narrow(host, kind, says="10.0.0.254"):
    """Whether one forged error makes the way to the peer narrow."""
    host.sh("ip route flush cache")
    host.run(["python3", "-c", FORGER, says, "10.0.0.200", "10.9.0.1", kind])
    return "mtu 600" in host.sh("ip route get 10.9.0.1")


@pytest.mark.parametrize("kind", ABOUT_TUNNEL)
def test_a_forged_error_makes_nothing_narrow(tunnelled, kind):  # noqa: F811
    tunnelled.sh("ip link add vxlan7 type vxlan id 111 local 10.0.0.200 dstport 4789; ip link set vxlan7 up")
    assert narrow(tunnelled, kind), "what the test is worth"
    tunnelled.sh("ip link delete vxlan7")
    works(tunnelled)
    for says in ("10.0.0.254", "10.9.0.1", "10.0.0.66"):
        assert not narrow(tunnelled, kind, says)


def test_what_others_send_is_told_of_as_before(tunnelled):  # noqa: F811
    """A socket that sends with DF needs such an error."""
    works(tunnelled)
    holder = tunnelled.start(["python3", "-c", SOCKET], stdin=-1, stdout=-1)
    try:
        assert holder.stdout.readline() == "ready\n"
        assert narrow(tunnelled, "another")
    finally:
        holder.communicate(timeout=20)


# Behind a router, whose way on takes 1400 bytes: far-1 by hand, as overland makes it there.
FAR_AWAY = r"""
mkdir -p /run/netns
for n in r far; do ip netns add $n; ip -n $n link set lo up; done
ip link set lan netns r
ip -n r address add 10.0.0.254/24 dev lan; ip -n r link set lan up
ip -n r link add out type veth peer name eth0 netns far
ip -n r address add 10.9.0.254/24 dev out; ip -n r link set out mtu 1400 up
ip netns exec r sysctl -qw net.ipv4.ip_forward=1
ip -n far address add 10.9.0.1/24 dev eth0; ip -n far link set eth0 mtu 1400 up
ip -n far route add default via 10.9.0.254
ip -n far link add vxlan.ovl mtu 1450 address 02:6f:0a:09:00:01 type vxlan id 111 local 10.9.0.1 dstport 4789 nolearning
ip -n far address add 192.168.221.1/32 dev vxlan.ovl; ip -n far link set vxlan.ovl up
ip -n far neighbour add 10.0.0.200 lladdr 02:6f:0a:00:00:c8 nud permanent dev vxlan.ovl
bridge -n far fdb add 02:6f:0a:00:00:c8 dev vxlan.ovl dst 10.0.0.200 self permanent
ip -n far route add 192.168.100.0/24 via 10.0.0.200 dev vxlan.ovl onlink src 192.168.221.1
"""
LISTEN = """
import socket
server = socket.create_server(("192.168.221.1", 5000))
print("ready", flush=True)
taker, _ = server.accept()
print(sum(iter(lambda: len(taker.recv(1 << 16)), 0)))
"""
SEND = """
import socket
with socket.create_connection(("192.168.221.1", 5000), source_address=("192.168.100.1", 0)) as giver:
    giver.sendall(bytes(10_000_000))
"""


def test_a_way_that_is_narrow_passes_all(tunnelled):  # noqa: F811
    """Its router fragments what has no DF."""
    works(tunnelled)
    tunnelled.sh(FAR_AWAY)
    taker = tunnelled.start(["ip", "netns", "exec", "far", "python3", "-c", LISTEN], stdout=-1)
    assert taker.stdout.readline() == "ready\n"
    done = tunnelled.run(["python3", "-c", SEND], check=False, timeout=50)
    assert done.returncode == 0, explain(done)
    assert taker.communicate(timeout=20)[0] == "10000000\n"
    full = tunnelled.run(["ping", "-c", "3", "-i", "0.2", "-M", "do", "-s", "1422", "-I", "192.168.100.1", "192.168.221.1"],
                         check=False)
    assert " 0% packet loss" in full.stdout, explain(full)
