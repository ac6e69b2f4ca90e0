"""overland fetch: whatever the source does, the local inventory stays or is a whole one that has this host."""

import json
import re
import time
from pathlib import Path

import pytest
from sandbox import BINARY, INVENTORY, explain

FILE = "/etc/overland/inventory.toml"
SETTINGS = "/etc/overland/source.toml"
RECORD = "/var/lib/overland/source.json"
FIRST, SECOND = (f"generation = {number}\n{INVENTORY}" for number in (1, 2))
STORE = Path(__file__).with_name("store.py")


@pytest.fixture
def served(host):
    """A host whose inventory is the first, and a server beside it that has the second."""
    host.write(FILE, FIRST)
    host.write("/run/served.toml", SECOND)
    serve(host, 8000)
    source(host, "good")
    return host


def serve(host, port, *tls):
    process = host.start(["python3", STORE, port, "/run/served.toml", *tls], stdout=-1)
    assert process.stdout.readline() == "ready\n"


def source(host, way, more=""):
    seconds = 2 if way in ("hang", "drip") else 20
    host.write(SETTINGS, f'type = "https"\nurl = "http://127.0.0.1:8000/{way}"\ntimeout = {seconds}\n{more}', 0o600)


def fetch(host, *arguments):
    return host.overland("fetch", *arguments)


def record(host):
    return json.loads(host.read(RECORD))


def test_a_newer_document_takes_the_place_of_the_local_one(served):
    served.sh(f"chmod 640 {FILE}")
    done = fetch(served)
    assert done.returncode == 0 and "replaced, generation 2, 3 hosts" in done.stdout, explain(done)
    assert served.read(FILE) == SECOND
    assert served.sh(f"stat -c %a {FILE}; ls /etc/overland") == "640\ninventory.toml\nsource.toml\n"
    kept = served.sh(f"stat -c %i:%y {FILE}")
    done = fetch(served)  # the ETag is asked for
    assert done.returncode == 0 and "unchanged" in done.stdout
    assert fetch(served, "--quiet").stdout == ""
    assert served.sh(f"stat -c %i:%y {FILE}") == kept
    served.write(FILE, FIRST)  # by hand: then what the server has is not what is here
    assert fetch(served).returncode == 0 and served.read(FILE) == SECOND


def test_without_a_local_file_there_is_one_afterwards(served):
    served.sh(f"rm {FILE}")
    assert fetch(served).returncode == 0
    assert served.read(FILE) == SECOND and served.sh(f"stat -c %a:%U {FILE}") == "644:root\n"


@pytest.mark.parametrize("way, why", [
    ("redirect", "leads to /good, which is not followed"),
    ("missing", "has no document"),
    ("broken", "answers with 500: No cluster leader"),
    ("empty", "has an empty document"),
    ("hang", "no answer"),
    ("drip", "no answer"),
    ("truncated", "no answer"),
    ("cut-chunks", "no answer"),
    ("no-length", "does not say how long its answer is"),
    ("endless", "sends more than any inventory has"),
    ("bomb", "compresses its answer"),
    ("cut-gzip", "compresses its answer"),
])
def test_a_source_that_fails_changes_nothing_and_is_told_of(served, way, why):
    source(served, way)
    before = served.state()
    begin = time.monotonic()
    done = fetch(served)
    assert done.returncode == 75 and why in done.stderr, explain(done)
    assert time.monotonic() - begin < 30
    assert served.read(FILE) == FIRST
    assert why in record(served)["fault"] and record(served)["last_success"] == 0
    after = served.state()
    assert {key for key in before if before[key] != after[key]} <= {"leftovers"}  # the record


def test_a_server_that_would_compress_is_not_asked_to(served):
    source(served, "gzip")
    assert fetch(served).returncode == 0 and served.read(FILE) == SECOND


@pytest.mark.parametrize("document, why", [
    (SECOND.replace("generation = 2", "generation = 0"), "has generation 0, and the one here has 1"),
    (INVENTORY, "has no generation"),
    (SECOND.replace('"lab"', '"staging"'), 'is of the cluster "staging", and what is there of "lab"'),
    (SECOND.replace("docker-200", "another").replace("10.0.0.200", "10.0.0.77"), "this host is not in the new one"),
    (SECOND.replace("10.0.0.201", "10.0.0.300"), "OVL-E"),
    (SECOND + "\0", "NUL"),
    (SECOND[:-20], "faults"),
    (SECOND.replace("192.168.210.1/24", "auto").replace('name = "lab"', 'name = "lab"\npool = "192.168.0.0/16"'), "auto"),
])
def test_a_document_that_is_not_right_is_refused_whole(served, document, why):
    served.write("/run/served.toml", document)
    done = fetch(served)
    assert done.returncode == 78 and why in done.stderr, explain(done)
    assert served.read(FILE) == FIRST and why in record(served)["fault"]


def test_an_older_one_is_refused_even_where_the_local_file_is_gone_and_taken_by_force(served):
    assert fetch(served).returncode == 0
    served.sh(f"rm {FILE}")
    served.write("/run/served.toml", FIRST)
    assert fetch(served).returncode == 78 and served.read(FILE) is None
    assert fetch(served, "--force-generation").returncode == 0 and served.read(FILE) == FIRST


def test_generation_may_be_said_to_be_optional(served):
    served.write(FILE, INVENTORY)
    served.write("/run/served.toml", INVENTORY.replace("docker-202", "docker-203"))
    source(served, "good", 'generation = "optional"\n')
    assert fetch(served).returncode == 0 and "docker-203" in served.read(FILE)


def test_status_and_metrics_tell_how_old_the_inventory_is_and_why(served):
    assert fetch(served).returncode == 0
    shown = served.overland("status")
    assert re.search(r"^Source     http://127.0.0.1:8000/good, fetched with success \d s ago$", shown.stdout, re.M), explain(shown)
    source(served, "missing")
    assert fetch(served).returncode == 75
    shown = served.overland("status")
    assert "has no document" in shown.stdout and "fetched with success" in shown.stdout
    told = json.loads(served.overland("status", "--json").stdout)["source"]
    assert told["name"].endswith("/missing") and "has no document" in told["fault"]
    metrics = served.overland("status", "--prometheus", "-").stdout
    assert "overland_source_fault 1\n" in metrics
    assert f"overland_source_last_success_timestamp_seconds {told['last_success']}\n" in metrics
    assert "overland_source" not in served.overland("status", "--prometheus", "-", "-i", "/run/served.toml").stdout


@pytest.mark.parametrize("settings, why", [
    ('type = "ftp"\nurl = "https://a"\n', f"{SETTINGS}:1:8: type takes"),
    ('type = "https"\nurl = "https://a"\ntokn_file = "/x"\n', "did you mean token_file?"),
    ('type = "https"\nurl = "http://10.0.0.5/x"\n', "whoever is on the way of http"),
    ('type = "https"\nurl = "http://127.example.org/x"\n', "whoever is on the way of http"),
    ('type = "https"\nurl = "https://me:secret@a"\n', "names no user"),
    ('type = "etcd"\nurl = "https://a"\n', "key is missing"),
    ('type = "consul"\nurl = "https://a"\nkey = "k"\nuser = "u"\n', "use token_file"),
    ('type = "https"\nurl = "https://a"\ntoken_file = "/run/loose"\n', "chmod 600 /run/loose"),
    ('type = "https"\nurl = "https://a"\ntoken_file = "/run/lines"\n', "holds no secret"),
    ('type = "https"\nurl = "https://a"\nca = "/run/none"\n', "there is no file /run/none"),
    ('type = "https"\nurl = "https://a"\ntimeout = 0\n', "1 to 300 seconds"),
    ('type = ', f"{SETTINGS}:1:"),
])
def test_faulty_settings_are_told_with_their_place(served, settings, why):
    served.write("/run/loose", "s3cret\n", 0o644)
    served.write("/run/lines", "a\nX-Other: header\n", 0o600)
    served.write(SETTINGS, settings, 0o600)
    done = fetch(served)
    assert done.returncode == 78 and why in done.stderr, explain(done)
    assert "s3cret" not in done.stderr and served.read(FILE) == FIRST


def test_settings_that_others_may_read_or_change_are_not_used(served):
    served.sh(f"chmod 644 {SETTINGS}")
    assert f"chmod 600 {SETTINGS}" in fetch(served).stderr
    served.sh(f"chmod 600 {SETTINGS}; chown nobody {SETTINGS}")
    assert fetch(served).returncode == 78
    served.sh(f"chown root {SETTINGS}; chmod 777 /etc/overland")
    assert fetch(served).returncode == 78 and served.read(FILE) == FIRST
    served.sh(f"chmod 755 /etc/overland; rm {SETTINGS}")
    assert "there is no" in fetch(served).stderr


CERTIFICATES = r"""
cd /run; exec 2>&1
for name in own other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name CA" -keyout $name.key \
        -out $name.pem
done
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=store -keyout store.key -out store.csr
printf 'subjectAltName=IP:127.0.0.1\n' > names
openssl x509 -req -in store.csr -CA own.pem -CAkey own.key -CAcreateserial -days 2 -extfile names -out store.pem
"""


def test_tls_only_with_the_authority_that_is_named(served):
    served.sh(CERTIFICATES)
    serve(served, 8443, "/run/store.pem", "/run/store.key")

    def ask(host, more):
        served.write(SETTINGS, f'type = "https"\nurl = "https://{host}:8443/good"\ntimeout = 20\n{more}', 0o600)
        return fetch(served)
    for more in ("", 'ca = "/run/other.pem"\n'):
        done = ask("127.0.0.1", more)
        assert done.returncode == 75 and "certificate" in done.stderr, explain(done)
    assert ask("localhost", 'ca = "/run/own.pem"\n').returncode == 75  # no name of that certificate
    assert served.read(FILE) == FIRST
    assert ask("127.0.0.1", 'ca = "/run/own.pem"\n').returncode == 0 and served.read(FILE) == SECOND


SIGN = """
cd /run
[ -e key ] || ssh-keygen -q -t ed25519 -N '' -C '' -f key
printf 'ops@example.org namespaces="overland" %s\\n' "$(cat key.pub)" > /etc/overland/signers
cp "$1" signed.toml
ssh-keygen -q -Y sign -f key -n "$2" < "$1" 2>/dev/null | sed 's/^/# /' >> signed.toml
"""


def test_a_signature_is_checked_where_signers_are_named(served):
    def sign(namespace="overland"):
        served.write("/run/plain.toml", SECOND)
        served.run(["sh", "-euc", SIGN, "sh", "/run/plain.toml", namespace])
        return served.read("/run/signed.toml")
    good = sign()
    source(served, "good", 'signers = "/etc/overland/signers"\n')
    for document, why in [(SECOND, "is not signed"), (good.replace("docker-202", "docker-209"), "does not fit"),
                          (sign("file"), "does not fit"), (good + "# more\n", "is not signed"),
                          (good.replace("# U1", "# X1"), "nobody in")]:
        served.write("/run/served.toml", document)
        done = fetch(served)
        assert done.returncode == 78 and why in done.stderr and "\\x" not in done.stderr, explain(done)
        assert served.read(FILE) == FIRST
    served.write("/run/served.toml", good)
    done = fetch(served)
    assert done.returncode == 0 and served.read(FILE) == good, explain(done)
    served.sh("rm /run/key /run/key.pub; ssh-keygen -q -t ed25519 -N '' -f /run/key")
    served.write("/run/served.toml", sign().replace("generation = 2", "generation = 3"))
    assert fetch(served).returncode == 78 and served.read(FILE) == good
    assert served.sh("ls /tmp | grep -c overland-fetch || true") == "0\n"


def test_what_follows_the_question_mark_of_a_url_is_told_nobody(served):
    source(served, "good?token=s3cret")
    done = fetch(served)
    assert done.returncode == 0 and "s3cret" not in explain(done) + served.read(RECORD), explain(done)
    assert "/good?…, fetched" in served.overland("status").stdout


def test_secrets_are_in_no_argument_and_in_no_message(served):
    served.write("/etc/overland/token", "s3cret-token\n", 0o600)
    for way in ("good", "hang"):
        source(served, way, 'token_file = "/etc/overland/token"\n')
        process = served.start([BINARY, "fetch"], stdout=-1, stderr=-1)
        time.sleep(0.3)
        arguments = served.sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' || true")
        out, err = process.communicate(timeout=20)
        assert "s3cret" not in out + err + arguments + served.read(RECORD)
    asked = json.loads(served.sh("python3 -c 'import urllib.request as u; "
                                 "print(u.urlopen(\"http://127.0.0.1:8000/asked\").read().decode())'"))
    assert asked[0][1]["Authorization"] == "Bearer s3cret-token"


def test_a_store_among_the_containers_is_warned_about(served):
    served.sh("ip link add docker0 type bridge; ip link set docker0 up; ip address add 192.168.100.1/24 dev docker0")
    served.write(SETTINGS, 'type = "https"\nurl = "http://192.168.100.1:8000/good"\nplain_http = true\n', 0o600)
    done = fetch(served)
    assert done.returncode == 0 and "in a container subnet of host docker-200" in done.stderr, explain(done)
    assert "in a container subnet" in served.overland("status").stdout


def test_a_wiped_etcd_and_a_second_member(served):
    served.write(SETTINGS, 'type = "etcd"\nurl = "http://127.0.0.1:8000"\nkey = "overland"\n', 0o600)
    done = fetch(served)
    assert done.returncode == 75 and "has no document" in done.stderr, explain(done)
    served.write(SETTINGS, 'type = "https"\nurl = ["http://127.0.0.1:1/good", "http://127.0.0.1:8000/hang",\n'
                 '       "http://127.0.0.1:8000/good"]\ntimeout = 6\n', 0o600)
    assert fetch(served).returncode == 0 and served.read(FILE) == SECOND
