"""overland watch: from what somebody does to the moment it is put right; what waiting costs."""

import os
import re
import socket
import statistics
import struct
import subprocess
import time

import fleet
import scene
from rows import Row

RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26  # linux/rtnetlink.h
GROUP_ROUTES = 0x40  # RTMGRP_IPV4_ROUTE
OURS = 111
NETLINK_NETFILTER = 12
NFT_MSG_GETTABLE = 10 << 8 | 1  # NFNL_SUBSYS_NFTABLES


def netlink(host, protocol, groups):
    """A socket in that host's namespace."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{host.name}", os.O_RDONLY)
    scene.set_namespace(there)
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    scene.set_namespace(own)
    os.close(own)
    os.close(there)
    made.bind((0, groups))
    return made


class Table:
    """Asks whether our table stands: to list rules would cost as much as to repair them, and so would to listen."""

    def __init__(self, host):
        self.socket = netlink(host, NETLINK_NETFILTER, 0)

    def stands(self):
        name = b"overland\0\0\0\0"
        payload = struct.pack("BBHHH", socket.AF_INET, 0, 0, 13, 1) + name
        self.socket.send(struct.pack("IHHII", 16 + len(payload), NFT_MSG_GETTABLE, 1, 1, 0) + payload)
        return struct.unpack_from("H", self.socket.recv(65536), 4)[0] == NFT_MSG_GETTABLE - 1  # NFT_MSG_NEWTABLE


class Routes:
    """A netlink socket in a host's namespace that removes one route of ours, and hears when it is back."""

    def __init__(self, host):
        self.socket = netlink(host, socket.NETLINK_ROUTE, GROUP_ROUTES)
        self.socket.settimeout(10)

    def back_after(self, network):
        """Milliseconds from the request to remove the route to `network` to its return."""
        address, length = network.split("/")
        payload = struct.pack("BBBBBBBBI", socket.AF_INET, int(length), 0, 0, 254, OURS, 0, 1, 0)
        payload += struct.pack("HH4s", 8, 1, socket.inet_aton(address))
        began = time.perf_counter()
        self.socket.send(struct.pack("IHHII", 16 + len(payload), RTM_DELROUTE, 1, 1, 0) + payload)
        while True:
            data = self.socket.recv(65536)
            kind, protocol = struct.unpack_from("H", data, 4)[0], data[21]
            if kind == RTM_NEWROUTE and protocol == OURS and socket.inet_aton(address) in data:
                return (time.perf_counter() - began) * 1000


# What Docker leaves of forwarding, so that a packet needs our mark.
DOCKERS = """iptables-nft -P FORWARD DROP; iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER
iptables-nft -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"""


class Watched:
    """A host of the fleet that is applied and watched, with a peer at the other end of its link."""

    def __init__(self, programs, name, peers):
        self.host = scene.Host(programs, name, 0, peers + 1)
        self.network = fleet.network(1, peers + 1)
        folder = self.host.folder
        folder.chmod(0o700)
        # Only an installed inventory is one that was applied last: /etc is this bench's own from here on.
        scene.own_etc(self.host.inventory)
        self.add_peer(f"{name}p", peers + 1)
        self.host.sh(DOCKERS)
        options = ["--host", "h0", "--state", f"{folder}/state.json", "--lock", f"{folder}/lock",
                   "--runs", f"{folder}/runs.json"]
        self.host.launch(programs.overland, "apply", *options)
        self.process = subprocess.Popen(["nsenter", f"--net=/run/netns/{name}", programs.overland, "watch", *options],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.table = Table(self.host)
        self.asker = netlink(self.host, socket.NETLINK_ROUTE, 0)
        time.sleep(2)

    def add_peer(self, name, hosts):
        """Host 1 of the fleet, and a container of host 0 that pings one of its."""
        self.address, self.client = fleet.container_address(1, hosts), f"{name}c"
        bridge = fleet.bridge(0, hosts)
        scene.sh(f"ip netns add {name}; ip netns add {self.client}; ip -n {self.host.name} link set far netns {name};"
                 f"ip -n {name} link set far up; ip -n {name} address add {fleet.host_address(1)}/8 dev far;"
                 f"ip -n {name} link set lo up; ip -n {name} address add {self.address}/32 dev lo;"
                 f"ip -n {name} route add {fleet.network(0, hosts)} via {fleet.host_address(0)};"
                 f"ip -n {self.host.name} link add c0 type veth peer name eth0 netns {self.client};"
                 f"ip -n {self.host.name} link set c0 master docker0 up; ip -n {self.client} link set eth0 up;"
                 f"ip -n {self.client} address add {fleet.container_address(0, hosts)}/{bridge.split('/')[1]} dev eth0;"
                 f"ip -n {self.client} route add default via {bridge.split('/')[0]}")

    def stat(self):
        """CPU time in ms, RssAnon in MB."""
        with open(f"/proc/{self.process.pid}/schedstat") as file:
            cpu = int(file.read().split()[0]) / 1e6
        with open(f"/proc/{self.process.pid}/status") as file:
            anon = int(re.search(r"RssAnon:\s*(\d+)", file.read()).group(1))
        return cpu, anon * 1024 / 1e6

    def costs(self, command):
        """CPU time in ms of whoever watches meanwhile."""
        before = self.stat()[0]
        self.host.sh(command)
        time.sleep(1)
        return self.stat()[0] - before

    def until(self, disturb, right):
        """Milliseconds from the end of the shell command `disturb` until `right`, and the pings lost of one a millisecond."""
        pings = subprocess.Popen(["ip", "netns", "exec", self.client, "ping", "-q", "-i", "0.001", "-w", "4", self.address],
                                 stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        self.host.sh(disturb)
        began = time.perf_counter()
        while not right():
            if time.perf_counter() - began > 30:
                raise SystemExit(f"bench: {disturb}: nothing is repaired")
            time.sleep(0.0005)
        took = (time.perf_counter() - began) * 1000
        sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", pings.communicate()[0]).groups()
        return took, int(sent) - int(received)

    def led(self):
        """Whether the kernel has a way by a gateway to the container of the peer."""
        payload = struct.pack("BBBBBBBBI", socket.AF_INET, 32, 0, 0, 0, 0, 0, 0, 0)
        payload += struct.pack("HH4s", 8, 1, socket.inet_aton(self.address))  # RTA_DST
        self.asker.send(struct.pack("IHHII", 16 + len(payload), RTM_GETROUTE, 1, 1, 0) + payload)
        data = self.asker.recv(65536)
        gateway = struct.pack("HH4s", 8, 5, socket.inet_aton(fleet.host_address(1)))  # RTA_GATEWAY
        return struct.unpack_from("H", data, 4)[0] == RTM_NEWROUTE and gateway in data

    def close(self):
        self.process.terminate()
        self.process.wait()


def quantile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def disturbances(watched, what, size, goals):
    rows = []
    for name, command, right, goal in (
            ("own table deleted", "nft delete table ip overland", watched.table.stands, goals[0]),
            ("ruleset flushed", "nft flush ruleset", watched.table.stands, goals[0]),
            ("link down and up", "ip link set eth0 down; ip link set eth0 up", watched.led, goals[1])):
        seen = []
        for _ in range(min(size.rounds, 5)):
            time.sleep(4)
            seen.append(watched.until(command, right))
        rows += [Row(f"{what}: {name} → back", statistics.median(time for time, _ in seen), "ms", kind="value", goal=goal),
                 Row(f"{what}: {name}, lost of 1,000 pings a second", statistics.median(lost for _, lost in seen), "pings",
                     kind="value")]
    return rows


def costs(watched, what, size):
    time.sleep(5)
    idle = min(size.rounds, 10)  # seconds
    waiting = watched.costs(f"sleep {idle}") * 10 / (idle + 1)
    anon = watched.stat()[1]
    foreign = min(size.foreign, 200000)
    storm = (f"for i in $(seq 0 {foreign // 2 - 1}); do echo route add 20.$((i / 65536)).$((i / 256 % 256)).$((i % 256))/32"
             " dev eth0 proto bird; done | ip -batch -; ip route flush proto bird")
    monitor = watched.costs("for i in $(seq 20); do iptables-nft -L -n >/dev/null; done") / 20
    return [Row(f"{what}: idle, CPU in 10 s", waiting, "ms", kind="value", goal=2),
            Row(f"{what}: {foreign:,} foreign routes come and go, CPU", watched.costs(storm), "ms", kind="value", goal=20),
            Row(f"{what}: a monitor's `iptables -L`, CPU each", monitor, "ms", kind="value", goal=0.2)], anon


def rows(programs, size):
    result = []
    for peers, goals in ((2, (20, 20, 3)), (size.many, (100, 150, 30))):
        watched = Watched(programs, f"watched{peers}", peers)
        routes = Routes(watched.host)
        times = []
        for _ in range(2 * size.rounds):
            times.append(routes.back_after(watched.network))
            time.sleep(1.2)  # more often it is a fight
        what = f"`watch`, {peers:,} peers"
        result += [Row(f"{what}: a route deleted → back, median", statistics.median(times), "ms", kind="value", goal=1),
                   Row(f"{what}: the same, p99 of {len(times)}", quantile(times, 0.99), "ms", kind="value", goal=10)]
        result += disturbances(watched, what, size, goals)
        told, anon = costs(watched, what, size)
        result += [*told, Row(f"{what}: RssAnon", anon, "MB", kind="value", goal=goals[2])]
        watched.close()
    return result
