"""A VLAN switch in user space: a trunk whose frames carry 802.1Q tags, and access ports on the lab's LANs.

The kernel of this machine knows no VLANs. Frames are flooded: there are no loops and few stations.
"""

import ctypes
import fcntl
import selectors
import socket
import struct
import threading
from collections import deque
from typing import NamedTuple

from .sockets import inside

ETH_P_ALL, ETH_P_8021Q, ETH_P_IP = 0x0003, 0x8100, 0x0800  # linux/if_ether.h
PACKET_OUTGOING = 4  # linux/if_packet.h
SIOCETHTOOL = 0x8946
OFFLOADS = (0x17, 0x19, 0x1F, 0x24)  # linux/ethtool.h: STXCSUM, SSG, STSO, SGSO
LONGEST = 65536


class Frame(NamedTuple):
    """An IPv4 packet as it passed the trunk."""
    vlan: int
    source: str
    destination: str
    protocol: int


def offload_nothing(netns, link):
    """Whoever reads raw frames needs their checksums filled in, and none larger than the MTU."""
    def switch_off():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            for command in OFFLOADS:
                value = ctypes.create_string_buffer(struct.pack("II", command, 0))
                fcntl.ioctl(handle, SIOCETHTOOL, struct.pack("16sQ8x", link.encode(), ctypes.addressof(value)))
    inside(netns, switch_off)


class Switch:
    """`access`: the LAN of each VLAN id."""

    def __init__(self, access):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ports = {vlan: self.open_port(lan, vlan) for vlan, lan in access.items()}
        self.seen = deque(maxlen=10000)
        self.stop, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()

    def open_port(self, lan, vlan):
        name = f"access{vlan}"
        lan.ns.run(["ip", "-batch", "-"], input=(
            f"link add {name} type veth peer name trunk{vlan}\n"
            f"link set {name} master br0 up\nlink set trunk{vlan} up\n"))

        def raw():
            port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            port.bind((f"trunk{vlan}", 0))
            return port
        return inside(f"/proc/{lan.ns.pid}/ns/net", raw)

    def trunk(self):
        """The end of the trunk for a guest; it may be given away once."""
        return self.theirs

    def forward(self):
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.stopped, selectors.EVENT_READ, None)
            waiting.register(self.ours, selectors.EVENT_READ, self.from_trunk)
            for vlan, port in self.ports.items():
                waiting.register(port, selectors.EVENT_READ, lambda vlan=vlan: self.from_access(vlan))
            while True:
                for key, _ in waiting.select():
                    if key.data is None:
                        return
                    try:
                        key.data()
                    except OSError:
                        pass  # a link that is down, or a guest that does not read, loses frames as a wire would

    def from_trunk(self):
        frame = self.ours.recv(LONGEST)
        kind, tag = struct.unpack_from("!HH", frame, 12) if len(frame) >= 18 else (0, 0)
        if kind != ETH_P_8021Q or tag & 0xFFF not in self.ports:
            return
        self.note(frame)
        self.ports[tag & 0xFFF].send(frame[:12] + frame[16:])

    def from_access(self, vlan):
        frame, (_, _, direction, *_) = self.ports[vlan].recvfrom(LONGEST)
        if direction == PACKET_OUTGOING:
            return
        tagged = frame[:12] + struct.pack("!HH", ETH_P_8021Q, vlan) + frame[12:]
        self.note(tagged)
        self.ours.send(tagged, socket.MSG_DONTWAIT)

    def note(self, frame):
        tag, kind = struct.unpack_from("!HH", frame, 14)
        if kind == ETH_P_IP and len(frame) >= 38:
            self.seen.append(Frame(tag & 0xFFF, socket.inet_ntoa(frame[30:34]), socket.inet_ntoa(frame[34:38]), frame[27]))

    def close(self):
        self.stop.close()
        self.thread.join(timeout=5)
        for one in (self.ours, self.theirs, self.stopped, *self.ports.values()):
            one.close()
