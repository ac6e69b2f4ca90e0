"""Fixtures for the end-to-end tests, and how a test file tells ctest that it was skipped."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import Lab  # noqa: E402  (the path has to be set first)

SKIPPED = 77


def missing():
    """Why no host can be raised here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    absent = [tool for tool in ("mmdebstrap", "busybox", "nsenter", "ip") if not shutil.which(tool)]
    return f"missing: {', '.join(absent)}; run scripts/bootstrap" if absent else None


@pytest.fixture(scope="module")
def lab():
    if reason := missing():
        pytest.skip(reason)
    with Lab() as raised:
        yield raised


@pytest.fixture(scope="module")
def product_lab(lab):
    if not lab.binary:
        pytest.skip("there is no overland binary: build it or set OVERLAND_BINARY")
    return lab


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = SKIPPED
