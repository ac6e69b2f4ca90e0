"""A bip changes on a live host, step by step, while two other hosts talk."""

import os
import re
import signal
import subprocess

import pytest
from claims import keep_their_sources
from lab.namespace import ENVIRONMENT
from lab.neighbours import Kind, Neighbours, subnet
from product import apply, apply_everywhere, plan

OLD, NEW = "192.168.103.1/24", "192.168.113.1/24"


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Neighbours(product_lab, {"one": Kind("bookworm"), "two": Kind("trixie"), "moving": Kind("sid")})
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    keep_their_sources(cluster, cluster.pairs())
    return cluster


class Pinging:
    """A ping every tenth of a second from a container, for as long as the `with` lasts."""

    def __init__(self, source, target):
        self.argv = source.argv(["ping", "-n", "-q", "-i", "0.1", target.address])

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
                                        start_new_session=True)
        return self

    def __exit__(self, *_):
        # The whole group, since the process itself only waits for the ping in its namespaces.
        os.killpg(self.process.pid, signal.SIGINT)
        self.output = self.process.communicate(timeout=10)[0]

    def counts(self):
        return [int(number) for number in re.search(r"(\d+) packets transmitted, (\d+) received", self.output).groups()]


@pytest.mark.claim("bip changed on a live host with previous_bip: two other hosts lose no packet, the host is reachable "
                   "on its old subnet, then on the new")
def test_a_bip_changes_while_others_talk(cluster, on):
    one, two, moving = cluster.hosts
    on(moving)
    peers = cluster.pairs()
    with Pinging(cluster.containers["one"][0], cluster.containers["two"][0]) as talk:
        cluster.bips["moving"] = NEW
        cluster.distribute(cluster.text({"moving": f'previous_bip = "{OLD}"\n'}))
        # Peers first: they know both ways before the host moves.
        for host in (one, two):
            apply(host)
            for net in (subnet(OLD), subnet(NEW)):
                assert f"via {cluster.addresses['moving']}" in host.sh(f"ip route show {net}").stdout
        keep_their_sources(cluster, peers)

        # Without permission the host only prepares: still there on the old subnet, with its containers' addresses.
        report = apply(moving)
        assert report["docker_restart_required"] is True
        assert moving.docker0() == OLD
        keep_their_sources(cluster, peers)

        report = apply(moving, "--restart-docker")
        assert report["docker_restart_required"] is False
        assert [step["resource"] for step in report["steps"]][0].startswith("docker")
        assert moving.docker0() == NEW
        cluster.lab.together(lambda container: container.start(), cluster.containers["moving"])
        assert all(container.address.startswith("192.168.113.") for container in cluster.containers["moving"])
        keep_their_sources(cluster, peers)

        cluster.distribute(cluster.text())
        apply_everywhere(cluster)
        assert one.sh(f"ip route show {subnet(OLD)}").stdout == ""
        keep_their_sources(cluster, peers)
        assert [plan(host)[0] for host in cluster.hosts] == [0, 0, 0]
    sent, received = talk.counts()
    # The last one may still have been under way.
    assert sent > 20 and sent - received <= 1, talk.output
