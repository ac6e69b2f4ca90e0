"""Names that would do harm in a shell, an nft script, a path or a format string get nowhere."""

import pytest
from sandbox import FOREIGN, INVENTORY, differences, explain

HARMFUL = ['"; flush ruleset; "', "x\\n}; flush ruleset; table ip y {", "$(touch /run/pwned)", "`touch /run/pwned`",
           "../../etc/passwd", "%s%n%n", "a b", "\\u001b[31m", "'; touch /run/pwned; '", "\\u0000", "*"]
FIELDS = {
    "cluster": ('name = "lab"', 'name = "{}"'),
    "segment": ('name = "lan"', 'name = "{}"'),
    "host": ('name = "docker-201"', 'name = "{}"'),
    "address": ('address = "10.0.0.201"', 'address = "{}"'),
    "bip": ('bip = "192.168.200.1/24"', 'bip = "{}"'),
    "subnet": ('subnet = "10.0.0.0/24"', 'subnet = "{}"'),
    "bridge": ("[[segment]]", '[docker]\nbridge = "{}"\n[[segment]]'),
    "daemon_json": ("[[segment]]", '[docker]\ndaemon_json = "{}"\n[[segment]]'),
    "parent": ('bip = "192.168.100.1/24"', 'bip = "192.168.100.1/24"\nparent = "{}"'),
    "unknown key": ("[[segment]]", '[docker]\n"{}" = 1\n[[segment]]'),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_harmful_value_is_refused_and_shown_harmlessly(host, field):
    host.sh(FOREIGN)
    before = host.state()
    old, new = FIELDS[field]
    for value in HARMFUL:
        text = INVENTORY.replace(old, new.format(value.replace('"', '\\"')), 1)
        host.write("/etc/overland/inventory.toml", text)
        for verb in ("validate", "apply", "try"):
            done = host.overland(verb, *(["/etc/overland/inventory.toml"] if verb == "validate" else []))
            assert done.returncode == 78, f"{value!r}: {explain(done)}"
            assert "\x1b" not in done.stdout + done.stderr and "\0" not in done.stdout + done.stderr
        assert host.read("/run/pwned") is None
    assert differences(before, host.state()) == {}


@pytest.mark.parametrize("name", ['a";flush;"b', "$(reboot)", "{}{}", "a{};b", "`id`", "a'b;c", "-x"])
def test_a_harmful_name_of_a_link_stays_a_name(host, name):
    """Root may name links so; the nft driver has to quote them."""
    host.sh(FOREIGN)
    host.run(["ip", "link", "set", "eth0", "down"])
    host.run(["ip", "link", "set", "dev", "eth0", "name", name])
    host.run(["ip", "link", "set", "dev", name, "up"])
    host.sh("ip route replace default via 10.0.0.254; ip route replace 10.55.0.0/16 via 10.0.0.7 proto static")
    before = host.state()
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    foreign = [line for line in before["rules"].splitlines() if "saddr 10." in line]
    now = host.state()
    assert len(foreign) == 4 and all(line in now["rules"] for line in foreign)
    assert f'"{name}"' in now["rules"]
    assert host.overland("plan", "--detailed-exitcode").returncode == 0
    assert host.overland("purge").returncode == 0
    left = differences(before, host.state())
    left.pop("leftovers", None)
    assert left == {}


@pytest.mark.parametrize("name", ["a\\b", "@local"])
def test_a_name_that_nft_cannot_quote_is_refused(host, name):
    host.sh(FOREIGN)
    host.sh("ip link set eth0 down")
    host.run(["ip", "link", "set", "dev", "eth0", "name", name])
    host.run(["ip", "link", "set", "dev", name, "up"])
    before = host.state()["rules"]
    done = host.overland("apply")
    assert done.returncode == 1 and "rename it" in done.stderr, explain(done)
    assert host.state()["rules"] == before


@pytest.mark.parametrize("argument", ['"; flush ruleset', "$(touch /run/pwned)", "%n%n", "../../x", "\x1b[31m"])
def test_harmful_arguments_are_words(host, argument):
    before = host.state()
    for arguments in (["--host", argument], ["--inventory", argument], ["--firewall", argument],
                      ["--allow-cover", argument]):
        done = host.overland("apply", *arguments)
        assert done.returncode in (64, 78), explain(done)
    assert host.overland("explain", argument, argument).returncode in (64, 78, 1)
    assert host.read("/run/pwned") is None
    assert differences(before, host.state()) == {}
