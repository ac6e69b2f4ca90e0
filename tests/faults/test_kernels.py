"""Kernels that cannot hold the policy: it is said, and no rule is written, in neither variant."""

import pytest
from sandbox import BINARY, differences, explain

LEGACY = "ln -sfn /usr/sbin/iptables-legacy /etc/alternatives/iptables"
# The program iptables of the host, the kernel, and the words that have to be said of it.
KERNELS = {
    "legacy, no nf_tables": (LEGACY, {"KERNEL_WITHOUT_NFTABLES": "1"}, "nf_tables"),
    "nft, no nf_tables": ("true", {"KERNEL_WITHOUT_NFTABLES": "1"}, "nf_tables"),
    "no iptables, no nf_tables": ("rm /etc/alternatives/iptables", {"KERNEL_WITHOUT_NFTABLES": "1"}, "nf_tables"),
    "legacy, before 4.18": (LEGACY, {"KERNEL_RELEASE": "4.17.19-amd64"}, "4.18"),
}


def everything(host):
    return host.state() | {"legacy": host.sh("iptables-legacy-save | grep -v '^#'")}


def run(host, kernel, *arguments):
    settings = [f"{key}={value}" for key, value in {"LD_PRELOAD": "/run/kernel.so", **kernel}.items()]
    return host.run(["env", *settings, BINARY, *arguments], check=False)


@pytest.mark.parametrize("which", KERNELS)
def test_is_said_and_no_rule_is_written(foreign, other_kernel, which):
    prepare, kernel, words = KERNELS[which]
    foreign.path("/run/kernel.so").write_bytes(other_kernel)
    foreign.sh("iptables-legacy -A FORWARD -s 10.8.8.8 -j DROP; " + prepare)
    before = everything(foreign)
    for verb in (["plan"], ["status"], ["apply"], ["apply"]):
        done = run(foreign, kernel, *verb)
        assert words in done.stdout + done.stderr, explain(done)
        assert done.returncode == (1 if verb == ["apply"] else done.returncode), explain(done)
        changed = differences(before, everything(foreign))
        assert not {"rules", "legacy", "sets"} & set(changed), changed
    assert run(foreign, kernel, "purge").returncode in (0, 1)
    assert not {"rules", "legacy", "sets"} & set(differences(before, everything(foreign)))


def test_a_newer_release_is_no_reason_to_refuse(foreign, other_kernel):
    foreign.path("/run/kernel.so").write_bytes(other_kernel)
    foreign.sh(LEGACY)
    for release in ("4.18.0", "4.20.17-generic", "5.4", "10.0-rc1"):
        done = run(foreign, {"KERNEL_RELEASE": release}, "apply")
        assert done.returncode == 0, f"{release}: {explain(done)}"
