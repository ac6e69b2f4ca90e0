"""What Docker does to directly routed traffic, without the product: if an engine changes this, know it first here."""

import pytest
from lab.probe import reach

BIPS = {"left": "192.168.100.1/24", "right": "192.168.200.1/24"}
ADDRESSES = {"left": "10.0.0.200", "right": "10.0.0.201"}
PEER = {"left": "right", "right": "left"}

MARK = "0x200000"
RULES = """
table ip overland {{
  set local   {{ type ipv4_addr; flags interval; elements = {{ {local} }}; }}
  set trusted {{ type ipv4_addr; flags interval; elements = {{ {peer}, {remote} }}; }}
  chain trusted-in {{ type filter hook prerouting priority -310; policy accept;
    iifname "eth0"    ip saddr @trusted ip daddr @local   counter meta mark set mark or 0x200000
    iifname "docker0" ip saddr @local   ip daddr @trusted counter meta mark set mark or 0x200000
  }}
  chain keep-source {{ type nat hook postrouting priority 90; policy accept;
    meta mark & 0x200000 == 0x200000 ip saddr @local ip daddr @trusted counter snat to ip saddr
  }}
}}
"""
ACCEPT = f"-m mark --mark {MARK}/{MARK} -m comment --comment overland -j ACCEPT"


def subnet(name):
    return BIPS[name].replace(".1/24", ".0/24")


def raise_pair(lab, suite, what):
    lan = lab.lan(f"{what}-{suite}")
    return [lab.host(f"{what}-{name}-{suite}", suite=suite, links={"eth0": (lan, f"{ADDRESSES[name]}/24")},
                     routes=[f"{subnet(PEER[name])} via {ADDRESSES[PEER[name]]}"]) for name in BIPS]


def start(lab, hosts):
    for name, host in zip(BIPS, hosts):
        host.write_daemon_json(bip=BIPS[name])
    lab.together(lambda host: host.start_docker(), hosts)
    return lab.together(lambda host: (host.container("web", publish=["8080:80"]), host.container("hidden")), hosts)


def install_rules(name, host):
    host.run(["nft", "-f", "-"], input=RULES.format(local=subnet(name), remote=subnet(PEER[name]),
                                                    peer=ADDRESSES[PEER[name]]))
    host.sh(f"""
        iptables -N DOCKER-USER
        iptables -N OVERLAND-FORWARD
        iptables -A OVERLAND-FORWARD {ACCEPT}
        iptables -I DOCKER-USER 1 -j OVERLAND-FORWARD
        iptables -t raw -N OVERLAND-RAW
        iptables -t raw -A OVERLAND-RAW {ACCEPT}
        iptables -t raw -I PREROUTING 1 -j OVERLAND-RAW
    """)


def both_ways(left, right):
    return [(a, b) for a in left for b in right] + [(b, a) for a in left for b in right]


def test_published_recipe_fails_on_docker_28(lab):
    hosts = raise_pair(lab, "sid", "recipe")
    left, right = start(lab, hosts)
    for host in hosts:
        host.sh("iptables -A FORWARD -s 10.0.0.0/24 -j ACCEPT")
    assert set(reach(lab, both_ways(left, right))) == {(False, None)}


@pytest.mark.parametrize("suite", ["bookworm", "trixie", "sid"])
def test_marked_traffic_flows_with_its_source_when_installed_before_docker(lab, suite):
    hosts = raise_pair(lab, suite, "marked")
    for name, host in zip(BIPS, hosts):
        install_rules(name, host)
    pairs = both_ways(*start(lab, hosts))
    assert reach(lab, pairs) == [(True, source.address) for source, _ in pairs]
