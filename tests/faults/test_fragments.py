"""An inventory in several files: one hash, one moment, one copy; whoever reads, keeps, watches or edits it sees all of them."""

import json
import threading
import time

import pytest
from sandbox import BINARY, INVENTORY, explain

FILE = "/etc/overland/inventory.toml"
FOLDER = "/etc/overland/inventory.d"
COPY = "/var/lib/overland/last-inventory.toml"
HEAD, HOSTS = INVENTORY.split("[[host]]", 1)
FIRST, SECOND, THIRD = ("[[host]]" + one for one in HOSTS.split("[[host]]"))


def fragment(host, name, text):
    host.sh(f"mkdir -p -m 755 {FOLDER}")
    host.write(f"{FOLDER}/{name}", text)


def routes(host):
    return set(host.sh("ip route show proto 111 type unicast | cut -d' ' -f1").split())


def inventory_hash(host):
    return json.loads(host.overland("status", "--json").stdout)["inventory"]["hash"]


@pytest.fixture
def split(host):
    """Main file, b.toml and c.toml."""
    host.write(FILE, HEAD + FIRST)
    fragment(host, "b.toml", SECOND)
    fragment(host, "c.toml", THIRD)
    return host


def test_all_files_are_one_inventory(split):
    host = split
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert routes(host) == {"192.168.200.0/24", "192.168.210.0/24"}
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    document = json.loads(host.overland("validate", "--json").stdout)
    assert document["valid"] and document["hosts"] == 3
    assert "docker-202" in host.overland("explain", "docker-200", "docker-202").stdout
    assert "192.168.210.0/24" in host.overland("export", "--for", "docker-200").stdout


def test_an_empty_folder_and_what_is_no_fragment_change_nothing(host):
    assert host.overland("apply").returncode == 0
    before, copy = inventory_hash(host), host.read(COPY)
    host.sh(f"mkdir -p {FOLDER}; echo x > {FOLDER}/.#b.toml; echo x > {FOLDER}/b.toml~; echo x > {FOLDER}/README")
    assert inventory_hash(host) == before and host.read(COPY) == copy == INVENTORY
    assert host.overland("plan", "--detailed-exitcode").returncode == 0


def test_a_fault_names_its_fragment_and_what_was_applied_last_is_repaired(split):
    host = split
    assert host.overland("apply").returncode == 0
    applied = inventory_hash(host)
    fragment(host, "c.toml", THIRD.replace("bip", "bib"))
    host.sh("ip route flush proto 111")
    done = host.overland("apply")
    assert done.returncode == 78 and f"{FOLDER}/c.toml:4:1: error: OVL-E003" in done.stderr, explain(done)
    assert routes(host) == {"192.168.200.0/24", "192.168.210.0/24"}  # also of what is in fragments
    document = json.loads(host.overland("validate", "--json").stdout)
    assert document["diagnostics"][0]["file"] == f"{FOLDER}/c.toml"
    fragment(host, "c.toml", THIRD)
    assert inventory_hash(host) == applied
    assert host.overland("apply").returncode == 0


def test_what_moves_between_files_is_another_inventory_of_the_same_routes(split):
    host = split
    assert host.overland("apply").returncode == 0
    before = inventory_hash(host)
    fragment(host, "b.toml", SECOND + THIRD)
    host.sh(f"rm {FOLDER}/c.toml")
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    assert inventory_hash(host) != before


def test_others_than_root_may_write_none_of_them(split):
    host = split
    assert host.overland("apply").returncode == 0
    for spoil, mend in ((f"chmod 666 {FOLDER}/b.toml", f"chmod 644 {FOLDER}/b.toml"),
                        (f"chown nobody {FOLDER}", f"chown root {FOLDER}"),
                        (f"chmod 1777 {FOLDER}", f"chmod 755 {FOLDER}"),
                        (f"ln -s /tmp/x.toml {FOLDER}/x.toml; echo > /tmp/x.toml; chown nobody /tmp/x.toml",
                         f"rm {FOLDER}/x.toml /tmp/x.toml")):
        host.sh(spoil)
        done = host.overland("apply")
        assert done.returncode == 78 and "others than root could change" in done.stderr, (spoil, explain(done))
        host.sh(mend)
    assert host.overland("apply").returncode == 0


def test_a_link_to_a_folder_that_is_gone_is_not_a_folder_without_fragments(split):
    host = split
    host.sh(f"mv {FOLDER} /etc/parts; ln -s /etc/parts {FOLDER}")
    assert host.overland("apply").returncode == 0
    before = routes(host)
    host.sh("mv /etc/parts /etc/elsewhere")
    done = host.overland("apply")
    assert done.returncode == 78 and "leads nowhere" in done.stderr and routes(host) == before, explain(done)


def test_a_folder_that_is_never_at_rest_is_read_whole_or_refused(split):
    host, stop = split, threading.Event()

    assert host.overland("apply").returncode == 0

    def disturb():
        one, other = host.path(f"{FOLDER}/b.toml"), host.path(f"{FOLDER}/d.toml")
        while not stop.is_set():
            one.rename(other)
            other.rename(one)
    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        codes = {host.overland("plan", "--detailed-exitcode").returncode for _ in range(20)}
    finally:
        stop.set()
        thread.join()
    assert codes <= {0, 75}, "the host is in one of the two files at any time"


def test_another_file_has_the_fragments_it_is_given(split):
    host = split
    host.sh(f"mkdir /run/fleet; cp {FILE} /run/fleet/fleet.toml; cp -r {FOLDER} /run/fleet/parts")
    alone = host.overland("validate", "/run/fleet/fleet.toml")
    assert "1 hosts" in alone.stdout, explain(alone)
    done = host.overland("validate", "/run/fleet/fleet.toml", "--fragments", "/run/fleet/parts")
    assert "3 hosts" in done.stdout, explain(done)
    for arguments in (("-", "--fragments", FOLDER), (FILE, "--fragments", "/run/fleet/parts"),
                      ("/run/fleet/fleet.toml", "--fragments", "/run/none")):
        assert host.overland("validate", *arguments).returncode == 64


def test_a_host_is_edited_where_it_stands(split):
    host = split
    host.write(FILE, HEAD.replace('name = "lab"', 'name = "lab"\npool = "192.168.0.0/16"') + FIRST)
    fragment(host, "c.toml", "# theirs\n" + THIRD.replace("192.168.210.1/24", "auto"))
    done = host.overland("assign", "--json")
    assert json.loads(done.stdout)["bips"] == [{"host": "docker-202", "bip": "192.168.201.1/24"}], explain(done)
    assert host.read(f"{FOLDER}/c.toml") == "# theirs\n" + THIRD.replace("192.168.210", "192.168.201")
    assert host.read(f"{FOLDER}/b.toml") == SECOND
    document = json.loads(host.overland("remove", "docker-201", "--json").stdout)
    assert document["removed"]["file"] == f"{FOLDER}/b.toml" and host.read(f"{FOLDER}/b.toml") == "\n"
    document = json.loads(host.overland("add", "docker-201", "--address", "10.0.0.201", "--json").stdout)
    assert document["bips"][0]["host"] == "docker-201" and "docker-201" in host.read(FILE)
    assert host.overland("apply").returncode == 0
    assert len(routes(host)) == 2


def test_a_watcher_sees_a_fragment_change(split):
    host = split
    assert host.overland("apply").returncode == 0
    watcher = host.start([BINARY, "watch", "--follow"], stderr=-1)
    try:
        time.sleep(1)
        fragment(host, "d.toml", SECOND.replace("201", "203").replace("192.168.200", "192.168.203"))
        end = time.monotonic() + 60
        while "192.168.203.0/24" not in routes(host) and time.monotonic() < end:
            time.sleep(0.2)
        assert "192.168.203.0/24" in routes(host)
    finally:
        watcher.terminate()
        watcher.wait()
