"""Trials and confirmations of the version before and of this one understand each other."""

from subprocess import PIPE

import pytest
from sandbox import explain
from trials import on_trial, start

OLDER_WATCHDOG = """import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind('/run/overland/try.sock')
s.listen(9)
print('up', flush=True)
while True:
    caller, _ = s.accept()
    word = caller.recv(64).decode()
    caller.send({'confirm': b'kept', 'undo': b'undoing', 'status': b'77'}.get(word, b'unknown word'))
"""


@pytest.mark.parametrize("arguments, code, words", [
    ([], 0, "Confirmed"), (["--undo"], 0, "being rolled back"), (["--install"], 1, "older overland")])
def test_confirm_speaks_to_a_watchdog_of_the_version_before(host, arguments, code, words):
    older = host.start(["/usr/bin/python3", "-c", OLDER_WATCHDOG], stdout=PIPE)
    assert older.stdout.readline() == "up\n"
    done = host.overland("confirm", *arguments)
    assert done.returncode == code and words in done.stdout + done.stderr, explain(done)
    host.sh("pkill -x python3")
    older.wait(timeout=20)


def test_confirm_of_the_version_before_is_understood(foreign):
    host = foreign
    running = start(host, "--timeout", "600")
    on_trial(host)
    asks = "import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect('/run/overland/try.sock');" \
           "s.send(sys.argv[1].encode()); print(s.recv(64).decode())"
    assert 0 < int(host.run(["/usr/bin/python3", "-c", asks, "status"]).stdout) <= 600
    assert host.run(["/usr/bin/python3", "-c", asks, "confirm"]).stdout == "kept\n"
    assert running.wait(timeout=20) == 0
