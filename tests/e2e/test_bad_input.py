"""Bad input: a clear sentence, the right exit code, and nothing changed."""

import pytest
from lab import snapshot
from lab.cluster import INVENTORY
from product import explain

NO_INVENTORY, NO_PRIVILEGE, USAGE = 78, 77, 64
PATH = "/etc/overland/inventory.toml"

FAULTY = {
    "empty": "",
    "not TOML": "[[host]\nname = ",
    "binary": "\x00\x01\x02" * 100,
    "huge": "# " + "x" * 32_000_000,
    "unknown key": INVENTORY.replace("bip ", "bib "),
    "overlapping bips": INVENTORY.replace("192.168.210.1/24", "192.168.200.9/24"),
    "this machine is not in it": INVENTORY.replace("docker-200", "other").replace("10.0.0.200", "10.0.0.150"),
}


@pytest.fixture(scope="module")
def host(product_lab):
    lan = product_lab.lan("lan")
    return product_lab.host("docker-200", links={"eth0": (lan, "10.0.0.200/24")}, gateway="10.0.0.254")


def refuses(host, arguments, codes, prefix=()):
    before = snapshot.take(host)
    done = host.run([*prefix, "overland", *arguments], check=False, timeout=30)
    assert done.returncode in codes, explain(done)
    assert len(done.stderr.strip()) > 20 and "terminate called" not in done.stderr
    assert snapshot.differences(before, snapshot.take(host)) == []
    return done.stderr


@pytest.mark.parametrize("fault", FAULTY)
def test_faulty_inventory(host, fault):
    host.write(PATH, FAULTY[fault])
    refuses(host, ["apply"], [NO_INVENTORY])
    refuses(host, ["plan"], [NO_INVENTORY])


def test_missing_inventory_is_named(host):
    host.sh("rm -rf /usr/share/doc/overland")
    assert "man overland.toml" in refuses(host, ["apply", "--inventory", "/nowhere.toml"], [NO_INVENTORY])
    example = "/usr/share/doc/overland/examples/two-hosts.toml"
    host.write(example, "")
    assert f"begin with {example}" in refuses(host, ["apply", "--inventory", "/nowhere.toml"], [NO_INVENTORY])
    assert "/nowhere.toml" in refuses(host, ["apply", "--inventory", "/nowhere.toml"], [NO_INVENTORY])
    refuses(host, ["apply", "--inventory", "/etc"], [NO_INVENTORY])


def test_a_machine_that_matches_two_entries(host):
    host.write(PATH, INVENTORY)
    host.sh("ip address add 10.0.0.201/24 dev eth0; hostname unnamed")
    assert "docker-201" in refuses(host, ["apply"], [NO_INVENTORY])
    host.sh("ip address del 10.0.0.201/24 dev eth0; hostname docker-200")


@pytest.mark.parametrize("hostname", ["docker-200", "docker-200.example.net", "unrelated"])
def test_a_machine_is_found_by_its_short_or_full_name_or_its_address(host, hostname):
    host.write(PATH, INVENTORY)
    host.sh(f"hostname {hostname}")
    assert host.overland("plan", "--detailed-exitcode").returncode == 2
    host.sh("hostname docker-200")


def test_no_privilege(host):
    host.write(PATH, INVENTORY)
    prefix = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    refuses(host, ["apply"], [NO_PRIVILEGE], prefix)


@pytest.mark.parametrize("verb", ["plan", "apply", "try", "confirm", "status", "probe", "purge"])
def test_who_is_not_root_is_told_to_be_and_nothing_else(host, verb):
    host.sh(f"rm -f {PATH}; chmod 700 /etc/overland")
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    said = refuses(host, [verb], [NO_PRIVILEGE], prefix)
    assert said.startswith("overland: error: run as root") and said.count("\n") == 1
    host.sh("chmod 755 /etc/overland")


@pytest.mark.parametrize("arguments", [["frobnicate"], ["apply", "--no-such-option"], ["plan", "--host"]])
def test_usage(host, arguments):
    refuses(host, arguments, [USAGE])


def test_an_address_that_no_local_link_has(host):
    host.write(PATH, INVENTORY.replace("10.0.0.200", "10.0.0.150"))
    assert "10.0.0.150" in refuses(host, ["apply"], [1, NO_INVENTORY])


def test_validate_needs_no_machine(host):
    host.write(PATH, INVENTORY)
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    assert host.run([*prefix, "overland", "validate", PATH], check=False).returncode == 0
    host.write(PATH, FAULTY["overlapping bips"])
    done = host.run([*prefix, "overland", "validate", PATH], check=False)
    assert done.returncode == NO_INVENTORY
    assert f"{PATH}:" in done.stdout + done.stderr
