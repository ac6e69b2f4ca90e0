"""A host with a real dockerd, and its containers."""

import json

from . import layer, probe, sockets
from .host import Host
from .shell import CommandFailed, LabError

IMAGE = "lab"
LOST_INIT = "init preliminary setup"  # runc's words: on a busy machine it loses its own init now and then
STATE = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"


class DockerHost(Host):
    has_docker = True

    def write_daemon_json(self, **keys):
        self.write("/etc/docker/daemon.json", json.dumps(keys, indent=2) + "\n")

    def start_docker(self):
        self.service("start")

    def stop_docker(self):
        self.service("stop")

    def restart_docker(self):
        self.service("restart")

    def restart_docker_on_default_bridge(self):
        """Without a bip dockerd keeps the address docker0 has, and remembers it even when docker0 is gone."""
        self.stop_docker()
        self.run(["ip", "link", "delete", "docker0"])
        self.run(["rm", "-rf", "/var/lib/docker/network"])
        self.start_docker()

    def service(self, verb):
        self.run(["service", "docker", verb], timeout=90)

    def docker(self, *arguments, check=True, **options):
        done = self.run(["docker", *arguments], check=False, **options)
        if arguments[0] in ("run", "start") and LOST_INIT in done.stderr:
            # The container is made, and only has to be started.
            name = arguments[arguments.index("--name") + 1] if arguments[0] == "run" else arguments[-1]
            done = self.run(["docker", "start", name], check=False, **options)
        if check and done.returncode != 0:
            raise CommandFailed(done)
        return done

    def docker0(self):
        """The bridge's live address with its prefix length, or None."""
        shown = json.loads(self.run(["ip", "-j", "-4", "address", "show", "docker0"], check=False).stdout or "[]")
        found = [f"{info['local']}/{info['prefixlen']}" for link in shown for info in link.get("addr_info", ())]
        return found[0] if found else None

    def container(self, name, publish=(), network=None, restart=None):
        """Start a container that answers TCP on port 80 with the peer's address."""
        if self.docker("image", "inspect", IMAGE, check=False).returncode != 0:
            self.docker("import", layer.IMAGE, IMAGE)
        options = ["--stop-signal", "KILL"]
        options += [word for port in publish for word in ("--publish", port)]
        options += ["--network", network] if network else []
        options += ["--restart", restart] if restart else []
        self.docker("run", "--detach", "--name", name, "--hostname", name, *options, IMAGE, *layer.SERVER)
        return Container(self, name)


class Container:
    """Its address and process are asked for each time, since both change when Docker restarts it."""

    def __init__(self, host, name):
        self.host, self.name = host, name

    def inspect(self):
        words = self.host.docker("inspect", "--format", STATE, self.name).stdout.split()
        if words[0] == "0":
            raise LabError(f"container {self.name} on {self.host.name} is not running")
        return words

    @property
    def address(self):
        return self.inspect()[1]

    @property
    def netns(self):
        # Seen through the host's own /proc, because the number is one of the host's.
        return f"/proc/{self.host.ns.pid}/root/proc/{self.inspect()[0]}/ns/net"

    def argv(self, command):
        # Its network alone is entered: the same packets as with `docker exec`, many times as fast.
        return self.host.ns.argv(["nsenter", "-t", self.inspect()[0], "-n", *command])

    def run(self, *command, **options):
        return self.host.docker("exec", self.name, *command, **options)

    def ping(self, address, source=None):
        return probe.ping(self.argv, address, source)

    def tcp(self, address, port=80):
        """The source address the server there saw, or None."""
        return sockets.ask_peer(self.netns, address, port)

    def hears(self, expression, stimulus):
        return probe.hears(self.argv, expression, stimulus)

    def start(self):
        self.host.docker("start", self.name)

    def restart(self):
        self.host.docker("restart", "--time", "0", self.name)

    def remove(self):
        self.host.docker("rm", "--force", self.name)
