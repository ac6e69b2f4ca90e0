"""Cluster traffic flows whatever Docker is doing, and a user's own DROP in DOCKER-USER keeps counting.

The tests go on from each other: every router lives through the same life of its Docker.
"""

import time

import pytest
from anchored import (ENGINES, JUMP, NUMBERS, OURS, WITHOUT, Anchored, ban, ban_again, changes, directly_below, flows,
                      flows_to_containers, flush, foreign, moved, rules, set_keys)
from product import apply, explain, plan

RETURN = "-A DOCKER-USER -j RETURN"
WITH_RETURN = [name for name in ENGINES if not name.startswith("sid")]  # Docker up to 28.2.1 puts one there


@pytest.fixture(scope="module")
def net(product_lab):
    return Anchored(product_lab)


def test_never_started(net):
    net.prove(lambda name: [f"{a.address} reaches {b.address} without us" for a, b, _ in net.talks(name)
                            if a.tcp(b.address, 0.6)], NUMBERS)
    net.prove(net.repaired, NUMBERS)


def test_a_host_without_docker_gets_no_docker_user(net):
    for name in WITHOUT:
        for program in ("iptables-nft-save", "iptables-legacy-save"):
            assert "DOCKER-USER" not in net[name].run([program]).stdout


def test_docker_was_removed_and_its_jump_is_left(net):
    """The accept stands below it, as where Docker is; nothing of ours in DOCKER-USER is needed."""
    def check(name):
        host = net[name]
        host.sh("iptables -w -N DOCKER-USER; iptables -w -I FORWARD 1 -j DOCKER-USER; "
                f"iptables -w -A DOCKER-USER -s {net.banned.address} -j DROP")
        apply(host)
        forward = rules(host, "FORWARD")
        wrong = [] if forward[0] == JUMP and OURS.search(forward[1]) else [f"FORWARD: {forward}"]
        wrong += [f"plan: {changes(host)}"] if plan(host)[0] else []
        return wrong + net.unheard(name) + net.let_through(name)
    net.prove(check, WITHOUT)


def test_purge_takes_the_docker_user_it_made_unless_somebody_uses_it(net):
    def left_by_purge(host):
        done = host.overland("purge")
        assert done.returncode == 0, explain(done)
        return [line for line in host.run(["iptables-save"]).stdout.splitlines() if "DOCKER-USER" in line]

    def check(name):
        host, wrong = net[name], []
        if left := left_by_purge(host):
            wrong.append(f"unused: {left}")
        apply(host)
        ban(net, host)
        if left_by_purge(host)[1:] != [f"-A DOCKER-USER -s {net.banned.address}/32 -j DROP"]:
            wrong.append(f"with a user's rule: {rules(host, 'DOCKER-USER')}")
        host.sh("iptables -w -F DOCKER-USER; iptables -w -X DOCKER-USER")
        apply(host)
        host.sh(f"iptables -w {JUMP}")
        if left_by_purge(host)[1:] != [JUMP]:
            wrong.append(f"with a user's jump: {rules(host, 'FORWARD')}")
        host.sh("iptables -w -F FORWARD; iptables -w -X DOCKER-USER")
        apply(host)
        return wrong + net.settled(name)
    net.prove(check)


def test_a_users_drop_before_dockers_first_start(net):
    """First where nothing of the user's or Docker's leads to DOCKER-USER, then where a rule below ours does."""
    def check(name):
        ban(net, net[name])
        wrong = net.settled(name, ban=True)
        net[name].sh(f"iptables -w {JUMP}")
        return wrong + net.repaired(name, ban=True)
    net.prove(check)


def test_started(net):
    """The first start: no packet is lost on the way through."""
    def start(host):
        host.start_docker()
        net.containers[host.name] = host.container("web", restart="always")
    with flows(net) as talk:
        net.each(start)
    net.look_at_containers()
    talk.prove()
    net.prove(lambda name: net.settled(name, ban=True))  # which has nothing to apply


@pytest.mark.parametrize("place", ["-I FORWARD 1", ""], ids=["above the jump", "nowhere"])
def test_an_accept_elsewhere_in_forward_is_drift_and_put_right(net, place):
    def check(name):
        moved(net[name], "FORWARD", place)
        return net.repaired(name, ban=True) + directly_below(net[name])
    net.prove(check)


def test_an_accept_at_the_end_of_forward_matters_only_where_docker_user_has_none(net):
    def check(name):
        host = net[name]
        moved(host, "FORWARD", "-A FORWARD")
        wrong = net.settled(name, ban=True)
        moved(host, "DOCKER-USER", "")
        wrong += net.repaired(name) + directly_below(host)
        ban_again(net, host)
        return wrong + net.settled(name, ban=True)
    net.prove(check)


@pytest.mark.parametrize("place", ["-A PREROUTING", ""], ids=["at the end", "nowhere"])
def test_an_accept_elsewhere_in_raw_is_drift_and_put_right(net, place):
    def check(name):
        net[name].sh("iptables -w -t raw -A PREROUTING -s 203.0.113.99 -j DROP")
        moved(net[name], "PREROUTING", place, "raw")
        return net.repaired(name, ban=True)
    net.prove(check)
    net.each(lambda host: host.sh("iptables -w -t raw -D PREROUTING -s 203.0.113.99 -j DROP"))


def test_an_accept_missing_in_docker_user_is_drift_and_put_right(net):
    def check(name):
        host = net[name]
        before = foreign(host, "DOCKER-USER")
        moved(host, "DOCKER-USER", "")
        wrong = net.repaired(name)
        if foreign(host, "DOCKER-USER") != before:
            wrong.append(f"the user's rules were {before}, now {foreign(host, 'DOCKER-USER')}")
        ban_again(net, host)
        return wrong + net.settled(name, ban=True)
    net.prove(check)


def test_below_dockers_own_return_is_no_place(net):
    def check(name):
        host = net[name]
        assert rules(host, "DOCKER-USER")[-1] == RETURN
        moved(host, "DOCKER-USER", "-A DOCKER-USER")
        wrong = net.repaired(name)
        ban_again(net, host)
        return wrong + net.settled(name, ban=True)
    net.prove(check, WITH_RETURN)


def restart_and_prove(net):
    """No packet is lost on the way through, and nothing is left to apply: sources and ways out are as before."""
    with flows(net) as talk:
        net.each(lambda host: host.restart_docker())
    start_containers(net)
    talk.prove()
    net.prove(lambda name: net.settled(name, ban=True) + net.to_the_outside(name))


def start_containers(net):
    net.each(lambda host: host.docker("start", "web"))
    net.look_at_containers()


def test_restarted(net):
    restart_and_prove(net)


def test_restarted_without_connection_tracking(net):
    net.track(False)
    try:
        net.prove(lambda name: net.settled(name, ban=True) + net.to_the_outside(name))
        restart_and_prove(net)
    finally:
        net.track(True)


def test_the_mark_changes(net):
    text = net.text
    with flows(net) as talk, flows_to_containers(net) as own:
        for marked in (text.replace("router = true\n", "router = true\nmark = 0x400000\n"), text):
            net.write_inventory(marked)
            net.apply_everywhere()
    talk.prove()
    own.prove()
    net.prove(lambda name: net.settled(name, ban=True))


def test_stopped(net):
    with flows(net) as talk:
        net.each(lambda host: host.stop_docker())
    net.webs.clear()
    talk.prove()
    net.prove(lambda name: net.settled(name, ban=True))

    def damaged(name):
        moved(net[name], "FORWARD", "")
        moved(net[name], "PREROUTING", "", "raw")
        return net.repaired(name, ban=True)
    net.prove(damaged)


def test_flushed_while_stopped(net):
    """A policy of DROP, and nothing that leads to DOCKER-USER."""
    net.each(flush)
    net.prove(net.repaired)
    net.each(lambda host: ban(net, host))
    net.prove(lambda name: net.settled(name, ban=True))
    net.each(lambda host: host.sh("iptables -w -D DOCKER-USER 1"))


def test_flushed_while_it_runs(net):
    with flows(net) as talk:
        net.each(lambda host: host.start_docker())
    start_containers(net)
    talk.prove()
    net.each(flush)
    net.prove(net.repaired)
    # The user's rule has gone with it; he makes it again, and a restart of Docker leads to it again.
    net.each(lambda host: ban(net, host))
    restart_and_prove(net)


def test_live_restore_with_dockerd_stopped(net):
    """The containers live on, and so does their traffic, whoever flushes the rules."""
    def configure(host):
        set_keys(host, **{"live-restore": True})
        host.restart_docker()
    net.each(configure)
    start_containers(net)
    net.apply_everywhere()
    with flows(net) as talk, flows_to_containers(net) as own:
        net.each(lambda host: host.stop_docker())
    talk.prove()
    own.prove()
    net.prove(lambda name: net.settled(name, ban=True))

    net.each(flush)
    net.prove(net.repaired)
    net.each(lambda host: ban(net, host))
    with flows(net) as talk, flows_to_containers(net) as started:
        net.each(lambda host: host.start_docker())
        # Docker 28 puts its drop at the head of FORWARD a moment before the jump to DOCKER-USER.
        started.from_now_on()
        time.sleep(1)
    talk.prove()
    started.prove()
    net.prove(net.unheard)
    net.apply_everywhere()
    # Beside containers that live on, Docker up to 26 puts back all but its jump to DOCKER-USER.
    net.prove(lambda name: net.settled(name, ban=True))
    assert [name for name in ENGINES if JUMP in rules(net[name], "FORWARD")] == ["sid-nft", "sid-legacy"]


def test_docker_that_leaves_iptables_alone(net):
    def configure(host):
        set_keys(host, **{"iptables": False, "live-restore": False})
        host.restart_docker()
        host.sh("iptables -w -F; iptables -w -X; iptables -w -t nat -F; iptables -w -t nat -X")
    net.each(configure)
    start_containers(net)
    net.prove(net.repaired)

    net.each(lambda host: ban(net, host))
    net.prove(lambda name: net.settled(name, ban=True))


def test_another_variant_of_iptables_without_a_reboot(net):
    """What Docker wrote in the one still drops when it has gone over to the other."""
    def change(host):
        set_keys(host, iptables=True)
        host.restart_docker()
    net.each(change)
    start_containers(net)
    net.apply_everywhere()

    def switch(host):
        host.choose_variant("legacy" if host.variant == "nft" else "nft")
        host.restart_docker()
    net.each(switch)
    start_containers(net)
    net.prove(net.repaired)
    net.prove(net.settled)
