"""What can be asked of any host that runs systemd, however it came up."""

from .shell import LabError

QUIET = ["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"]


def mask(root, units):
    """Units that never start in the root of that folder."""
    folder = root / "etc/systemd/system"
    folder.mkdir(parents=True, exist_ok=True)
    for unit in units:
        (folder / unit).symlink_to("/dev/null")


class SystemdCommands:
    """`run` and `name` are the host's."""

    def systemctl(self, *arguments, **options):
        return self.run(["systemctl", *arguments], **options)

    def show(self, unit, *properties):
        """The unit's properties as a dict of texts."""
        shown = self.systemctl("show", unit, *[f"--property={name}" for name in properties]).stdout
        return dict(line.split("=", 1) for line in shown.splitlines())

    def journal(self, unit, *options):
        """Messages of the unit in this boot, one a line."""
        shown = self.run(["journalctl", "--boot", "--quiet", "--output=cat", f"--unit={unit}", *options])
        return shown.stdout.splitlines()

    def install(self, package):
        """A package file, with apt and without a network."""
        self.run(["apt-get", "install", "--yes", package], timeout=120)

    def await_boot(self, seconds=60):
        done = self.systemctl("is-system-running", "--wait", check=False, timeout=seconds)
        if done.stdout.strip() not in ("running", "degraded"):
            raise LabError(f"{self.name} does not come up: {done.stdout}{done.stderr}\n{self.console()}")
