"""The demo: what three Docker hosts cannot do before `overland apply`, and can after it."""

import argparse
import subprocess
import sys
import time

from . import Lab, LabError
from .cluster import ADDRESSES, INTERNET, Cluster, inventory_of
from .namespace import ENVIRONMENT
from .probe import reach

STARTED = time.monotonic()
# Outside of the ranges Docker takes new networks from, as in the README.
BIPS = {name: f"10.100.{name[-3:]}.1/24" for name in ADDRESSES}


def say(text=""):
    print(text, flush=True)


def headline(text):
    say(f"\n=== {text}  [{time.monotonic() - STARTED:.0f} s]")


def label(container):
    return f"{container.name}@{container.host.name}"


def print_matrix(cluster):
    """Rows send, columns answer; a cell is the source address the other side saw."""
    containers = cluster.all_containers()
    seen = dict(zip([(label(a), label(b)) for a, b in cluster.pairs()], reach(cluster.lab, cluster.pairs())))
    width = max(len(label(container)) for container in containers) + 2
    say("the source address the container in the column saw, when the one in the row called it:")
    say(" " * (width + 16) + "".join(label(target).ljust(width) for target in containers))
    for source in containers:
        cells = [cell(seen.get((label(source), label(target)))) for target in containers]
        row = label(source).ljust(width) + source.address.ljust(16) + "".join(text.ljust(width) for text in cells)
        say(row.rstrip())
    outside = [container.tcp(INTERNET) or "-" for container in containers]
    say("to the internet".ljust(width + 16) + "".join(text.ljust(width) for text in outside))
    return all(ping and source == sender.address for (sender, _), (ping, source)
               in zip(cluster.pairs(), seen.values()))


def cell(result):
    if result is None:
        return "."
    ping, source = result
    return source or ("ping only" if ping else "no answer")


def apply(cluster):
    for host in cluster.hosts:
        done = host.overland("apply")
        say(f"--- {host.name}: overland apply -> exit {done.returncode}\n{done.stdout}{done.stderr}".rstrip())


def by_hand(host):
    """The command that enters a host from another terminal while the demo is kept."""
    return " ".join(host.ns.enter) + " bash"


def shell(host):
    say(f"\na shell on {host.name}; try: overland status")
    subprocess.run(host.ns.argv(["bash"]), env=ENVIRONMENT | {"TERM": "xterm"}, check=False)


def keep(cluster):
    headline("kept; from another terminal enter a host with")
    for host in cluster.hosts:
        say(f"  {host.name}: {by_hand(host)}")
    say("and try: overland status; ip route; docker exec web ping -c1 <address of a peer's container>")
    input("Enter takes everything away ")


def demo(options):
    with Lab() as lab:
        if not lab.binary:
            raise LabError("there is no overland binary: build it first")
        headline("raising three hosts with dockerd, a gateway and the internet")
        cluster = Cluster(lab, inventory=inventory_of("10.100.0.0/16", BIPS), bips=BIPS)
        cluster.configure_bips()
        lab.start_dockers()
        cluster.start_containers()
        version = cluster.hosts[0].docker("version", "--format", "{{.Server.Version}}").stdout.strip()
        say(f"Docker {version}; " + ", ".join(f"{name} {address}" for name, address in ADDRESSES.items()))
        headline("before")
        print_matrix(cluster)
        headline("the inventory, the same on every host")
        say(cluster.inventory)
        headline("overland plan on docker-200")
        say(cluster.hosts[0].overland("plan").stdout)
        headline("overland apply on every host")
        apply(cluster)
        headline("after")
        works = print_matrix(cluster)
        headline("overland probe on docker-200: the same, asked by the program")
        probed = cluster.hosts[0].overland("probe")
        say(probed.stdout + probed.stderr)
        works = works and probed.returncode == 0
        if options.shell:
            shell(lab.hosts[options.shell])
        elif options.keep:
            keep(cluster)
    headline("everything is taken away again")
    say("try it by hand: scripts/demo --shell docker-200, and there: overland status")
    return 0 if works else 1


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="stay until Enter is pressed")
    parser.add_argument("--shell", choices=ADDRESSES, metavar="HOST", help=f"a shell on one of {', '.join(ADDRESSES)}")
    options = parser.parse_args()
    try:
        return demo(options)
    except (LabError, KeyboardInterrupt) as error:
        print(f"demo: {error or 'interrupted'}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
