"""Strangers: raw frames that come to a host by any of its links, from any address, and where each of them ends.

No answer is needed: every frame carries a number, and one listener in the host's network sees what arrives and what
leaves by which link. A frame is a connection of its own, since an established one is let in from everywhere.
"""

import fcntl
import itertools
import random
import select
import socket
import struct
import time
from contextlib import ExitStack
from typing import NamedTuple

from .shell import LabError
from .sockets import inside
from .switch import ETH_P_ALL, ETH_P_IP, PACKET_OUTGOING

SIOCGIFHWADDR = 0x8927
SO_RCVBUFFORCE = 33
BUFFER = 1 << 24
MAC = bytes.fromhex("020000000099")
MAGIC = b"stranger"
SYN = 2
BURST = 64  # frames; net.core.netdev_max_backlog has room for 1000
PATIENCE = 10  # seconds for a burst to get to the host, on a machine that is busy
TRAVEL = 0.5  # seconds from link to link: where an address has to be asked for first
ITSELF = "itself"


class Packet(NamedTuple):
    """TCP, the first of a connection. `link`: the one it comes to the host by."""
    link: str
    source: str
    target: str
    port: int


class End(NamedTuple):
    """The link a packet left the host by, or ITSELF, and the source address it had there."""
    link: str
    source: str


class Strangers:
    """On every LAN of the host. They answer for the `addresses` of a LAN, so that packets to them do leave the host."""

    def __init__(self, host, addresses):
        self.host = host
        self.numbers = itertools.count(random.randrange(1 << 16))
        for lan, own in addresses.items():
            # Or it would change with every port: a bridge takes the lowest of their addresses.
            lan.ns.run(["ip", "link", "set", "br0", "address", MAC.hex(":")])
            lan.ns.run(["ip", "-batch", "-"], input="".join(f"address add {one} dev br0\n" for one in own))
            lan.ns.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"])

    def send(self, packets, further=None):
        """For each of the packets its End, or None where the host drops it. `further`: for bridges of the host the
        network namespace and the device there that leads to them."""
        ways = {link: (f"/proc/{lan.ns.pid}/ns/net", "br0") for link, (lan, _) in self.host.links.items()}
        ways |= further or {}
        with ExitStack() as opened:
            def opening(netns, *kind):
                made = opened.enter_context(inside(netns, lambda: socket.socket(*kind)))
                made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
                return made
            wires = {}
            for link, (netns, device) in ways.items():
                wires[link] = opening(netns, socket.AF_PACKET, socket.SOCK_RAW)
                wires[link].bind((device, 0))
            passing = opening(self.host.netns, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            # Gets what INPUT has let in.
            taken = opening(self.host.netns, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
            return Sending(wires, passing, taken).ends_of({next(self.numbers): packet for packet in packets})


class Sending:
    def __init__(self, wires, passing, taken):
        self.wires, self.passing, self.taken = wires, passing, taken
        self.headers = {link: self.header(link) for link in wires}
        self.arrived, self.ends = set(), {}

    def header(self, link):
        """Of frames on that link: from nobody to the host."""
        asked = fcntl.ioctl(self.passing, SIOCGIFHWADDR, struct.pack("16s16x", link.encode()))
        return asked[18:24] + MAC + struct.pack("!H", ETH_P_IP)

    def frame(self, packet, number):
        return self.headers[packet.link] + tcp(packet, number)

    def read(self, data):
        return numbered(data)

    def ends_of(self, packets):
        waiting = list(packets.items())
        for first in range(0, len(waiting), BURST):
            burst = dict(waiting[first:first + BURST])
            for number, packet in burst.items():
                self.wires[packet.link].send(self.frame(packet, number))
            self.look(PATIENCE, lambda burst=burst: burst.keys() <= self.arrived)
            if lost := burst.keys() - self.arrived:
                raise LabError(f"{len(lost)} of {len(burst)} frames never came to the host, {packets[min(lost)]} first")
        self.look(TRAVEL, lambda: False)
        return {packet: self.ends.get(number) for number, packet in packets.items()}

    def look(self, seconds, enough):
        deadline = time.monotonic() + seconds
        while not enough() and (left := deadline - time.monotonic()) > 0:
            for ready in select.select([self.passing, self.taken], [], [], left)[0]:
                data, where = ready.recvfrom(2048)
                number, source = self.read(data)
                if number is None:
                    continue
                if ready is self.taken:
                    self.ends[number] = End(ITSELF, source)
                elif where[2] != PACKET_OUTGOING:
                    self.arrived.add(number)
                elif not where[0].startswith("veth"):  # a bridge's port, after the bridge itself
                    self.ends[number] = End(where[0], source)


def tcp(packet, number):
    """Checksums are right, or connection tracking would call the packet invalid."""
    source, target = socket.inet_aton(packet.source), socket.inet_aton(packet.target)
    payload = MAGIC + struct.pack("!I", number)

    def segment(check):
        own_port = 1024 + number % 64000
        return struct.pack("!HHIIBBHHH", own_port, packet.port, number, 0, 5 << 4, SYN, 8192, check, 0) + payload

    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment(0)), number & 0xFFFF, 0, 64, socket.IPPROTO_TCP,
                           check, source, target)
    pseudo = source + target + struct.pack("!HH", socket.IPPROTO_TCP, len(segment(0)))
    return header(checksum(header(0))) + segment(checksum(pseudo + segment(0)))


def checksum(data):
    """RFC 1071, of an even number of octets."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def numbered(data):
    """Number and source address of a packet of ours. An ICMP error that quotes one is none."""
    if len(data) < 40 or data[0] >> 4 != 4 or data[9] != socket.IPPROTO_TCP:
        return None, None
    start = (data[0] & 0xF) * 4
    payload = data[start + (data[start + 12] >> 4) * 4:] if len(data) > start + 12 else b""
    if not payload.startswith(MAGIC):
        return None, None
    return struct.unpack_from("!I", payload, len(MAGIC))[0], socket.inet_ntoa(data[12:16])
