"""Faults without end on hosts that are watched: in the end all is in force, and nothing has grown.

OVERLAND_SOAK_SECONDS (60) of faults, OVERLAND_SOAK_RATE (20) a second, OVERLAND_SOAK_SEED of a run that is to be
repeated, OVERLAND_SOAK_STOPPED (3) seconds for which a watcher is stopped.
"""

import os
import random
import threading

import pytest
from sandbox import BINARY, explain
from soaking import Soak
from test_deaf import dockerd  # noqa: F401  (a fixture)
from trials import until
from watchers import LINE

SECONDS = int(os.environ.get("OVERLAND_SOAK_SECONDS", "60"))
RATE = float(os.environ.get("OVERLAND_SOAK_RATE", "20"))
SEED = int(os.environ.get("OVERLAND_SOAK_SEED", random.randrange(1_000_000)))
STOPPED = float(os.environ.get("OVERLAND_SOAK_STOPPED", "3"))
CALM = 20  # seconds with one fault each
# Who fights each repair is answered once a minute at the least.
PATIENCE = 75  # seconds


@pytest.fixture
def soak(host, dockerd):  # noqa: F811
    raised = Soak(SEED, dockerd)
    yield raised
    raised.close()


def settled(member):
    return member.host.overland("plan", "--detailed-exitcode").returncode == 0


def standing(member):
    return explain(member.host.overland("plan")) + "\n" + member.watcher.said[-3000:]


def ways(member):
    """What a packet meets there."""
    return f"{member.words['name']}\n" + member.host.sh(
        "ip address show dev eth0; ip route; ip neigh; nft -s list ruleset; sysctl net.ipv4.ip_forward; overland status || true"
        .replace("overland status", f"{BINARY} status"))


def reached(one, other):
    asked = ["ip", "netns", "exec", "c", "ping", "-q", "-c", "3", "-i", "0.01", "-W", "1", other.container]
    return one.host.run(asked, check=False).returncode == 0


def told(said, seconds):
    """Lines about repairs are few, and so is all else."""
    lines = said.splitlines()
    repairs = [line for line in lines if LINE in line]
    assert len(repairs) <= 20 + seconds / 6 + 2, f"{len(repairs)} lines about repairs"
    assert len(lines) <= 100 + 3 * seconds, f"{len(lines)} lines:\n" + "\n".join(lines[-50:])
    return len(lines)


def test_in_the_end_all_is_in_force_and_nothing_has_grown(soak):
    print(f"seed {SEED}")
    for one, other in soak.ring():
        assert until(lambda a=one, b=other: reached(a, b)), one.watcher.said
    soak.ping()
    soak.harm(CALM, 1)
    calm = soak.losses()
    assert all(lost < sent / 2 for sent, lost in calm), calm
    before = [member.grown() for member in soak.members]
    soak.ping()
    resume = soak.stop_one_for(STOPPED)
    timer = threading.Timer(STOPPED, resume)
    timer.start()
    soak.harm(SECONDS, RATE)
    timer.join()
    losses = soak.losses()
    for member in soak.members:
        member.mend()
    for member in soak.members:
        assert until(lambda m=member: settled(m), PATIENCE), standing(member)
    for one, other in soak.ring():
        assert until(lambda a=one, b=other: reached(a, b)), "\n".join(ways(member) for member in soak.members)
    after = [member.grown() for member in soak.members]
    lines = [told(member.watcher.said, CALM + SECONDS + PATIENCE) for member in soak.members]
    print(f"{sum(soak.faults.values())} faults; packets sent and lost while calm {calm}, then {losses}; "
          f"descriptors and KiB before {before}, after {after}; lines said {lines}")
    for (descriptors, memory), (descriptors_then, memory_then) in zip(after, before):
        assert descriptors <= descriptors_then + 1
        # AddressSanitizer keeps what was freed.
        assert memory <= memory_then + 1024 or b"__asan_init" in open(BINARY, "rb").read()
