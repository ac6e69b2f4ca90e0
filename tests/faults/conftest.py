"""A fresh sandbox for each test, and how a test file tells ctest that it was skipped."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import sandbox  # noqa: E402  (the path has to be set first)

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


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = SKIPPED
