# SPDX-License-Identifier: Apache-2.0
"""Client certificates: who may ask for decisions, while probes need none."""

import os
import shutil
import ssl
import subprocess
import tempfile

from cases_certificates import issue, serving
from checks import BARE, BINARY, POLICIES, check, check_decision, check_status, test
from harness import Server, fail_to_start, wait_until


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def make_ca(directory, name="client-ca"):
    path = os.path.join(directory, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-days", "2", "-keyout", path + ".key", "-out", path + ".crt")
    return path


def make_client(ca, name, usage="clientAuth", extra=""):
    """A certificate by the CA, as kube-apiserver would show it. Returns its path without ending."""
    path = f"{ca}-{name}-{usage}"
    with open(path + ".ext", "w", encoding="ascii") as file:
        file.write(f"extendedKeyUsage={usage}\n{extra}")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/O=system:masters/CN={name}", "-keyout", path + ".key", "-out", path + ".csr")
    openssl("x509", "-req", "-in", path + ".csr", "-CA", ca + ".crt", "-CAkey", ca + ".key",
            "-CAcreateserial", "-days", "1", "-extfile", path + ".ext", "-out", path + ".crt")
    return path


def make_expired_client(ca, name):
    """`openssl x509` cannot say from when to when, `openssl ca` can."""
    path = make_client(ca, name)
    with open(path + ".cnf", "w", encoding="ascii") as file:
        file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={path}.index\nnew_certs_dir={path}.d\n"
                   f"serial={path}.serial\ndefault_md=sha256\npolicy=p\n[p]\norganizationName=optional\n"
                   "commonName=supplied\n")
    os.mkdir(path + ".d")
    with open(path + ".index", "wb"):
        pass
    with open(path + ".serial", "w", encoding="ascii") as file:
        file.write("1001\n")
    openssl("ca", "-batch", "-config", path + ".cnf", "-notext", "-cert", ca + ".crt",
            "-keyfile", ca + ".key", "-startdate", "20240101000000Z", "-enddate", "20240201000000Z",
            "-extfile", path + ".ext", "-in", path + ".csr", "-out", path + ".crt")
    return path


def with_client(directory, client):
    context = ssl.create_default_context(cafile=os.path.join(directory, "ca.crt"))
    if client:
        context.load_cert_chain(client + ".crt", client + ".key")
    return context


def check_admitted(server, context):
    with server.connect(context) as connection:
        for _ in range(2):
            check_decision(connection.ask("POST", "/mutate", BARE), BARE)
        check_decision(connection.ask("POST", "/validate", BARE), BARE)


def check_refused(server, context, fragment):
    with server.connect(context) as connection:
        for path in ("/mutate", "/validate"):
            check_status(connection.ask("POST", path, BARE), 403, fragment)
        check_status(connection.ask("POST", "/mutate", b"not JSON"), 403, fragment)
        check_status(connection.ask("GET", "/mutate"), 405)
        for path in ("/livez", "/readyz", "/healthz"):
            check(connection.ask("GET", path).status == 200, path)


@test
def decisions_are_for_verified_clients_and_probes_for_all(_):
    with tempfile.TemporaryDirectory() as directory:
        issue(directory)
        ca, other = make_ca(directory), make_ca(directory, "other-ca")
        good = make_client(ca, "kube-apiserver")
        both = make_client(ca, "both", "clientAuth,serverAuth")
        server_only = make_client(ca, "server", "serverAuth")
        stranger = make_client(other, "kube-apiserver")
        with serving(directory, "--client-ca-file", ca + ".crt") as server:
            check_admitted(server, with_client(directory, good))
            check_admitted(server, with_client(directory, both))
            older = with_client(directory, good)
            older.maximum_version = ssl.TLSVersion.TLSv1_2
            check_admitted(server, older)
            check_refused(server, with_client(directory, None), "is required")
            check_refused(server, with_client(directory, server_only), "not verified")
            check_refused(server, with_client(directory, stranger), "not verified")
            line = server.find_line(message="refused a request", status=403)
            check("client certificate" in line["why"], line)


@test
def an_expired_client_is_refused(_):
    with tempfile.TemporaryDirectory() as directory:
        issue(directory)
        ca = make_ca(directory)
        with serving(directory, "--client-ca-file", ca + ".crt") as server:
            check_refused(server, with_client(directory, make_expired_client(ca, "late")), "expired")


@test
def only_allowed_names_are_admitted(_):
    with tempfile.TemporaryDirectory() as directory:
        issue(directory)
        ca = make_ca(directory)
        by_name = make_client(ca, "kube-apiserver")
        by_dns = make_client(ca, "dns", extra="subjectAltName=email:a@b,DNS:x,DNS:api.example.org")
        longer = make_client(ca, "kube-apiserver2")
        with serving(directory, "--client-ca-file", ca + ".crt", "--client-allowed-name",
                     "kube-apiserver", "--client-allowed-name", "api.example.org") as server:
            check_admitted(server, with_client(directory, by_name))
            check_admitted(server, with_client(directory, by_dns))
            check_refused(server, with_client(directory, longer), "name is not allowed")


@test
def a_changed_client_ca_counts_also_on_open_connections(_):
    with tempfile.TemporaryDirectory() as directory:
        issue(directory)
        old, new = make_ca(directory, "old"), make_ca(directory, "new")
        trusted = os.path.join(directory, "clients.crt")
        shutil.copy(old + ".crt", trusted)
        before = with_client(directory, make_client(old, "a"))
        after = with_client(directory, make_client(new, "b"))
        with serving(directory, "--client-ca-file", trusted) as server, \
                server.connect(before) as connection:
            check_decision(connection.ask("POST", "/mutate", BARE), BARE)
            check_refused(server, after, "not verified")
            with open(trusted, "w", encoding="ascii") as file:
                file.write("-----BEGIN CERTIFICATE-----\nhalf")
            line = server.find_line(level="error")
            check("CA of clients" in line["why"] and "old one" in line["message"], line)
            check_admitted(server, before)
            shutil.copy(new + ".crt", trusted)
            server.find_line(message="took a new client CA")
            check_admitted(server, after)
            check_refused(server, before, "not verified")
            # as soon as its verification counts no more: PN_CLIENT_VERIFIED_SECONDS
            wait_until(lambda: connection.ask("POST", "/mutate", BARE).status == 403, "the open connection is refused")


@test
def an_own_certificate_goes_with_a_client_ca(_):
    with tempfile.TemporaryDirectory() as directory:
        ca = make_ca(directory)
        client = make_client(ca, "a")
        server = Server(BINARY, directory, "--shutdown-delay", "0s", "--client-ca-file",
                        ca + ".crt", policies=POLICIES)
        check_admitted(server, with_client(directory, client))
        check_refused(server, server.context, "is required")
        server.stop()


@test
def a_client_ca_that_cannot_be_used_is_said(_):
    with tempfile.TemporaryDirectory() as directory:
        empty = os.path.join(directory, "empty")
        with open(empty, "wb"):
            pass
        for arguments, fragment in ((["--client-ca-file", "/nope.crt"], "/nope.crt"),
                                    (["--client-ca-file", empty], "CA of clients"),
                                    (["--client-ca-file", BINARY], "has more than"),
                                    (["--client-allowed-name", "x"], "client CA")):
            code, said = fail_to_start(BINARY, "--secure-port", "0", "-p", POLICIES, *arguments)
            check(code == 2 and fragment in said, arguments, code, said)
