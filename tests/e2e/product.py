"""The product's command line as the tests use it."""

import json


def apply(host, *options):
    """`overland apply --json`, which has to succeed; its report."""
    done = host.overland("apply", "--json", *options, timeout=120)
    assert done.returncode == 0, f"{host.name}: {explain(done)}"
    return report_of(done)


def report_of(done):
    return json.loads(done.stdout)


def apply_everywhere(cluster, *options):
    return cluster.lab.together(lambda host: apply(host, *options), cluster.hosts)


def plan(host):
    """Exit status (0 nothing to do, 2 changes, 1 only not all could be looked at) and text of `overland plan`."""
    done = host.overland("plan", "--detailed-exitcode")
    assert done.returncode in (0, 1, 2), f"{host.name}: {explain(done)}"
    return done.returncode, done.stdout


def explain(done):
    return f"exit {done.returncode}\nstdout: {done.stdout}\nstderr: {done.stderr}"
