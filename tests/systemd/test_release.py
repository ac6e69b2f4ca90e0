"""What scripts/release makes: the same bytes twice, and one package that every suite installs, upgrades and purges."""

import re
import subprocess
from types import SimpleNamespace

import pytest
from conftest import REPOSITORY, UNITS, files_of_ours, need
from lab import roots, snapshot
from lab.cluster import ADDRESSES, BIPS, INVENTORY
from lab.nspawn import SystemdHost
from lab.shell import run

PATH = "/etc/overland/inventory.toml"
NEXT = "0.1.999"


def release(folder, umask):
    subprocess.run(["sh", "-c", 'umask "$1"; exec "$2" "$3"', "sh", umask, REPOSITORY / "scripts/release", folder],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=1200)
    return folder


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    need("git", "cpack", "ninja", "c++")
    return release(tmp_path_factory.mktemp("first"), "022")


@pytest.fixture(scope="module")
def deb(released):
    return next(released.glob("*.deb"))


@pytest.fixture(scope="module")
def place(lab, deb, packages, request):
    suite, name = request.param
    files = {"/opt/lab/overland.deb": deb.read_bytes(), "/opt/lab/next.deb": packages("DEB", NEXT).read_bytes()}
    host = lab.hosts[name] = SystemdHost(
        lab, name, suite=suite, links={"eth0": (lab.lan(suite), f"{ADDRESSES[name]}/24")}, gateway="10.0.0.254", files=files)
    host.boot()
    yield SimpleNamespace(host=host, before=snapshot.take(host), files=files_of_ours(host))
    del lab.hosts[name]
    host.close()


def test_the_same_commit_gives_the_same_bytes_whatever_the_umask_and_the_folder(released, tmp_path):
    again = release(tmp_path / "elsewhere", "077")
    sums = (released / "SHA256SUMS").read_text()
    assert len(sums.splitlines()) == 2 and sums == (again / "SHA256SUMS").read_text()
    run(["env", "-C", again, "sha256sum", "--check", "--strict", "SHA256SUMS"])


def test_it_is_compressed_with_xz_and_has_one_moment_and_modes_for_all(deb):
    assert run(["ar", "t", deb]).stdout.split() == ["debian-binary", "control.tar.gz", "data.tar.xz"]
    listed = run(["env", "TZ=UTC", "dpkg-deb", "--contents", deb]).stdout.splitlines()
    moment = run(["env", "-C", REPOSITORY, "TZ=UTC", "git", "log", "-1", "--date=format-local:%Y-%m-%d %H:%M",
                  "--format=%cd"]).stdout.strip()
    assert {" ".join(line.split()[3:5]) for line in listed} == {moment}
    assert {line.split()[0] for line in listed} == {"drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"}


def test_what_is_linked_in_is_listed_and_its_licenses_are_in_the_copyright_file(released, deb, tmp_path):
    run(["dpkg-deb", "--extract", deb, tmp_path])
    documents = tmp_path / "usr/share/doc/overland"
    listed = (documents / "linked-in").read_text()
    assert listed == next(released.glob("*.linked-in")).read_text()
    sources = [re.fullmatch(r"(\S+) \(= \S+\)", line)[1] for line in listed.splitlines()]
    assert {"libnl3", "libnftnl", "spdlog", "tomlplusplus", "nlohmann-json3"} <= set(sources)
    explained = re.findall(r"^Files: (\S+)/\*$", (documents / "copyright").read_text(), re.MULTILINE)
    assert sorted(re.sub(r"^(boost|gcc)[-0-9.]+$", r"\1", one) for one in sources) == sorted(explained)


def states(host, question):
    return host.systemctl(question, *UNITS, check=False).stdout.split()


def holds(host):
    return host.overland("plan", "--detailed-exitcode").returncode == 0


@pytest.mark.parametrize("place", list(zip(roots.SUITES, BIPS)), ids=list(roots.SUITES), indirect=True)
def test_one_package_installs_applies_upgrades_downgrades_and_purges(place):
    host = place.host
    host.install("/opt/lab/overland.deb")
    assert snapshot.differences(place.before, snapshot.take(host)) == []
    host.write(PATH, INVENTORY)
    assert host.overland("apply", "--restart-docker", timeout=120).returncode == 0
    assert host.docker0() == BIPS[host.name] and holds(host)
    host.systemctl("enable", *UNITS)
    host.systemctl("start", *UNITS)

    for package in ("next.deb", "overland.deb"):
        host.run(["apt-get", "install", "--yes", "--allow-downgrades", f"/opt/lab/{package}"], timeout=120)
        shown = host.run(["dpkg-query", "--show", "--showformat=${Version}", "overland"]).stdout
        assert shown.startswith(NEXT) == (package == "next.deb")
        assert states(host, "is-enabled") == ["enabled"] * 3
        assert states(host, "is-active") == ["active", "inactive", "active"]
        assert holds(host)

    host.systemctl("disable", "--now", *UNITS)
    assert host.overland("purge").returncode == 0
    host.run(["rm", PATH])
    host.run(["apt-get", "purge", "--yes", "overland"])
    assert files_of_ours(host) - place.files == set()
    assert host.sh("ip -4 route show proto 111; nft list tables").stdout.count("overland") == 0
