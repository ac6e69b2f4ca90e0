"""Bips from the pool: refused until they are assigned, then applied; many writers at one file lose nothing."""

import json
from concurrent.futures import ThreadPoolExecutor

from sandbox import BINARY, INVENTORY, differences, explain

FILE = "/etc/overland/inventory.toml"
WAITING = INVENTORY.replace('name = "lab"', 'name = "lab"\npool = "192.168.0.0/16"') + """[[host]]
name = "docker-203"
address = "10.0.0.203"
bip = "auto"
"""


def test_what_waits_for_a_bip_is_refused_and_what_was_applied_last_stays(host):
    assert host.overland("apply").returncode == 0
    before = host.state()
    host.write(FILE, WAITING)
    host.sh("ip route flush proto 111")
    done = host.overland("apply")
    assert done.returncode == 78 and f"overland assign {FILE}" in done.stderr, explain(done)
    assert differences(before, host.state()) == {}
    assert host.overland("plan").returncode == 78
    done = host.overland("assign")
    assert done.returncode == 0 and "docker-203: bip 192.168.211.1/24" in done.stdout, explain(done)
    assert host.read(FILE) == WAITING.replace("auto", "192.168.211.1/24")
    assert host.overland("apply").returncode == 0
    assert "192.168.211.0/24 via 10.0.0.203" in host.sh("ip route show proto 111")


def test_of_writers_at_one_time_each_is_in_the_file_or_told(host):
    host.write("/run/fleet.toml", "generation = 0\n" + WAITING)
    host.sh("chmod 640 /run/fleet.toml; chown nobody:adm /run/fleet.toml")

    def add(number):
        tries = 0
        while True:
            done = host.overland("add", "-i", "/run/fleet.toml", f"h{number}", "--address", f"10.0.0.{number}")
            tries += 1
            if done.returncode == 0:
                return tries
            assert done.returncode == 75 and "run it again" in done.stderr, explain(done)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(1, 25)))
    routes = json.loads(host.overland("export", "--for-any", "--format", "json", "-i", "/run/fleet.toml",
                                      check=False).stdout or "{}")
    assert routes == {}  # docker-203 waits still: add gives nobody else a bip
    host.overland("assign", "/run/fleet.toml", check=True)
    routes = json.loads(host.overland("export", "--for-any", "--format", "json", "-i", "/run/fleet.toml").stdout)["routes"]
    assert len(routes) == len({one["destination"] for one in routes}) == 28
    assert host.read("/run/fleet.toml").startswith("generation = 25\n")
    assert host.sh("stat -c %a:%U:%G /run/fleet.toml; ls -A /run/ | grep fleet") == "640:nobody:adm\nfleet.toml\n"


def test_no_root_is_needed_but_what_the_user_may_not_write_stays(host):
    host.sh("mkdir -m 777 /run/shared; mkdir -m 755 /run/roots")
    for folder in ("shared", "roots"):
        host.write(f"/run/{folder}/fleet.toml", WAITING)
    host.sh("chown nobody:nogroup /run/shared/fleet.toml")

    def as_nobody(*arguments):
        return host.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", BINARY, *arguments],
                        check=False)
    done = as_nobody("assign", "/run/shared/fleet.toml")
    assert done.returncode == 0, explain(done)
    assert host.read("/run/shared/fleet.toml") == WAITING.replace("auto", "192.168.211.1/24")
    done = as_nobody("assign", "/run/roots/fleet.toml")
    assert done.returncode == 77 and "Permission denied" in done.stderr, explain(done)
    assert host.read("/run/roots/fleet.toml") == WAITING
    host.write("/run/shared/roots.toml", WAITING)  # another's file: its owner could not be kept
    done = as_nobody("assign", "/run/shared/roots.toml")
    assert done.returncode == 77, explain(done)
    assert host.sh("ls -A /run/shared").split() == ["fleet.toml", "roots.toml"]
    assert host.read("/run/shared/roots.toml") == WAITING
