"""A qemu guest that boots systemd, with systemd-networkd and Docker, and really reboots: its disk stays, all else goes.

Its one link is a trunk, as any guest's; what carries the tags is left to the product. Half a minute a boot, of one core.
"""

import shlex
import uuid
from pathlib import Path

from . import layer, nspawn, roots
from .guest import BOOT_SECONDS, INIT, KERNEL, Guest, pack_command
from .shell import LabError, run
from .systemd import QUIET, SystemdCommands, mask

# What the overland package depends on, since there is no mirror to get it from.
PACKAGES = ["systemd-sysv", "dbus", *(name for name in nspawn.PACKAGES if name.startswith("lib")), *KERNEL]
TRUNK = "enp0s8"  # by its PCI slot, as udev names it
NETWORK = f"""[Match]
Name={TRUNK}

[Network]
LinkLocalAddressing=no

[Link]
RequiredForOnline=carrier
"""
AGENT = """[Unit]
Description=Carries out what the lab asks for

[Service]
ExecStart=/opt/lab/agent
"""
UNITS = "etc/systemd/system"
ENABLED = {
    f"{UNITS}/multi-user.target.wants/systemd-networkd.service": "/lib/systemd/system/systemd-networkd.service",
    f"{UNITS}/network-online.target.wants/systemd-networkd-wait-online.service":
        "/lib/systemd/system/systemd-networkd-wait-online.service",
    f"{UNITS}/sysinit.target.wants/lab-agent.service": "/etc/systemd/system/lab-agent.service",
}
NEEDLESS = [
    "getty@tty1.service", "serial-getty@ttyS0.service", "systemd-logind.service", "systemd-random-seed.service",
    "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "dev-hugepages.mount", "dev-mqueue.mount",
    "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    *(f"modprobe@{name}.service" for name in ("configfs", "dm_mod", "drm", "efi_pstore", "fuse", "loop")),
]


def root():
    return roots.ensure("bookworm", True, PACKAGES)


class Machine(SystemdCommands, Guest):
    """`files`: what its disk has beside the root's, by path."""

    def __init__(self, lab, name, trunk, files, memory=768):
        self.files = dict(files)
        super().__init__(lab, name, trunk, TRUNK, memory)

    def hardware(self):
        """The disk is the guest's own, so that it outlives qemu: what was written to it survives a power cut."""
        lower, merged, upper, work = root(), *(self.state / folder for folder in ("root", "upper", "work"))
        for folder in (merged, upper, work):
            folder.mkdir()
        self.prepare(upper)
        disk = self.state / "disk.img"
        overlay = f"lowerdir={lower},upperdir={upper},workdir={work}"
        script = (f"mount -t overlay -o {shlex.quote(overlay)} overlay {shlex.quote(str(merged))}; "
                  + shlex.join(map(str, pack_command(lower, merged, disk))))
        run(["unshare", "-m", "sh", "-euc", script], timeout=120)
        return lower, "lsm=yama", ["-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"]

    def prepare(self, upper):
        for path, target in ENABLED.items():
            (upper / path).parent.mkdir(parents=True, exist_ok=True)
            (upper / path).symlink_to(target)
        mask(upper, QUIET + NEEDLESS)
        given = {
            "/etc/hostname": f"{self.name}\n".encode(),
            "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n".encode(),
            "/etc/machine-id": f"{uuid.uuid4().hex}\n".encode(),  # without one the first boot is another
            "/etc/modules-load.d/lab.conf": b"virtio_console\n",
            f"/etc/systemd/network/10-{TRUNK}.network": NETWORK.encode(),
            f"/{UNITS}/lab-agent.service": AGENT.encode(),
            layer.IMAGE: layer.image(),
        }
        for path, content in (given | self.files).items():
            nspawn.put(upper, path, content)
        nspawn.put(upper, "/opt/lab/agent", INIT.read_bytes(), 0o755)

    def boot(self):
        self.agent.settimeout(BOOT_SECONDS)
        if self.answer() != "ready":
            raise LabError(f"{self.name} said something else than ready")
        self.await_boot(BOOT_SECONDS)

    def reboot(self):
        """As an administrator does it. qemu ends where the host would reset, since its own reset takes half a minute."""
        self.agent.sendall(self.packed("systemctl reboot"))
        self.qemu.wait(timeout=BOOT_SECONDS)
        self.power_cut()  # all is written and off by now

    def power_cut(self):
        self.power_off()
        self.power_on()
        self.boot()


if __name__ == "__main__":
    print(root())
