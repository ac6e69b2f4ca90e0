"""Half an inventory, an older one, one of somebody else: what was applied last stays in force and is repaired."""

import json
import time

import pytest
from sandbox import BINARY, INVENTORY, differences, explain

FILE = "/etc/overland/inventory.toml"
COPY = "/var/lib/overland/last-inventory.toml"


def inventory(hosts, top="", tail=""):
    """As the sandbox's, with so many hosts: docker-200, then h1, h2, …; bips 172.20.n.0 and on."""
    text = f'version = 1\n{top}\n[[segment]]\nname = "lan"\nsubnet = "10.0.0.0/16"\n'
    text += '[[host]]\nname = "docker-200"\naddress = "10.0.0.200"\nbip = "192.168.100.1/24"\n'
    for n in range(1, hosts):
        text += (f'[[host]]\nname = "h{n}"\naddress = "10.0.{1 + n // 200}.{1 + n % 200}"\n'
                 f'bip = "172.{20 + n // 250}.{n % 250}.1/24"\n')
    return text + tail


def routes(host):
    return set(host.sh("ip route show proto 111 type unicast | cut -d' ' -f1").split())


def apply(host, *arguments, code=0):
    done = host.overland("apply", "--json", *arguments)
    assert done.returncode == code, explain(done)
    return done


@pytest.fixture
def wide(host):
    host.sh("ip address add 10.0.0.200/16 dev eth0; ip address del 10.0.0.200/24 dev eth0; ip route replace default via 10.0.0.254")
    return host


def test_a_cut_off_file_that_still_parses_removes_nothing(wide):
    host = wide
    whole = inventory(1500)
    host.write(FILE, whole)
    apply(host)
    before, rules = routes(host), host.state()["rules"]
    assert len(before) == 1499
    host.write(FILE, inventory(900))
    done = apply(host, code=1)
    assert routes(host) == before
    report = json.loads(done.stdout)
    assert not report["converged"] and len(report["held"]) >= 600, explain(done)
    assert "the subnets of 600 of 1500 hosts go: h900, h901" in report["held_reason"]
    assert "--prune" in done.stderr and "h900" in done.stderr
    assert host.state()["rules"] == rules
    apply(host, code=1)  # and it stays so
    assert json.loads(host.overland("status", "--json").stdout)["in_sync"] is False
    assert "h900" in host.overland("status").stdout
    metric = f"\noverland_held_removals {len(report['held'])}\n"
    assert metric in host.overland("status", "--prometheus", "-").stdout
    assert host.overland("plan", "--detailed-exitcode").returncode == 2
    assert host.overland("try").returncode == 1
    assert host.read(COPY) == whole  # half a file never becomes the one that is gone on from
    apply(host, "--prune")
    assert len(routes(host)) == 899
    apply(host)
    assert host.read(COPY) == inventory(900)


def test_after_a_reboot_half_an_inventory_is_still_said(wide):
    host = wide
    host.write(FILE, inventory(40))
    apply(host)
    host.write(FILE, inventory(10))
    host.sh("ip route flush proto 111; nft delete table ip overland")  # nothing is left that could be held
    apply(host, "--boot")
    assert "30 of 40 hosts" in json.loads(apply(host, code=1).stdout)["held_reason"]
    assert "\noverland_held_removals 1\n" in host.overland("status", "--prometheus", "-").stdout
    apply(host, "--prune")
    apply(host)


def test_ten_out_and_ten_in_are_ten_that_go(wide):
    host = wide
    host.write(FILE, inventory(40))
    apply(host)
    moved = inventory(40)
    for n in range(1, 11):
        moved = moved.replace(f'name = "h{n}"\n', f'name = "new{n}"\n').replace(f'"172.20.{n}.1/24"', f'"172.30.{n}.1/24"')
    host.write(FILE, moved)
    done = apply(host, code=1)
    assert "10 of 40" in json.loads(done.stdout)["held_reason"], explain(done)
    assert {"172.20.1.0/24", "172.30.1.0/24"} <= routes(host)
    apply(host, "--prune")
    assert "172.20.1.0/24" not in routes(host)


def test_four_of_forty_go_without_a_word(wide):
    host = wide
    host.write(FILE, inventory(44))
    apply(host)
    host.write(FILE, inventory(40))
    assert json.loads(apply(host).stdout)["held"] == []


def test_the_kernel_stands_for_a_memory_that_is_lost(wide):
    host = wide
    host.write(FILE, inventory(40))
    apply(host)
    host.sh("rm /var/lib/overland/state.json")
    host.write(FILE, inventory(20))
    assert "20 of 39 routes" in json.loads(apply(host, code=1).stdout)["held_reason"]
    assert len(routes(host)) == 39


def test_at_boot_what_is_not_removed_yet_is_no_drift(wide):
    host = wide
    host.write(FILE, inventory(40))
    apply(host)
    host.write(FILE, inventory(10))
    apply(host, "--boot")
    apply(host, code=1)


BROKEN = {
    "syntax": f"echo '[[host' >> {FILE}",
    "fault": f"sed -i 's/192.168.200.1/192.168.200.0/' {FILE}",
    "empty": f": > {FILE}",
    "gone": f"rm {FILE}",
    "binary": f"head -c 100 /dev/zero > {FILE}",
    "another's": f"chown nobody {FILE}",
    "writable": f"chmod 666 {FILE}",
    "folder writable": "chmod 777 /etc/overland",
    "not of this host": f"sed -i 's/docker-200/other/; s/10.0.0.200/10.0.0.209/' {FILE}",
    "too new": f"sed -i '1i min_overland = \"99.0\"' {FILE}",
    "cut off": f"sed -i '1i end = true' {FILE}",
    "cuts us off": f"sed -i 's/192.168.200.1.24/10.0.0.193\\/26/; s/10.0.0.0.24/10.0.0.0\\/25/; s/10.0.0.20/10.0.0.2/' {FILE}",
}


@pytest.mark.parametrize("how", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("verb", [["apply"], ["apply", "--boot"]], ids=["apply", "boot"])
def test_what_was_applied_last_is_repaired(host, how, verb):
    apply(host)
    before = host.state()
    host.sh(how + "; ip route del 192.168.200.0/24")
    done = host.overland(*verb)
    assert done.returncode == 78, explain(done)
    assert "inventory.toml" in done.stderr and "what was applied last is repaired" in done.stderr
    assert differences(before, host.state()) == {}, explain(done)
    for verb in ("plan", "try"):
        done = host.overland(verb)
        assert done.returncode in ((0, 78) if verb == "plan" else (78,)), explain(done)
    done = host.overland("status", "--prometheus", "-")
    assert done.returncode == 78 and "\noverland_inventory_refused 1\n" in done.stdout, explain(done)
    host.sh("rm -rf /etc/overland; mkdir /etc/overland")
    host.write(FILE, INVENTORY)
    apply(host)
    done = host.overland("status", "--prometheus", "-")
    assert done.returncode == 0 and "\noverland_inventory_refused 0\n" in done.stdout, explain(done)


def test_after_a_reboot_too(host):
    apply(host)
    host.sh(f"ip route flush proto 111; nft delete table ip overland; rm -rf /run/overland; echo junk > {FILE}")
    done = host.overland("apply", "--boot")
    assert done.returncode == 78 and "192.168.200.0/24" in routes(host), explain(done)


@pytest.mark.parametrize("damage", [f"rm {COPY}", f"echo junk > {COPY}", f"chmod 666 {COPY}", f"chown nobody {COPY}",
                                    "chmod 777 /var/lib/overland"])
def test_without_a_copy_to_believe_nothing_is_done(host, damage):
    apply(host)
    host.sh(f"{damage}; echo junk > {FILE}; ip route del 192.168.200.0/24")
    done = host.overland("apply")
    assert done.returncode == 78, explain(done)
    assert "192.168.200.0/24" not in routes(host)


def test_what_counts_is_the_file_once_the_lock_is_held(host):
    apply(host)
    host.sh("ip route del 192.168.200.0/24")
    holder = host.start(["flock", "/run/overland/lock", "sh", "-c", "echo held; cat"], stdin=-1, stdout=-1)
    assert holder.stdout.readline() == "held\n"
    host.write("/run/file.toml", INVENTORY)
    waits = host.start([BINARY, "apply", "--wait", "30", "-i", "/run/file.toml"], stderr=-1)
    time.sleep(0.5)  # it waits by now
    host.write("/run/file.toml", INVENTORY.replace("192.168.210", "192.168.66"), 0o666)
    holder.communicate("")
    assert "chmod go-w /run/file.toml" in waits.communicate(timeout=60)[1] and waits.returncode == 78
    assert "192.168.66.0/24" not in routes(host)


def test_another_file_has_no_way_back(host):
    apply(host)
    host.write("/run/root.toml", "junk")
    host.sh("ip route del 192.168.200.0/24")
    assert host.overland("apply", "-i", "/run/root.toml").returncode == 78
    assert "192.168.200.0/24" not in routes(host)
    host.sh(f"ln -s {FILE} /run/link.toml; echo junk > {FILE}")
    assert host.overland("apply", "-i", "/run/link.toml").returncode == 78  # the same file by another name
    assert "192.168.200.0/24" in routes(host)


def test_a_file_of_another_that_is_cut_off_is_not_kept(host):
    apply(host)
    host.write("/run/other.toml", INVENTORY + "# another\n")
    apply(host, "-i", "/run/other.toml")
    assert host.read(COPY) == INVENTORY


def generation(number, comment=""):
    return (f"generation = {number}\n" if number is not None else "") + INVENTORY + comment


@pytest.mark.parametrize("older", [4, None])
def test_an_older_generation_is_refused(host, older):
    host.write(FILE, generation(5))
    apply(host)
    host.write(FILE, generation(older))
    host.sh("ip route del 192.168.200.0/24")
    done = apply(host, code=78)
    assert "--force-generation" in done.stderr and "192.168.200.0/24" in routes(host), explain(done)
    for verb in (["try"], ["apply", "-i", "/run/older.toml"]):
        host.write("/run/older.toml", generation(older))
        done = host.overland(*verb)
        assert done.returncode == 78 and "--force-generation" in done.stderr, explain(done)
    for verb, code in (("plan", 0), ("status", 78)):  # status shows what is in force
        done = host.overland(verb)
        assert done.returncode == code and "generation" in done.stderr, explain(done)
    assert "overland_inventory_generation 5\n" in host.overland("status", "--prometheus", "-").stdout
    apply(host, "--force-generation")
    apply(host)
    assert json.loads(host.read("/var/lib/overland/state.json"))["generation"] == older


def test_the_same_generation_with_other_bytes_is_a_warning(host):
    host.write(FILE, generation(5))
    assert "generation" not in apply(host).stderr
    host.write(FILE, generation(5, "# other\n"))
    assert "other bytes" in apply(host).stderr
    assert "other bytes" not in apply(host).stderr


def test_only_the_installed_file_moves_the_generation(host):
    host.write(FILE, generation(5))
    apply(host)
    host.write("/run/next.toml", generation(9))
    apply(host, "-i", "/run/next.toml")
    assert json.loads(host.read("/var/lib/overland/state.json"))["generation"] == 5
    apply(host)


def test_purge_leaves_neither_memory_nor_copy(host):
    apply(host)
    assert host.overland("purge").returncode == 0
    assert host.sh("ls -A /var/lib/overland") == ""


METRICS = "/srv/metrics/overland.prom"


@pytest.fixture
def shared(host):
    """A folder of the node exporter's, whose user may write it."""
    apply(host)
    host.sh("mount -t tmpfs tmpfs /srv; mkdir -p /srv/metrics; chown nobody /srv/metrics; chmod 755 /srv/metrics;"
            "echo precious > /etc/victim; chown daemon /etc/victim; chmod 600 /etc/victim")
    return host


@pytest.mark.parametrize("trap", [f"ln -s /etc/victim {METRICS}", f"ln /etc/victim {METRICS} || cp -p /etc/victim {METRICS}",
                                  f"ln -s /etc/new {METRICS}"], ids=["link", "hard link", "dangling link"])
def test_metrics_go_through_no_link(shared, trap):
    host = shared
    host.sh(trap)
    done = host.overland("status", "--prometheus", METRICS)
    assert done.returncode == 0, explain(done)
    assert host.sh("stat -c '%U %a %h' /etc/victim; cat /etc/victim") == "daemon 600 1\nprecious\n"
    assert host.read("/etc/new") is None
    assert host.sh(f"stat -c '%F %U %a' {METRICS}") == "regular file root 644\n"
    assert "overland_routes_desired 2" in host.read(METRICS)
    assert host.sh("ls -A /srv/metrics") == "overland.prom\n"


def test_metrics_go_into_no_folder_that_another_leads_elsewhere(shared):
    host = shared
    host.sh("rmdir /srv/metrics; chown nobody /srv; ln -s /etc /srv/metrics; chown -h nobody /srv/metrics")
    done = host.overland("status", "--prometheus", METRICS)
    assert done.returncode == 1 and "/srv" in done.stderr, explain(done)
    assert host.read("/etc/overland.prom") is None


def test_metrics_hash_is_that_of_what_was_read(host):
    apply(host)
    done = host.run(["sh", "-c", f"cat {FILE} | {BINARY} status --prometheus - -i -"])
    named = host.overland("status", "--prometheus", "-").stdout
    line = [one for one in named.splitlines() if one.startswith("overland_inventory_info")]
    assert len(line) == 1 and line[0] in done.stdout
