# SPDX-License-Identifier: Apache-2.0
"""What tests of running Pods have in common."""

import contextlib
import gzip
import http.server
import threading
import time
import urllib.request

from pod import ROOT

PROGRAMS = ROOT / "build/programs"  # what ./dev programs fetched or built


def program(name):
    path = PROGRAMS / name
    if not path.exists():
        raise AssertionError(f"{path} is not there: ./dev programs gets it")
    return path


def get(url, timeout=60):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def eventually(check, seconds=120):
    """The first true result of check(), which may raise AssertionError or OSError until then."""
    ends = time.monotonic() + seconds
    while True:
        wrong = None
        try:
            result = check()
            if result:
                return result
        except (AssertionError, OSError) as error:
            wrong = error
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds} seconds") from wrong
        time.sleep(0.1)


@contextlib.contextmanager
def sink(port=0, tls=None):
    """A server on 127.0.0.1 that keeps what is posted: (port, [(path, headers, body)])."""
    posted = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            posted.append((self.path, self.headers, body))
            answer = b'{"errors":false,"items":[]}' if self.path == "/_bulk" else b""
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if answer else "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *unused):  # pylint: disable=arguments-differ
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_port, posted
        finally:
            server.shutdown()
