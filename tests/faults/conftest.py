"""A fresh sandbox for each test, and how a test file tells ctest that it was skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import sandbox  # noqa: E402  (the path has to be set first)
import watchers  # noqa: E402

SKIPPED = 77


@pytest.fixture
def host():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if not sandbox.BINARY:
        pytest.skip("there is no overland binary: set OVERLAND_BINARY")
    absent = [tool for tool in ("unshare", "nsenter", "nft", "iptables-nft", "ip") if not shutil.which(tool)]
    if absent:
        pytest.skip(f"missing: {', '.join(absent)}; run scripts/bootstrap")
    raised = sandbox.Sandbox()
    yield raised
    raised.close()


def preloaded(name, folder):
    """The bytes of what that C file here is to LD_PRELOAD."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("needs a C compiler")
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    return library.read_bytes()


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    return preloaded("shim", tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="session")
def other_kernel(tmp_path_factory):
    return preloaded("kernel", tmp_path_factory.mktemp("kernel"))


@pytest.fixture
def foreign(host):
    """A host with routes and rules of somebody else."""
    host.sh(sandbox.FOREIGN)
    return host


@pytest.fixture
def watched(foreign):
    """The watcher of a host that is applied."""
    assert foreign.overland("apply").returncode == 0
    watcher = watchers.Watcher(foreign)
    yield watcher
    if watcher.process.poll() is None:
        assert watcher.end() == 0, watcher.said


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = SKIPPED
