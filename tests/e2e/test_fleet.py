"""`overland fleet` over real sshd: three hosts on a LAN, a fourth that is dead, and a machine that asks them.

Docker is installed and does not run: what is told and changed here needs none.
"""

import json

import pytest
from lab.nspawn import PACKAGES
from product import explain

PATH = "/etc/overland/inventory.toml"
ADDRESSES = {f"docker-20{n}": f"10.0.0.20{n}" for n in range(4)}
NAMES = list(ADDRESSES)
ALIVE = NAMES[:3]


def inventory(generation, comment=""):
    return f'version = 1\ngeneration = {generation}\n{comment}\n[[segment]]\nname = "lan"\nsubnet = "10.0.0.0/24"\n' + "".join(
        f'[[host]]\nname = "{name}"\naddress = "{address}"\nbip = "192.168.10{name[-1]}.1/24"\n'
        for name, address in ADDRESSES.items())


class Fleet:
    def __init__(self, lab):
        self.lab, lan = lab, lab.lan()

        def raised(name):
            address = ADDRESSES.get(name, "10.0.0.250")
            return lab.host(name, links={"eth0": (lan, f"{address}/24")}, extra_packages=PACKAGES)
        names = [*ALIVE, "control"]
        self.hosts = dict(zip(names, lab.together(raised, names)))
        self.control = self.hosts["control"]
        self.control.sh("install -d -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519")
        key = self.control.read("/root/.ssh/id_ed25519.pub")
        lab.together(lambda name: self.let_in(self.hosts[name], key), ALIVE)
        # All hosts have the keys of the root they share.
        self.known = "10.0.0.* " + self.hosts[ALIVE[0]].read("/etc/ssh/ssh_host_ed25519_key.pub")
        self.control.write("/root/.ssh/known_hosts", self.known)
        self.file = "/root/inventory.toml"

    @staticmethod
    def let_in(host, key):
        host.sh("mkdir -p -m 700 /root/.ssh; mkdir -p /run/sshd; useradd -m -s /bin/sh -p x admin")
        host.write("/root/.ssh/authorized_keys", key, "600")
        host.sh("mkdir -m 700 ~admin/.ssh; cp /root/.ssh/authorized_keys ~admin/.ssh; chown -R admin ~admin/.ssh; "
                "/usr/sbin/sshd")

    def __getitem__(self, name):
        return self.hosts[name]

    def run(self, *arguments, file=None):
        if file is not None:
            self.control.write(self.file, file)
        return self.control.overland("fleet", *arguments, "--inventory", self.file, timeout=200)

    def ask(self, *arguments, file=None):
        """Exit status and the document, its hosts by name."""
        done = self.run(*arguments, "--json", file=file)
        assert done.stdout, explain(done)
        document = json.loads(done.stdout)
        assert document["exit_code"] == done.returncode
        return done.returncode, document | {"hosts": {one["name"]: one for one in document["hosts"]}}

    def files(self):
        return [self[name].read(PATH) for name in ALIVE]

    def start_over(self, generation=7):
        """Every host has this generation and is as it says."""
        text = inventory(generation)
        for name in ALIVE:
            self[name].write(PATH, text)
            self[name].sh("rm -f /etc/docker/daemon.json /etc/overland/*.bak")
            done = self[name].overland("apply", "--force-generation", timeout=60)
            assert done.returncode == 0, explain(done)
        return text


@pytest.fixture(scope="module")
def fleet(product_lab):
    return Fleet(product_lab)


def test_status_has_a_row_for_each_host_whatever_it_says(fleet):
    text = fleet.start_over()
    fleet["docker-201"].write(PATH, "version = 1\nhuh \x1b[31m\n")
    fleet["docker-202"].sh("ip route del 192.168.100.0/24")
    code, said = fleet.ask("status", "--no-probe", file=text)
    good, broken, drifted, dead = (said["hosts"][name] for name in NAMES)
    assert (good["fault"], good["exit_code"], good["status"]["status"]) == ("", 0, "in_sync")
    assert good["status"]["hash"] == said["inventory"]["hash"] and good["status"]["generation"] == 7
    assert broken["exit_code"] == 78 and "does not count" in broken["fault"] and broken["status"]["generation"] == 7
    assert (drifted["exit_code"], drifted["status"]["drift"]) == (2, 2), "the route, and docker0 without a Docker"
    assert (dead["exit_code"], dead["reached"], dead["status"]) == (69, False, None) and "not reached" in dead["fault"]
    assert code == 78, "the gravest host's"
    shown = fleet.run("status", "--no-probe")
    assert "\x1b" not in shown.stdout and shown.stdout.count("\n") == 8 and "1 not reached" in shown.stdout, shown.stdout


def test_a_probe_is_told_beside_the_status(fleet):
    text = fleet.start_over()
    code, said = fleet.ask("status", "docker-200", file=text)
    host = said["hosts"]["docker-200"]
    assert host["probe"]["peers"] == 3 and host["probe"]["reached"] < 3 and code == 1, host


def test_plan_tells_what_the_file_here_would_change_there(fleet):
    before = fleet.start_over()
    moved = before.replace("192.168.101.1/24", "192.168.111.1/24").replace("= 7", "= 8")
    code, said = fleet.ask("plan", *ALIVE, file=moved)
    assert code == 2 and all(said["hosts"][name]["plan"]["steps"] > 0 for name in ALIVE), said
    assert fleet.files() == [before] * 3


def test_a_host_key_that_is_not_known_is_not_taken(fleet):
    fleet.control.write("/root/.ssh/known_hosts", fleet.known.replace("10.0.0.*", "10.0.0.200"))
    _, said = fleet.ask("status", *ALIVE, "--no-probe", file=inventory(7))
    assert said["hosts"]["docker-200"]["reached"]
    assert not said["hosts"]["docker-201"]["reached"] and "host key" in said["hosts"]["docker-201"]["fault"]
    fleet.control.write("/root/.ssh/known_hosts", fleet.known)


def test_who_may_not_become_root_changes_nothing(fleet):
    before = fleet.start_over()
    code, said = fleet.ask("push", "docker-200", "--user", "admin", file=inventory(8))
    assert code != 0 and "sudo" in said["hosts"]["docker-200"]["fault"], said
    assert fleet.files() == [before] * 3


def test_push_puts_the_file_in_place_and_keeps_the_last_one(fleet):
    before = fleet.start_over()
    after = inventory(8, "# it's \"quoted\" $HOME `id`")
    code, said = fleet.ask("push", *ALIVE, file=after)
    assert code == 0, said
    assert fleet.files() == [after] * 3
    for name in ALIVE:
        assert fleet[name].read(PATH + ".bak") == before
        assert fleet[name].sh("ls -A /etc/overland; stat -c '%a %U' " + PATH).stdout.split() == [
            "inventory.toml", "inventory.toml.bak", "644", "root"]
        assert fleet[name].sh("ls -Ad /run/.overland-fleet* 2>/dev/null || true").stdout == ""


def test_a_lower_generation_is_refused_and_nothing_is_changed(fleet):
    before = fleet.start_over(9)
    code, said = fleet.ask("push", *ALIVE, file=inventory(8))
    assert code == 78 and "nothing was changed" in said["stopped"]
    assert "generation 8, and docker-200 has 9" in said["hosts"]["docker-200"]["fault"]
    assert fleet.files() == [before] * 3
    assert fleet.ask("push", *ALIVE, "--force-generation", file=inventory(8))[0] == 0
    assert fleet.files() == [inventory(8)] * 3


def test_a_dead_host_stops_apply_before_anything_is_changed_unless_it_is_left_out(fleet):
    before = fleet.start_over()
    after = inventory(8)
    code, said = fleet.ask("apply", file=after)
    assert code == 69 and "1 of 4 hosts would not take it: nothing was changed anywhere" == said["stopped"]
    assert fleet.files() == [before] * 3
    code, said = fleet.ask("apply", "--skip-unreachable", file=after)
    assert code == 69 and said["stopped"] == "" and fleet.files() == [after] * 3
    assert [said["hosts"][name]["wave"] for name in NAMES] == [1, 2, 3, None]


def test_the_first_failure_is_the_last_wave(fleet):
    before = fleet.start_over()
    fleet["docker-201"].write("/etc/docker/daemon.json", "{")
    after = inventory(8)
    code, said = fleet.ask("apply", *ALIVE, file=after)
    first, failed, waiting = (said["hosts"][name] for name in ALIVE)
    assert code == 1 and "stopped in wave 2; 1 of 3 hosts kept the old file" == said["stopped"], said
    assert (first["wave"], first["exit_code"]) == (1, 0)
    assert (failed["wave"], failed["pushed"]) == (2, True) and "its apply ended with 1" in failed["fault"]
    assert (waiting["wave"], waiting["pushed"], waiting["fault"]) == (None, False, "")
    assert fleet.files() == [after, after, before]


def test_a_broken_file_there_is_replaced(fleet):
    fleet.start_over()
    fleet["docker-201"].write(PATH, "huh\n")
    after = inventory(8)
    code, said = fleet.ask("apply", *ALIVE, file=after)
    assert code == 0, said
    assert fleet.files() == [after] * 3
    assert fleet["docker-201"].read(PATH + ".bak") == "huh\n"


def test_fragments_of_a_host_count_and_those_here_are_not_left_behind(fleet):
    before = fleet.start_over()
    fragment = '[[host]]\nname = "docker-209"\naddress = "10.0.0.209"\nbip = "192.168.109.1/24"\n'
    host = fleet["docker-201"]
    host.write("/etc/overland/inventory.d/rack.toml", fragment)
    after = inventory(8)
    clash = after.replace("192.168.100.1/24", "192.168.109.1/24")
    code, said = fleet.ask("push", *ALIVE, file=clash)
    assert code != 0 and "E0" in said["hosts"]["docker-201"]["fault"], said
    assert fleet.files() == [before] * 3
    code, said = fleet.ask("apply", *ALIVE, file=after)
    assert code == 0 and fleet.files() == [after] * 3, said
    assert "192.168.109.0/24" in host.sh("ip route").stdout
    host.sh("rm -r /etc/overland/inventory.d")
    fleet.control.sh("mkdir -p /root/parts; cp /root/inventory.toml /root/parts/a.toml")
    done = fleet.run("push", "--fragments", "/root/parts")
    fleet.control.sh("rm -r /root/parts")
    assert done.returncode == 64 and "sends one file" in done.stderr, explain(done)


def test_another_version_is_told_and_not_misread(fleet):
    fleet.start_over()
    host = fleet["docker-202"]
    host.write("/usr/local/sbin/overland", """#!/bin/sh
case $1 in --version) echo overland 0.0.9 ;; status) echo '{"schema_version": 1, "host": "\\u001b[31m"}' ;; *) exit 64 ;; esac
""", "755")
    _, said = fleet.ask("status", *ALIVE, "--no-probe", file=inventory(7))
    old, new = said["hosts"]["docker-202"], said["hosts"]["docker-201"]
    assert old["version"] == "0.0.9" != new["version"] and "of schema 1" in old["fault"] and new["fault"] == ""
    before = fleet.files()
    code, said = fleet.ask("apply", *ALIVE, file=inventory(8))
    assert code == 1 and "its validate ended with 64" in said["hosts"]["docker-202"]["fault"], said
    assert fleet.files() == before
    host.sh("rm /usr/local/sbin/overland")


@pytest.mark.parametrize("arguments, words", [
    (("frob",), "fleet takes status, plan, push or apply"), ((), "fleet takes"),
    (("status", "docker-209"), "no host"), (("status", "--parallel", "0"), "1 to 64"),
    (("status", "--user", "-oProxyCommand=x"), "--user takes a name"), (("plan", "--prune"), "is for fleet apply"),
    (("status", "--limit", "x*"), "no host of the inventory is left")])
def test_a_wrong_command_line_asks_nobody(fleet, arguments, words):
    done = fleet.run(*arguments, file=inventory(7))
    assert done.returncode == 64 and words in done.stderr and done.stdout == "", explain(done)
