"""What has to be true of a cluster, whatever its engines: each claim with packets."""

from lab.cluster import INTERNET, STRANGER
from lab.probe import reach


def sources(cluster, pairs):
    """The words for a table: are the containers' own source addresses seen, or whose?"""
    seen = reach(cluster.lab, pairs)
    lost = [f"{a.name}@{a.host.name} -> {b.name}@{b.host.name}: ping {ping}, TCP {source}"
            for (a, b), (ping, source) in zip(pairs, seen) if not ping or source is None]
    assert not lost, "no answer:\n" + "\n".join(lost)
    return all(source == a.address for (a, _), (_, source) in zip(pairs, seen))


def reach_each_other(cluster, pairs):
    """Ping and TCP, to published and unpublished ports; returns whether the source addresses are kept."""
    return sources(cluster, pairs)


def keep_their_sources(cluster, pairs):
    expected = [(True, a.address) for a, _ in pairs]
    assert reach(cluster.lab, pairs) == expected


def are_masqueraded_to_the_internet(cluster):
    for name, containers in cluster.containers.items():
        for container in containers:
            assert container.tcp(INTERNET) == cluster.addresses[name]


def refuse_strangers(cluster):
    """Addresses of the pool from outside, and an outsider who knows the way: every container of every host."""
    cluster.let_outsiders_in()
    internet = cluster.internet
    for address in cluster.addresses.values():
        assert internet.ping(address, source=STRANGER), "the stranger's packets do not even arrive"
    # TCP to hidden ones only: up to Docker 27 anybody who has a route may use a container's published port directly.
    hidden = {one.address for _, one in cluster.containers.values()}
    attempts = [(one.address, source) for one in cluster.all_containers() for source in (STRANGER, None)]

    def let_in(attempt):
        address, source = attempt
        return internet.ping(address, source=source) or (address in hidden and internet.tcp(address, source=source))
    assert not [attempt for attempt, came in zip(attempts, cluster.lab.together(let_in, attempts)) if came]


def serve_published_ports(cluster, name):
    assert cluster.internet.tcp(cluster.addresses[name], 8080) == INTERNET
