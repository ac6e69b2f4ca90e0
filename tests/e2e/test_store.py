"""Real etcd: the inventory published to it and fetched from it, by TLS and password, by fifty operators at one time.

    store 10.0.0.5 (etcd) --- lan 10.0.0.0/24 --- docker-200 10.0.0.200 (operator and host in one)
"""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from lab.cluster import inventory_of
from lab.shell import run

FILE = "/etc/overland/inventory.toml"
SETTINGS = "/etc/overland/source.toml"
BIPS = {"docker-200": "10.100.0.1/24", "docker-201": "10.100.1.1/24"}
INVENTORY = "generation = 1\n" + inventory_of("10.100.0.0/16", BIPS)
# Of etcd only its program: no service of it is ever started by installing it.
PACKAGES = ("etcd-server", "libcurl4")
NAMES = "subjectAltName=IP:10.0.0.5"
ASK = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], sys.argv[2].encode(), 60).read().decode())"


class Etcd:
    def __init__(self, host, folder, *options, tls=False):
        self.host, self.tls = host, tls
        url = f"{'https' if tls else 'http'}://10.0.0.5:2379"
        given = ["--cert-file", "/run/store.pem", "--key-file", "/run/store.key"] if tls else []
        self.process = subprocess.Popen(host.ns.argv([
            "etcd", "--name", "a", "--data-dir", folder, "--listen-client-urls", f"{url},http://127.0.0.1:2379",
            "--advertise-client-urls", url, "--logger", "zap", *given, *options]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path, **question):
        done = run(["nsenter", f"--net={self.host.netns}", "python3", "-c", ASK, f"http://127.0.0.1:2379/v3/{path}",
                    json.dumps(question)], check=False, timeout=120)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def await_leader(self):
        deadline = time.monotonic() + 120
        while self.ask("kv/range", key="YQ==") is None:
            assert time.monotonic() < deadline, "etcd does not come up"
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.host.sh("kill $(pidof etcd)", check=False)  # nsenter, whose child it is, passes no signal on
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def place(product_lab, tmp_path_factory):
    lan = product_lab.lan()
    raise_host = lambda name, address: product_lab.host(  # noqa: E731
        name, docker=False, extra_packages=PACKAGES, links={"eth0": (lan, f"{address}/24")})
    store, host = raise_host("store", "10.0.0.5"), raise_host("docker-200", "10.0.0.200")
    folder = tmp_path_factory.mktemp("tls")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=store", "-addext", NAMES, "-keyout", folder / "store.key", "-out", folder / "store.pem"])
    for name in ("store.key", "store.pem"):
        store.write(f"/run/{name}", (folder / name).read_text(), "600")
    host.write("/etc/overland/ca.pem", (folder / "store.pem").read_text())
    host.write("/etc/overland/password", "s3cret\n", "600")
    return SimpleNamespace(store=store, host=host)


@pytest.fixture
def fresh(place):
    """The host with its first inventory, and nothing known of earlier visits."""
    place.host.write(FILE, INVENTORY)
    place.host.sh("rm -f /var/lib/overland/source.json; mkdir -p /var/lib/overland")
    return place


def settings(host, scheme="http", more="plain_http = true\n", timeout=60):
    """By default with all the time that fifty on two cores may take."""
    host.write(SETTINGS, f'type = "etcd"\nurl = "{scheme}://10.0.0.5:2379"\nkey = "overland/inventory"\n'
                         f'timeout = {timeout}\n{more}', "600")


def test_fifty_at_once_end_with_fifty_subnets(fresh):
    host = fresh.host
    with Etcd(fresh.store, "/run/fifty") as etcd:
        etcd.await_leader()
        settings(host)
        assert host.overland("fetch").returncode == 75  # 200, and no such key
        done = host.overland("publish", FILE)
        assert done.returncode == 0, done.stderr
        with ThreadPoolExecutor(50) as pool:
            ended = list(pool.map(lambda n: host.overland("publish", "add", f"h{n}", "--address", f"10.0.0.{n + 10}",
                                                          timeout=180), range(50)))
        assert [one.stderr for one in ended if one.returncode != 0] == []
        done = host.overland("fetch")
        assert done.returncode == 0 and "generation 51, 52 hosts" in done.stdout, done.stderr
        bips = [line.split('"')[1] for line in host.read(FILE).splitlines() if line.startswith("bip ")]
        assert len(bips) == len(set(bips)) == 52
        assert host.overland("validate").returncode == 0
        # An older copy comes back, as from a backup: the store itself does not know.
        known = host.read(FILE)
        assert etcd.ask("kv/put", key="b3ZlcmxhbmQvaW52ZW50b3J5", value=run(["base64", "-w0"], input=INVENTORY).stdout)
        done = host.overland("fetch")
        assert done.returncode == 78 and "generation 1, and the one here has 51" in done.stderr
    done = host.overland("fetch")
    assert done.returncode == 75 and host.read(FILE) == known, done.stderr


def test_by_tls_and_with_a_password(fresh):
    host = fresh.host
    with Etcd(fresh.store, "/run/closed", tls=True) as etcd:
        etcd.await_leader()
        for path, question in [("auth/user/add", {"name": "root", "password": "r"}), ("auth/role/add", {"name": "root"}),
                               ("auth/user/grant", {"user": "root", "role": "root"}),
                               ("auth/user/add", {"name": "overland", "password": "s3cret"}),
                               ("auth/role/add", {"name": "writer"}),
                               ("auth/role/grant", {"name": "writer", "perm": {
                                   "permType": "READWRITE", "key": "b3ZlcmxhbmQvaW52ZW50b3J5"}}),
                               ("auth/user/grant", {"user": "overland", "role": "writer"}), ("auth/enable", {})]:
            assert etcd.ask(path, **question) is not None, path
        tls = 'ca = "/etc/overland/ca.pem"\n'
        user = 'user = "overland"\npassword_file = "/etc/overland/password"\n'
        settings(host, "https", user)
        done = host.overland("publish", FILE)
        assert done.returncode == 75 and "certificate" in done.stderr, done.stderr
        settings(host, "https", tls)
        assert host.overland("publish", FILE).returncode == 75  # nobody in particular
        settings(host, "https", tls + user.replace("overland\"\n", "root\"\n"))
        assert host.overland("publish", FILE).returncode == 75  # another's password
        settings(host, "https", tls + user)
        done = host.overland("publish", FILE)
        assert done.returncode == 0, done.stderr
        assert "bip 10.100.2.1/24" in host.overland("publish", "add", "h1", "--address", "10.0.0.1").stdout
        done = host.overland("fetch")
        assert done.returncode == 0 and "generation 2, 3 hosts" in done.stdout, done.stderr


def test_without_a_leader_it_gives_up_in_time(fresh):
    peers = ["--initial-advertise-peer-urls", "http://10.0.0.5:2380", "--listen-peer-urls", "http://10.0.0.5:2380",
             "--initial-cluster", "a=http://10.0.0.5:2380,b=http://10.0.0.6:2380,c=http://10.0.0.7:2380"]
    with Etcd(fresh.store, "/run/alone", *peers):
        settings(fresh.host, timeout=5, more="plain_http = true\n")
        time.sleep(3)
        begin = time.monotonic()
        done = fresh.host.overland("fetch")
        assert done.returncode == 75 and time.monotonic() - begin < 20, done.stderr
        assert fresh.host.read(FILE) == INVENTORY
