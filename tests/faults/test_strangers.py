"""Nothing of another user's is executed, followed or believed: processes named dockerd, sockets, files of theirs."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sandbox import BINARY, explain

UNIT = Path(__file__).resolve().parents[2] / "systemd/overland.service"
STRANGER = 65534
# Run as root it leaves a marker; as its own user it only waits. Where the test says so it listens on Docker's socket, and hangs up
# on everybody.
PROGRAM = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(void) {
  if (geteuid() != 0) pause();
  if (getenv("WAIT") == NULL) return close(open("/run/marker/ran", O_CREAT | O_WRONLY, 0666));
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 8) != 0) return 1;
  for (;;) close(accept(listener, NULL, NULL));
}
"""
EVIL = '{"hosts": ["tcp://0.0.0.0:2375"]}\n'


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    if not shutil.which("cc"):
        pytest.skip("missing: cc; run scripts/bootstrap")
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "dockerd.c").write_text(PROGRAM)
    subprocess.run(["cc", "-static", "-o", folder / "dockerd", folder / "dockerd.c"], check=True)
    return folder / "dockerd"


@pytest.fixture
def stranger(host, program):
    """A process of nobody's, of the name and with the flags of Docker, and a pid file that leads nowhere."""
    host.sh("mkdir -m 1777 /run/marker; mkdir -m 755 /run/home; install -d -o nobody /run/home/nobody")
    host.path("/run/home/nobody/dockerd").write_bytes(program.read_bytes())
    host.write("/run/home/nobody/evil.json", EVIL, 0o666)
    host.sh("chmod 755 /run/home/nobody/dockerd; chown nobody /run/home/nobody/dockerd /run/home/nobody/evil.json")
    started = host.start(["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups",
                          "/run/home/nobody/dockerd", "--config-file=/run/home/nobody/evil.json"])
    host.stranger = wait_for(lambda: host.sh("pgrep -x dockerd || true").strip())
    # Root's socket answers, so that all processes are looked through.
    host.path("/run/listener").write_bytes(program.read_bytes())
    host.sh("chmod 755 /run/listener")
    listener = host.start(["/run/listener"], env={"WAIT": "1"})
    wait_for(lambda: host.path("/run/docker.sock").exists())
    yield host
    for process in (started, listener):
        process.kill()
        process.wait()


def wait_for(question):
    for _ in range(500):
        if answer := question():
            return answer
        time.sleep(0.01)
    raise AssertionError("it did not come up")


def unit_bounds():
    """setpriv with what the unit leaves root."""
    line = next(line for line in UNIT.read_text().splitlines() if line.startswith("CapabilityBoundingSet="))
    kept = [name.removeprefix("CAP_").lower() for name in line.split("=")[1].split()]
    return ["setpriv", "--bounding-set=-all," + ",".join("+" + name for name in kept),
            "--inh-caps=-all", "--no-new-privs"]


def untouched(host):
    assert host.sh("ls -A /run/marker") == ""
    assert host.read("/run/home/nobody/evil.json") == EVIL
    assert host.sh("ls -A /run/home/nobody").split() == ["dockerd", "evil.json"]


VERBS = [("status",), ("plan",), ("apply",), ("try", "--timeout", "2")]


@pytest.mark.parametrize("scene", ["stopped", "absent", "stale pid file"])
@pytest.mark.parametrize("bounds", [[], unit_bounds()], ids=["all-capabilities", "the-unit's"])
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_strangers_dockerd_is_nobody(stranger, verb, bounds, scene):
    host = stranger
    if scene == "absent":
        host.sh("rm /usr/bin/dockerd")
    if scene == "stale pid file":
        host.write("/run/docker.pid", host.stranger)  # the number was given again
    done = host.run([*bounds, BINARY, *verb], check=False)
    assert done.returncode != -9 and "evil.json" not in done.stdout + done.stderr, explain(done)
    if scene != "absent" and verb[0] == "apply":
        assert done.returncode == 0, explain(done)
    untouched(host)


def test_daemon_json_is_written_where_docker_reads_it(stranger):
    host = stranger
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert json.loads(host.read("/etc/docker/daemon.json"))["bip"] == "192.168.100.1/24"
    untouched(host)


@pytest.fixture
def elsewhere(host, program):
    """Docker of root's in a place of its own, with the socket of nobody."""
    host.sh("mkdir -p /opt/docker /run/marker; rm /usr/bin/dockerd")
    host.path("/run/dockerd").write_bytes(program.read_bytes())
    host.sh("mount -t tmpfs -o mode=755 tmpfs /opt; mkdir /opt/docker; cp /run/dockerd /opt/docker; rm /run/dockerd;"
            "chmod 755 /opt/docker/dockerd; mkdir -m 777 /opt/shared; cp /opt/docker/dockerd /opt/shared")
    return host


def waiting(host, path):
    """Root runs it, and it waits."""
    script = f"exec -a dockerd {path}"
    started = host.start(["bash", "-c", script], env={"WAIT": "1"})
    wait_for(lambda: host.sh("pgrep -x dockerd || true").strip() and host.path("/run/docker.sock").exists())
    return started


def test_a_dockerd_of_roots_elsewhere_is_a_doubt_until_it_is_named(elsewhere):
    host = elsewhere
    started = waiting(host, "/opt/docker/dockerd")
    try:
        done = host.overland("apply")
        assert done.returncode == 1 and "/opt/docker/dockerd is none that is known" in done.stderr, explain(done)
        assert "192.168.200.0/24" in host.sh("ip route show proto 111")  # the rest is repaired
        assert host.sh("ls -A /run/marker") == ""
        inventory = host.read("/etc/overland/inventory.toml")
        host.write("/etc/overland/inventory.toml", inventory + '[docker]\nprogram = "/opt/docker/dockerd"\n')
        done = host.overland("status", "--json")
        assert "none that is known" not in done.stdout + done.stderr, explain(done)
    finally:
        started.kill()
        started.wait()


def test_what_the_inventory_names_has_to_be_roots_alone(elsewhere):
    host = elsewhere
    inventory = host.read("/etc/overland/inventory.toml")
    host.write("/etc/overland/inventory.toml", inventory + '[docker]\nprogram = "/opt/shared/dockerd"\n')
    for verb in VERBS:
        host.overland(*verb)
        assert host.sh("ls -A /run/marker") == ""


@pytest.mark.parametrize("named", [True, False], ids=["pid file", "no pid file"])
def test_an_upgrade_beside_a_running_dockerd(elsewhere, named):
    host = elsewhere
    host.sh("cp /opt/docker/dockerd /usr/bin/dockerd; chmod 755 /usr/bin/dockerd")
    started = waiting(host, "/usr/bin/dockerd")
    try:
        if named:
            host.write("/run/docker.pid", host.sh("pgrep -x dockerd").strip())
        before = json.loads(host.overland("status", "--json").stdout)
        host.write("/usr/bin/dockerd-new", "#!/bin/sh\necho 'Docker version 29.7.2, build 1'\n", 0o755)
        host.sh("mv /usr/bin/dockerd-new /usr/bin/dockerd; readlink /proc/$(pgrep -x dockerd)/exe | grep -F '(deleted)'")
        done = host.overland("status", "--json")
        assert ("none that is known" in done.stdout) is not named, explain(done)
        assert json.loads(done.stdout)["docker"] == "running" == before["docker"], explain(done)
    finally:
        started.kill()
        started.wait()
