"""What overland export writes is read back by those it is written for."""

import configparser
import json
import re

from sandbox import explain

TWINS = """version = 1
[cluster]
ecmp = true
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[segment]]
name = "far"
subnet = "10.1.0.0/24"
[[host]]
name = "near"
address = "10.0.0.11"
bip = "192.168.11.1/24"
[[host]]
name = "away"
address = "10.1.0.12"
bip = "192.168.12.1/26"
[[host]]
name = "r1"
address = ["10.0.0.1", "10.1.0.1"]
router = true
[[host]]
name = "r2"
address = ["10.0.0.2", "10.1.0.2"]
router = true
"""
WANTED = {"192.168.11.0/24": ["10.0.0.11"], "192.168.12.0/26": ["10.0.0.1", "10.0.0.2"]}


def export(host, form, *whom):
    host.write("/run/fleet.toml", TWINS)
    done = host.overland("export", *(whom or ["--for-gateway", "lan"]), "--format", form, "/run/fleet.toml")
    assert done.returncode == 0 and done.stderr == "", explain(done)
    return done.stdout


def test_json(host):
    read = json.loads(export(host, "json"))
    assert {one["destination"]: one["gateways"] for one in read["routes"]} == WANTED
    assert [one["host"] for one in read["routes"]] == ["near", "away"] and read["unreached"] == []
    read = json.loads(export(host, "json", "--for-any"))
    assert {one["destination"]: one["gateways"] for one in read["routes"]} == \
        {"192.168.11.0/24": ["10.0.0.11"], "192.168.12.0/26": ["10.1.0.12"]}


def test_iproute(host):
    host.write("/run/batch", export(host, "iproute"))
    host.sh("ip -batch /run/batch; ip -batch /run/batch")  # a second time nothing is in the way
    read = {}
    for route in json.loads(host.sh("ip -json route show proto static")):
        if route["dst"].startswith("192.168.1"):
            read[route["dst"]] = sorted(hop["gateway"] for hop in route.get("nexthops", [route]))
    assert read == WANTED


def test_networkd(host):
    read = {}
    for section in export(host, "networkd").split("\n\n"):
        one = configparser.ConfigParser(strict=False, allow_no_value=True)
        one.optionxform = str
        one.read_string(section)
        hops = re.findall(r"^(?:Gateway|MultiPathRoute)=(\S+)$", section, re.MULTILINE)
        read[one["Route"]["Destination"]] = hops
    assert read == WANTED


def test_frr(host):
    read = {}
    for line in export(host, "frr").splitlines():
        if not line.startswith("!"):
            ip, route, destination, gateway = line.split(" ")
            assert (ip, route) == ("ip", "route")
            read.setdefault(destination, []).append(gateway)
    assert read == WANTED


def test_bird(host):
    text = export(host, "bird")
    routes = re.findall(r"^  route (\S+) via ([^;]+);", text, re.MULTILINE)
    assert {destination: hops.split(" via ") for destination, hops in routes} == WANTED
    host.write("/run/bird.conf", "router id 10.0.0.9;\n" + text)
    host.sh("bird -p -c /run/bird.conf")
    host.write("/run/bird.conf", "router id 10.0.0.9;\n" + text.replace("via", "by"))
    assert host.run(["bird", "-p", "-c", "/run/bird.conf"], check=False).returncode != 0


def test_what_is_asked_for_has_to_be_one_thing(host):
    host.write("/run/fleet.toml", TWINS)
    for wrong in ([], ["--for-any", "--for", "near"], ["--for", "192.168.11.2"], ["--for", "nobody"],
                  ["--for-gateway", "lam"], ["--for-gateway", "10.0.0.1"], ["--for-any", "--format", "xml"]):
        done = host.overland("export", *wrong, "/run/fleet.toml")
        assert (done.returncode, done.stdout) == (64, ""), f"{wrong}: {explain(done)}"


def test_a_gateway_no_router_leads_from_is_told_what_is_missing(host):
    host.write("/run/fleet.toml", TWINS + '[[segment]]\nname = "island"\nsubnet = "10.2.0.0/24"\n')
    done = host.overland("export", "--for-gateway", "10.2.0.1", "/run/fleet.toml")
    assert done.returncode == 0 and "to near, away" in done.stderr, explain(done)
