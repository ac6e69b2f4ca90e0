"""TCP from and at a place in the lab, without a process there: a thread steps into the network namespace.

A socket belongs to the namespace it was made in for good, so only making it has to happen inside.
"""

import ctypes
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

CLONE_NEWNET = 0x40000000
REQUEST = b"GET /cgi-bin/peer HTTP/1.0\r\n\r\n"
LIBC = ctypes.CDLL(None, use_errno=True)


def inside(netns, work):
    """work() in the network namespace of that path, on a thread that is thrown away afterwards."""
    def entered():
        handle = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if LIBC.setns(handle, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {netns}")
        finally:
            os.close(handle)
        return work()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(entered).result()


def ask_peer(netns, address, port, source=None, seconds=2):
    """The source address a lab server saw, or None when it did not answer in time."""
    def ask():
        bound = (source, 0) if source else None
        with socket.create_connection((address, port), seconds, source_address=bound) as server:
            server.sendall(REQUEST)
            answer = b""
            while chunk := server.recv(4096):
                answer += chunk
            return answer.decode()
    try:
        answer = inside(netns, ask)
    except OSError:
        return None
    return answer.split()[-1].strip("[]").removeprefix("::ffff:") if answer.split() else None


class Server:
    """Answers as the containers' server does, at a host itself."""

    def __init__(self, netns, port):
        self.listener = inside(netns, lambda: socket.create_server(("", port)))
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            try:
                client, (peer, _) = self.listener.accept()
            except OSError:
                return
            with client:
                try:
                    client.settimeout(2)
                    client.recv(4096)
                    client.sendall(f"HTTP/1.0 200 OK\r\n\r\n{peer}\n".encode())
                except OSError:
                    pass

    def close(self):
        # close() alone would leave accept(), and with it the namespace, waiting for ever.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
