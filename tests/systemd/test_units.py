"""The units, without starting them: known to systemd, in order, and rated by its own measure of exposure."""

import pytest
from conftest import REPOSITORY, need
from lab.shell import run

SERVICES = ["overland-boot.service", "overland.service", "overland-watch.service"]
PROBE = "overland-probe.service"
FETCHES = ["overland-fetch.service", "overland-fetch-boot.service"]
UNITS = [*SERVICES, "overland.timer", PROBE, "overland-probe.timer", *FETCHES, "overland-fetch.timer"]
THRESHOLD = 30  # tenths: 3.0 of 10, where 10 is no protection at all


@pytest.fixture(scope="module")
def units(binary, tmp_path_factory):
    """As shipped, but with the program where it was built; verify looks whether it is there."""
    need("systemd-analyze")
    folder = tmp_path_factory.mktemp("units")
    for name in UNITS:
        text = (REPOSITORY / "systemd" / name).read_text()
        (folder / name).write_text(text.replace("/usr/sbin/overland", binary))
    return folder


def test_systemd_has_nothing_against_the_units(units):
    done = run(["systemd-analyze", "verify", "--man=no", *[units / name for name in UNITS]], check=False)
    # For an unknown key the exit status is 0 all the same.
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_would_notice_an_unknown_key(units):
    broken = units / "broken.service"
    broken.write_text((units / "overland.service").read_text().replace("ProtectHome=", "ProtectHouse="))
    assert "ProtectHouse" in run(["systemd-analyze", "verify", "--man=no", broken], check=False).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_exposure_is_at_most_3_0(units, name):
    run(["systemd-analyze", "security", "--offline=true", f"--threshold={THRESHOLD}", units / name])


def test_probing_takes_more_and_no_more_than_it_needs(units):
    run(["systemd-analyze", "security", "--offline=true", "--threshold=40", units / PROBE])


@pytest.mark.parametrize("name", FETCHES)
def test_what_speaks_with_strangers_is_shut_in_more(units, name):
    run(["systemd-analyze", "security", "--offline=true", "--threshold=20", units / name])


def test_a_boot_waits_for_a_source_only_without_an_inventory_and_not_for_long():
    text = (REPOSITORY / "systemd/overland-fetch-boot.service").read_text()
    for line in ("Before=overland-boot.service", "ConditionPathExists=!/etc/overland/inventory.toml", "TimeoutStartSec=5s"):
        assert f"\n{line}\n" in text


def test_the_services_share_one_sandbox():
    def sandbox(name):
        text = (REPOSITORY / "systemd" / name).read_text()
        return text[text.index("CapabilityBoundingSet="):text.index("SUIDSGID=")]
    assert len({sandbox(name) for name in SERVICES}) == 1


def test_tmpfiles_and_networkd_files_have_what_their_readers_ask_for(tmp_path):
    need("systemd-tmpfiles")
    done = run(["systemd-tmpfiles", "--create", f"--root={tmp_path}", REPOSITORY / "systemd/overland-tmpfiles.conf"])
    assert done.stderr == ""
    assert (tmp_path / "var/lib/overland").stat().st_mode & 0o7777 == 0o700
    assert (tmp_path / "run/overland").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "run/xtables.lock").stat().st_mode & 0o7777 == 0o600
    assert "[Network]\nManageForeignRoutes=no" in (REPOSITORY / "systemd/overland-networkd.conf").read_text()
