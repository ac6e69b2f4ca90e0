"""The packages, the manual and the completion, without installing anything."""

import os
import re

import pytest
from conftest import REPOSITORY, need
from lab.shell import run

MANUALS = ["overland.8", "overland.toml.5"]


def verbs(binary):
    text = run([binary, "--help"]).stdout
    return re.findall(r"^  ([a-z]+) ", text[text.index("Verbs:"):], re.MULTILINE)


def options(binary, verb):
    """The long and the short options of a verb's help, as an administrator reads it."""
    text = run([binary, verb, "--help"]).stdout
    return sorted(set(re.findall(r"^ +(?:-\w \[ )?(--[a-z][a-z-]*)", text, re.MULTILINE))
                  | set(re.findall(r"^ +(-\w) \[", text, re.MULTILINE)))


@pytest.mark.parametrize("page", MANUALS)
def test_manual_pages_are_well_formed(page):
    need("man")
    done = run(["man", "--warnings", "--encoding=utf8", "--local-file", REPOSITORY / "docs/man" / page],
               env=os.environ | {"LC_ALL": "C.UTF-8", "MANPAGER": "cat", "MANWIDTH": "100"})
    assert done.stderr == "" and len(done.stdout) > 2000


def test_the_manual_has_every_verb_and_option(binary):
    page = (REPOSITORY / "docs/man/overland.8").read_text()
    missing = [verb for verb in verbs(binary) if f".It Cm {verb}" not in page]
    for verb in verbs(binary):
        missing += [f"{verb} {one}" for one in options(binary, verb)
                    if not re.search(rf"^\.It .*Fl {re.escape(one[1:])}(?![\w-])", page, re.MULTILINE)]
    assert missing == []


def test_the_manual_has_every_key_of_the_inventory():
    page = (REPOSITORY / "docs/man/overland.toml.5").read_text()
    keys = re.findall(r"^\| `([a-z_.]+)`", (REPOSITORY / "docs/inventory.md").read_text(), re.MULTILINE)
    assert len(keys) > 15
    assert [key for key in keys if f".It Ic {key} " not in page] == []


def complete(binary, *words):
    """What bash offers for the last word."""
    script = f'overland() {{ {binary} "$@"; }}; . {REPOSITORY}/packaging/completion/overland; ' \
             'COMP_WORDS=(overland "$@"); COMP_CWORD=$#; _overland; printf "%s\\n" "${COMPREPLY[@]}"'
    return run(["bash", "-c", script, "bash", *words]).stdout.split()


def test_the_completion_has_every_verb_and_option(binary):
    assert set(verbs(binary)) <= set(complete(binary, ""))
    for verb in verbs(binary):
        assert set(options(binary, verb)) <= set(complete(binary, verb, "-")), verb
    assert complete(binary, "apply", "--resta") == ["--restart-docker"]
    assert complete(binary, "plan", "--color", "a") == ["auto", "always"]


def test_the_debian_package_passes_lintian(packages):
    need("cpack", "lintian", "dpkg-deb")
    done = run(["lintian", "--allow-root", "--fail-on=error,warning", packages("DEB")], check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_debian_package_holds_what_it_should(packages):
    need("cpack", "dpkg-deb")
    deb = packages("DEB")
    listed = run(["dpkg-deb", "--contents", deb]).stdout
    for path in ("usr/sbin/overland", "usr/libexec/overland/overland-trace", "usr/lib/systemd/system/overland.timer",
                 "usr/lib/tmpfiles.d/overland.conf",
                 "usr/lib/systemd/networkd.conf.d/60-overland.conf", "etc/iproute2/rt_protos.d/overland.conf",
                 "usr/share/man/man8/overland.8.gz", "usr/share/doc/overland/examples/two-hosts.toml"):
        assert re.search(rf"^-\S+ root/root .* \./{re.escape(path)}$", listed, re.MULTILINE), path
    assert "usr/local" not in listed
    depends = run(["dpkg-deb", "--field", deb, "Depends"]).stdout
    assert all(library in depends for library in ("libc6", "libip4tc2", "libmnl0"))
    # Of one suite only: linked in.
    assert not re.search(r"boost|spdlog|fmt|toml|libnl|libnftnl|libstdc", depends)
    assert "libsystemd0" in run(["dpkg-deb", "--field", deb, "Recommends"]).stdout  # loaded, not linked


def test_the_rpm_package_has_the_same_files(packages):
    need("cpack", "rpmbuild", "rpm")
    rpm = packages("RPM")
    listed = run(["rpm", "--query", "--list", "--package", rpm]).stdout.split()
    assert "/usr/sbin/overland" in listed and "/usr/libexec/overland/overland-trace" in listed
    assert "/usr/lib/systemd/system/overland-boot.service" in listed
    # Folders of other packages would be conflicts.
    assert not {"/etc", "/usr/sbin", "/usr/lib/systemd/system"} & set(listed)
    assert [path for path in listed if "ebian" in path or "lintian" in path or ".build-id" in path] == []
    assert "libsystemd.so.0" in run(["rpm", "--query", "--recommends", "--package", rpm]).stdout
    about = run(["rpm", "--query", "--info", "--changelog", "--package", rpm]).stdout
    assert "One shared TOML inventory" in about and "- First package." in about
    config = run(["rpm", "--query", "--configfiles", "--package", rpm]).stdout.split()
    assert config == ["/etc/iproute2/rt_protos.d/overland.conf"]
