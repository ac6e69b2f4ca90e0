"""Packets: what gets through, and what arrives. TCP, which also tells the source address, is in sockets.py.

A `where` is a function that makes the command line which runs a command at the sending (or listening) place.
"""

import os
import random
import select
import subprocess
import time

from .namespace import ENVIRONMENT
from .shell import LabError, run


def ping(where, address, source=None):
    """Does any of two pings come back within a second?"""
    # An identifier of its own: the process number it would take repeats in young hosts, and connection tracking
    # would take one sender's pings for another's.
    identifier = random.randint(1, 0xFFFF)
    argv = ["ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "1", "-e", identifier,
            *(["-I", source] if source else []), address]
    return run(where(argv), check=False, env=ENVIRONMENT).returncode == 0


def hears(where, expression, stimulus, link="any", seconds=1.5):
    """Does a packet that matches the tcpdump expression arrive while `stimulus()` runs, or shortly after?"""
    argv = where(["timeout", str(seconds + 5), "tcpdump", "-p", "-n", "-l", "-c", "1", "-i", link, expression])
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=ENVIRONMENT) as dump:
        try:
            await_text(dump.stderr, b"listening on", 5)
            stimulus()
            ready, _, _ = select.select([dump.stdout], [], [], seconds)
            return bool(ready and os.read(dump.stdout.fileno(), 4096))
        finally:
            dump.terminate()


def await_text(stream, text, seconds):
    said, deadline = b"", time.monotonic() + seconds
    while text not in said:
        ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(stream.fileno(), 4096) if ready else b""
        if not chunk:
            raise LabError(f"no {text!r}, but: {said.decode()}")
        said += chunk


def reach(lab, pairs):
    """For each pair of places: does a ping come back, and the source a TCP server saw. All at the same time."""
    def probe_both(pair):
        source, target = pair
        return source.ping(target.address), source.tcp(target.address)
    return lab.together(probe_both, pairs)
