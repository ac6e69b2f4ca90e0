"""overland watch in the sandbox: started, listened to, ended; and what it is asked about."""

import socket
import subprocess

from sandbox import BINARY
from trials import until

PEER = "192.168.200.0/24"
FILE = "/etc/overland/inventory.toml"
LINE = "repaired in"


class Watcher:
    def __init__(self, host, *arguments, program=BINARY, around=(), env=None):
        """`around`: a command that starts it; `env` more of an environment."""
        self.host = host
        self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        host.path("/run/notify").unlink(missing_ok=True)
        self.ready.bind(str(host.path("/run/notify")))
        self.ready.settimeout(20)
        self.process = host.start([*around, program, "watch", *arguments],
                                  env={"NOTIFY_SOCKET": "/run/notify"} | (env or {}), stdin=subprocess.DEVNULL,
                                  stdout=host.path("/run/said").open("w"), stderr=subprocess.STDOUT)
        while self.ready.recv(200) != b"READY=1":
            pass
        self.pid = int(host.sh("pgrep -x overland").split()[0])  # in the sandbox

    @property
    def said(self):
        return self.host.read("/run/said")

    def signal(self, name):
        self.host.sh(f"kill -{name} {self.pid}")

    def own(self, name):
        """A file of its /proc, read in the sandbox."""
        return self.host.sh(f"cat /proc/{self.pid}/{name}")

    def cpu(self):
        """Ticks of a hundredth of a second."""
        fields = self.own("stat").rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def end(self):
        self.signal("TERM")
        return self.process.wait(timeout=20)


def route(host, destination=PEER):
    """The one that leads somewhere: below it there is one that leads nowhere."""
    shown = host.sh(f"ip -N route show {destination}").splitlines(keepends=True)
    return "".join(line for line in shown if " via " in line)


def back(host, destination=PEER):
    return until(lambda: "proto 111" in route(host, destination), 5)


def table(host):
    return host.run(["nft", "-s", "list", "table", "ip", "overland"], check=False).stdout


def settled(host):
    """Nothing is left to do."""
    return until(lambda: host.overland("plan", "--detailed-exitcode").returncode == 0, 10)
