"""Rules of the user beside ours, rules in both variants, and another program that holds the lock."""

import json

import pytest
from claims import keep_their_sources
from lab.neighbours import Kind, Neighbours
from lab.probe import reach
from product import apply, apply_everywhere, explain, plan

LOCKED = 75
KINDS = {"modern": Kind("sid", "nft"), "legacy": Kind("bookworm", "legacy")}
# More than fits one screen, and none that concerns the cluster.
OWN = [f"-s 203.0.113.{number} -p tcp --dport {number} -j DROP" for number in range(20, 60)]


@pytest.fixture(scope="module")
def cluster(product_lab):
    cluster = Neighbours(product_lab, KINDS)
    cluster.configure_bips()
    product_lab.start_dockers()
    cluster.start_containers()
    return cluster


def user_rules(host):
    shown = host.run(["iptables", "-S", "DOCKER-USER"]).stdout.splitlines()
    return [line for line in shown if "OVERLAND" not in line]


def status(host):
    return json.loads(host.overland("status", "--json").stdout)


@pytest.mark.claim("DOCKER-USER full of the user's own rules: kept, in order")
def test_the_users_own_rules_stay_in_order(cluster, on):
    on(*cluster.hosts)
    for host in cluster.hosts:
        script = "\n".join(f"iptables -w -I DOCKER-USER {place} {rule}" for place, rule in enumerate(OWN, 1))
        host.sh(script)
    before = [user_rules(host) for host in cluster.hosts]
    apply_everywhere(cluster)
    assert [user_rules(host) for host in cluster.hosts] == before
    keep_their_sources(cluster, cluster.pairs())
    # One more at the head, as people do: it stays there, and counts.
    for host in cluster.hosts:
        host.sh("iptables -w -I DOCKER-USER 1 -s 192.168.0.0/16 -j DROP")
        assert plan(host)[0] == 0 and apply(host)["changed"] is False
    assert reach(cluster.lab, cluster.pairs()) == [(False, None)] * len(cluster.pairs())
    for host in cluster.hosts:
        host.sh("iptables -w -D DOCKER-USER -s 192.168.0.0/16 -j DROP")
    keep_their_sources(cluster, cluster.pairs())


@pytest.mark.claim("rules in both variants are reported")
def test_rules_in_both_variants(cluster, on):
    on(*cluster.hosts)
    for host, other in zip(cluster.hosts, ("iptables-legacy", "iptables-nft")):
        host.sh(f"{other} -w -A FORWARD -s 203.0.113.9 -j ACCEPT")
        [advice] = [one for one in status(host)["advice"] if one["resource"] == "firewall"]
        assert "both" in advice["message"] and advice["remedy"]
        assert "both in legacy and in nf_tables" in host.overland("status").stdout
        host.sh(f"{other} -w -F FORWARD")
        assert not [one for one in status(host)["advice"] if one["resource"] == "firewall"]


@pytest.mark.claim("a FORWARD policy of the variant Docker does not use is named, with the remedy")
def test_a_policy_left_in_the_other_variant(cluster, on):
    on(*cluster.hosts)
    peer = {"modern": "legacy", "legacy": "modern"}
    for host, other in zip(cluster.hosts, ("iptables-legacy", "iptables-nft")):
        host.sh(f"{other} -w -P FORWARD DROP")
        web, _ = cluster.containers[peer[host.name]]
        assert not web.ping(cluster.containers[host.name][0].address)
        [conflict] = [one for one in status(host)["conflicts"] if one["resource"] == "firewall"]
        assert "FORWARD" in conflict["message"]
        host.sh(conflict["remedy"])
        assert status(host)["conflicts"] == []
        assert web.ping(cluster.containers[host.name][0].address)


@pytest.mark.claim("--firewall nft and iptc switch the variant and clean up the other")
def test_switching_the_variant(cluster, on):
    on(*cluster.hosts)
    saves = {"nft": "iptables-nft-save", "iptc": "iptables-legacy-save"}
    for host, own, other in zip(cluster.hosts, ("nft", "iptc"), ("iptc", "nft")):
        for chosen, left in ((other, own), (own, other)):
            apply(host, "--firewall", chosen)
            assert "OVERLAND-FORWARD" in host.run([saves[chosen]]).stdout
            assert "OVERLAND" not in host.run([saves[left]]).stdout
            assert "table ip overland" in host.run(["nft", "list", "tables"]).stdout
        assert plan(host)[0] == 0
        # A switch made in error leaves nothing that Docker's variant would have to fight.
        host.sh("iptables-legacy -S FORWARD | grep -v DROP" if own == "nft" else "true")
    keep_their_sources(cluster, cluster.pairs())


@pytest.mark.claim("the xtables lock held by another: waits, says so, exit code 75")
def test_another_program_holds_the_xtables_lock(cluster, on):
    host = cluster.lab.hosts["legacy"]
    on(host)
    host.sh("iptables-legacy -w -F OVERLAND-FORWARD; ip route del 192.168.101.0/24")
    host.sh("flock /run/xtables.lock sleep 60 > /dev/null 2>&1 & echo $! > /run/holder; sleep 0.3")
    done = host.overland("apply", "--xtables-wait", "2")
    assert done.returncode == LOCKED, explain(done)
    assert "waiting up to 2 s" in done.stderr and "/run/xtables.lock" in done.stderr
    # What needs no lock is done nevertheless.
    assert "via" in host.sh("ip route show 192.168.101.0/24").stdout
    host.sh("pkill -P $(cat /run/holder) || kill $(cat /run/holder)")
    assert apply(host)["changed"] is True
    keep_their_sources(cluster, cluster.pairs())
