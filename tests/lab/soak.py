"""The soak: three Docker hosts under traffic, a random fault every second, `overland apply` as the timer runs it.

At the end every host converges, every container reaches every other with its own address, and rules and routes are
those of the beginning: nothing has piled up.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter

from . import Lab, LabError, snapshot
from .cluster import Cluster
from .probe import reach

# What goes wrong on a host. The numbers say how often it is drawn: a restart of Docker takes seconds.
FAULTS = {
    "a route is deleted": (4, "ip route show proto 111 type unicast | head -n1 | while read -r r; do ip route del ${r%% *} proto 111; done"),
    "all routes are flushed": (2, "ip route flush proto 111"),
    "a route is diverted": (2, "ip route show proto 111 type unicast | head -n1 | while read -r r; do "
                               "ip route replace ${r%% *} via 10.0.0.254 proto 111 metric ${r##* }; done"),
    "forwarding is off": (2, "sysctl -qw net.ipv4.ip_forward=0"),
    "DOCKER-USER is flushed": (3, "iptables -w -F DOCKER-USER"),
    "raw is flushed": (2, "iptables -w -t raw -F PREROUTING"),
    "a rule stands before ours": (2, "iptables -w -I DOCKER-USER -s 10.99.0.0/16 -j DROP; sleep 0.3;"
                                     "iptables -w -D DOCKER-USER -s 10.99.0.0/16 -j DROP"),
    "our table is deleted": (3, "nft delete table ip overland"),
    "the sets are emptied": (2, "nft flush set ip overland peer-subnets; nft flush set ip overland peer-hosts"),
    "daemon.json loses bip": (2, "sed -i '/bip/d' /etc/docker/daemon.json; sed -i 's/,[[:space:]]*$//' "
                                 "/etc/docker/daemon.json"),
    "the link goes down and up": (2, "ip link set eth0 down; sleep 0.2; ip link set eth0 up;"
                                     "ip route replace default via 10.0.0.254"),
    "apply is killed": (4, "overland apply & sleep 0.0$((RANDOM % 10)); kill -9 $!"),
    "two applies at once": (2, "overland apply & overland apply; wait"),
    "a trial is undone": (1, "overland try --timeout 1 < /dev/null"),
    "iptables in a loop": (2, "for i in 1 2 3 4 5 6 7 8; do iptables -w -A INPUT -s 10.98.0.$i -j RETURN; done;"
                              "for i in 1 2 3 4 5 6 7 8; do iptables -w -D INPUT -s 10.98.0.$i -j RETURN; done"),
    "the lock folder vanishes": (1, "rm -rf /run/overland"),
    "our memory vanishes": (1, "rm -f /var/lib/overland/state.json"),
    "Docker restarts": (1, "service docker restart > /dev/null 2>&1"),
}


class Soak:
    def __init__(self, cluster, choices):
        self.cluster, self.choices = cluster, choices
        self.ends, self.faults, self.packets = Counter(), Counter(), Counter()
        self.odd, self.over = [], threading.Event()

    def run(self, seconds):
        workers = [threading.Thread(target=self.timer, args=(host,)) for host in self.cluster.hosts]
        workers += [threading.Thread(target=self.traffic)]
        for worker in workers:
            worker.start()
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                began = time.monotonic()
                self.harm(self.choices.choice(self.cluster.hosts))
                time.sleep(max(0, 1 - (time.monotonic() - began)))
        finally:
            self.over.set()
            for worker in workers:
                worker.join()

    def harm(self, host):
        name = self.choices.choices(list(FAULTS), [weight for weight, _ in FAULTS.values()])[0]
        self.faults[name] += 1
        host.run(["bash", "-c", FAULTS[name][1]], check=False, timeout=120)

    def timer(self, host):
        """What overland.timer does, only every two seconds."""
        while not self.over.wait(2):
            done = host.overland("apply", "--quiet", "--wait", "30", timeout=120)
            self.ends[done.returncode] += 1
            # 1: something changed while it was looking; the next run mends it. All else is no end for an apply.
            if done.returncode not in (0, 1, 75, 78) or "terminate called" in done.stderr:
                self.odd.append(f"{host.name}: exit {done.returncode}: {done.stderr}")

    def traffic(self):
        pairs = self.cluster.pairs()
        while not self.over.wait(0.2):
            source, target = self.choices.choice(pairs)
            try:
                self.packets["answered" if source.ping(target.address) else "lost"] += 1
            except LabError:  # the container restarts just now
                self.packets["no container"] += 1


def settled(cluster):
    """Faults found when nothing disturbs any more."""
    found = []
    for host in cluster.hosts:
        host.overland("apply", timeout=120)
        done = host.overland("apply", timeout=120)
        if done.returncode != 0 or "Nothing to change" not in done.stdout:
            found.append(f"{host.name}: the second apply still changes: {done.stdout}{done.stderr}")
        alive = host.run(["pgrep", "-c", "-x", "overland"], check=False).stdout.strip()
        if alive != "0":
            found.append(f"{host.name}: {alive} overland processes are left")
    for (source, target), (ping, seen) in zip(cluster.pairs(), reach(cluster.lab, cluster.pairs())):
        if not ping or seen != source.address:
            found.append(f"{source.name}@{source.host.name} -> {target.name}@{target.host.name}: ping {ping}, seen {seen}")
    return found


def ours(host):
    """Our part of a host, to compare the end with the beginning: lines, sorted.

    Without the chains that remember which foreign ones we made: who deletes our table takes that memory along.
    """
    state = snapshot.take(host)
    lines = [line for part in ("routes", "iptables", "daemon.json") for line in state[part].splitlines()
             if "proto 111" in line or "OVERLAND" in line or "bip" in line]
    table = host.run(["nft", "-s", "list", "table", "ip", "overland"]).stdout.splitlines()
    return sorted(line.strip() for line in lines + table if line.strip("\t {}") and "chain made-" not in line)


def soak(minutes, seed):
    with Lab() as lab:
        if not lab.binary:
            raise LabError("there is no overland binary: build it first")
        cluster = Cluster(lab)
        cluster.configure_bips()
        lab.start_dockers()
        cluster.containers = {host.name: (host.container("web", restart="always"), host.container("other", restart="always"))
                              for host in cluster.hosts}
        found = settled(cluster)
        before = [ours(host) for host in cluster.hosts]
        print(f"three hosts are up; {minutes:g} minutes of faults, seed {seed}", flush=True)
        run = Soak(cluster, random.Random(seed))
        if not found:
            run.run(minutes * 60)
            time.sleep(2)
            found = run.odd + settled(cluster)
        for host, old in zip(cluster.hosts, before):
            new = ours(host)
            if new != old:
                lines = [f"- {line}" for line in old if line not in new] + [f"+ {line}" for line in new if line not in old]
                found.append(f"{host.name} is not what it was, {len(old)} lines then, {len(new)} now: {lines}")
    for name, count in sorted(run.faults.items(), key=lambda item: -item[1]):
        print(f"  {count:4} {name}")
    print(f"pings: {dict(run.packets)}; applies by exit code: {dict(run.ends)}")
    print("\n".join(found) if found else "all converged; every container reaches every other; nothing piled up")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a run's faults")
    options = parser.parse_args()
    try:
        return soak(options.minutes, options.seed)
    except (LabError, KeyboardInterrupt) as error:
        print(f"soak: {error or 'interrupted'}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
