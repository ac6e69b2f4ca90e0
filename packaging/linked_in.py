#!/usr/bin/python3 -B
"""Lists the Debian source packages whose code is inside the programs of a build: linked_in.py BUILD

They come from archives on the link line, from the compiler's own libraries and from headers; a package whose library is
loaded at run time is a dependency instead.
"""

import os
import re
import subprocess
import sys

PROGRAMS = ["src/cli/overland", "src/cli/overland-fetch", "src/firewall/overland-trace"]


def output(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def packages(files):
    """{source package: version} of those that own the files."""
    found = {}
    for line in output("dpkg-query", "--search", *sorted(files)).splitlines():
        name = line.split(": ")[0].split(",")[0]
        shown = output("dpkg-query", "--show", "--showformat", "${source:Package} ${source:Version}", name)
        found.update([shown.split()])
    return found


def canonical(path):
    """As dpkg knows it: without `..`, and below /usr or not as it was packaged."""
    real = os.path.normpath(path)
    known = subprocess.run(["dpkg-query", "--search", real], capture_output=True)
    return real if known.returncode == 0 else real.removeprefix("/usr") if real.startswith("/usr/") else "/usr" + real


def linked_files(build):
    commands = output("ninja", "-C", build, "-t", "commands", *PROGRAMS)
    archives = set(re.findall(r"(?<=\s)/usr/\S+\.a(?=\s)", commands))
    return archives | {output("c++", f"-print-file-name={name}").strip() for name in ("libstdc++.a", "libgcc.a")}


def main(build):
    headers = set(re.findall(r"^ +(/usr/\S+)$", output("ninja", "-C", build, "-t", "deps"), re.MULTILINE))
    loaded = set()
    for program in PROGRAMS:
        loaded |= set(re.findall(r"=> (\S+)", output("ldd", f"{build}/{program}")))
    at_run_time = packages(map(canonical, loaded)).keys() | {"linux", "systemd", "curl"}  # interfaces, without code
    from_headers = {source: version for source, version in packages(headers).items() if source not in at_run_time}
    inside = from_headers | packages(map(canonical, linked_files(build)))
    for source, version in sorted(inside.items()):
        print(f"{source} (= {version})")


if __name__ == "__main__":
    main(*sys.argv[1:])
