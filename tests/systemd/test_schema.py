"""config/schema/inventory.json takes valid inventories, and refuses broken ones for what one value alone can show."""

import json
import re
import tomllib
from ipaddress import ip_interface, ip_network

import pytest
from conftest import REPOSITORY

jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is missing; run scripts/bootstrap")
BROKEN = sorted((REPOSITORY / "tests/unit/inventory/broken").glob("*.toml"))
# Faults of form, of a single value, of presence. What several values show together only `overland validate` sees.
REFUSED = {f"OVL-E{number:03}" for number in (2, 3, 4, 5, 6, 8, 10, 13, 14, 23, 26, 28, 30, 31, 40, 50, 88, 130)}
# Seen in part: `localhost`, `.` and `..`, a size against its pool, two bits of a mark, names Docker keeps.
EITHER = {"OVL-E020", "OVL-E025", "OVL-E045", "OVL-E060", "OVL-E080"}
FLOAT = "version-float"  # 1.0 is an integer in JSON
# Of the text before it is read as TOML.
UNSEEN = {"OVL-E001", "OVL-E007", "OVL-E012", "OVL-E015", "OVL-E016"}


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((REPOSITORY / "config/schema/inventory.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("file", sorted((REPOSITORY / "config").glob("*.toml")), ids=lambda file: file.stem)
def test_it_takes_the_examples(validator, file):
    assert [error.message for error in validator.iter_errors(tomllib.loads(file.read_text()))] == []


# localScopeDefaultNetworks of libnetwork/ipamutils (github.com/moby/moby).
DOCKERS_OWN = [ip_network(text) for text in (
    "172.17.0.0/16", "172.18.0.0/16", "172.19.0.0/16", "172.20.0.0/14", "172.24.0.0/14", "172.28.0.0/14",
    "192.168.0.0/16")]


@pytest.mark.parametrize("name", ["README.md", "docs/inventory.md", "docs/man/overland.toml.5", "ansible/README.md",
                                  *(f"config/{file.name}" for file in sorted((REPOSITORY / "config").glob("*.toml")))])
def test_no_example_lies_where_docker_makes_its_own_networks(name):
    bips = re.findall(r'bip(?: *= *"|: )([\d.]+/\d+)', (REPOSITORY / name).read_text())
    assert len(bips) >= 2
    assert [bip for bip in bips for pool in DOCKERS_OWN if ip_interface(bip).network.overlaps(pool)] == []


def test_it_takes_every_key(validator):
    assert validator.is_valid(tomllib.loads("""
version = 1
min_overland = "0.1"
generation = 7
end = true
cluster = { name = "lab", pool = "10.100.0.0/16", ecmp = true, fallback = "pool" }
docker = { daemon_json = "merge", bridge = "br0", program = "/opt/docker/dockerd", address_pools = ["10.210.0.0/16"] }
firewall = { mark = 0x80000000, conntrack = false, guard = "on" }
tunnel = { type = "vxlan", vni = 7, port = 8472, mtu = 1400, always = true, exclude = ["h1", "lan"] }
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
vlan = 4094
trust = "subnet"
[[network]]
name = "web"
driver = "bridge"
manage = "create"
hosts = ["docker-200.example.com"]
link = "br0"
internal = false
options = { "com.docker.network.driver.mtu" = "1400" }
pool = "10.120.0.0/16"
length = 24
reach = "network"
join = ["docker0"]
[[network]]
name = "wire"
driver = "macvlan"
segment = "lan"
parent = "eth0"
subnet = "10.0.4.0/24"
range = "10.0.4.128/25"
range_length = 28
ranges = { a = "10.0.4.0/28" }
gateway = "router"
shim = { a = "10.0.4.1" }
reserve = "10.0.4.130"
[[host]]
name = "docker-200.example.com"
slot = 0
router = true
address = ["10.0.0.200", "10.0.1.200"]
bip = "10.100.200.1/24"
previous_bip = "10.100.100.1/24"
parent = "enp0s8"
masquerade = ["lan"]
rp_filter = "loose"
conntrack = true
docker.address_pools = [{ base = "10.211.0.0/16", size = 26 }, { base = "10.212.0.0/16" }]
"""))
    assert validator.is_valid(tomllib.loads("version = 1\n[[segment]]\nname = 'a'\nsubnet = '10.0.0.0/24'\n"
                                            "[[host]]\nname = 'a'\naddress = '10.0.0.1'\n[end]\n"))


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_it_sees_what_one_value_alone_can_show(validator, file):
    text = file.read_bytes().decode("utf-8-sig", errors="replace")
    codes = set(re.findall(r"^# expect (OVL-\w+)", text, re.MULTILINE))
    if codes & UNSEEN or file.stem == FLOAT:
        return
    valid = validator.is_valid(tomllib.loads(re.sub(r"(?m)^\[end\]$", "", text)))
    if codes & REFUSED:
        assert not valid, codes
    elif not codes & EITHER:
        assert valid, codes
