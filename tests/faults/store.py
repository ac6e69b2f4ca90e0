#!/usr/bin/python3
"""Serves documents as no store should, one way a path, and as Consul does: store.py PORT FILE [CERTIFICATE KEY]

FILE is what /good, /gzip and the broken ways serve. Says "ready" once it listens.
"""

import base64
import gzip
import hashlib
import json
import ssl
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

MEGABYTE = 1 << 20
TOKEN = "s3cret-token"  # of Consul's keys below "closed"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    values, lock = {}, threading.Lock()  # of Consul: key → [bytes, ModifyIndex]
    index, asked = 0, []

    def do_GET(self):
        path = urlsplit(self.path).path
        self.asked.append((self.path, dict(self.headers)))
        if path.startswith("/v1/kv/"):
            return self.consul_get(path[len("/v1/kv/"):])
        return getattr(self, "way_" + path.strip("/").replace("-", "_"))()

    def do_POST(self):  # etcd's gateway, of a store that was wiped
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, b'{"header":{"cluster_id":"14841639068965178418","revision":"1","raft_term":"2"}}')

    def do_PUT(self):
        key, query = urlsplit(self.path).path[len("/v1/kv/"):], urlsplit(self.path).query
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) > 512 * 1024:
            return self.answer(413, b"Request body too large, max size: 524288 bytes.")
        with self.lock:
            there = self.values.get(key, [b"", 0])
            if there[1] != int(query.removeprefix("cas=")):
                return self.answer(200, b"false")
            Handler.index += 1
            self.values[key] = [body, self.index]
        return self.answer(200, b"true")

    def consul_get(self, key):
        if key.startswith("closed") and self.headers.get("X-Consul-Token") != TOKEN:
            return self.answer(403, b"Permission denied")
        if key not in self.values:
            return self.answer(404, b"")
        value, index = self.values[key]
        entry = {"LockIndex": 0, "Key": key, "Flags": 0, "Value": base64.b64encode(value).decode(), "CreateIndex": 1,
                 "ModifyIndex": index}
        return self.answer(200, json.dumps([entry]).encode())

    def answer(self, status, body, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, *headers):
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def way_good(self):
        content = FILE.read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()[:12]}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            return self.end_headers()
        return self.answer(200, content, ETag=etag)

    def way_asked(self):
        self.answer(200, json.dumps(self.asked).encode())

    def way_gzip(self):
        if "gzip" not in self.headers.get("Accept-Encoding", ""):
            return self.answer(200, FILE.read_bytes())
        return self.answer(200, gzip.compress(FILE.read_bytes()), Content_Encoding="gzip")

    def way_cut_gzip(self):
        self.answer(200, gzip.compress(FILE.read_bytes())[:-20], Content_Encoding="gzip")

    def way_redirect(self):
        self.answer(302, b"", Location="/good")

    def way_missing(self):
        self.answer(404, b"no such file")

    def way_broken(self):
        self.answer(500, b"No cluster leader")

    def way_empty(self):
        self.answer(200, b"")

    def way_hang(self):
        time.sleep(60)

    def way_drip(self):
        content = FILE.read_bytes()
        self.begin(("Content-Length", str(len(content))))
        for at in range(len(content)):
            self.wfile.write(content[at:at + 1])
            time.sleep(0.2)

    def way_truncated(self):
        content = FILE.read_bytes()
        self.begin(("Content-Length", str(len(content))))
        self.wfile.write(content[:len(content) // 2])
        self.close_connection = True

    def way_cut_chunks(self):
        self.begin(("Transfer-Encoding", "chunked"))
        self.chunk(FILE.read_bytes())
        self.close_connection = True

    def way_no_length(self):
        self.protocol_version = "HTTP/1.0"
        self.begin(("Connection", "close"))
        self.wfile.write(FILE.read_bytes())

    def way_endless(self):
        self.begin(("Transfer-Encoding", "chunked"))
        for _ in range(10 << 10):
            self.chunk(b"#" * MEGABYTE)

    def way_bomb(self):
        self.begin(("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip"))
        packer = zlib.compressobj(1, wbits=31)
        for _ in range(10 << 10):
            if packed := packer.compress(b"#" * MEGABYTE):
                self.chunk(packed)

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            pass  # who asked has heard enough


if __name__ == "__main__":
    FILE = Path(sys.argv[2])
    server = ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()
