# SPDX-License-Identifier: Apache-2.0
"""Pods that are created all the time, while something happens to pannier; and balanced replicas of it."""

import http.client
import itertools
import json
import selectors
import socket
import ssl
import threading

from checks import check, check_equal
from cluster import wait_until
from webhooks import REACH_SECONDS, Webhook

THREADS = 3
PROBE_SECONDS = 0.2
CONNECT_SECONDS = 30
CHUNK = 65536
SHOWN = 3


class Load:
    """Creates a Pod over and over by dry run, for the time of a `with`: from some threads that talk to the
    API server, and from one that runs kubectl. `is_right` is a function of the Pod that comes back."""

    def __init__(self, fixture, namespace, pod, is_right):
        self.fixture, self.namespace, self.pod, self.is_right = fixture, namespace, pod, is_right
        self.wrong, self.answers, self.kubectl_answers = [], 0, 0
        self.ending, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.repeat, args=(create,))
                        for create in [self.create] * THREADS + [self.create_by_kubectl]]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def repeat(self, create):
        """`create` returns what was wrong, or nothing."""
        while not self.ending.is_set():
            try:
                wrong = create()
            except Exception as error:  # pylint: disable=broad-except
                wrong = repr(error)
            if wrong:
                self.wrong.append(wrong)

    def create(self):
        answer = self.fixture.client.create_pod(self.namespace, self.pod, dryRun="All")
        with self.lock:
            self.answers += 1
        is_right = answer.status == 201 and not answer.warnings and self.is_right(answer.object)
        return None if is_right else f"{answer} {answer.warnings}"

    def create_by_kubectl(self):
        code, output = self.fixture.cluster.kubectl(
            "create", "--dry-run=server", "-o", "json", "-n", self.namespace, "-f", "-",
            stdin=json.dumps(self.pod).encode())
        self.kubectl_answers += 1
        return None if code == 0 and self.is_right(json.loads(output)) else output

    def wait_for_more(self, count):
        """Until so many more Pods were created, or one was not as it should be."""
        wanted = self.answers + count
        wait_until(f"{count} more Pods", REACH_SECONDS, lambda: self.answers >= wanted or self.wrong)

    def check(self):
        """After the `with`; returns what is reported."""
        check_equal(f"{len(self.wrong)} failed calls", self.wrong[:SHOWN], [])
        check(self.answers > 0 and self.kubectl_answers > 0, self.answers, self.kubectl_answers)
        return f"{self.answers} Pods by API, {self.kubectl_answers} by kubectl"


class Balancer(Webhook):
    """Passes TCP connections on, in turn to the servers that said at /readyz that they are ready when they
    were asked last; a connection that is open stays. So does a Service. It is registered as a webhook."""

    def __init__(self, cluster, name):
        super().__init__(cluster, name)
        self.servers, self.ready, self.turns = [], [], itertools.count()
        self.missed = 0  # connections for which there was no server
        self.ending = threading.Event()
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE  # as kubelets probe
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        for target in (self.accept, self.probe):
            threading.Thread(target=target, daemon=True).start()

    def stop(self):
        self.ending.set()
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept() up
        self.socket.close()

    def add(self, server):
        """From when it is ready."""
        self.servers.append(server)
        wait_until("the balancer knows the server", REACH_SECONDS, lambda: server.port in self.ready)

    def probe(self):
        while not self.ending.wait(PROBE_SECONDS):
            self.ready = [server.port for server in list(self.servers) if self.is_ready(server.port)]

    def is_ready(self, port):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=self.context, timeout=1)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def accept(self):
        while not self.ending.is_set():
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        ready = self.ready
        with client:
            try:
                port = ready[next(self.turns) % len(ready)]
                server = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
            except (OSError, ZeroDivisionError):
                self.missed += 1
                return
            with server:
                pass_on(client, server)


def pass_on(one, other):
    """What comes from either side, to the other, until both have ended."""
    with selectors.DefaultSelector() as selector:
        for source, sink in ((one, other), (other, one)):
            source.settimeout(None)
            selector.register(source, selectors.EVENT_READ, sink)
        try:
            while selector.get_map():
                for key, _ in selector.select():
                    data = key.fileobj.recv(CHUNK)
                    if data:
                        key.data.sendall(data)
                    else:
                        selector.unregister(key.fileobj)
                        key.data.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side is gone; so is the other when this returns
