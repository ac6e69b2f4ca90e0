"""overland fetch beside fragments: the document becomes the main file, and is taken where apply would take it with them."""

from sandbox import explain
from test_fetch import FILE, FIRST, SECOND, fetch, record, served  # noqa: F401  (a fixture)

FOLDER = "/etc/overland/inventory.d"
HEAD, OWN, REST = SECOND.split("[[host]]", 2)


def fragment(host, name, text):
    host.sh(f"mkdir -p -m 755 {FOLDER}")
    host.write(f"{FOLDER}/{name}", text)


def test_the_fragments_that_are_here_stay_and_are_part_of_what_is_taken(served):  # noqa: F811
    fourth = "[[host]]" + OWN.replace("200", "203").replace("192.168.100", "192.168.203")
    fragment(served, "a.toml", fourth)
    done = fetch(served)
    assert done.returncode == 0 and "replaced, generation 2, 4 hosts" in done.stdout, explain(done)
    assert (served.read(FILE), served.read(f"{FOLDER}/a.toml")) == (SECOND, fourth)
    assert served.overland("apply").returncode == 0 and "192.168.203.0/24" in served.sh("ip route")


def test_a_document_that_is_whole_with_the_fragments_only_is_taken(served):  # noqa: F811
    fragment(served, "own.toml", "[[host]]" + OWN)
    without_us = HEAD + "[[host]]" + REST
    served.write("/run/served.toml", without_us)
    served.write(FILE, without_us.replace("generation = 2", "generation = 1"))
    done = fetch(served)
    assert done.returncode == 0 and served.read(FILE) == without_us, explain(done)
    served.write("/run/served.toml", without_us.replace("generation = 2", "generation = 1"))
    done = fetch(served)
    assert done.returncode == 78 and "has generation 1, and the one here has 2" in done.stderr, explain(done)


def test_a_document_that_does_not_go_with_the_fragments_is_refused(served):  # noqa: F811
    fragment(served, "a.toml", "[[host]]" + OWN.replace("docker-200", "docker-203").replace("10.0.0.200", "10.0.0.203"))
    served.write(FILE, HEAD.replace("generation = 2", "generation = 1") + "[[host]]" + REST)
    done = fetch(served)
    assert done.returncode == 78 and f"{FOLDER}/a.toml:4:" in done.stderr, explain(done)
    assert "with the fragments in" in record(served)["fault"] and "generation = 1" in served.read(FILE)
    served.sh(f"rm {FOLDER}/a.toml")
    assert fetch(served).returncode == 0 and served.read(FILE) == SECOND


def test_fragments_that_others_may_write_let_no_document_in(served):  # noqa: F811
    fragment(served, "a.toml", "# nothing\n")
    served.sh(f"chmod 777 {FOLDER}")
    done = fetch(served)
    assert done.returncode == 78 and "others than root could change" in done.stderr, explain(done)
    assert served.read(FILE) == FIRST
    served.write(FILE, SECOND)  # what is the same needs no look at them
    assert "unchanged" in fetch(served).stdout
