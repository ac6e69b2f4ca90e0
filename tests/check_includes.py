#!/usr/bin/python3
"""Greps every #include of src against the table of who may include whom (docs/architecture.md), and for <cstdint>."""

import pathlib
import re
import sys

ALLOWED = {
    "base": set(),
    "remote": {"base"},
    "model": {"base"},
    "fleet": {"remote", "inventory", "model", "base"},
    "trial": {"base"},
    "init": {"model", "base"},
    "inventory": {"model", "base"},
    "source": {"inventory", "model", "base"},
    "desired": {"inventory", "model", "base"},
    "plan": {"model", "base"},
    "host": {"plan", "model", "base"},
    "netlink": {"model", "base"},
    "kernel": {"netlink", "host", "plan", "model", "base"},
    "firewall": {"netlink", "host", "plan", "model", "base"},
    "probe": {"netlink", "desired", "inventory", "model", "base"},
    "docker": {"host", "plan", "model", "base"},
    "watch": {"host", "plan", "model", "base"},
    "reconcile": {"host", "plan", "model", "base"},
}
ALLOWED["cli"] = set(ALLOWED)

# Types of these never leave the .cpp of the folders that use them.
PRIVATE_LIBRARIES = re.compile(r"<(netlink/|libiptc/|nftables/|nlohmann/|libnftnl/|toml\+\+|boost/beast/|systemd/|curl/)")
FIXED_WIDTH = re.compile(r"^(?!\s*//).*\bu?int(8|16|32|64)_t\b", re.MULTILINE)


def lacks_cstdint(path: pathlib.Path) -> bool:
    """Older compilers bring it along with other headers, newer ones do not. A file's own header may include it."""
    texts = [one.read_text() for one in {path, path.with_suffix(".h")} if one.exists()]
    return bool(FIXED_WIDTH.search(path.read_text())) and not any("#include <cstdint>" in text for text in texts)


def faults(source: pathlib.Path):
    for path in sorted(source.rglob("*.[ch]*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        folder = path.relative_to(source).parts[0]
        if lacks_cstdint(path):
            yield f"{path}: uses fixed-width integers without <cstdint>"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include "([^/"]+)/', line)
            if match and match[1] != folder and match[1] not in ALLOWED[folder]:
                yield f"{path}:{number}: {folder} may not include {match[1]}"
            if path.suffix == ".h" and line.startswith("#include") and PRIVATE_LIBRARIES.search(line):
                # A header that only its own folder includes may show them.
                if included_elsewhere(source, path):
                    yield f"{path}:{number}: a library's types leave the folder through this header"


def included_elsewhere(source: pathlib.Path, header: pathlib.Path) -> bool:
    name = str(header.relative_to(source))
    folder = header.relative_to(source).parts[0]
    return any(
        f'#include "{name}"' in path.read_text()
        for path in source.rglob("*.[ch]*")
        if path.relative_to(source).parts[0] != folder
    )


def main() -> int:
    found = list(faults(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
