"""The lab's own read-only layer over the Debian root: docker's init script, an image for containers, the product."""

import io
import os
import shutil
import tarfile
from pathlib import Path

from .shell import LabError, run

REPOSITORY = Path(__file__).resolve().parents[2]
BUILDS = ("release", "dev")
IMAGE = "/opt/lab/image.tar"
SERVER = ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"]
CGI = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s\\n' \"$REMOTE_ADDR\"\n"
WRAPPER = """#!/bin/sh
exec /opt/overland/{loader} --library-path /opt/overland/lib --argv0 {name} /opt/overland/{name} "$@"
"""


def find_binary():
    """$OVERLAND_BINARY, else the newest of the usual builds; None when it is not built: not every lab needs it."""
    named = os.environ.get("OVERLAND_BINARY")
    candidates = [Path(named)] if named else [REPOSITORY / "build" / build / "src/cli/overland" for build in BUILDS]
    built = [path for path in candidates if path.is_file()]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


def make(folder, binary):
    executable(folder / "etc/init.d/docker", Path(__file__).with_name("docker.init").read_text())
    (folder / IMAGE[1:]).parent.mkdir(parents=True)
    (folder / IMAGE[1:]).write_bytes(image())
    if binary:
        bundle(folder, binary)
        bundle(folder, Path(binary).parents[1] / "firewall/overland-trace", "usr/libexec/overland")
        bundle(folder, Path(binary).with_name("overland-fetch"), "usr/libexec/overland")


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def bundle(folder, binary, place="usr/bin"):
    """The binary with its libraries and its loader, so that one build runs in the root of every suite."""
    home, name = folder / "opt/overland", Path(binary).name
    (home / "lib").mkdir(parents=True, exist_ok=True)
    shutil.copy(binary, home / name)
    loader = None
    for line in run(["ldd", binary]).stdout.splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path is None:
            if "not found" in line:
                raise LabError(f"{binary}: {line.strip()}")
        elif "=>" in line:
            shutil.copy(path, home / "lib" / line.split()[0])
        else:
            loader = Path(path).name
            shutil.copy(path, home / loader)
    if loader is None:
        raise LabError(f"{binary} is not dynamically linked")
    executable(folder / place / name, WRAPPER.format(loader=loader, name=name))


def image():
    """A container image as `docker import` takes it: busybox and a server that answers with the peer's address."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        add_file(tar, "bin/busybox", Path("/bin/busybox").read_bytes())
        add_file(tar, "www/cgi-bin/peer", CGI.encode())
        for name in ("sh", "ls", "cat", "ping", "wget", "nc", "ip", "sleep", "hostname", "ps"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()


def add_file(tar, name, content):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))
