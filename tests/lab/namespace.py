"""A process that holds namespaces, and a way to run commands inside them.

No namespace is ever given a name or mounted anywhere: it lives as long as its process, and the process as long as
the pipe the lab holds. A lab that is killed leaves no namespace, mount or process behind.
"""

import subprocess
from pathlib import Path

from .shell import LabError, run

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb",
}


class Namespace:
    """`enter` is the nsenter prefix; `cgroup` a folder in a cgroup2 tree that holds every process in here."""

    def __init__(self, argv, cgroup, enter_flags):
        cgroup.mkdir(parents=True, exist_ok=True)
        self.cgroup = cgroup
        self.holder = subprocess.Popen(
            joining(cgroup, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True, env=ENVIRONMENT,
        )
        self.await_ready()
        self.pid = self.first_process()
        self.enter = ["nsenter", "-t", str(self.pid), *enter_flags]

    def await_ready(self):
        said = []
        for line in self.holder.stdout:
            if line.strip() == "ready":
                return
            said.append(line)
        raise LabError("a namespace did not come up:\n" + "".join(said))

    def first_process(self):
        """With --fork it is the child of unshare, otherwise the holder itself."""
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        return int(children[0]) if children else self.holder.pid

    def argv(self, command):
        """The command line that runs `command` in here, for callers that start it themselves."""
        inner = self.cgroup / "init"
        return joining(inner if inner.is_dir() else self.cgroup, [*self.enter, *map(str, command)])

    def run(self, command, **options):
        return run(self.argv(command), env=ENVIRONMENT, **options)

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        try:
            self.holder.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.holder.kill()
            self.holder.wait()


def joining(cgroup, argv):
    """The command, moved into a cgroup before it starts, so that whatever it leaves running can be found."""
    return ["sh", "-c", 'echo 0 > "$1/cgroup.procs" || exit 125; shift; exec "$@"', "sh", str(cgroup), *map(str, argv)]


def network_namespace(label, cgroup):
    """A network namespace and nothing else, for a LAN's bridge."""
    return Namespace(["unshare", "-n", "sh", "-c", "echo ready; exec cat > /dev/null", label], cgroup, ["-n"])


def host_namespace(label, cgroup, name, layers, state):
    """All a host has of its own; see hostinit.sh. `layers`: read-only folders, the topmost first."""
    init = Path(__file__).with_name("hostinit.sh")
    argv = ["unshare", "-n", "-m", "-p", "-u", "-i", "-C", "--fork",
            "sh", init, name, ":".join(map(str, layers)), state, label]
    flags = ["-n", "-m", "-p", "-u", "-i", "-C", "-r", "-w"]
    return Namespace(argv, cgroup, flags)
