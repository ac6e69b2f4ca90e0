"""overland publish against a server that speaks Consul's API: compare and swap, and what is refused."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sandbox import INVENTORY, explain
from test_fetch import FILE, SETTINGS, SIGN, fetch, serve

POOL = 'name = "lab"\npool = "192.168.0.0/16"'
FIRST = "generation = 1\n" + INVENTORY.replace('name = "lab"', POOL)


@pytest.fixture
def consul(host):
    host.write(FILE, FIRST)
    host.write("/run/served.toml", "")
    serve(host, 8500)
    settings(host)
    return host


def settings(host, more="", key="overland/inventory"):
    host.write(SETTINGS, f'type = "consul"\nurl = "http://127.0.0.1:8500/"\nkey = "{key}"\n{more}', 0o600)


def publish(host, *arguments):
    return host.overland("publish", *arguments)


def test_the_first_document_changes_of_it_and_the_way_to_the_hosts(consul):
    assert publish(consul, "add", "h1", "--address", "10.0.0.1").returncode == 75  # nothing there yet
    assert fetch(consul).returncode == 75
    done = publish(consul, FILE)
    assert done.returncode == 0 and "published, generation 1, 3 hosts" in done.stdout, explain(done)
    assert "unchanged" in publish(consul, FILE).stdout
    assert "unchanged" in fetch(consul).stdout
    done = publish(consul, "add", "h1", "--address", "10.0.0.1", "--dry-run")
    assert done.returncode == 0 and "nothing was written" in done.stdout
    assert "unchanged" in fetch(consul).stdout
    done = publish(consul, "add", "h1", "--address", "10.0.0.1")
    assert done.returncode == 0 and "bip 192.168.211.1/24, generation 2" in done.stdout, explain(done)
    assert "is there already" in publish(consul, "add", "h1", "--address", "10.0.0.1").stdout
    assert fetch(consul).returncode == 0 and '"h1"' in consul.read(FILE)
    assert "host h1 removed" in publish(consul, "remove", "h1").stdout
    assert fetch(consul).returncode == 0 and "h1" not in consul.read(FILE)
    assert consul.read(FILE).startswith("generation = 3\n")


NETWORK = """[[network]]
name = "web"
driver = "bridge"
pool = "10.7.0.0/16"
length = 24
hosts = ["docker-201"]
"""


def test_changes_of_it_give_slots_and_one_json_document(consul):
    slotted = FIRST.replace('name = "docker-201"', 'name = "docker-201"\nslot = 1')
    consul.write(FILE, slotted + NETWORK)
    done = publish(consul, FILE)
    assert done.returncode == 0, explain(done)
    told = json.loads(publish(consul, "add", "h1", "--address", "10.0.0.1", "--json").stdout)
    assert told["file"].startswith("Consul http://127.0.0.1:8500") and told["written"]
    assert told["bips"] == [{"host": "h1", "bip": "192.168.211.1/24"}] and told["slots"] == [{"host": "h1", "slot": 2}], told
    told = json.loads(publish(consul, "assign", "--json", "docker-202", "--dry-run").stdout)
    assert told["changed"] and not told["written"] and told["slots"] == [{"host": "docker-202", "slot": 3}], told
    told = json.loads(publish(consul, "remove", "h1", "--json").stdout)
    assert told["removed"]["host"] == "h1" and told["removed"]["file"] == told["file"]
    assert fetch(consul).returncode == 0 and consul.read(FILE) == (slotted + NETWORK).replace("generation = 1", "generation = 3")


def test_a_document_has_no_fragments(consul):
    assert publish(consul, FILE).returncode == 0
    consul.sh("mkdir -m 755 /etc/overland/inventory.d")
    for arguments in (["assign", "--all"], ["add", "h1", "--address", "10.0.0.1"], ["remove", "docker-202"], [FILE]):
        done = publish(consul, *arguments, "--fragments", "/etc/overland/inventory.d")
        assert done.returncode == 64 and "fragments" in done.stderr, explain(done)


def test_a_file_made_from_an_older_document_is_refused(consul):
    assert publish(consul, FILE).returncode == 0
    assert publish(consul, "add", "h1", "--address", "10.0.0.1").returncode == 0
    consul.write("/run/mine.toml", FIRST.replace("generation = 1", "generation = 2").replace("docker-202", "docker-203"))
    done = publish(consul, "/run/mine.toml")
    assert done.returncode == 78 and "somebody may have published" in done.stderr, explain(done)
    document = consul.overland("fetch", "--print").stdout
    consul.write("/run/mine.toml", document.replace("generation = 2", "generation = 3").replace("docker-202", "docker-203"))
    assert publish(consul, "/run/mine.toml").returncode == 0


def test_that_of_another_cluster_is_refused(consul):
    assert publish(consul, FILE).returncode == 0
    later = FIRST.replace("generation = 1", "generation = 2")
    consul.write("/run/staging.toml", later.replace('"lab"', '"staging"'))
    done = publish(consul, "/run/staging.toml")
    assert done.returncode == 78 and 'is of the cluster "staging"' in done.stderr, explain(done)
    for generation, name in ((2, ""), (3, 'name = "staging"\n')):  # how one is given another name
        consul.write("/run/named.toml", FIRST.replace("generation = 1", f"generation = {generation}").replace('name = "lab"\n', name))
        assert publish(consul, "/run/named.toml").returncode == 0 and fetch(consul).returncode == 0


def test_what_no_host_would_take_is_not_published(consul):
    for text, why in [(FIRST.replace("generation = 1\n", ""), "has no generation"),
                      (FIRST.replace("10.0.0.201", "10.0.0.300"), "OVL-E"),
                      (FIRST.replace("192.168.210.1/24", "auto"), "auto"), ("", "is empty")]:
        consul.write("/run/bad.toml", text)
        done = publish(consul, "/run/bad.toml")
        assert done.returncode == 78 and why in done.stderr, explain(done)
    assert fetch(consul).returncode == 75  # there is none still
    assert publish(consul).returncode == 64
    assert publish(consul, "/run/none.toml").returncode == 78
    large = FIRST + "#" * (600 * 1024) + "\n"
    consul.write("/run/large.toml", large)
    done = publish(consul, "/run/large.toml")
    assert done.returncode == 78 and "512 KiB" in done.stderr, explain(done)


def test_tokens_are_needed_where_the_store_asks_for_them(consul):
    settings(consul, key="closed/inventory")
    done = publish(consul, FILE)
    assert done.returncode == 75 and "does not let us read or write" in done.stderr, explain(done)
    consul.write("/etc/overland/token", "s3cret-token\n", 0o600)
    settings(consul, 'token_file = "/etc/overland/token"\n', key="closed/inventory")
    assert publish(consul, FILE).returncode == 0 and fetch(consul).returncode == 0


def test_who_publishes_signs_where_hosts_ask_for_it(consul):
    consul.run(["sh", "-euc", SIGN, "sh", FILE, "overland"])
    settings(consul, 'signers = "/etc/overland/signers"\n')
    assert publish(consul, FILE).returncode == 64
    done = publish(consul, FILE, "--sign", "/run/key")
    assert done.returncode == 0, explain(done)
    assert publish(consul, "add", "h1", "--address", "10.0.0.1", "--sign", "/run/key").returncode == 0
    assert publish(consul, "add", "h2", "--address", "10.0.0.2", "--sign", "/run/none").returncode == 64
    done = fetch(consul)
    assert done.returncode == 0 and '"h1"' in consul.read(FILE) and '"h2"' not in consul.read(FILE), explain(done)
    assert consul.read(FILE).count("BEGIN SSH SIGNATURE") == 1


FORGED = """
import base64, json, sys, urllib.request as web
url = "http://127.0.0.1:8500/v1/kv/overland/inventory"
there = json.loads(web.urlopen(url).read())[0]
text = base64.b64decode(there["Value"]).decode().replace("docker-202", "mallory")
text = text.split("# -----BEGIN")[0] if sys.argv[1] == "unsigned" else text
web.urlopen(web.Request(f"{url}?cas={there['ModifyIndex']}", text.encode(), method="PUT"))
"""


@pytest.mark.parametrize("way, why", [("unsigned", "is not signed"), ("signed", "does not fit")])
def test_what_somebody_else_wrote_is_not_signed_again(consul, way, why):
    consul.run(["sh", "-euc", SIGN, "sh", FILE, "overland"])
    settings(consul, 'signers = "/etc/overland/signers"\n')
    assert publish(consul, FILE, "--sign", "/run/key").returncode == 0
    consul.write("/run/forge.py", FORGED)
    consul.sh(f"python3 /run/forge.py {way}")
    for change in (["add", "h1", "--address", "10.0.0.1"], ["assign", "--all"], ["remove", "docker-201"]):
        done = publish(consul, *change, "--sign", "/run/key")
        assert done.returncode == 78 and why in done.stderr and "publish FILE --sign" in done.stderr, explain(done)
    assert fetch(consul).returncode == 78 and consul.read(FILE) == FIRST
    done = publish(consul, FILE, "--sign", "/run/key")  # nothing of the other stays
    assert done.returncode == 0 and why in done.stderr and "published" in done.stdout, explain(done)
    assert fetch(consul).returncode == 0 and "mallory" not in consul.read(FILE)


def test_without_signers_nothing_that_is_there_is_signed(consul):
    consul.run(["sh", "-euc", SIGN, "sh", FILE, "overland"])
    assert publish(consul, FILE, "--sign", "/run/key").returncode == 0
    done = publish(consul, "add", "h1", "--address", "10.0.0.1", "--sign", "/run/key")
    assert done.returncode == 64 and "write signers" in done.stderr, explain(done)


def test_what_is_signed_with_a_key_that_hosts_do_not_believe_is_not_published(consul):
    consul.run(["sh", "-euc", SIGN, "sh", FILE, "overland"])
    settings(consul, 'signers = "/etc/overland/signers"\n')
    consul.sh("ssh-keygen -q -t ed25519 -N '' -f /run/another")
    done = publish(consul, FILE, "--sign", "/run/another")
    assert done.returncode == 78 and "nobody in /etc/overland/signers" in done.stderr, explain(done)
    assert fetch(consul).returncode == 75, "there is none"


def test_a_signed_one_without_a_last_line_end_may_be_published_twice(consul):
    consul.write(FILE, FIRST.rstrip())
    consul.run(["sh", "-euc", SIGN, "sh", FILE, "overland"])
    settings(consul, 'signers = "/etc/overland/signers"\n')
    assert "published" in publish(consul, FILE, "--sign", "/run/key").stdout
    assert "unchanged" in publish(consul, FILE, "--sign", "/run/key").stdout


def test_of_many_who_add_at_one_time_each_has_a_subnet_of_its_own(consul):
    assert publish(consul, FILE).returncode == 0
    with ThreadPoolExecutor(8) as pool:
        for done in pool.map(lambda n: publish(consul, "add", f"h{n}", "--address", f"10.0.0.{n}"), range(1, 25)):
            assert done.returncode == 0, explain(done)
    assert fetch(consul).returncode == 0
    bips = [line.split('"')[1] for line in consul.read(FILE).splitlines() if line.startswith("bip ")]
    assert len(bips) == len(set(bips)) == 27 and consul.read(FILE).startswith("generation = 25\n")
