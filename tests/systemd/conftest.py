"""Fixtures for the tests of units, package and Ansible role; they run as one ctest a file."""

import os
import shutil
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from lab import Lab, nspawn, roots  # noqa: E402  (the path has to be set first)
from lab.shell import run  # noqa: E402

SKIPPED = 77
UNITS = ["overland-boot.service", "overland.service", "overland.timer"]


def need(*tools):
    """Skip the test where a tool is missing."""
    absent = [tool for tool in tools if not shutil.which(tool)]
    if absent:
        pytest.skip(f"missing: {', '.join(absent)}; run scripts/bootstrap")


def files_of_ours(host):
    found = host.sh("find / -xdev \\( -name '*overland*' -o -path '/etc/docker/*' \\) ! -path '/proc/*' "
                    "! -path '/opt/*' ! -path '/var/log/*' ! -path '/var/lib/dpkg/*' ! -path '/tmp/*'").stdout
    return set(found.split())


@pytest.fixture(scope="session")
def binary():
    named = os.environ.get("OVERLAND_BINARY")
    if not named or not Path(named).is_file():
        pytest.skip("there is no overland binary: build it and set OVERLAND_BINARY")
    return named


@pytest.fixture(scope="session")
def packages(binary, tmp_path_factory):
    """Makes the package of one kind from the build, and gives its file: packages("DEB"); also as another version."""
    build = os.environ.get("OVERLAND_BUILD_DIR") or str(Path(binary).parents[2])
    made = {}

    def make(kind, version=None):
        if (kind, version) not in made:
            folder = tmp_path_factory.mktemp(kind)
            config = Path(build) / "CPackConfig.cmake"
            run(["cpack", "-G", kind, "--config", config, "-B", folder,
                 "-D", f"CPACK_OUTPUT_FILE_PREFIX={folder}",
                 *(["-D", f"CPACK_PACKAGE_VERSION={version}"] if version else [])], timeout=300)
            made[kind, version] = next(folder.glob(f"*.{kind.lower()}"))
        return made[kind, version]
    return make


@pytest.fixture(scope="session")
def promtool(tmp_path_factory):
    """Debian has it in the package of the server, which is better not installed for a test: only unpacked."""
    if installed := shutil.which("promtool"):
        return installed
    cached = roots.CACHE / "promtool"
    if not cached.exists():
        need("apt-get", "dpkg-deb")
        folder = tmp_path_factory.mktemp("prometheus")
        run(["env", "-C", folder, "apt-get", "download", "-q", "prometheus"], timeout=300)
        run(["dpkg-deb", "--extract", next(folder.glob("*.deb")), folder / "root"])
        roots.CACHE.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "root/usr/bin/promtool", cached)
    return cached


@pytest.fixture(scope="module")
def lab():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if reason := nspawn.missing():
        pytest.skip(reason)
    with Lab() as raised:
        yield raised


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = SKIPPED
