"""overland watch where the kernel refuses to tell, clocks leap, Docker's events never end, and beside another version."""

import subprocess
import time
from pathlib import Path

import pytest
from conftest import preloaded
from sandbox import BINARY, INVENTORY, explain
from test_deaf import dockerd, place  # noqa: F401  (fixtures)
from trials import until
from watchers import FILE, LINE, PEER, Watcher, back, route, table

ROUTE, NETFILTER = "0", "12"  # linux/netlink.h
PRELOADED = {"LD_PRELOAD": "/run/odd.so"}


@pytest.fixture
def odd(foreign, tmp_path):
    foreign.path("/run/odd.so").write_bytes(preloaded("odd", tmp_path))
    assert foreign.overland("apply").returncode == 0
    return foreign


def test_without_events_of_rules_routes_are_repaired_all_the_same(odd):
    watcher = Watcher(odd, env=PRELOADED | {"ODD_NETLINK": NETFILTER})
    assert "nf_tables is not watched" in watcher.said
    odd.sh(f"nft delete table ip overland; ip link set eth0 down; ip link set eth0 up; ip route del {PEER} || true")
    assert back(odd), watcher.said
    assert watcher.end() == 0


def test_without_events_of_routes_it_does_not_pretend_to_watch(odd):
    done = odd.run(["env", "LD_PRELOAD=/run/odd.so", f"ODD_NETLINK={ROUTE}", BINARY, "watch"], check=False)
    assert done.returncode not in (0, 75) and "cannot listen to the kernel" in done.stderr, explain(done)


def test_the_time_of_day_may_leap(odd):
    """Who waits goes by a clock that nobody sets."""
    watcher = Watcher(odd, env=PRELOADED | {"ODD_CLOCK": "1"})
    before = watcher.cpu()
    for _ in range(5):
        odd.sh(f"ip route del {PEER}; nft delete table ip overland")
        assert back(odd) and until(lambda: "overland" in table(odd)), watcher.said
        time.sleep(1.2)
    assert watcher.cpu() - before < 200
    assert watcher.end() == 0


def test_time_since_boot_may_begin_elsewhere(odd):
    inside = ["unshare", "--time", "--monotonic", "100000000", "--boottime", "100000000", "--fork", "--kill-child"]
    if odd.run([*inside, "true"], check=False).returncode != 0:
        pytest.skip("the kernel has no time namespaces")
    watcher = Watcher(odd, around=inside)
    odd.sh(f"ip route del {PEER}; nft delete table ip overland")
    assert back(odd) and until(lambda: "overland" in table(odd)), watcher.said
    watcher.signal("TERM")
    watcher.process.wait(timeout=20)


@pytest.mark.parametrize("how", ["events close", "events flood", "events hang"])
def test_broken_events_of_docker_stop_no_repair_and_cost_little(place, how):
    """Of a flood some thousand events a second are taken; a million would be there to take."""
    host = place.host
    place.mode(how)
    watcher = Watcher(host)
    began = time.monotonic()
    for _ in range(4):
        time.sleep(1)
        host.sh(f"ip route del {PEER}; nft delete table ip overland")
        assert until(lambda: "proto 111" in route(host) and table(host), 12), watcher.said
    taken = host.path("/run/dockerd.taken")
    assert how != "events flood" or int(taken.read_text()) < 100_000 * (time.monotonic() - began)
    assert len(watcher.said.splitlines()) < 60, watcher.said
    assert watcher.end() == 0


def test_a_line_a_repair_is_not_more_than_a_journal_bears(foreign):
    host = foreign
    more = "".join(f'[[host]]\nname = "more-{n}"\naddress = "10.0.0.{n}"\nbip = "172.20.{n}.1/24"\n' for n in range(10, 60))
    host.write(FILE, INVENTORY + more)
    assert host.overland("apply").returncode == 0
    watcher = Watcher(host)
    host.sh("for n in $(seq 10 59); do ip route del 172.20.$n.0/24 proto 111; sleep 0.06; done")
    assert until(lambda: back(host, "172.20.59.0/24")), watcher.said
    said = [line for line in watcher.said.splitlines() if LINE in line]
    assert 15 <= len(said) <= 23, watcher.said
    time.sleep(7)
    host.sh(f"ip route del {PEER}")
    assert until(lambda: "repairs before are not told" in watcher.said), watcher.said
    assert watcher.end() == 0


def of_another_version(host):
    """The same program with another number: as long as ours."""
    ours = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    other = "9" + ours[1:]
    host.write("/run/other/src/cli/overland", Path(BINARY).read_bytes().replace(ours.encode(), other.encode()), 0o755)
    assert other in host.sh("/run/other/src/cli/overland --version")
    return "/run/other/src/cli/overland"


@pytest.mark.parametrize("watches", ["the older", "the newer"])
def test_beside_another_version(foreign, watches):
    host = foreign
    host.sh("mkdir -p /run/other/src/cli")
    other = of_another_version(host)
    watching, applying = (BINARY, other) if watches == "the older" else (other, BINARY)
    assert host.run([applying, "apply"], check=False).returncode == 0
    watcher = Watcher(host, program=watching)
    host.sh(f"ip route del {PEER}; nft delete table ip overland")
    assert back(host) and until(lambda: "overland" in table(host)), watcher.said
    host.write(FILE, INVENTORY.replace("192.168.210.1/24", "192.168.220.1/24"))
    assert host.run([applying, "apply", "--prune"], check=False).returncode == 0
    host.sh("ip route del 192.168.220.0/24")
    assert back(host, "192.168.220.0/24"), watcher.said
    assert route(host, "192.168.210.0/24") == ""
    # What one has written the other has nothing to change in.
    for program in (watching, applying):
        assert until(lambda p=program: host.run([p, "plan", "--detailed-exitcode"], check=False).returncode == 0), watcher.said
    assert watcher.end() == 0
