"""Records what each test of the compatibility suite shows, for the table in docs/support.md.

`@pytest.mark.claim("words")` names what a test shows; the properties `engine` (on what) and `note` (how, where it is not
simply so) come from the test. Written to $OVERLAND_COMPAT_RESULTS, one file a test file; scripts/compat reads them.
"""

import json
import os
from pathlib import Path

import pytest

RESULTS = []


def pytest_configure(config):
    config.addinivalue_line("markers", "claim(words): what the test shows, as the table says it")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    claim = item.get_closest_marker("claim")
    if not claim or (report.when != "call" and report.passed) or report.when == "teardown":
        return
    RESULTS.append({"file": item.path.name, "claim": claim.args[0], "outcome": report.outcome, "note": "", "engine": "",
                    **dict(item.user_properties)})


def pytest_sessionfinish():
    folder = os.environ.get("OVERLAND_COMPAT_RESULTS")
    for name in {one["file"] for one in RESULTS} if folder else ():
        Path(folder).mkdir(parents=True, exist_ok=True)
        found = [one for one in RESULTS if one["file"] == name]
        (Path(folder) / name.replace(".py", ".json")).write_text(json.dumps(found, indent=1) + "\n")


def engine_of(host):
    """ "28.5.2, nf_tables", as the host itself says."""
    version = host.docker("version", "--format", "{{.Server.Version}}").stdout.split("+")[0].strip()
    variant = host.run(["iptables", "--version"]).stdout.split("(")[1].split(")")[0]
    return f"{version}, {variant}"


@pytest.fixture
def note(record_property):
    return lambda words: record_property("note", words)


@pytest.fixture
def on(record_property):
    """Call it with the host (or hosts) a test is about."""
    return lambda *hosts: record_property("engine", "; ".join(dict.fromkeys(map(engine_of, hosts))))
