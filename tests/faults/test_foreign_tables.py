"""Whatever others put into nf_tables, and whatever becomes of the program that reads it: rules of ours are repaired."""

import json
import os
from pathlib import Path

import pytest
from sandbox import FOREIGN, TRACE, explain

TABLES = Path(__file__).resolve().parents[1] / "netns/firewall/tables"
REPLAY = """import socket, sys
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
    netlink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    netlink.send(sys.stdin.buffer.read())
    netlink.setblocking(False)
    try:
        sys.exit(f"refused: {netlink.recv(4096)}")
    except BlockingIOError:
        pass
"""
# How overland-trace is broken, and the words that have to be said about it.
BROKEN = {
    "crashes": ("kill -SEGV $$", "overland-trace ended by signal 11"),
    "hangs": ("exec sleep 300", "did not end within"),
    "lies": ("echo '{\"drops\": 1}'", "its answer cannot be understood"),
    "fails": ("exit 3", "overland-trace: "),
}


def damage(host):
    host.sh("ip route del 192.168.200.0/24; nft delete table ip overland")


def is_repaired(host):
    return "192.168.200.0/24 via 10.0.0.201" in host.sh("ip route show proto 111") and \
        "chain trusted-in" in host.sh("nft list table ip overland")


def advice(done):
    return [one["message"] for one in json.loads(done.stdout)["advice"]]


def test_tables_of_a_newer_nft_stop_no_verb(host):
    host.sh(FOREIGN)
    assert host.overland("apply").returncode == 0
    damage(host)
    host.write("/run/batch", (TABLES / "newer_nft.batch").read_bytes())
    host.write("/run/replay.py", REPLAY)
    host.sh("python3 /run/replay.py < /run/batch")
    for verb in (["plan"], ["status"], ["apply"], ["status"], ["purge"]):
        done = host.overland(*verb)
        assert done.returncode in (0, 1), explain(done)
        if verb == ["apply"]:
            assert is_repaired(host)
    assert "table inet newer" in host.overland("apply", "--json").stdout


@pytest.mark.parametrize("how", BROKEN)
def test_a_trace_that_breaks_is_a_sentence_and_nothing_else(host, how):
    host.sh(FOREIGN)
    assert host.overland("apply").returncode == 0
    damage(host)
    script, words = BROKEN[how]
    host.path(TRACE).unlink()
    host.write(TRACE, f"#!/bin/sh\n{script}\n", 0o755)
    done = host.overland("apply", "--json", timeout=40)
    assert done.returncode == 0, explain(done)
    assert is_repaired(host)
    assert any("who else drops could not be asked" in one and words in one for one in advice(done))


def test_a_trace_that_is_not_there_is_a_sentence(host):
    assert host.overland("apply").returncode == 0
    host.path(TRACE).unlink()
    done = host.overland("status", "--json")
    assert done.returncode == 0, explain(done)
    assert any("overland-trace is not installed" in one for one in advice(done))


def test_one_of_somebody_else_is_not_run(host):
    assert host.overland("apply").returncode == 0
    host.write(TRACE, "#!/bin/sh\ntouch /run/pwned\n", 0o755)
    os.chown(host.path(TRACE), 1234, 1234)
    done = host.overland("status", "--json")
    assert done.returncode == 0 and not host.path("/run/pwned").exists(), explain(done)
    assert any("who else drops could not be asked" in one for one in advice(done))
