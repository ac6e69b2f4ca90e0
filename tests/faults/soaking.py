"""Three watched hosts on one switch, a container on each, pings a thousand times a second round in a ring, and faults."""

import random
import re
import signal
import subprocess
import time
from collections import Counter

from sandbox import Sandbox
from watchers import FILE, Watcher

DOCKERS_RULES = """
iptables-nft -w -P FORWARD DROP
iptables-nft -w -N DOCKER-USER 2>/dev/null || iptables-nft -w -F DOCKER-USER
iptables-nft -w -A DOCKER-USER -j RETURN
iptables-nft -w -F FORWARD
iptables-nft -w -A FORWARD -j DOCKER-USER
iptables-nft -w -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-nft -w -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables-nft -w -t nat -F POSTROUTING
iptables-nft -w -t nat -A POSTROUTING -s {subnet} ! -o docker0 -j MASQUERADE
"""
CONTAINER = """
hostname {name}; ip address flush dev eth0; ip address add {address}/24 dev eth0; ip route replace default via 10.0.0.254
ip link add docker0 type bridge; ip address add {bip} dev docker0; ip link set docker0 up
mkdir -p /run/netns; ip netns add c; ip link add c0 type veth peer name eth0 netns c; ip link set c0 master docker0 up
ip -n c address add {container}/24 dev eth0; ip -n c link set eth0 up; ip -n c link set lo up
ip -n c route add default via {bridge}
sh /run/dockers-rules
"""
ANY_ROUTE = "r=$(ip route show proto 111 type unicast | shuf -n 1); test -n \"$r\" || exit"
FAULTS = {
    "a route is deleted": ANY_ROUTE + "; ip route del ${r%% *} proto 111",
    "all routes are flushed": "ip route flush proto 111",
    "a route is replaced, and the other one goes": ANY_ROUTE + "; m=${r##*metric }; ip route replace ${r%% *} via 10.0.0.9 "
    "proto static metric ${m%% *}; sleep 0.05; ip route del ${r%% *} via 10.0.0.9 proto static",
    "the own table is deleted": "nft delete table ip overland",
    "a chain of ours is emptied": "nft flush chain ip overland trusted-in",
    "a set of ours is emptied": "nft flush set ip overland peer-subnets",
    "DOCKER-USER is emptied": "iptables-nft -w -F DOCKER-USER; iptables-nft -w -A DOCKER-USER -j RETURN",
    "the ruleset is flushed, and Docker writes its own": "nft flush ruleset; sh /run/dockers-rules",
    "the link goes down and up": "ip link set eth0 down; sleep 0.02; ip link set eth0 up;"
    "ip route replace default via 10.0.0.254",
    "the address goes and comes": "ip address del {address}/24 dev eth0; sleep 0.02; ip address add {address}/24 dev eth0;"
    "ip route replace default via 10.0.0.254",
    "forwarding is turned off": "echo 0 > /proc/sys/net/ipv4/ip_forward",
    "daemon.json loses its bip": "cp /run/daemon.json /etc/docker/daemon.json.new; mv /etc/docker/daemon.json.new "
    "/etc/docker/daemon.json",
    "files are touched": "touch /etc/docker/daemon.json /run/xtables.lock /run/docker.pid " + FILE,
    "the inventory is broken": "echo '[[' >> {file}",
    "the inventory is gone": "rm -f {file}",
    "the inventory is anybody's": "chmod 666 {file}",
    "the inventory is replaced a hundred times": "for i in $(seq 50); do cp /run/good {file}.new; mv {file}.new {file};"
    "cp /run/more {file}.new; mv {file}.new {file}; sleep 0.01; done",
    "nobody knows what is in force": "rm -f /run/overland/in-force",
}


class Member:
    """One of the hosts: a sandbox, its container, its watcher, and a shell that carries out faults in turn."""

    def __init__(self, number, dockerd):
        self.number = number
        self.host = Sandbox()
        self.words = {"name": f"docker-{200 + number}", "address": f"10.0.0.{200 + number}", "file": FILE}
        first = (100, 200, 210)[number]
        self.words |= {"bip": f"192.168.{first}.1/24", "subnet": f"192.168.{first}.0/24", "bridge": f"192.168.{first}.1"}
        self.container = self.words["container"] = f"192.168.{first}.2"
        self.host.write("/run/dockers-rules", DOCKERS_RULES.format(**self.words))
        self.host.sh(CONTAINER.format(**self.words))
        self.host.path("/usr/bin/dockerd").write_bytes(dockerd)
        self.docker = self.host.start(["/usr/bin/dockerd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.host.sh("for i in $(seq 100); do test -S /run/docker.sock && exit; sleep 0.05; done; exit 1")
        self.watcher = self.pings = None
        self.shell = self.host.start(["sh"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def plug_into(self, switch):
        """The far end of its link."""
        subprocess.run(["nsenter", "-t", str(self.host.pid), "-n", "ip", "link", "set", "lan", "netns", str(switch.pid),
                        "name", f"port{self.number}"], check=True)
        subprocess.run(["nsenter", "-t", str(switch.pid), "-n", "ip", "link", "set", f"port{self.number}", "master",
                        "switch", "up"], check=True)

    def begin(self):
        self.host.sh("cp /etc/docker/daemon.json /run/daemon.json")
        done = self.host.overland("apply")
        assert done.returncode == 0, done.stderr
        self.host.sh(f"cp {FILE} /run/good; (cat /run/good; printf '[[host]]\\nname = \"docker-209\"\\naddress = "
                     "\"10.0.0.209\"\\nbip = \"192.168.230.1/24\"\\n') > /run/more")
        self.watcher = Watcher(self.host)

    def ping(self, other):
        self.pings = self.host.start(["ip", "netns", "exec", "c", "ping", "-q", "-i", "0.001", other.container],
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def losses(self):
        """Packets sent, and those that were lost."""
        self.host.sh("pkill -INT -x ping")  # of this sandbox's own processes
        said = self.pings.communicate(timeout=20)[0]
        sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", said).groups()
        return int(sent), int(sent) - int(received)

    def harm(self, fault):
        try:
            self.shell.stdin.write("(" + FAULTS[fault].replace("{address}", self.words["address"]).replace("{file}", FILE) +
                                   ") &\njobs\n")  # which takes the dead ones away: of pids there are 32,768
            self.shell.stdin.flush()
        except BrokenPipeError as error:
            raise AssertionError("the shell of the faults has ended") from error

    def grown(self):
        """Descriptors and KiB of anonymous memory."""
        status = self.watcher.own("status")
        return (len(self.host.sh(f"ls /proc/{self.watcher.pid}/fd").split()),
                int(re.search(r"RssAnon:\s*(\d+)", status).group(1)))

    def mend(self):
        """What no watcher may mend: what was somebody else's."""
        self.shell.stdin.write("wait\n")
        self.shell.stdin.close()
        self.shell.wait(timeout=60)
        self.host.sh(f"cp /run/good {FILE}.new; mv {FILE}.new {FILE}; ip route flush proto static via 10.0.0.9 || true;"
                     f"ip link set eth0 up; ip address replace {self.words['address']}/24 dev eth0;"
                     "ip route replace default via 10.0.0.254")

    def close(self):
        if self.watcher and self.watcher.process.poll() is None:
            self.watcher.end()
        self.shell.kill()
        self.shell.wait()
        self.docker.kill()
        self.docker.wait()
        self.host.close()


class Soak:
    def __init__(self, seed, dockerd):
        self.choices, self.faults = random.Random(seed), Counter()
        self.switch = subprocess.Popen(["unshare", "-n", "sh", "-euc", "ip link add switch type bridge;"
                                        "ip link set switch up; echo ready; exec cat >/dev/null"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.switch.stdout.readline() == "ready\n"
        self.members = [Member(number, dockerd) for number in range(3)]
        for member in self.members:
            member.plug_into(self.switch)
        for member in self.members:
            member.begin()

    def ring(self):
        return zip(self.members, self.members[1:] + self.members[:1])

    def ping(self):
        for one, other in self.ring():
            one.ping(other)

    def losses(self):
        return [member.losses() for member in self.members]

    def harm(self, seconds, rate):
        """So many faults a second, each on any of the hosts."""
        end = time.monotonic() + seconds
        due = time.monotonic()
        while due < end:
            time.sleep(max(0, due - time.monotonic()))
            fault = self.choices.choice(list(FAULTS))
            self.faults[fault] += 1
            self.choices.choice(self.members).harm(fault)
            due += 1 / rate

    def stop_one_for(self, seconds):
        watcher = self.choices.choice(self.members).watcher
        watcher.signal("STOP")
        return lambda: (watcher.signal("CONT"), watcher.process.send_signal(signal.SIGCONT))  # nsenter stops with it

    def close(self):
        for member in self.members:
            member.close()
        self.switch.communicate(timeout=20)
