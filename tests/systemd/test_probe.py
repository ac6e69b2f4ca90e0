"""overland-probe.service in its sandbox: from a host with the package installed, to one that stands for a peer."""

import pytest
from lab.cluster import INVENTORY
from lab.nspawn import SystemdHost

FOLDER = "/var/lib/prometheus/node-exporter"


@pytest.fixture(scope="module")
def host(lab, packages):
    lan = lab.lan()
    host = lab.hosts["docker-200"] = SystemdHost(
        lab, "docker-200", links={"eth0": (lan, "10.0.0.200/24")}, gateway="10.0.0.254",
        files={"/opt/lab/overland.deb": packages("DEB").read_bytes()})
    host.boot()
    host.install("/opt/lab/overland.deb")
    lab.host("docker-201", docker=False, routes=["192.168.100.0/24 via 10.0.0.200"],
             links={"eth0": (lan, ["10.0.0.201/24", "192.168.200.1/32", "192.168.200.2/32"])})
    host.write("/etc/overland/inventory.toml", INVENTORY)
    host.sh(f"mkdir -p {FOLDER}")
    done = host.overland("apply", "--restart-docker", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return host


def probed(host):
    host.sh(f"rm -f {FOLDER}/overland-probe.prom")
    host.systemctl("start", "overland-probe.service", check=False, timeout=60)
    assert host.show("overland-probe.service", "Result")["Result"] == "success", host.journal("overland-probe.service")
    return host.read(f"{FOLDER}/overland-probe.prom").splitlines()


def test_it_is_off_by_default(host):
    assert host.systemctl("is-enabled", "overland-probe.timer", check=False).stdout == "disabled\n"


def test_its_sandbox_lets_it_send_from_a_namespace_of_its_own(host):
    lines = probed(host)
    assert 'overland_peer_reachable{peer="docker-201"} 1' in lines
    assert 'overland_peer_reachable{peer="docker-202"} 0' in lines
    assert "overland_inbound_ok 1" in lines
    assert host.sh("ip -o link show overland-probe 2>/dev/null || :").stdout == ""


def test_and_from_that_of_a_container(host):
    web = host.container("web")
    host.write("/run/systemd/system/overland-probe.service.d/text.conf",
               "[Service]\nExecStart=\nExecStart=/usr/sbin/overland probe docker-201\n"
               "StandardOutput=file:/run/overland/probed\n")
    host.systemctl("daemon-reload")
    host.systemctl("start", "overland-probe.service", check=False, timeout=60)
    said = host.read("/run/overland/probed")
    assert said.startswith(f"from {web.address} (container web), 1 peer, "), host.journal("overland-probe.service")
    assert said.endswith("1 of 1 reached\n")
