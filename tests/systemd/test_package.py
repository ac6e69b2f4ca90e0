"""The packages, the manual and the completion, without installing anything."""

import os
import re
from pathlib import Path

import pytest
from conftest import REPOSITORY, need
from lab.shell import run

MANUALS = ["overland.8", "overland.toml.5"]


@pytest.fixture(scope="module")
def overland(binary, tmp_path_factory):
    """overland as it is installed: with the verbs that are another program's."""
    program = tmp_path_factory.mktemp("bin") / "overland"
    beside = Path(binary).parent / "overland-fetch"
    program.write_text(f'#!/bin/sh\ncase ${{1-}} in fetch | publish) exec {beside} "$@" ;; esac\nexec {binary} "$@"\n')
    program.chmod(0o755)
    return str(program)


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


def test_the_manual_has_every_verb_and_option(overland):
    page = (REPOSITORY / "docs/man/overland.8").read_text()
    missing = [verb for verb in verbs(overland) if f".It Cm {verb}" not in page]
    for verb in verbs(overland):
        missing += [f"{verb} {one}" for one in options(overland, verb)
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


def test_the_completion_has_every_verb_and_option(overland):
    assert set(verbs(overland)) <= set(complete(overland, ""))
    for verb in verbs(overland):
        assert set(options(overland, verb)) <= set(complete(overland, verb, "-")), verb
    assert complete(overland, "apply", "--resta") == ["--restart-docker"]
    assert complete(overland, "plan", "--color", "a") == ["auto", "always"]


HOSTS = """version = 1
segment = [{ name = "lan", subnet = "10.0.0.0/24" }]
[[host]]
name    = "docker-200"
[[ host ]]
name = "docker-201"
"""

# What zsh's own functions would offer, one a line, in place of those that need an editor.
ZSH = """compadd() { [ $1 != -a ] || set -- ${(P)2}; print -l -- $@ }
_describe() { print -l -- ${(P)2} | cut -d: -f1 }
_files() { print files }
overland() { %s "$@" }
words=(overland "$@") CURRENT=$#words
. %s/packaging/completion/_overland
"""


def complete_zsh(binary, *words):
    need("zsh")
    return run(["zsh", "-fc", ZSH % (binary, REPOSITORY), "_overland", *words]).stdout.split()


def complete_fish(binary, *words):
    need("fish")
    script = f"function overland; {binary} $argv; end; source {REPOSITORY}/packaging/completion/overland.fish; " \
             "complete -C (string join ' ' -- overland $argv)"
    done = run(["fish", "--no-config", "--command", script, *words])
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", [complete, complete_zsh, complete_fish])
def test_every_shell_completes_verbs_options_words_and_hosts(overland, shell, tmp_path):
    file = tmp_path / "inventory.toml"
    file.write_text(HOSTS)
    assert {*verbs(overland), "help", "version"} <= set(shell(overland, ""))
    assert set(verbs(overland)) <= set(shell(overland, "help", ""))
    for verb in verbs(overland):
        assert {one for one in options(overland, verb) if one.startswith("--")} <= set(shell(overland, verb, "--")), verb
    assert {"auto", "nft", "iptc"} <= set(shell(overland, "plan", "--firewall", ""))
    assert {"docker-200", "docker-201"} <= set(shell(overland, "plan", "-i", str(file), "--host", ""))
    assert {"docker-200", "docker-201"} <= set(shell(overland, "explain", "-i", str(file), "docker-200", ""))


def test_the_debian_package_passes_lintian(packages):
    need("cpack", "lintian", "dpkg-deb")
    done = run(["lintian", "--allow-root", "--fail-on=error,warning", packages("DEB")], check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_debian_package_holds_what_it_should(packages):
    need("cpack", "dpkg-deb")
    deb = packages("DEB")
    listed = run(["dpkg-deb", "--contents", deb]).stdout
    for path in ("usr/sbin/overland", "usr/libexec/overland/overland-trace",
                 "usr/libexec/overland/overland-fetch", "usr/lib/systemd/system/overland.timer",
                 "usr/lib/tmpfiles.d/overland.conf",
                 "usr/lib/systemd/networkd.conf.d/60-overland.conf", "etc/iproute2/rt_protos.d/overland.conf",
                 "usr/share/overland/schema/inventory.json", "usr/share/overland/schema/status.json",
                 "usr/share/zsh/vendor-completions/_overland", "usr/share/fish/vendor_completions.d/overland.fish",
                 "usr/share/man/man8/overland.8.gz", "usr/share/doc/overland/examples/two-hosts.toml",
                 "usr/share/doc/overland/json.md", "usr/share/doc/overland/neighbours.md"):
        assert re.search(rf"^-\S+ root/root .* \./{re.escape(path)}$", listed, re.MULTILINE), path
    assert "usr/local" not in listed
    depends = run(["dpkg-deb", "--field", deb, "Depends"]).stdout
    assert all(library in depends for library in ("libc6", "libip4tc2", "libmnl0"))
    # Of one suite only: linked in.
    assert not re.search(r"boost|spdlog|fmt|toml|libnl|libnftnl|libstdc", depends)
    recommends = run(["dpkg-deb", "--field", deb, "Recommends"]).stdout  # loaded, not linked
    assert "libsystemd0" in recommends and "libcurl4 | libcurl4t64" in recommends
    assert "libcurl" not in run(["dpkg-deb", "--field", deb, "Depends"]).stdout


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
