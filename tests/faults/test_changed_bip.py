"""A bip that changes without previous_bip takes nothing away: not on peers, not on the host itself, until --prune."""

import json
import re

import pytest
from sandbox import INVENTORY, explain
from trials import over, start, until

FILE = "/etc/overland/inventory.toml"
MEMORY = "/var/lib/overland/state.json"
OLD, NEW, THIRD = "192.168.210.0/24", "192.168.211.0/24", "192.168.212.0/24"


def inventory(bip=OLD, name="docker-202", **others):
    """`bip`: of docker-202 by its subnet; `others`: of the two other hosts, docker_201="10.1.0.0/24"."""
    bips = {"docker_200": "192.168.100.0/24", "docker_201": "192.168.200.0/24", "docker_202": bip} | others
    for host, was in {"docker_200": "192.168.100", "docker_201": "192.168.200", "docker_202": "192.168.210"}.items():
        bips[f"{was}.1/24"] = bips.pop(host).replace(".0/", ".1/")
    return re.sub(r"192\.168\.[0-9]+\.1/24", lambda found: bips[found.group()], INVENTORY).replace("docker-202", name)


def apply(host, *arguments, code=0):
    done = host.overland("apply", "--json", *arguments)
    assert done.returncode == code, explain(done)
    return json.loads(done.stdout)


def routes(host):
    """Subnets with a route of ours to docker-202."""
    lines = host.sh("ip -N route show table main proto 111 via 10.0.0.202").splitlines()
    return {line.split()[0] for line in lines}


def trusts(host, subnet):
    return host.run(["nft", "get", "element", "ip", "overland", "peer-subnets", "{ %s }" % subnet.replace(".0/24", ".9")],
                    check=False).returncode == 0


def reaches(host, *subnets):
    """Route and trust, and to nothing else there."""
    assert routes(host) == set(subnets)
    for subnet in (OLD, NEW, THIRD):
        assert trusts(host, subnet) == (subnet in subnets), subnet


@pytest.fixture
def changed(host):
    host.write(FILE, inventory())
    apply(host)
    reaches(host, OLD)
    host.write(FILE, inventory(NEW))
    return host


def test_a_peer_keeps_route_and_trust_and_says_what_and_how_to_end_it(changed):
    planned = changed.overland("plan").stdout
    for words in ("docker-202", f"route {OLD}", "without previous_bip", "--prune"):
        assert words in planned
    reaches(changed, OLD)
    for _ in range(2):
        report = apply(changed, code=1)
        reaches(changed, OLD, NEW)
        assert len(report["held"]) == 2 and f"docker-202 (was in {OLD})" in report["held_reason"]
    told = changed.overland("apply").stderr
    assert "docker-202" in told and "--prune" in told
    assert OLD in changed.overland("status").stdout
    apply(changed, "--prune")
    reaches(changed, NEW)
    assert apply(changed)["held"] == [] and "held_subnets" not in json.loads(changed.read(MEMORY))


def test_with_previous_bip_nothing_is_held_and_to_take_it_out_ends_it(changed):
    changed.write(FILE, inventory(NEW) + 'previous_bip = "192.168.210.1/24"\n')
    assert apply(changed)["held"] == []
    reaches(changed, OLD, NEW)
    changed.write(FILE, inventory(NEW))
    assert apply(changed)["held"] == []
    reaches(changed, NEW)


def test_previous_bip_that_comes_later_takes_over(changed):
    apply(changed, code=1)
    changed.write(FILE, inventory(NEW) + 'previous_bip = "192.168.210.1/24"\n')
    apply(changed)
    changed.write(FILE, inventory(NEW))
    apply(changed)
    reaches(changed, NEW)


def test_several_changes_hold_each(changed):
    apply(changed, code=1)
    changed.write(FILE, inventory(THIRD))
    apply(changed, code=1)
    reaches(changed, OLD, NEW, THIRD)
    changed.write(FILE, inventory(OLD))
    apply(changed, code=1)
    reaches(changed, OLD, NEW, THIRD)
    apply(changed, "--prune")
    reaches(changed, OLD)


def test_a_change_while_removals_wait_for_something_else_is_held_too(changed):
    """A link that is down holds all removals back, and so what the run remembers."""
    changed.sh("ip link set lan down")
    apply(changed, code=1)
    changed.write(FILE, inventory(THIRD))
    apply(changed, code=1)
    changed.sh("ip link set lan up")
    apply(changed, code=1)
    reaches(changed, OLD, NEW, THIRD)


def test_a_reboot_does_not_end_it(changed):
    for _ in range(2):
        apply(changed, code=1)
        changed.sh("nft flush ruleset; ip route flush proto 111")
        apply(changed, "--boot")
        reaches(changed, OLD, NEW)


def test_the_first_apply_of_the_change_may_be_that_of_a_boot(changed):
    changed.sh("nft flush ruleset; ip route flush proto 111")
    apply(changed, "--boot")
    reaches(changed, OLD, NEW)
    apply(changed, code=1)
    reaches(changed, OLD, NEW)


def test_it_ends_where_another_host_has_the_subnet(changed):
    apply(changed, code=1)
    changed.write(FILE, inventory(NEW, docker_201="192.168.210.128/25".replace(".128/", ".129/")))
    report = apply(changed, code=1)
    assert "docker-201" in report["held_reason"] and "docker-202" not in report["held_reason"]
    assert routes(changed) == {NEW}
    assert "via 10.0.0.201" in changed.sh("ip route get 192.168.210.200")


def test_two_hosts_that_change_places_hold_nothing(changed):
    changed.write(FILE, inventory("192.168.200.0/24", docker_201=OLD))
    assert apply(changed)["held"] == []
    assert routes(changed) == {"192.168.200.0/24"}


def test_a_host_that_goes_takes_all_with_it(changed):
    apply(changed, code=1)
    changed.write(FILE, inventory(NEW).split('[[host]]\nname = "docker-202"')[0])
    apply(changed)
    reaches(changed)


def test_a_new_name_keeps_what_is_held(changed):
    apply(changed, code=1)
    changed.write(FILE, inventory(NEW, "renamed"))
    assert "renamed (was in" in apply(changed, code=1)["held_reason"]
    reaches(changed, OLD, NEW)


def test_many_at_once_are_another_clusters_file_perhaps(changed):
    changed.write(FILE, inventory(NEW, docker_200="192.168.101.0/24", docker_201="192.168.201.0/24"))
    for _ in range(2):
        report = apply(changed, code=1)
        assert "3 of 3 hosts go" in report["held_reason"] and "docker-202 (was in" in report["held_reason"]
        assert "192.168.100.1/24" in changed.read("/etc/docker/daemon.json")
        reaches(changed, OLD, NEW)
    apply(changed, "--prune")
    reaches(changed, NEW)


def test_half_a_file_holds_the_rest_too(changed):
    """docker-201 and docker-200's neighbour are gone: more than half would go."""
    apply(changed, code=1)
    alone = inventory(NEW).split('[[host]]\nname = "docker-201"')[0] + (
        '[[host]]\nname = "docker-203"\naddress = "10.0.0.203"\nbip = "10.9.0.1/24"\n')
    changed.write(FILE, alone)
    assert "hosts go" in apply(changed, code=1)["held_reason"]
    assert trusts(changed, OLD) and trusts(changed, NEW)
    changed.write(FILE, inventory(NEW))
    apply(changed, code=1)
    reaches(changed, OLD, NEW)


def test_a_trial_tries_it_and_takes_all_of_it_back(changed):
    memory = changed.read(MEMORY)
    trial = start(changed, "--timeout", "2")
    assert until(lambda: routes(changed) == {OLD, NEW} and trusts(changed, NEW))
    reaches(changed, OLD, NEW)
    trial.communicate(timeout=20)
    assert over(changed)
    reaches(changed, OLD)
    assert changed.read(MEMORY) == memory
    trial = start(changed)
    assert until(lambda: changed.overland("confirm").returncode == 0)
    assert trial.wait(timeout=20) == 0
    reaches(changed, OLD, NEW)
    apply(changed, code=1)
    reaches(changed, OLD, NEW)


def local(host):
    return host.sh("nft list set ip overland local")


@pytest.fixture
def moving(host):
    """This host's own bip changes; its bridge is as Docker left it."""
    host.write(FILE, inventory())
    apply(host)
    host.sh("ip link add docker0 type bridge; ip link set docker0 up; ip address add 192.168.100.1/24 dev docker0")
    host.write(FILE, inventory(docker_200="192.168.101.0/24"))
    return host


def test_on_the_host_itself_the_live_subnet_stays_local(moving):
    report = apply(moving, code=1)
    assert "192.168.100.0" in local(moving) and "docker-200 (was in 192.168.100.0/24)" in report["held_reason"]
    assert "192.168.101.1/24" in moving.read("/etc/docker/daemon.json")
    moving.sh("ip address flush dev docker0; ip address add 192.168.101.1/24 dev docker0")  # Docker was restarted
    assert apply(moving)["held"] == []
    assert "192.168.100.0" not in local(moving) and "192.168.101.0" in local(moving)


def test_on_the_host_itself_prune_ends_it(moving):
    apply(moving, "--prune")
    assert "192.168.100.0" not in local(moving)


def test_a_live_subnet_that_no_peer_knows_is_not_local(moving):
    moving.sh("ip address flush dev docker0; ip address add 172.17.0.1/16 dev docker0")
    apply(moving)
    assert "172.17" not in local(moving) and "192.168.100.0" not in local(moving)


def test_explain_and_graph_tell(changed):
    apply(changed, code=1)
    done = changed.overland("explain", "docker-200", "192.168.210.7")
    assert done.returncode == 64 and "docker-202 had before its bip changed" in done.stderr
    assert f"{OLD} (held)" in changed.overland("graph", "--live").stdout
