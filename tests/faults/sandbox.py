"""A host in namespaces of its own: network, mounts, processes and name. Nothing outlives it, whatever it started.

/etc, /usr/bin and /usr/libexec are overlays, /run and /var/lib/overland are empty; a dockerd is installed that never runs. One link,
eth0 (10.0.0.200/24), whose other end is the lan; routes, rules and sysctls of somebody else are there already.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import contract  # noqa: E402  (the path has to be set first)

BINARY = os.environ.get("OVERLAND_BINARY", "")
# Where the binary looks for its helpers, and where the build has them.
HELPERS = {"overland-trace": "firewall", "overland-fetch": "cli"}
TRACE = "/usr/libexec/overland/overland-trace"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
INVENTORY = """version = 1
[cluster]
name = "lab"
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "docker-200"
address = "10.0.0.200"
bip = "192.168.100.1/24"
[[host]]
name = "docker-201"
address = "10.0.0.201"
bip = "192.168.200.1/24"
[[host]]
name = "docker-202"
address = "10.0.0.202"
bip = "192.168.210.1/24"
"""
DAEMON_JSON = '{\n    "log-driver": "journald",\n    "labels": ["a=b"]\n}\n'
FOREIGN = """ip route add 10.55.0.0/16 via 10.0.0.7 proto static
ip route add 10.56.0.0/16 dev eth0
nft add table ip other; nft add chain ip other c '{ type filter hook input priority 5; }'
nft add rule ip other c ip saddr 10.9.9.9 drop
iptables-nft -A FORWARD -s 10.8.8.8 -j DROP
iptables-nft -t raw -A PREROUTING -s 10.8.8.9 -j ACCEPT
iptables-nft -t nat -A POSTROUTING -s 10.8.8.10 -j RETURN
"""
SETUP = r"""
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
for folder in /etc /usr/bin /usr/libexec /var/lib; do
    name=$(echo "$folder" | tr / _)
    mkdir -p "/mnt/$name/upper" "/mnt/$name/work"
    mount -t overlay overlay -o "lowerdir=$folder,upperdir=/mnt/$name/upper,workdir=/mnt/$name/work" "$folder"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /mnt/dev; mount -t tmpfs -o mode=755 tmpfs /mnt/dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /mnt/dev/
mkdir /mnt/dev/shm /mnt/dev/pts; mount --bind /dev/pts /mnt/dev/pts; ln -s pts/ptmx /mnt/dev/ptmx; ln -s /proc/self/fd /mnt/dev/fd
mount --rbind /mnt/dev /dev
rm -rf /etc/docker /var/lib/overland /etc/overland /etc/resolv.conf
mkdir -p /etc/docker /etc/overland /run/overland /var/lib/overland
printf '#!/bin/sh\necho "Docker version 20.10.24, build 1"\n' > /usr/bin/dockerd
chmod 755 /usr/bin/dockerd
ln -sfn /usr/sbin/iptables-nft /etc/alternatives/iptables
hostname docker-200
for c in all default; do echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done
ip link set lo up
ip link add eth0 type veth peer name lan
ip link set lan up
ip link set eth0 up
ip address add 10.0.0.200/24 dev eth0
ip route add default via 10.0.0.254
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
exec cat > /dev/null
"""

STATE = r"""
ip route show table all | sort; printf '\001'
nft -s list ruleset; printf '\001'
cat /proc/sys/net/ipv4/ip_forward; printf '\001'
cat /etc/docker/daemon.json 2>/dev/null || echo none; printf '\001'
stat -c %a:%U:%G /etc/docker/daemon.json 2>/dev/null || echo none; printf '\001'
cat /var/lib/overland/state.json 2>/dev/null || echo none; printf '\001'
ip -br link | cut -d' ' -f1; printf '\001'
ls -A /etc/docker /var/lib/overland; printf '\001'
ip neighbour show nud permanent | sort; bridge fdb show | grep vxlan | sort || :
"""


class Sandbox:
    def __init__(self):
        self.holder = subprocess.Popen(
            ["unshare", "-n", "-m", "-p", "-u", "-i", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SETUP],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
        said = []
        for line in self.holder.stdout:
            if line.strip() == "ready":
                break
            said.append(line)
        else:
            raise RuntimeError("the sandbox did not come up:\n" + "".join(said))
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        self.pid = int(children[0])
        self.path(TRACE).parent.mkdir(exist_ok=True)
        for name, folder in HELPERS.items():
            self.write(f"/usr/libexec/overland/{name}", (Path(BINARY).parents[1] / folder / name).read_bytes(), 0o755)
        self.write("/etc/overland/inventory.toml", INVENTORY)
        self.write("/etc/docker/daemon.json", DAEMON_JSON)

    def argv(self, command):
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-p", "-u", "-i", "-r", "-w", *map(str, command)]

    def run(self, command, *, check=True, env=None, timeout=60, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(self.argv(command), capture_output=True, text=True, timeout=timeout,
                              env=ENVIRONMENT | (env or {}), **options)
        assert not check or done.returncode == 0, f"{command}: {explain(done)}"
        return done

    def sh(self, script, **options):
        return self.run(["sh", "-euc", script], **options).stdout

    def start(self, command, env=None, **options):
        return subprocess.Popen(self.argv(command), env=ENVIRONMENT | (env or {}), text=True, **options)

    def overland(self, *arguments, **options):
        options.setdefault("check", False)
        done = self.run([BINARY, *arguments], **options)
        contract.check(arguments, done.stdout)
        return done

    def path(self, path):
        """The file as seen from outside."""
        return Path(f"/proc/{self.pid}/root{path}")

    def write(self, path, text, mode=0o644):
        self.path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
        self.path(path).chmod(mode)

    def read(self, path):
        """Its text, or None where there is no such file."""
        try:
            return self.path(path).read_text()
        except FileNotFoundError:
            return None

    def state(self):
        """All that overland could touch, exactly."""
        parts = self.sh(STATE).split("\x01")
        names = "routes", "rules", "forward", "daemon.json", "mode", "memory", "links", "leftovers", "neighbours"
        return dict(zip(names, parts))

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait(timeout=20)


def explain(done):
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def differences(before, after):
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}
