"""A bip changes by hand, without previous_bip, under traffic: nothing is lost until Docker restarts there, then the new one works."""

import pytest
from lab.flow import Flow, Flows, Place
from lab.neighbours import Kind, Neighbours, subnet
from lab.probe import reach
from product import apply, explain, report_of

OLD, NEW = "192.168.103.1/24", "192.168.113.1/24"


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Neighbours(product_lab, {"one": Kind("bookworm"), "two": Kind("trixie"), "moving": Kind("sid")})
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    product_lab.together(apply, cluster.hosts)
    return cluster


def place(container):
    return Place(container.netns, container.address)


def all_keep_their_sources(cluster):
    pairs = cluster.pairs()
    assert reach(cluster.lab, pairs) == [(True, source.address) for source, _ in pairs]


def held(host, *options):
    """Applies; the report of a host that holds what the moving one had."""
    done = host.overland("apply", "--json", *options, timeout=120)
    assert done.returncode == 1, explain(done)
    report = report_of(done)
    assert f"moving (was in {subnet(OLD)})" in report["held_reason"]
    return report


@pytest.mark.parametrize("order", [("moving", "one", "two"), ("one", "two", "moving")], ids=["first", "last"])
def test_a_bip_changes_by_hand(cluster, order):
    """The moving host applies before its peers, or after them."""
    cluster.bips["moving"] = NEW
    hosts = {host.name: host for host in cluster.hosts}
    moving = hosts["moving"]
    web = {name: place(containers[0]) for name, containers in cluster.containers.items()}
    hidden = place(cluster.containers["moving"][1])
    with Flows([*(Flow(web[peer], web["moving"]) for peer in ("one", "two")), Flow(web["one"], hidden),
                *(Flow(web["moving"], web[peer]) for peer in ("one", "two")),
                Flow(web["two"], web["moving"], fresh=False)]) as talk:
        cluster.distribute(cluster.text())
        for name in order:
            report = held(hosts[name])
            assert report["docker_restart_required"] is (name == "moving")
        for name in order:
            held(hosts[name])
    talk.prove()
    assert moving.docker0() == OLD

    held_by_itself = moving.overland("apply", "--json", "--restart-docker", timeout=120)
    assert held_by_itself.returncode == 0, explain(held_by_itself)
    assert moving.docker0() == NEW
    cluster.lab.together(lambda container: container.start(), cluster.containers["moving"])
    assert all(container.address.startswith("192.168.113.") for container in cluster.containers["moving"])
    all_keep_their_sources(cluster)

    for host in cluster.hosts:
        apply(host, "--prune")
        assert report_of(host.overland("apply", "--json"))["held"] == []
    assert hosts["one"].sh(f"ip route show {subnet(OLD)}").stdout == ""
    all_keep_their_sources(cluster)
    back(cluster, moving)


def back(cluster, moving):
    """As before, with previous_bip, for the next order."""
    cluster.bips["moving"] = OLD
    cluster.distribute(cluster.text({"moving": f'previous_bip = "{NEW}"\n'}))
    for host in cluster.hosts:
        apply(host, *(["--restart-docker"] if host is moving else []))
    cluster.lab.together(lambda container: container.start(), cluster.containers["moving"])
    cluster.distribute(cluster.text())
    cluster.lab.together(apply, cluster.hosts)
    all_keep_their_sources(cluster)
