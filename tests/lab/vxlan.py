"""VXLAN packets that a peer has sent, or that only say so, put on a LAN; and how far what is in them comes at a host.

As strangers.py does with plain packets: each inner one carries a number, and one listener in the host's network sees
the outer one arrive and the inner one leave, or be taken in.
"""

import socket
import struct
from contextlib import ExitStack
from typing import NamedTuple

from .sockets import inside
from .strangers import BUFFER, ETH_P_ALL, ETH_P_IP, MAC, SO_RCVBUFFORCE, Sending, checksum, numbered, tcp

PORT = 4789  # RFC 7348
VNI_IS_THERE = 0x08
HEADERS = 8 + 8 + 14  # octets of UDP, VXLAN and inner Ethernet


class Packet(NamedTuple):
    """Inner: TCP, the first of a connection. `link`: the LAN it is put on; `outer`: who claims to send it."""
    link: str
    outer: str
    source: str
    target: str
    port: int = 80
    vni: int = 111
    kind: int = ETH_P_IP  # of what is inside, as its Ethernet header says


def tunnel_mac(outer):
    """Of the tunnel's link on the host with this address."""
    return b"\x02\x6f" + socket.inet_aton(outer)


class Tunnelling:
    """`lans`: by name, and the Ethernet address by which the packet leaves each towards the host at `address`."""

    def __init__(self, host, address, lans):
        self.host, self.address, self.lans = host, address, lans
        self.sent = 0

    def send(self, packets):
        """For each of the packets the End of what is in it, as strangers.py has them, or None."""
        first, self.sent = self.sent + 1, self.sent + len(packets)
        with ExitStack() as opened:
            def opening(netns, *kind):
                made = opened.enter_context(inside(netns, lambda: socket.socket(*kind)))
                made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
                return made
            wires = {}
            for name, (lan, _) in self.lans.items():
                wires[name] = opening(f"/proc/{lan.ns.pid}/ns/net", socket.AF_PACKET, socket.SOCK_RAW)
                wires[name].bind(("br0", 0))
            passing = opening(self.host.netns, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            taken = opening(self.host.netns, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
            return Encapsulated(self, wires, passing, taken).ends_of(dict(enumerate(packets, first)))


class Encapsulated(Sending):
    def __init__(self, way, *sockets):
        self.way = way
        super().__init__(*sockets)

    def header(self, link):
        """Of frames on that LAN."""
        return self.way.lans[link][1] + MAC + struct.pack("!H", ETH_P_IP)

    def frame(self, packet, number):
        inner = tunnel_mac(self.way.address) + MAC + struct.pack("!H", packet.kind) + tcp(packet, number)
        vxlan = struct.pack("!B3xI", VNI_IS_THERE, packet.vni << 8) + inner
        udp = struct.pack("!HHHH", 49152 + number % 16384, PORT, 8 + len(vxlan), 0) + vxlan  # 0: no checksum
        ends = socket.inet_aton(packet.outer) + socket.inet_aton(self.way.address)

        def ip(check):
            return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, check) + ends
        return self.headers[packet.link] + ip(checksum(ip(0))) + udp

    def read(self, data):
        is_outer = len(data) > 20 + HEADERS and data[9] == socket.IPPROTO_UDP and data[22:24] == struct.pack("!H", PORT)
        return numbered(data[20 + HEADERS:] if is_outer else data)
