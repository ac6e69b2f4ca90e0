"""An upgrade from the release that trusted segments of routers as a whole by itself: nothing is cut silently."""

import json

import pytest
from sandbox import INVENTORY, explain

FILE = "/etc/overland/inventory.toml"
MEMORY = "/var/lib/overland/state.json"
SAID = 'trust = "subnet"\n'
SEGMENT = '[[segment]]\nname = "macvlan"\nsubnet = "172.16.10.0/24"\n'
ROUTER = '[[host]]\nname = "router"\nrouter = true\naddress = ["10.0.0.1", "172.16.10.1"]\n'


def inventory(trust="", tail=ROUTER):
    head, hosts = INVENTORY.split("[[host]]", 1)
    return head + SEGMENT + trust + "[[host]]" + hosts + tail


def trusted(host):
    """Whether the rules trust the segment as a whole, or only its router."""
    peers = host.sh("nft -n list set ip overland peer-hosts")
    assert ("172.16.10.0/24" in peers) != ("172.16.10.1" in peers), peers
    return "172.16.10.0/24" in peers


def apply(host, *arguments, code=0):
    done = host.overland("apply", "--json", *arguments)
    assert done.returncode == code, explain(done)
    return json.loads(done.stdout)


@pytest.fixture
def old(host):
    """A host as the release before left it: the segment trusted, though the file says nothing of trust."""
    host.write(FILE, inventory(SAID))
    apply(host)
    memory = json.loads(host.read(MEMORY))
    assert memory.pop("held_trust") == []
    host.write(MEMORY, json.dumps(memory), 0o600)
    host.write(FILE, inventory())
    return host


def test_the_first_apply_holds_the_trust_and_says_how_to_end_it(old):
    report = apply(old, code=1)
    assert trusted(old) and len(report["held"]) == 1
    for words in ("172.16.10.0/24", 'trust = "subnet"', 'trust = "hosts"'):
        assert words in report["held_reason"]
    told = old.overland("apply").stderr
    assert "172.16.10.0/24" in told and "--prune" in told
    assert trusted(old)
    assert "172.16.10.0/24" in old.overland("status").stdout
    assert json.loads(old.read(MEMORY))["held_trust"] == ["172.16.10.0/24"]


@pytest.mark.parametrize("word", ["hosts", "subnet"])
def test_the_file_ends_it(old, word):
    apply(old, code=1)
    old.write(FILE, inventory(f'trust = "{word}"\n'))
    assert apply(old)["held"] == []
    assert trusted(old) == (word == "subnet")
    old.write(FILE, inventory())  # it was judged once
    apply(old)
    assert not trusted(old)


def test_prune_ends_it_at_once(old):
    apply(old, "--prune")
    assert not trusted(old)
    apply(old)


def test_reboots_do_not_end_it(old):
    """The first one comes before any apply of the new version."""
    for _ in range(2):
        old.sh("nft flush ruleset; ip route flush proto 111")
        apply(old, "--boot")
        assert trusted(old)
        apply(old, code=1)
        assert trusted(old)


def test_a_look_changes_nothing_and_the_file_that_says_trust_first_is_never_held(old):
    memory = old.read(MEMORY)
    assert "172.16.10.0/24" in old.overland("plan").stdout and old.read(MEMORY) == memory
    old.write(FILE, inventory('trust = "hosts"\n'))
    apply(old)
    assert not trusted(old)


def test_a_segment_that_loses_its_last_docker_host_is_not_trusted_as_a_whole(host):
    plain = '[[host]]\nname = "plain"\naddress = "172.16.10.9"\n'
    host.write(FILE, inventory(tail=ROUTER + plain))
    apply(host)
    assert not trusted(host)
    memory = json.loads(host.read(MEMORY))
    del memory["held_trust"]
    for text in (json.dumps(memory), host.read(MEMORY)):  # nor in the very run of the upgrade
        host.write(MEMORY, text, 0o600)
        host.write(FILE, inventory())
        apply(host)
        assert not trusted(host)


def test_half_a_file_decides_nothing(old):
    old.write(FILE, inventory().replace(SEGMENT, "").replace(', "172.16.10.1"', "").replace(
        '[[host]]\nname = "docker-201"\naddress = "10.0.0.201"\nbip = "192.168.200.1/24"\n', "").replace(
        '[[host]]\nname = "docker-202"\naddress = "10.0.0.202"\nbip = "192.168.210.1/24"\n', ""))
    apply(old, code=1)
    assert trusted(old) and "held_trust" not in json.loads(old.read(MEMORY))
    old.write(FILE, inventory())
    apply(old, code=1)
    assert trusted(old)


PLAIN = '[[host]]\nname = "plain"\naddress = "172.16.10.9"\n'


@pytest.mark.parametrize("change, why", [
    (lambda: inventory(tail=ROUTER + PLAIN), "who has an address in it has changed"),
    (lambda: inventory().replace("172.16.10.0/24", "172.16.8.0/22"), "its subnet is another, 172.16.8.0/22"),
], ids=["a plain host comes", "the segment is widened"])
def test_what_else_ends_it_is_said(old, change, why):
    apply(old, code=1)
    old.write(FILE, change())
    for verb in ("plan", "apply"):
        told = old.overland(verb).stderr
        assert "172.16.10.0/24 was trusted as a whole" in told and why in told and 'trust = "subnet"' in told
    assert "172.16.10.0/24" not in old.sh("nft -n list set ip overland peer-hosts")
    assert "trusted as a whole" not in old.overland("apply").stderr
