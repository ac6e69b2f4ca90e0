"""What tests of a booted host ask of it, and wait for."""

import time


def our_routes(host):
    return host.sh("ip -4 route show proto 111").stdout


def plan(host):
    return host.overland("plan", "--detailed-exitcode").returncode


def moment(host, unit, name):
    return int(host.show(unit, name)[name])


def runs(host, unit="overland.service"):
    """Changes with each run of the unit."""
    return host.show(unit, "InvocationID")["InvocationID"]


def restart_docker(host):
    # Docker's unit may start three times a minute only, which is less than this file needs.
    host.systemctl("reset-failed", "docker.service")
    host.systemctl("restart", "docker.service", timeout=120)


def await_run(host, previous, seconds=20):
    """Until overland.service has run again, and is done."""
    deadline = time.monotonic() + seconds
    while runs(host) in (previous, "") or host.show("overland.service", "ActiveState")["ActiveState"] != "inactive":
        assert time.monotonic() < deadline, "overland.service was not started"
        time.sleep(0.1)
    assert host.show("overland.service", "Result")["Result"] == "success"
