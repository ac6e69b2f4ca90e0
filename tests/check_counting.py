#!/usr/bin/env python3
"""Fails where scripts/count-tests does not say which tests failed and which were skipped."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

CTEST = """<testsuite>
<testcase name="unit.good" status="run"/>
<testcase name="unit.away" status="notrun"><skipped/></testcase>
<testcase name="e2e.packets" status="run"/>
</testsuite>"""
PYTEST = """<testsuite>
<testcase classname="p" name="test_one"/>
<testcase classname="p" name="test_two"><skipped/></testcase>
<testcase classname="p" name="test_three"><failure message="assert
  1 == 2"/></testcase>
<testcase classname="p" name="test_four"><error message="assert 1 == 2"/></testcase>
</testsuite>"""
EXPECTED = """SKIPPED unit.away
SKIPPED e2e.packets: test_two
FAILED e2e.packets: test_three
    assert 1 == 2
FAILED e2e.packets: test_four
2 passed, 2 failed, 2 skipped
"""


def main():
    script = Path(__file__).parent.parent / "scripts/count-tests"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "ctest.xml").write_text(CTEST)
        Path(folder, "e2e.packets.xml").write_text(PYTEST)
        done = subprocess.run([sys.executable, "-B", script, folder], capture_output=True, text=True,
                              env=os.environ | {"CI": "false"}, check=False)
    print(done.stdout, done.stderr)
    return int(done.stdout != EXPECTED or done.returncode != 1)


if __name__ == "__main__":
    sys.exit(main())
