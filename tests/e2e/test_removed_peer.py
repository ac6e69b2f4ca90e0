"""Connections that stand end with the trust that let them in."""

import itertools
import socket
import threading
from contextlib import ExitStack

import pytest
from lab import sockets
from lab.cluster import ADDRESSES, INVENTORY, Cluster
from lab.flow import Place
from product import apply_everywhere, explain

PORTS = itertools.count(4000)


class Talk:
    """One TCP connection between two containers for as long as the `with` lasts; the server sends back what comes."""

    def __init__(self, client, server):
        self.client_place, self.server_place, self.port = client, server, next(PORTS)

    def __enter__(self):
        with ExitStack() as opened:
            listener = opened.enter_context(
                sockets.inside(self.server_place.netns, lambda: socket.create_server(("", self.port))))
            self.client = sockets.inside(self.client_place.netns, lambda: socket.create_connection(
                (self.server_place.address, self.port), 3))
            self.server, _ = listener.accept()
        self.client.settimeout(2)
        threading.Thread(target=self.echo, daemon=True).start()
        return self

    def __exit__(self, *_):
        for end in (self.client, self.server):
            end.close()

    def echo(self):
        try:
            while heard := self.server.recv(64):
                self.server.sendall(heard)
        except OSError:
            pass

    def lives(self):
        try:
            self.client.sendall(b"x")
            return self.client.recv(1) == b"x"
        except OSError:
            return False


@pytest.fixture(scope="module")
def cluster(product_lab):
    """Docker 20.10: 28 and later drop what is not let in before connection tracking is asked."""
    cluster = Cluster(product_lab, variants={"docker-200": "nft", "docker-201": "legacy", "docker-202": "nft"})
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    return cluster


def without(host):
    """The inventory without a host."""
    start = INVENTORY.index(f'\n[[host]]\nname    = "{host}"')
    end = INVENTORY.find("\n[[host]]", start + 1)
    return INVENTORY[:start] + (INVENTORY[end:] if end > 0 else "")


@pytest.mark.parametrize("name, other", [("docker-200", "docker-201"), ("docker-201", "docker-200")], ids=["nft", "legacy"])
def test_connections_with_a_removed_peer_end_and_others_go_on(cluster, name, other):
    containers = {host: pair[0] for host, pair in cluster.containers.items()}
    here, peer, removed = containers[name], containers[other], containers["docker-202"]
    removed_host = Place(removed.host.netns, ADDRESSES["docker-202"])
    peer_host = Place(peer.host.netns, ADDRESSES[other])
    with ExitStack() as opened:
        ends = [opened.enter_context(Talk(*pair)) for pair in
                [(removed, here), (removed_host, here), (here, removed)]]
        stay = [opened.enter_context(Talk(*pair)) for pair in [(peer, here), (peer_host, here), (here, peer)]]
        assert [talk.lives() for talk in ends + stay] == [True] * 6
        here.host.write("/etc/overland/inventory.toml", without("docker-202"))
        done = here.host.overland("apply", "--prune", timeout=120)
        assert done.returncode == 0 and "may go on" not in done.stderr, explain(done)
        assert [talk.lives() for talk in ends + stay] == [False] * 3 + [True] * 3
