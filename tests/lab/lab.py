"""The lab: raises hosts and LANs on this machine and takes everything away again."""

import atexit
import itertools
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from . import layer, leftovers
from .docker import DockerHost
from .host import Host
from .network import Lan
from .shell import LabError

NUMBERS = itertools.count(1)


class Lab:
    """Use it in a `with`. `binary`: the product, by default what layer.find_binary() finds."""

    def __init__(self, binary=None):
        if os.geteuid() != 0:
            raise LabError("raising hosts needs root")
        self.binary = binary or layer.find_binary()
        self.name = f"{leftovers.PREFIX}{os.getpid()}-{next(NUMBERS)}"
        self.hosts, self.lans, self.others, self.is_open = {}, {}, [], False

    def __enter__(self):
        leftovers.sweep()
        self.state = leftovers.runs() / self.name
        self.layer = self.state / "layer"
        self.cgroup = leftovers.cgroup2() / self.name
        self.layer.mkdir(parents=True)
        self.cgroup.mkdir()
        self.is_open = True
        atexit.register(self.close)
        end_tidily_on_signals()
        try:
            layer.make(self.layer, self.binary)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def lan(self, name="lan"):
        if name in self.lans:
            raise LabError(f"there is a LAN {name} already")
        self.lans[name] = Lan(self.name, self.cgroup, name)
        return self.lans[name]

    def host(self, name, *, docker=True, **options):
        """Raise a host; with docker=False one without Docker at all (routers, outsiders, the internet)."""
        if name in self.hosts:
            raise LabError(f"there is a host {name} already")
        host = self.hosts[name] = (DockerHost if docker else Host)(self, name, **options)
        host.boot()
        return host

    def keep(self, part):
        """Anything else that is closed with the lab: a switch, a guest."""
        self.others.append(part)
        return part

    def together(self, work, items):
        """work(item) for all items at the same time; the results in their order."""
        with ThreadPoolExecutor(max_workers=16) as pool:
            return list(pool.map(work, items))

    def start_dockers(self):
        self.together(DockerHost.start_docker, [host for host in self.hosts.values() if host.has_docker])

    def close(self):
        if not self.is_open:
            return
        self.is_open = False
        atexit.unregister(self.close)
        self.together(lambda part: part.close(), [*self.hosts.values(), *self.lans.values(), *self.others])
        leftovers.remove(self.cgroup, self.state)


def end_tidily_on_signals():
    """Turn the signals that would end Python on the spot into an exception, so that every `with` is left in order."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)


def leave(number, _):
    raise SystemExit(128 + number)
