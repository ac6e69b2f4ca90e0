"""A takeover of legacy rules of the release before, cut short anywhere: the next apply ends it, and purge takes all."""

import errno
from pathlib import Path

import pytest
from sandbox import BINARY, differences, explain

OLD = Path(__file__).resolve().parents[1] / "e2e/legacy"
LEGACY = "ln -sfn /usr/sbin/iptables-legacy /etc/alternatives/iptables"
CHAINS = "iptables-legacy -N DOCKER-USER; iptables-legacy -A FORWARD -j DOCKER-USER; iptables-legacy -P FORWARD DROP"
TABLES = "iptables-legacy -t nat -S; iptables-legacy -t raw -S"  # the kernel keeps what was ever used
FORGET = """iptables-legacy-save | grep -vi overland > /run/others; iptables-legacy-restore /run/others
nft delete table ip overland 2> /dev/null || true
ipset list -n | grep '^overland' | xargs -rn1 ipset destroy
ipset restore < /run/old.ipset; iptables-legacy-restore --noflush < /run/old.iptables"""
KINDS = {"kill": ("all", 0, 13), "ENOMEM": ("socket,sendmsg,recvmsg,sendto,recvfrom,send,recv", errno.ENOMEM, 11),
         "flock": ("flock", errno.EINTR, 1)}


@pytest.fixture
def old(foreign, shim):
    """A host as the release before left it."""
    foreign.path("/run/shim.so").write_bytes(shim)
    for part in ("ipset", "iptables"):
        foreign.write(f"/run/old.{part}", (OLD / f"old.{part}").read_text().replace(" lan ", " eth0 "))
    foreign.sh(f"{LEGACY}; {CHAINS}; {TABLES}")
    foreign.others = legacy(foreign)
    return foreign


def legacy(host):
    return host.sh("iptables-legacy-save | grep -v '^#' | sed 's/\\[.*\\]//'; ipset save; nft -s list ruleset")


def run(host, calls, error, n, *arguments):
    settings = {"LD_PRELOAD": "/run/shim.so", "FAULT_CALLS": calls, "FAULT_AT": n, "FAULT_ERRNO": error,
                "FAULT_COUNT": "/run/count"}
    return host.run(["env", *(f"{key}={value}" for key, value in settings.items()), BINARY, *arguments], check=False)


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_apply_ends_it(old, kind):
    calls, error, stride = KINDS[kind]
    old.sh(FORGET)
    assert run(old, calls, 1, 0, "apply").returncode == 0
    total, applied = int(old.read("/run/count")), legacy(old)
    assert total > 0
    for n in range(1, total + 1, stride):
        old.sh(FORGET)
        done = run(old, calls, error, n, "apply")
        again = old.overland("apply")
        assert again.returncode == 0, f"at {n}: {explain(again)}\nafter {explain(done)}"
        assert differences({"rules": applied}, {"rules": legacy(old)}) == {}, f"at {n}: {explain(done)}"
    done = old.overland("purge")
    assert done.returncode == 0 and legacy(old) == old.others, explain(done)
