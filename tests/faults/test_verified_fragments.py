"""The record of what was in order, of an inventory in several files: whatever becomes of one of them calls for a whole look."""

import pytest
from sandbox import INVENTORY, explain
from test_verified import FILE, RECORD, host_in_order, looks, settle  # noqa: F401  (a fixture)

FOLDER = "/etc/overland/inventory.d"
LAST = INVENTORY[INVENTORY.rindex("[[host]]"):]
FOURTH = LAST.replace("202", "203").replace("192.168.210", "192.168.203")


@pytest.fixture
def split_in_order(foreign):
    """Main file and b.toml."""
    foreign.write(FILE, INVENTORY.removesuffix(LAST))
    foreign.sh(f"mkdir -m 755 {FOLDER}")
    foreign.write(f"{FOLDER}/b.toml", LAST)
    foreign.write("/run/fourth", FOURTH)
    return settle(foreign)


FRAGMENTS_SEEN = {
    "one is changed": f"sed -i s/192.168.210.1/192.168.220.1/ {FOLDER}/b.toml",
    "one is added": f"cp /run/fourth {FOLDER}/a.toml",
    "one is added that says nothing": f"echo '#' > {FOLDER}/a.toml",
    "one is removed": f"rm {FOLDER}/b.toml",
    "one has another name": f"mv {FOLDER}/b.toml {FOLDER}/c.toml",
    "one is hidden": f"mv {FOLDER}/b.toml {FOLDER}/.b.toml",
    "a host moves to the main file": f"cat {FOLDER}/b.toml >> {FILE}; rm {FOLDER}/b.toml",
    "their folder is gone": f"rm -r {FOLDER}",
    "anybody may write one": f"chmod 666 {FOLDER}/b.toml",
    "anybody may write their folder": f"chmod 777 {FOLDER}",
}


@pytest.mark.parametrize("what", FRAGMENTS_SEEN)
def test_what_becomes_of_fragments_is_seen(split_in_order, what):
    host = split_in_order
    assert not looks(host)
    host.sh(FRAGMENTS_SEEN[what])
    assert looks(host), host.read(RECORD)


def test_the_first_fragment_is_seen_and_what_is_none_is_not(host_in_order):  # noqa: F811
    host = host_in_order
    host.write("/run/fourth", FOURTH)
    host.sh(f"mkdir -m 755 {FOLDER}; cp /run/fourth {FOLDER}/a.toml.new; cp /run/fourth {FOLDER}/.a.toml")
    assert not looks(host)
    host.sh(f"mv {FOLDER}/a.toml.new {FOLDER}/a.toml")
    assert looks(host)
    assert "192.168.203.0/24" in host.sh("ip route")


def test_a_fragment_that_is_the_same_costs_no_look(split_in_order):
    host = split_in_order
    host.sh(f"cp {FOLDER}/b.toml {FOLDER}/new; mv {FOLDER}/new {FOLDER}/b.toml; touch {FOLDER}")
    assert not looks(host)


def test_an_installed_fragment_is_told_of_where_another_file_is_applied(host_in_order):  # noqa: F811
    host = host_in_order
    host.sh(f"cp {FILE} /etc/overland/other.toml")
    for _ in range(2):
        looks(host, "-i", "/etc/overland/other.toml")
    assert not looks(host, "-i", "/etc/overland/other.toml")
    host.write("/run/fourth", FOURTH)
    host.sh(f"mkdir -m 755 {FOLDER}; cp /run/fourth {FOLDER}/a.toml")
    done = host.overland("apply", "-i", "/etc/overland/other.toml")
    assert "differs from" in done.stderr, explain(done)
