"""A flow of numbered packets while something happens on their way: which were lost, and whose the others were."""

import itertools
import select
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass

from . import sockets

PORTS = itertools.count(4242)
TRAVEL = 0.5  # after the last packet
BUFFER = 1 << 22  # a machine that is busy reads late


@dataclass(frozen=True)
class Place:
    """Where packets come from or go to; of a container as it is now, for which nobody has to ask Docker again."""
    netns: str
    address: str

    def tcp(self, address, seconds=2):
        """The source address the server there saw, or None."""
        return sockets.ask_peer(self.netns, address, 80, seconds=seconds)


class Flow:
    """UDP from one place to another for as long as the `with` lasts, and half a second.

    Each packet leaves from a socket of its own: a new connection, which does not pass because an earlier one did; with
    fresh=False all belong to one. `seen_as`: the address they have to arrive with, when it is not the source's own.
    `pause`: seconds from one packet to the next.
    """

    def __init__(self, source, target, fresh=True, seen_as=None, pause=0.01):
        self.source, self.target, self.pause = source, target, pause
        self.fresh, self.seen_as = fresh, seen_as or source.address
        self.port, self.first, self.sent, self.seen, self.over = next(PORTS), 0, 0, {}, threading.Event()

    def __enter__(self):
        self.listener = sockets.inside(self.target.netns, self.listen)
        self.threads = [threading.Thread(target=self.receive, daemon=True),
                        threading.Thread(target=sockets.inside, args=(self.source.netns, self.send), daemon=True)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def from_now_on(self):
        """What has left so far may be lost."""
        self.first = self.sent + 1

    def listen(self):
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
        listener.bind(("", self.port))
        return listener

    def send(self):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while not self.over.is_set():
            then = time.monotonic()
            try:
                sender.sendto(str(self.sent).encode(), (self.target.address, self.port))
            except OSError:
                pass  # no route, for instance: one that does not arrive
            self.sent += 1
            if self.fresh:
                sender.close()
                sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            time.sleep(max(0, then + self.pause - time.monotonic()))
        sender.close()

    def receive(self):
        deadline = None
        while deadline is None or time.monotonic() < deadline:
            if deadline is None and self.over.is_set():
                deadline = time.monotonic() + TRAVEL
            if select.select([self.listener], [], [], 0.1)[0]:
                number, (peer, _) = self.listener.recvfrom(64)
                self.seen[int(number)] = peer

    def lost(self):
        return [number for number in range(self.first, self.sent) if number not in self.seen]

    def verdict(self):
        """What is wrong with the flow, in one line; empty: nothing."""
        lost = self.lost()
        strange = set(self.seen.values()) - {self.seen_as}
        name = f"{self.source.address} to {self.target.address}"
        if not self.seen:
            return f"{name}: {self.sent} sent, none arrived"
        said = [f"{len(lost)} of {self.sent - self.first} lost, from number {lost[0]} to {lost[-1]}"] if lost else []
        said += [f"came from {', '.join(sorted(strange))}"] if strange else []
        return f"{name}: {'; '.join(said)}" if said else ""


class Flows:
    """Several at the same time."""

    def __init__(self, flows):
        self.flows, self.running = list(flows), ExitStack()

    def __enter__(self):
        with ExitStack() as entered:
            for flow in self.flows:
                entered.enter_context(flow)
            self.running = entered.pop_all()
        return self

    def __exit__(self, *_):
        for flow in self.flows:
            flow.over.set()  # so that all wait for their last packets together
        self.running.close()

    def from_now_on(self):
        for flow in self.flows:
            flow.from_now_on()

    def prove(self):
        """No packet was lost, and all came from whom they had to."""
        wrong = [words for words in (flow.verdict() for flow in self.flows) if words]
        assert not wrong, "\n".join(wrong)
