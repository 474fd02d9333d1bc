# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy and the Pods' network would do: the API server's connections to Services come here.

It speaks HTTP CONNECT on a Unix socket, as the API server's egress selector does, and connects to the port of the loopback that
an address of a Service was given. TLS passes through: names and certificates are those of the Service.
"""

import json
import os
import pathlib
import socket
import threading

CONNECT_SECONDS = 30


class Network:
    def __init__(self, directory):
        self.path = os.path.relpath(pathlib.Path(directory) / "network.sock")  # absolute, it may be too long for a socket
        self.ports = {}  # of the loopback, by "ADDRESS:PORT" of a Service
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def configuration(self):
        """An EgressSelectorConfiguration."""
        return json.dumps({
            "apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": {
                "proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": self.path}}}}]})

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            port = self.ports.get(head.split()[1].decode())
            try:
                server = socket.create_connection(("127.0.0.1", port or 0), CONNECT_SECONDS)
            except OSError:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                return
            server.settimeout(None)
            with server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=copy, args=(server, client), daemon=True)
                back.start()
                copy(client, server)
                back.join()


def copy(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):  # the other direction ends, too
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
