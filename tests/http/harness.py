# SPDX-License-Identifier: Apache-2.0
"""A pannier server under test, and raw HTTPS connections to it. Standard library only."""

import contextlib
import json
import os
import queue
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time

# How long what must come is waited for: by a sanitizer build on a busy machine, too.
START_SECONDS = ANSWER_SECONDS = EVENT_SECONDS = 60


def wait_until(condition, *what, seconds=EVENT_SECONDS):
    """Waits for the condition to hold. Returns what it gave; `what` is said when it never holds."""
    until = time.monotonic() + seconds
    while not (got := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} seconds: " + " ".join(str(part) for part in what))
        time.sleep(0.02)
    return got


class Closed(Exception):
    """The server closed the connection where a response was expected."""


class Response:
    def __init__(self, status, version, headers, body):
        self.status, self.version, self.headers, self.body = status, version, headers, body

    def json(self):
        return json.loads(self.body)


class Connection:
    """One TCP or TLS connection that gives out exactly what was written to it."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(ANSWER_SECONDS)
        self.file = sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.file.close()
            self.sock.close()
        except OSError:
            pass

    def send(self, data):
        self.sock.sendall(data)

    def request(self, method, path, body=None, headers=(), version="HTTP/1.1", length=None):
        """Sends one request; `length` overrides Content-Length (False: none)."""
        lines = [f"{method} {path} {version}", "Host: localhost"]
        names = {name.lower() for name, _ in headers}
        if body is not None and length is not False and "transfer-encoding" not in names:
            lines.append(f"Content-Length: {len(body) if length is None else length}")
        if body is not None and "content-type" not in names:
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in headers if value is not None]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.send(head + (body or b""))

    def read_line(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise Closed(line)
        return line.decode("latin-1").rstrip("\r\n")

    def response(self, head=False):
        """Reads the next response. Interim ones (100) come back as they are."""
        version, status, *_ = self.read_line().split(" ", 2)
        headers = {}
        while True:
            line = self.read_line()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = 0 if head or status == "100" else int(headers.get("content-length", "0"))
        body = self.file.read(size)
        if len(body) != size:
            raise Closed(body)
        return Response(int(status), version, headers, body)

    def ask(self, method, path, body=None, headers=(), **more):
        self.request(method, path, body, headers, **more)
        return self.response(head=method == "HEAD")

    def is_closed(self):
        """True once the server has closed; waits for it."""
        try:
            return self.file.read(1) == b""
        except (ConnectionError, ssl.SSLError):
            return True


class Server:
    """`pannier serve` on a free port of the loopback, with its log read line by line."""

    def __init__(self, binary, directory, *arguments, policies=None, own_cert=True, files=None,
                 before=None, env=None, log=None):
        """`files`: limit of descriptors; `before`: called in the child before it becomes pannier; `log`: a file
        that the log goes to, which nobody reads once the server serves."""
        self.binary, self.directory = binary, directory
        command = [binary, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0",
                   "--metrics-bind-address", "127.0.0.1:0"]
        if own_cert:
            command += ["--cert-dir", directory]
        if policies:
            command += ["-p", policies]
        if files:
            before = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        with open(log, "wb") if log else contextlib.nullcontext(subprocess.PIPE) as log_end:
            self.process = subprocess.Popen(command + list(arguments), stderr=log_end,
                                            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                            preexec_fn=before, env=env)
        self.lines = []
        self.text = []
        self.started = queue.Queue()
        self.may_read = threading.Event()
        self.may_read.set()
        self.reader = threading.Thread(target=self._read_file if log else self._read, args=[log] if log else [], daemon=True)
        self.reader.start()
        line = self.started.get(timeout=START_SECONDS)
        if line is None:
            raise RuntimeError("the server did not start: " + "".join(self.text))
        self.port = line["port"]
        self.line = line
        if own_cert:
            self.context = ssl.create_default_context(cafile=os.path.join(directory, "ca.crt"))

    def _read(self):
        for raw in self.process.stderr:
            text = raw.decode("utf-8", "replace")
            self.text.append(text)
            try:
                line = json.loads(text)
            except ValueError:
                line = {"message": text}
            self.lines.append(line)
            if line.get("message") == "serving":
                self.started.put(line)
            self.may_read.wait()
        self.started.put(None)

    def _read_file(self, path):
        """Until the server serves, or has ended."""
        while True:
            ended = self.process.poll() is not None
            with open(path, encoding="utf-8", errors="replace") as file:
                self.text = file.read().splitlines(keepends=True)
            for text in self.text:
                if text.endswith("\n") and '"message":"serving"' in text:
                    self.started.put(json.loads(text))
                    return
            if ended:
                self.started.put(None)
                return
            time.sleep(0.01)

    def find_line(self, **fields):
        """Waits for a log line that has these fields."""
        return wait_until(lambda: next((line for line in list(self.lines) if all(
            line.get(name) == value for name, value in fields.items())), None), "a log line with", fields)

    def connect_plain(self):
        return Connection(socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS))

    def monitor_address(self):
        host, _, port = self.line["metrics"].rpartition(":")
        return host.strip("[]"), int(port)

    def connect_monitor(self):
        return Connection(socket.create_connection(self.monitor_address(), ANSWER_SECONDS))

    def metrics_text(self):
        with self.connect_monitor() as connection:
            return connection.ask("GET", "/metrics").body.decode()

    def metric(self, series):
        """The value of a series, written as /metrics writes it; 0 when it is not there."""
        for line in self.metrics_text().splitlines():
            name, _, value = line.rpartition(" ")
            if name == series:
                return float(value)
        return 0.0

    def wait_in_flight(self, count):
        """Until the server has seen the heads of so many requests that it has not answered."""
        wait_until(lambda: self.metric("pannier_requests_in_flight") == count, count, "requests in flight")

    def drain(self):
        """Sends SIGTERM, and waits until new connections are told that it is not ready."""
        self.signal()
        self.find_line(message="received SIGTERM: draining")
        wait_until(lambda: self.metric("pannier_ready") == 0, "it is not ready while it drains")

    def connect(self, context=None, name="localhost"):
        plain = socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection((context or self.context).wrap_socket(plain, server_hostname=name))

    def ask(self, method, path, body=None, headers=(), **more):
        with self.connect() as connection:
            return connection.ask(method, path, body, headers, **more)

    def review(self, body, path="/mutate"):
        return self.ask("POST", f"{path}?timeout=10s", body)

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, seconds=EVENT_SECONDS):
        """Until the process has ended and its log is read to the end. Returns the exit code."""
        code = self.process.wait(seconds)
        self.may_read.set()
        self.reader.join(EVENT_SECONDS)
        if self.reader.is_alive():
            raise AssertionError("the log has no end")
        return code

    def stop(self):
        if self.process.poll() is None:
            self.signal()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise


def fail_to_start(binary, *arguments):
    """Runs `pannier serve` that must not start. Returns (exit code, standard error)."""
    done = subprocess.run([binary, "serve", "--bind-address", "127.0.0.1",
                           "--metrics-bind-address", "127.0.0.1:0", *arguments],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=START_SECONDS)
    return done.returncode, done.stderr.decode("utf-8", "replace")
