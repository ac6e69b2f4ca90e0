"""Neighbours that hang, lie or fall silent: a run stays within its one deadline, repairs everything else, says whom it
could not ask, holds back what would be a guess, and the next run converges when they are well again."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sandbox import FOREIGN, differences, explain

DEADLINE = 30 + 8  # seconds of a whole run: all neighbours together, and what a loaded machine adds
SILENT_BUS = """
import os, socket, sys
path = sys.argv[1]
os.makedirs(os.path.dirname(path), exist_ok=True)
bus = socket.socket(socket.AF_UNIX)
bus.bind(path); bus.listen(16)
print('ready', flush=True)
kept = []
while True:
    kept.append(bus.accept()[0])
    if sys.argv[2] == 'junk':
        kept[-1].sendall(b'\\x01\\xff no bus at all\\r\\n')
"""


@pytest.fixture(scope="session")
def dockerd(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("needs a C compiler")
    program = tmp_path_factory.mktemp("dockerd") / "dockerd"
    source = Path(__file__).with_name("dockerd.c")
    subprocess.run([compiler, "-static", "-O1", "-Wall", "-Werror", "-o", program, source], check=True)
    return program.read_bytes()


class Place:
    """A host whose dockerd runs, with an inventory that is applied."""

    def __init__(self, host, dockerd):
        self.host = host
        host.sh(FOREIGN)
        host.path("/usr/bin/dockerd").write_bytes(dockerd)
        self.hidden = []
        self.started = [host.start(["/usr/bin/dockerd"])]
        host.sh("for i in $(seq 100); do test -S /run/docker.sock && exit; sleep 0.05; done; exit 1")
        done = host.overland("apply")
        assert done.returncode == 0, explain(done)

    def mode(self, word):
        self.host.write("/run/dockerd.mode", word + "\n")

    def bus(self, kind):
        """A system bus that takes calls and never answers, or answers junk; systemd seems to run."""
        self.host.sh("mkdir -p /run/systemd/system")
        bus = self.host.start(["/usr/bin/python3", "-c", SILENT_BUS, "/run/dbus/system_bus_socket", kind],
                              stdout=subprocess.PIPE)
        assert bus.stdout.readline() == "ready\n"
        self.started.append(bus)

    def without_libsystemd(self):
        """An empty file in its place, under a systemd that listens on no bus."""
        library = self.host.sh("ldconfig -p | awk '/libsystemd.so.0/ { print $NF; exit }'").strip()
        self.host.sh(f"mkdir -p /run/systemd/system; mount --bind /dev/null $(readlink -f {library})")
        self.hidden.append(library)

    def iptables(self, script):
        self.host.write("/usr/bin/iptables-odd", "#!/bin/sh\n" + script + "\n", 0o755)
        self.host.sh("ln -sfn /usr/bin/iptables-odd /etc/alternatives/iptables")

    def damage(self):
        self.host.sh("ip route del 192.168.200.0/24; nft delete table ip overland")

    def is_repaired(self):
        return "192.168.200.0/24 via 10.0.0.201" in self.host.sh("ip route show proto 111") and \
            "chain trusted" in self.host.sh("nft list table ip overland")

    def well(self):
        """Everybody answers again."""
        self.mode("")
        while self.hidden:
            # umount(8) of newer suites needs libsystemd itself.
            self.host.sh("exec python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).umount(sys.argv[1].encode()))' "
                         f"$(readlink -f {self.hidden.pop()})")
        self.host.sh("rm -rf /run/systemd /run/dbus; ln -sfn /usr/sbin/iptables-nft /etc/alternatives/iptables")

    def close(self):
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def place(host, dockerd):
    raised = Place(host, dockerd)
    yield raised
    raised.close()


DEAF = {
    "API: status 500": (lambda place: place.mode("refuse"), "500"),
    "API: no JSON": (lambda place: place.mode("junk"), "JSON"),
    "API: other types": (lambda place: place.mode("types"), "ServerVersion"),
    "API: no HTTP": (lambda place: place.mode("garbage"), "docker"),
    "API: half an answer": (lambda place: place.mode("half"), "docker"),
    "API: closed without an answer": (lambda place: place.mode("close"), "docker"),
    "API: endless": (lambda place: place.mode("flood"), "docker"),
    "API: hangs": (lambda place: place.mode("hang"), "docker"),
    "D-Bus: silent": (lambda place: place.bus("silent"), "systemd"),
    "D-Bus: junk": (lambda place: place.bus("junk"), "systemd"),
    "D-Bus: absent": (lambda place: place.host.sh("mkdir -p /run/systemd/system"), "systemd"),
    "D-Bus: no libsystemd": (lambda place: place.without_libsystemd(), "without libsystemd.so.0"),
}


@pytest.mark.parametrize("how", DEAF)
def test_everything_else_is_repaired(place, how):
    breaks, words = DEAF[how]
    breaks(place)
    place.damage()
    daemon_json = place.host.read("/etc/docker/daemon.json")
    begun = time.monotonic()
    done = place.host.overland("apply", "--restart-docker")
    assert time.monotonic() - begun < DEADLINE
    assert done.returncode == 1 and words.lower() in done.stderr.lower(), explain(done)
    assert place.is_repaired()
    assert place.host.read("/etc/docker/daemon.json") == daemon_json
    place.well()
    done = place.host.overland("apply")
    assert done.returncode == 0, explain(done)


@pytest.mark.parametrize("how, remedy", [("API: hangs", "restart Docker by hand (`service docker restart`)"),
                                         ("D-Bus: no libsystemd", "libsystemd0")])
def test_the_remedy_is_one(place, how, remedy):
    DEAF[how][0](place)
    done = place.host.overland("apply")
    assert done.returncode == 1 and remedy in done.stderr, explain(done)


@pytest.mark.parametrize("how", DEAF)
def test_plan_status_and_purge_go_on(place, how):
    breaks, words = DEAF[how]
    breaks(place)
    before = place.host.state()
    planned = place.host.overland("plan", "--json")
    assert planned.returncode == 0, explain(planned)
    assert any(words.lower() in str(finding).lower() for finding in json.loads(planned.stdout)["findings"])
    status = place.host.overland("status", "--json")
    assert status.returncode == 0 and json.loads(status.stdout)["in_sync"] is False, explain(status)
    assert differences(before, place.host.state()) == {}
    place.host.overland("purge")
    assert place.host.sh("ip route show proto 111") == ""
    assert "overland" not in place.host.sh("nft list ruleset")


@pytest.mark.parametrize("how", ["hang", "deaf"])
def test_nothing_is_removed_while_docker_is_deaf(place, how):
    place.mode(how)
    if how == "deaf":
        place.host.sh("pkill -x dockerd; rm -f /run/docker.pid /run/docker.sock")
    text = place.host.read("/etc/overland/inventory.toml")
    place.host.write("/etc/overland/inventory.toml", text[:text.rindex("[[host]]")])
    begun = time.monotonic()
    done = place.host.overland("apply")
    assert time.monotonic() - begun < DEADLINE
    if how == "hang":
        assert done.returncode == 1, explain(done)
        assert "192.168.210.0/24" in place.host.sh("ip route show proto 111")


IPTABLES = {"hangs": "sleep 600", "crashes": "kill -SEGV $$", "lies": "head -c 100000 /dev/urandom"}


@pytest.mark.parametrize("how", IPTABLES)
def test_an_iptables_that_cannot_be_asked_switches_nothing(place, how):
    rules = place.host.sh("nft -s list table ip overland")
    place.iptables(IPTABLES[how])
    place.host.sh("ip route del 192.168.200.0/24; nft flush chain ip overland trusted-in")
    begun = time.monotonic()
    done = place.host.overland("apply")
    assert time.monotonic() - begun < DEADLINE
    assert place.is_repaired(), explain(done)
    assert place.host.sh("nft -s list table ip overland") == rules, "in the variant that stood"
    place.well()
    done = place.host.overland("apply")
    assert done.returncode == 0, explain(done)


def test_all_of_them_at_once_stay_within_one_deadline(place):
    place.mode("hang")
    place.bus("silent")
    place.iptables(IPTABLES["hangs"])
    place.damage()
    begun = time.monotonic()
    done = place.host.overland("apply", timeout=120)
    assert time.monotonic() - begun < DEADLINE
    assert done.returncode == 1, explain(done)
    assert place.is_repaired()
    begun = time.monotonic()
    done = place.host.overland("apply", "--boot", timeout=120)
    assert time.monotonic() - begun < 10 + 8
    assert done.returncode == 1, explain(done)


MEMORY = {
    "empty": ": > state.json", "junk": "echo '{,' > state.json", "a folder": "rm state.json; mkdir state.json",
    "of a newer version": """sed -i 's/"version": [0-9]*/"version": 99/' state.json""",
    "of no version": "echo '{}' > state.json", "gone": "rm state.json",
    "huge": "head -c 9000000 /dev/zero > state.json",
}


@pytest.mark.parametrize("how", MEMORY)
@pytest.mark.parametrize("verb", ["apply", "apply --boot"])
def test_a_broken_memory_stops_no_repair(place, how, verb):
    place.host.sh("cd /var/lib/overland; " + MEMORY[how])
    place.damage()
    done = place.host.overland(*verb.split())
    assert done.returncode in (0, 1), explain(done)
    assert place.is_repaired()
    done = place.host.overland("apply")
    assert done.returncode == 0, explain(done)


UNWRITABLE = {
    "/var/lib/overland": "mount -t tmpfs -o ro tmpfs /var/lib/overland",
    "/run/overland": "mount -t tmpfs -o ro tmpfs /run/overland",
    "/run/overland is a file": "rm -rf /run/overland; touch /run/overland",
    "/run/overland is gone": "rm -rf /run/overland",
}


@pytest.mark.parametrize("how", UNWRITABLE)
def test_a_folder_that_cannot_be_written_stops_no_repair(place, how):
    place.host.sh(UNWRITABLE[how])
    place.damage()
    place.host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    done = place.host.overland("apply")
    assert done.returncode in (0, 1), explain(done)
    assert place.is_repaired(), explain(done)
    assert place.host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n", explain(done)
