"""Hosts of every engine and both variants in one inventory."""

import pytest
from claims import (are_masqueraded_to_the_internet, keep_their_sources, refuse_strangers, serve_published_ports)
from lab.neighbours import Kind, Neighbours
from product import apply, apply_everywhere, plan

KINDS = {f"{suite}-{variant}": Kind(suite, variant)
         for suite in ("bookworm", "trixie", "sid") for variant in ("nft", "legacy")}


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Neighbours(product_lab, KINDS)
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    apply_everywhere(cluster)
    return cluster


@pytest.mark.claim("one cluster of all six kinds: every container reaches every other, sources kept")
def test_every_container_reaches_every_other(cluster, on):
    on(*cluster.hosts)
    keep_their_sources(cluster, cluster.pairs())


@pytest.mark.claim("the same: internet masqueraded, strangers refused, published ports served, second apply empty")
def test_the_rest_of_the_world(cluster, on):
    on(*cluster.hosts)
    are_masqueraded_to_the_internet(cluster)
    refuse_strangers(cluster)
    for name in cluster.kinds:
        serve_published_ports(cluster, name)
    assert [plan(host)[0] for host in cluster.hosts] == [0] * 6
    assert [apply(host)["steps"] for host in cluster.hosts] == [[]] * 6
