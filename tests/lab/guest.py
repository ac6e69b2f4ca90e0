"""A host with Debian's own kernel, under qemu without hardware help: for what this machine's kernel lacks (802.1Q).

It has one link, a trunk: frames go through a socket to switch.py and carry their tags. Nothing of it is in any namespace
of this machine; the lab talks to guestinit.sh over a virtio port. Start to prompt 10 to 20 seconds.
"""

import base64
import hashlib
import shlex
import socket
import subprocess
import time
from pathlib import Path

from . import contract, roots
from .namespace import ENVIRONMENT, joining
from .shell import CommandFailed, LabError, run

KERNEL = ("linux-image-cloud-amd64", "kmod")
INIT = Path(__file__).with_name("guestinit.sh")
ROOM = 200  # MiB an image has beside its files
BOOT_SECONDS = 240  # on a machine that is busy otherwise


def image(suite="bookworm", docker=False):
    """The root's disk image, made once for each root and init; guests only ever write to throw-away snapshots of it."""
    root = roots.ensure(suite, docker, KERNEL)
    disk = root.with_name(f"{root.name}-{hashlib.sha256(INIT.read_bytes()).hexdigest()[:8]}.img")
    if not disk.exists():
        with roots.building(disk.name):
            if not disk.exists():
                make_image(root, disk)
    return root, disk


def make_image(root, disk):
    unfinished = disk.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    pack(root, unfinished)
    commands = f"write {INIT} lab-init\nset_inode_field lab-init mode 0100755\n"
    run(["debugfs", "-w", "-f", "-", unfinished], input=commands)
    unfinished.rename(disk)
    for outdated in set(disk.parent.glob(f"{root.name}-*.img")) - {disk}:
        outdated.unlink()  # a guest that still uses it keeps it open


def pack(folder, disk):
    run(pack_command(folder, folder, disk), timeout=120)


def pack_command(measured, folder, disk):
    used = int(run(["du", "-sm", measured]).stdout.split()[0])
    return ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", folder, disk, f"{used * 5 // 4 + ROOM}M"]


class Guest:
    has_docker = False
    suite = "bookworm"
    # One processor, of several qemu 7.2 spoils flags at cmpxchg16b, and runs half of what the kernel patches of itself.
    cpu = "qemu64,-cx16"

    def __init__(self, lab, name, trunk, link="eth0", memory=512):
        self.lab, self.name, self.trunk, self.link, self.memory = lab, name, trunk, link, memory
        self.state = lab.state / name
        self.state.mkdir(parents=True)
        self.cgroup = lab.cgroup / f"guest-{name}"
        self.cgroup.mkdir()
        self.root, self.arguments, self.options = self.hardware()
        self.power_on()

    def hardware(self):
        """The root the kernel comes from, its arguments, and what qemu needs for the disks and for this guest only."""
        root, disk = image(self.suite, self.has_docker)
        layer = self.state / "layer.img"
        pack(self.lab.layer, layer)
        return root, f"init=/lab-init lab.name={self.name}", [
            "-drive", f"file={disk},if=virtio,format=raw,snapshot=on,cache=unsafe",
            "-drive", f"file={layer},if=virtio,format=raw,snapshot=on,cache=unsafe"]

    def power_on(self):
        self.agent, theirs = socket.socketpair()
        kernel = next((self.root / "boot").glob("vmlinuz-*"))
        argv = [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", self.cpu, "-machine", "q35", "-m", self.memory,
            "-smp", "1",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{self.state / 'console'}",
            "-kernel", kernel, "-initrd", str(kernel).replace("vmlinuz", "initrd.img"),
            "-append", f"root=/dev/vda rw console=ttyS0 quiet mitigations=off nokaslr audit=0 {self.arguments}",
            *self.options,
            "-netdev", f"socket,id=trunk,fd={self.trunk.fileno()}", "-device", "virtio-net-pci,netdev=trunk,addr=8",
            "-chardev", f"socket,id=agent,fd={theirs.fileno()}", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=agent,name=agent",
        ]
        self.qemu = subprocess.Popen(
            joining(self.cgroup, argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=(self.trunk.fileno(), theirs.fileno()), start_new_session=True,
            env=ENVIRONMENT | {"TMPDIR": str(self.state)})
        theirs.close()
        self.lines = self.agent.makefile("r")

    def boot(self):
        self.agent.settimeout(BOOT_SECONDS)
        if self.answer() != "ready":
            raise LabError(f"guest {self.name} said something else than ready")
        self.sh(f"ip link set {self.first_link()} name {self.link}; ip link set {self.link} up")

    def first_link(self):
        return self.sh("ls -d /sys/bus/virtio/drivers/virtio_net/virtio*/net/*").stdout.split("/")[-1].strip()

    def answer(self):
        try:
            line = self.lines.readline()
        except TimeoutError:
            line = ""
        if not line:
            raise LabError(f"guest {self.name} does not answer; its console:\n{self.console()}")
        return line.rstrip("\r\n")

    def console(self):
        file = self.state / "console"
        said = file.read_text(errors="replace")[-2000:] if file.exists() else ""
        if self.qemu.poll() is not None:
            said += self.qemu.stderr.read().decode()
        return said

    def sh(self, script, *, check=True, input=None, timeout=BOOT_SECONDS):
        if input is not None:
            packed = base64.b64encode(input.encode()).decode()
            script = f"exec < /run/in\n{script}"
            self.sh(f"echo {packed} | base64 -d > /run/in")
        self.agent.settimeout(timeout)
        self.agent.sendall(self.packed(script))
        words = self.answer().split(" ")
        out, err = (base64.b64decode(word).decode(errors="replace") for word in words[1:3])
        done = subprocess.CompletedProcess([self.name, script], int(words[0]), out, err)
        if check and done.returncode != 0:
            raise CommandFailed(done)
        return done

    @staticmethod
    def packed(script):
        return base64.b64encode(script.encode()) + b"\n"

    def run(self, argv, **options):
        return self.sh(shlex.join(map(str, argv)), **options)

    def write(self, path, text, mode="644"):
        self.sh(f'mkdir -p "$(dirname {path})"; cat > {path}; chmod {mode} {path}', input=text)

    def overland(self, *arguments, **options):
        options.setdefault("check", False)
        done = self.run(["overland", *arguments], **options)
        contract.check(arguments, done.stdout)
        return done

    def ping(self, address):
        return self.run(["ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "2", address], check=False).returncode == 0

    def hears(self, expression, stimulus, link, seconds=3):
        """What tcpdump prints of the first matching packet, headers and all; empty when none came."""
        self.sh(f"rm -f /run/heard /run/listening; timeout {seconds + 20} tcpdump -e -n -l -c 1 -i {link} '{expression}' "
                "> /run/heard 2> /run/listening & "
                "for i in $(seq 50); do grep -q listening /run/listening 2>/dev/null && exit 0; sleep 0.1; done; exit 1")
        stimulus()
        deadline = time.monotonic() + seconds
        while not (heard := self.sh("cat /run/heard").stdout) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.sh("pkill tcpdump || true")
        return heard

    def power_off(self):
        """At once, as a power cut does it."""
        self.qemu.kill()
        self.qemu.wait()
        self.qemu.stderr.close()
        self.lines.close()
        self.agent.close()

    def close(self):
        self.power_off()
        self.trunk.close()


if __name__ == "__main__":
    print(image()[1], image("trixie", docker=True)[1])  # those of tests/vlan
