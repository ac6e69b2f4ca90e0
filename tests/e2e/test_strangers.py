"""What is let in is what was let in before and what the inventory says: for strangers on every link of every kind of
host, with own and forged addresses, on every engine and variant, after whatever happens to host or Docker.

Before is measured on the same host, and compared. `pytest -k sid-legacy` for one engine.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lab import Lab
from lab.strangers import ITSELF
from says import BEYOND, CONTAINER, place
from visited import BRIDGES, KINDS, OWN, THROUGH, Visited

SUITES, VARIANTS = ("bookworm", "trixie", "sid"), ("nft", "legacy")
ENGINES = [(suite, variant) for suite in SUITES for variant in VARIANTS]
WITHOUT_DOCKER = [name for name, kind in KINDS.items() if kind.router]
EVENTS = ("apply", "restart", "boot, before Docker", "boot", "boot and apply", "purge", "purge, before Docker",
          "purge and Docker")
EVENTS_WITHOUT_DOCKER = ("apply", "boot", "purge")


def lives(lab, kinds, live, **options):
    """Hosts that go through all events at the same time; each life may have ended early, with its reason."""
    hosts = {name: Visited(lab, name, KINDS[name], **options) for name in kinds}
    with ThreadPoolExecutor() as pool:
        for host in hosts.values():
            host.life = pool.submit(live, host)
    return hosts


@pytest.fixture(scope="module", params=ENGINES, ids="-".join)
def engine(request, product_lab):
    suite, variant = request.param
    with Lab(product_lab.binary) as lab:
        yield lives(lab, KINDS, Visited.live_with_docker, docker=True, suite=suite, variant=variant)


@pytest.fixture(scope="module", params=VARIANTS)
def without(request, product_lab):
    with Lab(product_lab.binary) as lab:
        yield lives(lab, WITHOUT_DOCKER, Visited.live_without_docker, docker=False, variant=request.param)


def has_lived(host, when):
    if when not in host.tables:
        host.life.result()  # says why


def prove(host, when, **options):
    has_lived(host, when)
    wrong = host.wrong(when, **options)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_before_everybody_reaches_what_is_published_and_nothing_through_the_host(engine, kind):
    """What is compared is not empty."""
    host = engine[kind]
    has_lived(host, "before")
    ends = {key: place(end) for key, (_, end) in host.tables["before"].items()}
    for link in OWN:
        assert ends[link, "itself", "the host"] == ITSELF
        assert {ends[link, "itself", f"{name}'s published port"] for name in ("web", "user")} == {CONTAINER}
        assert {ends[link, "itself", target] for target in THROUGH} == ({BEYOND} if KINDS[kind].forward else {None})


@pytest.mark.parametrize("when", EVENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_strangers_reach_what_they_did_and_what_the_inventory_says(engine, kind, when):
    prove(engine[kind], when, before="never started" if "before Docker" in when else "before")


@pytest.mark.parametrize("when", [when for when in EVENTS if "before Docker" not in when])
@pytest.mark.parametrize("kind", KINDS)
def test_containers_do_not_claim_to_be_other_hosts(engine, kind, when):
    """Neither towards the cluster nor out of it."""
    prove(engine[kind], when, links=BRIDGES)


@pytest.mark.parametrize("when", EVENTS_WITHOUT_DOCKER)
@pytest.mark.parametrize("kind", WITHOUT_DOCKER)
def test_likewise_by_a_host_without_docker(without, kind, when):
    prove(without[kind], when)
