"""What a host's kernel, firewall and Docker settings look like, as texts that can be compared."""

import re

COMMANDS = {
    "routes": "ip -4 route show table all | grep -v '^broadcast\\|^local' || true",
    "rules": "ip -4 rule show",
    "links": "ip -o link show | grep -v veth | sed 's/ mtu .*//'",
    "iptables": "iptables-save",
    "nftables": "nft -a list ruleset 2>/dev/null",
    "sysctls": "sysctl -a -r '^net\\.ipv4\\.(ip_forward|conf\\.)' | grep -v veth",
    "daemon.json": "cd /etc/docker 2>/dev/null && stat -c '%A %U %G' daemon.json && cat daemon.json || echo absent",
}
NOISE = [
    (r"^#.*\n", ""), (r"\[\d+:\d+\]", ""), (r"counter packets \d+ bytes \d+", "counter"), (r" # handle \d+", ""),
    (r" (linkdown|dead)\b", ""),
]


def take(host):
    return {what: quiet(host.run(["sh", "-c", command]).stdout) for what, command in COMMANDS.items()}


def quiet(text):
    """Without counters, handles and time stamps."""
    for pattern, replacement in NOISE:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def differences(before, after):
    """Lines that went (-) or came (+), by what they belong to."""
    found = []
    for what in before:
        old, new = before[what].splitlines(), after[what].splitlines()
        found += [f"{what}: - {line}" for line in old if line not in new]
        found += [f"{what}: + {line}" for line in new if line not in old]
        if sorted(old) == sorted(new) and old != new:
            found.append(f"{what}: the order changed")
    return found
