"""Docker restarted beside `overland watch`: what a flow between containers loses, and whose its packets seem to be."""

import pathlib
import sys
import time

from rows import Row

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

from lab import Lab  # noqa: E402  (the path has to be set first)
from lab.cluster import Cluster  # noqa: E402
from lab.flow import Flow, Place  # noqa: E402

PAUSE = 0.001  # seconds


def rows(programs, size):
    """With live-restore, since containers end with their dockerd otherwise. Each packet is a connection of its own."""
    lost, theirs, strange = [], [], []
    with Lab(programs.overland) as lab:
        cluster = Cluster(lab, suites="sid")
        hosts = cluster.hosts[:2]
        for host in hosts:
            host.write_daemon_json(**{"live-restore": True})
            host.overland("apply", check=True)
        lab.start_dockers()
        cluster.start_containers()
        for host in hosts:
            host.overland("apply", check=True)
            host.sh("overland watch </dev/null >/dev/null 2>&1 & echo $! >/run/watch.pid")
        webs = {host: place(cluster.containers[host.name][0]) for host in hosts}
        here, there = webs.values()
        for host in hosts * min(size.rounds, 5):
            beside = place(cluster.containers[host.name][1])
            with Flow(here, there, pause=PAUSE) as ours, Flow(beside, webs[host], pause=PAUSE) as within:
                time.sleep(1)
                host.restart_docker()
                time.sleep(2)
            lost.append(len(ours.lost()))
            theirs.append(len(within.lost()))
            strange.append(sum(source != here.address for source in ours.seen.values()))
        for host in hosts:
            host.sh("kill $(cat /run/watch.pid)")
    what = f"`watch`, Docker 28.5 restarted {len(lost)} times beside 1,000 packets a second from host to host"
    return [Row(f"{what}: with another source, most", max(strange), "packets", kind="value", goal=100),
            Row(f"{what}: lost each time", sum(lost) / len(lost), "packets",
                "between two containers of the host restarted", sum(theirs) / len(theirs), goal=1.0)]


def place(container):
    return Place(container.netns, container.address)
