"""Every Docker with both iptables variants: the same claims, on two hosts of the same kind.

On `early` overland was there before dockerd's first start, on `late` dockerd and its containers were there before.
"""

import pytest
from claims import (are_masqueraded_to_the_internet, keep_their_sources, reach_each_other, refuse_strangers,
                    serve_published_ports)
from conftest import engine_of
from lab import Lab, snapshot
from lab.neighbours import Kind, Neighbours
from product import apply, explain, plan

KINDS = [(suite, variant) for suite in ("bookworm", "trixie", "sid") for variant in ("nft", "legacy")]


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def cluster(request, product_lab):
    suite, variant = request.param
    with Lab(product_lab.binary) as lab:
        yield raised(lab, Kind(suite, variant))


def raised(lab, kind):
    cluster = Neighbours(lab, {"early": kind, "late": kind})
    early, late = cluster.hosts
    late.write_daemon_json(**cluster.daemon_json("late"))
    lab.together(lambda work: work(), [late.start_docker, lambda: apply_first(cluster, early)])
    cluster.start_containers()
    cluster.engine = engine_of(late)
    cluster.pairs_now = cluster.between("early", "late")
    # To and fro first, while Docker has no reason to change anything itself.
    before = snapshot.take(late)
    apply(late)
    cluster.purged = late.overland("purge")
    cluster.left = snapshot.differences(before, snapshot.take(late))
    cluster.late_report = apply(late)
    return cluster


def apply_first(cluster, early):
    cluster.early_report = apply(early)
    early.start_docker()


@pytest.fixture(autouse=True)
def engine(cluster, record_property):
    record_property("engine", cluster.engine)


@pytest.mark.claim("apply before Docker's first start")
def test_traffic_flows_when_overland_was_there_before_docker(cluster):
    assert cluster.early_report["changed"] is True
    assert cluster.lab.hosts["early"].docker0() == cluster.bips["early"]
    keep_their_sources(cluster, cluster.pairs_now)


@pytest.mark.claim("apply after it")
def test_traffic_flows_when_overland_came_to_a_running_docker(cluster):
    assert cluster.late_report["changed"] is True
    assert cluster.late_report["docker_restart_required"] is False
    apply(cluster.lab.hosts["early"])
    keep_their_sources(cluster, cluster.pairs_now)


@pytest.mark.claim("container to container, published or not")
def test_containers_reach_each_other(cluster):
    reach_each_other(cluster, cluster.pairs())


@pytest.mark.claim("source address kept")
def test_the_peer_sees_the_containers_address(cluster):
    keep_their_sources(cluster, cluster.pairs())


@pytest.mark.claim("internet masqueraded")
def test_internet_bound_traffic_is_masqueraded(cluster):
    are_masqueraded_to_the_internet(cluster)


@pytest.mark.claim("strangers refused")
def test_strangers_are_refused(cluster):
    refuse_strangers(cluster)


@pytest.mark.claim("published port from outside")
def test_published_ports_are_served(cluster):
    for name in cluster.kinds:
        serve_published_ports(cluster, name)


@pytest.mark.claim("second apply empty")
def test_a_second_apply_changes_nothing(cluster):
    for host in cluster.hosts:
        assert plan(host)[0] == 0
        assert apply(host)["steps"] == []


@pytest.mark.claim("all containers restarted")
def test_containers_restarted(cluster):
    cluster.lab.together(lambda one: one.restart(), cluster.all_containers())
    keep_their_sources(cluster, cluster.pairs())
    assert [plan(host)[0] for host in cluster.hosts] == [0, 0]


@pytest.mark.claim("Docker restarted: source kept")
def test_docker_restarted(cluster, note):
    cluster.lab.together(lambda host: host.restart_docker(), cluster.hosts)
    cluster.restart_containers()
    keep_their_sources(cluster, cluster.pairs())
    assert [plan(host)[0] for host in cluster.hosts] == [0, 0]
    note("at once")


@pytest.mark.claim("status names the variant")
def test_status_names_variant_and_evidence(cluster):
    for host in cluster.hosts:
        shown = host.overland("status").stdout
        variant = {"nft": "nft", "legacy": "iptc"}[host.variant]
        evidence = {"nft": "nf_tables table ip filter", "legacy": "legacy table filter"}[host.variant]
        line = next(line for line in shown.splitlines() if line.startswith("Firewall"))
        assert f" {variant} (" in line and (evidence in line or "Docker says" in line), line


@pytest.mark.claim("purge clean")
def test_purge_leaves_nothing(cluster):
    assert cluster.purged.returncode == 0, explain(cluster.purged)
    # The kernel keeps a legacy table that was ever used, empty.
    assert [line for line in cluster.left if line != "iptables: + *raw"] == []
    for host in cluster.hosts:
        for _ in ("all that is ours", "nothing is left"):
            done = host.overland("purge")
            assert done.returncode == 0, explain(done)
        traces = [what for what, text in snapshot.take(host).items() if "overland" in text.lower()]
        assert traces == [] and not host.exists("/var/lib/overland/state.json")
