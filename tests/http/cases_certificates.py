# SPDX-License-Identifier: Apache-2.0
"""Certificates from files: made by `pannier certs issue`, replaced while the server runs."""

import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from checks import BARE, BINARY, POLICIES, check, check_decision, test
from harness import EVENT_SECONDS, Closed, Server, wait_until


def issue(directory, *arguments, names=("localhost",)):
    """`pannier certs issue` into the directory; again: by the same CA."""
    sans = [word for name in names for word in ("--san", name)]
    subprocess.run([BINARY, "certs", "issue", "-d", directory, *sans, *arguments], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)


def served(server, context=None):
    """A fingerprint of the certificate that a new connection gets."""
    with server.connect(context) as connection:
        check(connection.ask("GET", "/livez").status == 200)
        return hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest()


def fingerprint(path):
    with open(path, encoding="ascii") as file:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()


@contextlib.contextmanager
def serving(directory, *arguments, cert="tls.crt", key="tls.key", ca="ca.crt"):
    """A server that serves the files of a directory."""
    server = Server(BINARY, directory, "--shutdown-delay", "0s", "--tls-cert-file",
                    os.path.join(directory, cert), "--tls-private-key-file",
                    os.path.join(directory, key), *arguments, policies=POLICIES, own_cert=False)
    server.context = ssl.create_default_context(cafile=os.path.join(directory, ca))
    try:
        yield server
    finally:
        server.stop()
    text = "".join(server.text)
    check("Sanitizer" not in text and "runtime error" not in text, text[-3000:])


def wait_served(server, path):
    wait_until(lambda: served(server) == fingerprint(path), "the certificate of", path, "is served")


def put_in_place(directory, fresh):
    """As `cp` does: the same files, written anew."""
    for name in ("tls.crt", "tls.key"):
        shutil.copyfile(os.path.join(fresh, name), os.path.join(directory, name))


def put_by_rename(directory, fresh):
    for name in ("tls.crt", "tls.key"):
        shutil.copyfile(os.path.join(fresh, name), os.path.join(directory, name + ".new"))
        os.rename(os.path.join(directory, name + ".new"), os.path.join(directory, name))


@test
def openssl_shakes_hands_with_what_certs_issue_made(_):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([BINARY, "certs", "issue", "--service", "pannier", "-n", "pannier-system",
                        "-d", directory], check=True, stdout=subprocess.DEVNULL, timeout=60)
        with serving(directory) as server:
            for version in ("-tls1_2", "-tls1_3"):
                done = subprocess.run(
                    ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", version,
                     "-servername", "pannier.pannier-system.svc", "-verify_hostname",
                     "pannier.pannier-system.svc", "-verify_return_error", "-CAfile",
                     os.path.join(directory, "ca.crt"), "-brief"],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                    check=False)
                check(done.returncode == 0 and "Verification: OK" in done.stderr, done.stderr)
                check("ECDSA" in done.stderr, done.stderr)


@test
def a_replaced_certificate_is_served_to_new_connections(_):
    for put in (put_in_place, put_by_rename):
        with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as fresh:
            issue(directory)
            shutil.copy(os.path.join(directory, "ca.crt"), fresh)
            shutil.copy(os.path.join(directory, "ca.key"), fresh)
            issue(fresh)
            with serving(directory) as server, server.connect() as old:
                check_decision(old.ask("POST", "/mutate", BARE), BARE)
                check(served(server) == fingerprint(os.path.join(directory, "tls.crt")))
                put(directory, fresh)
                wait_served(server, os.path.join(fresh, "tls.crt"))
                check_decision(old.ask("POST", "/mutate", BARE), BARE)  # it goes on
                line = server.find_line(message="took a new certificate", level="info")
                check("T" in line["notAfter"], line)


class Mount:
    """A Secret as kubelet mounts it: links through ..data, which is swapped."""

    def __init__(self, directory):
        self.directory, self.generation = directory, 0

    def put(self, source):
        self.generation += 1
        name = f"..generation_{self.generation}"
        os.mkdir(os.path.join(self.directory, name))
        for file in ("tls.crt", "tls.key", "ca.crt"):
            shutil.copy(os.path.join(source, file), os.path.join(self.directory, name, file))
            if self.generation == 1:
                os.symlink(f"..data/{file}", os.path.join(self.directory, file))
        os.symlink(name, os.path.join(self.directory, "..data_tmp"))
        os.rename(os.path.join(self.directory, "..data_tmp"),
                  os.path.join(self.directory, "..data"))
        if self.generation > 1:
            shutil.rmtree(os.path.join(self.directory, f"..generation_{self.generation - 1}"))


@test
def a_mounted_secret_rotates_under_load_without_one_failed_call(_):
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as directory:
        mount = Mount(directory)
        issue(source)
        mount.put(source)
        with serving(directory) as server:
            failed, calls, ending = [], [0], threading.Event()

            def client(keeps):
                connection = None
                while not ending.is_set():
                    try:
                        connection = connection or server.connect()
                        response = connection.ask("POST", "/mutate", BARE)
                        if response.status != 200:
                            failed.append(response.status)
                        calls[0] += 1
                        if not keeps:
                            connection.close()
                            connection = None
                    except (Closed, OSError) as error:
                        failed.append(error)
                        return
                if connection:
                    connection.close()

            threads = [threading.Thread(target=client, args=(i % 2 == 0,)) for i in range(4)]
            for thread in threads:
                thread.start()
            try:
                for _ in range(3):
                    issue(source)
                    mount.put(source)
                    wait_served(server, os.path.join(source, "tls.crt"))
                wait_until(lambda: failed or calls[0] > 50, "50 calls")
            finally:
                ending.set()
                for thread in threads:
                    thread.join()
            check(not failed, calls, failed[:3])


def bad_pairs(directory, fresh):
    """(what, a function that puts it) of pairs that must not be served. Each is put at once: what lies between two
    steps would be refused, too, where the machine has no time for the second."""
    def path(name):
        return os.path.join(directory, name)

    def half():
        with open(os.path.join(fresh, "tls.crt"), "rb") as file:
            text = file.read()
        with open(path("new"), "wb") as file:
            file.write(text[:len(text) // 2])
        os.rename(path("new"), path("tls.crt"))

    def other_key():
        shutil.copy(os.path.join(fresh, "tls.crt"), path("new"))
        os.rename(path("new"), path("tls.crt"))

    def expired():
        issue(fresh, "--validity", "1s")
        time.sleep(1.1)
        put_by_rename(directory, fresh)

    def gone():
        os.unlink(path("tls.key"))

    def fifo():
        os.mkfifo(path("tls.key"))

    def endless():
        with open(path("new"), "wb") as file:
            file.truncate(100 << 20)
        os.rename(path("new"), path("tls.key"))

    def loop():  # nobody can read it; what root may not read needs another user
        os.symlink("tls.key", path("new"))
        os.rename(path("new"), path("tls.key"))

    return [("no PEM text", half), ("does not belong", other_key), ("expired", expired),
            ("No such file", gone), ("not a regular file", fifo), ("has more than", endless),
            ("Too many levels", loop)]


@test
def a_bad_certificate_is_refused_and_the_old_one_served_on(_):
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as fresh:
        issue(directory)
        issue(fresh)
        before = fingerprint(os.path.join(directory, "tls.crt"))
        with serving(directory) as server:
            for why, put in bad_pairs(directory, fresh):
                known = len(server.lines)
                put()
                wait_until(lambda: any("refused the new certificate" in line.get("message", "") and
                                       why in line.get("why", "") for line in server.lines[known:]), why)
                check(served(server) == before, why)
            refusals = [line for line in server.lines if "refused the new" in line["message"]]
            check(len(refusals) == 7, refusals)
            shutil.copy(os.path.join(directory, "ca.crt"), fresh)
            shutil.copy(os.path.join(directory, "ca.key"), fresh)
            issue(fresh, "--force", "--ca-cert-file", os.path.join(fresh, "ca.crt"),
                  "--ca-key-file", os.path.join(fresh, "ca.key"))
            put_by_rename(directory, fresh)
            wait_served(server, os.path.join(fresh, "tls.crt"))


@test
def an_expired_certificate_is_served_at_the_start_and_told(_):
    with tempfile.TemporaryDirectory() as directory:
        issue(directory, "--validity", "1s")
        time.sleep(1.1)
        with serving(directory) as server:
            line = server.find_line(message="an API server would refuse this certificate")
            check("expired" in line["why"] and line["level"] == "error", line)
            server.find_line(message="the certificate has expired")
            try:
                server.connect().close()
                raise AssertionError("a client that verifies accepted it")
            except ssl.SSLError:
                pass
            issue(directory)
            server.find_line(message="took a new certificate")
            check(served(server) == fingerprint(os.path.join(directory, "tls.crt")))


@test
def half_a_handshake_outlives_its_certificate(_):
    """A connection that had not begun to speak keeps the pair that it was given."""
    with tempfile.TemporaryDirectory() as directory:
        issue(directory)
        before = fingerprint(os.path.join(directory, "tls.crt"))
        with serving(directory) as server:
            plain = socket.create_connection(("127.0.0.1", server.port), EVENT_SECONDS)
            wait_until(lambda: server.metric("pannier_connections") == 1, "the connection is the server's")
            issue(directory)
            wait_served(server, os.path.join(directory, "tls.crt"))
            with server.context.wrap_socket(plain, server_hostname="localhost") as late:
                got = hashlib.sha256(late.getpeercert(binary_form=True)).hexdigest()
            check(got == before)
