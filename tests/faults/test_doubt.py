"""An inventory that may be half of one, or another cluster's, opens nothing and takes nothing of this host's own away."""

import json

import pytest
from sandbox import BINARY, INVENTORY, explain

FILE = "/etc/overland/inventory.toml"
OFFICE = INVENTORY.replace("[[host]]", """[[segment]]
name = "office"
subnet = "10.1.0.0/16"
[[host]]
name = "gate"
router = true
address = ["10.0.0.9", "10.1.0.9"]
[[host]]""", 1) + "".join(f"""[[host]]
name = "o{n}"
address = "10.1.0.{10 + n}"
bip = "192.168.{30 + n}.1/24"
""" for n in range(5))


def peers(host):
    return host.sh("nft list set ip overland peer-hosts")


@pytest.mark.parametrize("verb", [["apply"], ["apply", "--boot"]], ids=["apply", "boot"])
def test_a_cut_off_file_opens_no_segment(host, verb):
    host.write(FILE, OFFICE)
    done = host.overland("apply")
    assert done.returncode == 0, explain(done)
    assert "10.1.0.10" in peers(host)
    host.write(FILE, OFFICE[:OFFICE.index('[[host]]\nname = "o0"')])
    done = host.overland(*verb)
    assert "5 of 8 hosts" in done.stderr, explain(done)
    assert done.returncode == (0 if "--boot" in verb else 1), explain(done)
    assert "10.1.0.0/16" not in peers(host)
    assert "10.1.0.10" in peers(host)


def test_another_clusters_file_leaves_this_hosts_containers_in_peace(host):
    assert host.overland("apply").returncode == 0
    daemon_json = host.read("/etc/docker/daemon.json")
    host.write(FILE, INVENTORY.replace("192.168.100.1", "192.168.77.1").replace("192.168.200", "192.168.177").replace(
        "192.168.210", "192.168.178"))
    done = host.overland("apply", "--json")
    assert done.returncode == 1, explain(done)
    assert "3 of 3 hosts" in json.loads(done.stdout)["held_reason"]
    assert host.read("/etc/docker/daemon.json") == daemon_json
    assert "192.168.100.0/24" in host.sh("nft list set ip overland local")
    done = host.overland("apply", "--prune")
    assert done.returncode == 0, explain(done)
    assert "192.168.77.1/24" in host.read("/etc/docker/daemon.json")


def start_by(host, script, *arguments):
    return host.run(["/usr/bin/python3", "-c", f"import os, resource, signal, sys; {script}; os.execv(sys.argv[1], sys.argv[1:])",
                     BINARY, *arguments], check=False)


@pytest.mark.parametrize("script", [
    "os.umask(0)", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "signal.signal(signal.SIGPIPE, signal.SIG_IGN)",
    "resource.setrlimit(resource.RLIMIT_NOFILE, (12, 4096))", "os.chdir('/run/gone'); os.rmdir('/run/gone')",
], ids=["umask", "children ignored", "pipes ignored", "few descriptors", "no working folder"])
def test_what_the_starter_leaves_to_us_changes_nothing(host, script):
    host.sh("mkdir /run/gone; rm -r /etc/docker /run/overland; chmod 755 /var/lib")
    done = start_by(host, script, "apply")
    assert done.returncode == 0, explain(done)
    assert host.sh("stat -c %a /etc/docker /run/overland") == "755\n755\n"
    assert "192.168.100.1/24" in host.read("/etc/docker/daemon.json")


@pytest.mark.parametrize("option", ["--state", "--runs"])
@pytest.mark.parametrize("file", ["/etc/passwd", "/dev/null", "/var/lib/overland"])
def test_files_of_somebody_elses_are_not_replaced(host, option, file):
    done = host.overland("apply", option, file)
    assert done.returncode == 64 and option in done.stderr, explain(done)
    assert host.sh(f"stat -c %F {file}") == {"/etc/passwd": "regular file\n", "/dev/null": "character special file\n",
                                              "/var/lib/overland": "directory\n"}[file]


def test_what_could_not_be_asked_about_who_drops_is_said_by_apply_too(host):
    host.sh("mount -t tmpfs tmpfs /usr/libexec/overland")
    done = host.overland("apply")
    assert done.returncode == 0 and "who else drops could not be asked" in done.stderr, explain(done)


def test_a_purge_beside_a_read_only_run_is_done(host):
    assert host.overland("apply").returncode == 0
    host.sh("mount -o remount,ro /run")
    done = host.overland("purge")
    assert done.returncode == 0 and "Verified" in done.stdout, explain(done)
    host.sh("mount -o remount,rw /run")
