"""A fleet of hosts on one segment, as inventory text: the same as fleet.h writes, where it says why."""

import ipaddress


def bridge_length(hosts):
    return 25 if hosts <= 16000 else 28


def host_address(index):
    return str(ipaddress.ip_address("10.0.0.1") + 2 * index)


def bridge(index, hosts, merge=False):
    """The bridge's own address with its length, as bip wants it; all side by side where they shall merge."""
    stride = (1 if merge else 2) << (32 - bridge_length(hosts))
    address = ipaddress.ip_address("100.64.0.1") + stride * index
    return f"{address}/{bridge_length(hosts)}"


def network(index, hosts):
    return str(ipaddress.ip_interface(bridge(index, hosts)).network)


def container_address(index, hosts):
    return str(ipaddress.ip_interface(bridge(index, hosts)).ip + 1)


def text(hosts, conntrack=True, merge=False):
    lines = ["version = 1", "[docker]", 'daemon_json = "off"',
             "[firewall]", f"conntrack = {str(conntrack).lower()}",
             "[[segment]]", 'name = "lan"', 'subnet = "10.0.0.0/8"']
    for i in range(hosts):
        lines += ["", "[[host]]", f'name = "h{i}"', f'address = "{host_address(i)}"',
                  f'bip = "{bridge(i, hosts, merge)}"']
    return "\n".join(lines) + "\n"
