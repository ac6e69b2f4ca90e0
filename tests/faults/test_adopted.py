"""Routes of somebody else that --adopt took over come back with purge as they were."""

import pytest
from sandbox import explain

DESTINATION = "192.168.200.0/24"
ROUTES = {
    "a metric, a source and an MTU": "via 10.0.0.7 dev eth0 proto static src 10.0.0.200 metric 7 mtu lock 1400 advmss 1300",
    "weights": "proto static mtu 1400 nexthop via 10.0.0.7 dev eth0 weight 3 nexthop via 10.0.0.8 dev eth0 weight 1",
    "a congestion control": "via 10.0.0.7 dev eth0 proto static congctl reno initcwnd 20 quickack 1",
    "a blackhole": "proto static metric 9",
}


@pytest.mark.parametrize("kind", ROUTES)
def test_as_they_were(host, kind):
    blackhole = "blackhole " if kind == "a blackhole" else ""
    host.sh(f"ip route add {blackhole}{DESTINATION} {ROUTES[kind]}")
    before = host.sh(f"ip route show {DESTINATION}")
    done = host.overland("apply", "--adopt")
    assert done.returncode == 0 and "via 10.0.0.201" in host.sh(f"ip route show {DESTINATION}"), explain(done)
    assert "proto static" not in host.sh(f"ip route show {DESTINATION}")
    done = host.overland("purge")
    assert done.returncode == 0, explain(done)
    assert host.sh(f"ip route show {DESTINATION}") == before
