"""Places that are full, read-only or gone; links that change underfoot; writers beside us."""

import json
import subprocess
import threading
import time

import pytest
from sandbox import BINARY, DAEMON_JSON, explain


def converges(host):
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert host.overland("plan", "--detailed-exitcode").returncode == 0


def steps(done):
    return {step["resource"]: step["status"] for step in json.loads(done.stdout)["steps"]}


@pytest.mark.parametrize("how", ["-o ro", "-o size=4k"])
def test_no_room_for_daemon_json(foreign, how):
    host = foreign
    host.sh(f"mount -t tmpfs -o mode=755,size=64k tmpfs /etc/docker; printf '%s' '{DAEMON_JSON}' > /etc/docker/daemon.json;"
            f"mount {how.replace('-o ', '-o remount,')} /etc/docker")
    before = host.state()
    done = host.overland("apply", "--json")
    assert done.returncode == 1 and "daemon.json" in done.stderr, explain(done)
    assert steps(done)["docker daemon.json"] == "failed"
    assert steps(done)["route 192.168.200.0/24"] == "done"  # the independent steps are done all the same
    now = host.state()
    for part in ("daemon.json", "mode"):
        assert now[part] == before[part]
    assert host.sh("ls -A /etc/docker") == "daemon.json\n"
    host.sh("mount -o remount,rw,size=64k /etc/docker")
    converges(host)


@pytest.mark.parametrize("how", ["-o ro", "-o size=4k"])
def test_no_room_for_the_memory(foreign, how):
    host = foreign
    host.sh(f"mount -t tmpfs {how} tmpfs /var/lib/overland")
    if "size" in how:
        host.sh("head -c 4096 /dev/zero > /var/lib/overland/ballast")
    before = host.state()
    done = host.overland("apply", "--json")
    assert done.returncode == 1 and "/var/lib/overland" in done.stderr, explain(done)
    now = host.state()
    assert now["daemon.json"] == before["daemon.json"]  # what could not be remembered is not replaced
    assert "192.168.200.0/24" in now["routes"]
    host.sh("umount /var/lib/overland")
    converges(host)


STATE = "/var/lib/overland/state.json"


@pytest.mark.parametrize("damage", [
    f"echo '{{' > {STATE}", f": > {STATE}", f"rm -f {STATE}; mkdir -p {STATE}/x", f"chmod 666 {STATE}", f"chown nobody {STATE}",
    f"ln -sf /etc/passwd {STATE}", f"head -c 200000000 /dev/zero > {STATE}", f"printf '\\377' > {STATE}",
    f"sed -i 's/\"version\": 1/\"version\": 7/' {STATE}", f"sed -i 's/\"version\": 1/\"version\": 0/' {STATE}",
])
def test_a_damaged_memory_stops_nothing(foreign, damage):
    host = foreign
    converges(host)
    for verb in (["plan"], ["status"], ["try", "--timeout", "1"], ["apply"], ["apply", "--boot"], ["purge"]):
        host.sh(f"rm -rf {STATE}*; {BINARY} apply; ip route del 192.168.200.0/24; {damage}")
        done = host.overland(*verb)
        assert done.returncode == (1 if verb[0] == "try" else 0) and "state.json" in done.stderr, explain(done)
        assert verb[0] != "try" or "Rolled back, since nobody" in done.stdout, explain(done)
        if verb[0] == "apply":
            assert "192.168.200.0/24" in host.state()["routes"]
            assert "state.json.7-1" in host.state()["leftovers"] if "7/'" in damage else True
            assert len(host.sh("ls -d /var/lib/overland/state.json.*").split()) == 1
            assert "state.json" not in host.overland("apply").stderr  # said once
    converges(host)


def test_what_is_set_aside_is_bounded(foreign):
    host = foreign
    for n in range(8):
        host.write(STATE, f"junk {n}", 0o600)
        converges(host)
    assert sorted(host.sh("cd /var/lib/overland; ls state.json.*").split()) == [f"state.json.damaged-{n}" for n in range(1, 6)]
    assert host.read(STATE + ".damaged-1") == "junk 0" and host.read(STATE + ".damaged-5") == "junk 7"


@pytest.mark.parametrize("how", ["chmod 777 /var/lib/overland", "chown nobody /var/lib/overland"])
def test_a_folder_of_another_is_not_believed(foreign, how):
    host = foreign
    converges(host)
    host.sh(f"sed -i 's/\"before\": null/\"before\": \"\\\\\"evil\\\\\"\"/' {STATE}; ip route del 192.168.200.0/24; {how}")
    done = host.overland("apply")
    assert done.returncode in (0, 1) and "/var/lib/overland" in done.stderr, explain(done)
    assert "192.168.200.0/24" in host.state()["routes"]
    host.overland("purge")
    assert "evil" not in host.read("/etc/docker/daemon.json")


def test_a_link_name_that_is_no_text_breaks_no_json(foreign):
    host = foreign
    host.sh("l=caf$(printf '\\351'); ip link set eth0 down; ip link set eth0 name $l; ip link set $l up;"
            "ip route add default via 10.0.0.254; echo 1 > /proc/sys/net/ipv4/conf/$l/rp_filter;"
            "sed -i '/docker-200/a rp_filter = \"loose\"' /etc/overland/inventory.toml")
    for verb in ("plan", "apply", "status", "plan"):
        done = host.overland(verb, "--json", errors="replace")
        assert done.returncode == 0, explain(done)
        json.loads(done.stdout)
    assert host.sh("cat /proc/sys/net/ipv4/conf/caf*/rp_filter") == "2\n"
    assert "hex:" in host.read(STATE)
    assert host.overland("purge", "--json", errors="replace").returncode == 0
    assert host.sh("cat /proc/sys/net/ipv4/conf/caf*/rp_filter") == "1\n"


def test_a_vanished_run_folder(foreign):
    host = foreign
    host.sh("rm -rf /run/overland /run/xtables.lock")
    converges(host)


def test_daemon_json_behind_a_link_is_followed_as_docker_does(foreign):
    host = foreign
    host.sh("mkdir /etc/real; mv /etc/docker/daemon.json /etc/real/d.json; ln -s /etc/real/d.json /etc/docker/daemon.json")
    converges(host)
    assert host.sh("readlink /etc/docker/daemon.json") == "/etc/real/d.json\n"
    assert "192.168.100.1" in host.read("/etc/real/d.json")
    assert host.overland("purge").returncode == 0
    assert host.read("/etc/real/d.json") == DAEMON_JSON


def changing(host, script, applies=12):
    """Applies while `script`, always whole, changes things over and over; every end is an honest one."""
    loop = host.start(["sh", "-c", f"until [ -e /run/stop ]; do {script}; done"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(applies):
            done = host.overland("apply", "--json")
            assert done.returncode in (0, 1, 78), explain(done)
            assert done.returncode == 0 or done.stderr.strip(), explain(done)
            assert "terminate called" not in done.stderr
            time.sleep(0.03)
    finally:
        host.sh("touch /run/stop")
        loop.wait(60)
        host.sh("rm /run/stop")


@pytest.mark.parametrize("script", [
    "ip link set eth0 down; ip link set eth0 up; sleep 0.01",
    "ip link set eth0 down; ip link set eth0 name eth9; ip link set eth9 up; sleep 0.02;"
    "ip link set eth9 down; ip link set eth9 name eth0; ip link set eth0 up; sleep 0.02",
    "ip link del eth0; ip link add eth0 type veth peer name lan; ip link set lan up; ip link set eth0 up;"
    "ip address add 10.0.0.200/24 dev eth0; sleep 0.03",
    "ip route flush proto 111; sleep 0.01",
    "nft delete table ip overland; sleep 0.02",
    "iptables-nft -F DOCKER-USER; sleep 0.02",
], ids=["down", "renamed", "made anew", "routes flushed", "table deleted", "jump flushed"])
def test_things_that_change_in_the_middle(foreign, script):
    host = foreign
    changing(host, script)
    host.sh("ip address replace 10.0.0.200/24 dev eth0; sleep 0.1")  # which the link has lost with its routes
    converges(host)


def test_an_iptables_loop_beside_loses_nothing(foreign):
    host = foreign
    host.sh("echo '#!/bin/sh\necho $$ > /run/loop; i=0; while [ ! -e /run/stop ]; do i=$((i+1));"
            "iptables-nft -w -A FORWARD -s 10.7.$((i/250)).$((i%250)) -j ACCEPT && echo $i > /run/done;"
            "sleep 0.01; done' > /run/l.sh")
    loop = host.start(["sh", "/run/l.sh"])
    for _ in range(10):
        assert host.overland("apply", "--json").returncode == 0
        assert host.overland("purge", "--json").returncode == 0
    host.sh("touch /run/stop")
    loop.wait(timeout=20)
    written = int(host.read("/run/done"))
    assert written > 3
    assert host.sh("iptables-nft -S FORWARD | grep -c 10.7. || true") == f"{written}\n"
    converges(host)


def test_applies_at_the_same_time(foreign):
    host = foreign
    results = []

    def one():
        results.append(host.overland("apply", "--json", "--wait", "60"))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in results] == [0] * 6, [explain(done) for done in results]
    assert sum(json.loads(done.stdout)["changed"] for done in results) == 1  # the others found it done
    converges(host)
