# SPDX-License-Identifier: Apache-2.0
"""Policies and labels of namespaces that change while the server runs."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import tempfile
import threading
import time

from checks import BARE, BINARY, MIB, SANITIZED, check, check_decision, check_status, changed, test
from harness import Server, fail_to_start, wait_until

RELOADED, KEPT = "policies reloaded", "policies not reloaded: those from before serve on"


def policy(name, match="podSelector: {}", more=""):
    return f"""apiVersion: pannier.dev/v1alpha1
kind: SidecarTemplate
metadata: {{name: {name}}}
spec:
  category: test
  pod:
    spec:
      initContainers:
      - name: {name}
        image: example.com/{name}:1
        restartPolicy: Always
        resources: {{requests: {{cpu: 1m, memory: 1Mi}}}}
---
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {{name: {name}}}
spec:
  match: {{{match}}}
  inject: [{{templateRef: {{name: {name}}}}}]
{more}"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def replace(path, text):
    """As editors and deployment tools do."""
    write(path + ".tmp", text)
    os.rename(path + ".tmp", path)


@contextlib.contextmanager
def serving(*arguments, first=policy("one"), empty=False, **more):
    """A server on a directory of its own with policies.yaml in it: gives both."""
    with tempfile.TemporaryDirectory() as certs, tempfile.TemporaryDirectory() as directory:
        if not empty:
            write(os.path.join(directory, "policies.yaml"), first)
        server = Server(BINARY, certs, "--shutdown-delay", "0s", *arguments, policies=directory,
                        **more)
        try:
            yield server, directory
            server.signal()
            check(server.wait() == 0, "exit code", server.process.returncode)
            check("Sanitizer" not in "".join(server.text), "".join(server.text)[-3000:])
        finally:
            if server.process.poll() is None:
                server.process.kill()


def added(server, body=BARE):
    """The names of the containers that are added, sorted."""
    _, patch = check_decision(server.review(body), body)
    names = []
    for operation in patch or []:
        if "ontainers" in operation["path"]:
            value = operation["value"]
            names += [c["name"] for c in (value if isinstance(value, list) else [value])]
    return sorted(names)


def wait_added(server, *names, body=BARE):
    wait_until(lambda: added(server, body) == sorted(names), "it adds", names)


def lines(server, message):
    return [line for line in list(server.lines) if line.get("message") == message]


def wait_lines(server, message, count):
    wait_until(lambda: len(lines(server, message)) >= count, count, "lines", repr(message))
    return lines(server, message)


@test
def a_save_a_rename_and_a_new_file_are_loaded(_):
    with serving() as (server, directory):
        path = os.path.join(directory, "policies.yaml")
        first = server.find_line(message="policies loaded")
        check(first["policies"] == 1 and first["templates"] == 1 and first["budgets"] == 0, first)
        check(added(server) == ["one"])
        write(path, policy("two"))
        wait_added(server, "two")
        replace(path, policy("three"))
        wait_added(server, "three")
        replace(os.path.join(directory, "more.yaml"), policy("four"))
        wait_added(server, "four", "three")
        os.remove(path)
        wait_added(server, "four")
        found = wait_lines(server, RELOADED, 4)
        check(len({line["hash"] for line in found + [first]}) == 5, found)
        check(all(line["durationMicros"] >= 0 and line["level"] == "info" for line in found), found)


@test
def a_config_map_is_swapped(_):
    """Kubelet writes a new directory and renames the link ..data, through which all files lead."""
    with tempfile.TemporaryDirectory() as certs, tempfile.TemporaryDirectory() as directory:
        def generation(number, text):
            name = f"..2025_{number}"
            os.mkdir(os.path.join(directory, name))
            write(os.path.join(directory, name, "policies.yaml"), text)
            os.symlink(name, os.path.join(directory, "..data_tmp"))
            os.rename(os.path.join(directory, "..data_tmp"), os.path.join(directory, "..data"))

        generation(1, policy("one"))
        os.symlink("..data/policies.yaml", os.path.join(directory, "policies.yaml"))
        server = Server(BINARY, certs, "--shutdown-delay", "0s", policies=directory)
        check(added(server) == ["one"])
        generation(2, policy("two"))
        shutil.rmtree(os.path.join(directory, "..2025_1"))
        wait_added(server, "two")
        check(not lines(server, KEPT), lines(server, KEPT))
        server.stop()


@test
def sighup_loads_at_once_and_the_hash_tells_sets_apart(_):
    with serving() as (server, directory):
        first = server.find_line(message="policies loaded")
        server.signal(signal.SIGHUP)
        check(wait_lines(server, RELOADED, 1)[0]["hash"] == first["hash"])
        check_at_once(server)
        known = len(lines(server, RELOADED))
        replace(os.path.join(directory, "policies.yaml"), "# a remark\n" + policy("one"))
        os.rename(os.path.join(directory, "policies.yaml"), os.path.join(directory, "other.yaml"))
        server.signal(signal.SIGHUP)
        check(wait_lines(server, RELOADED, known + 1)[-1]["hash"] == first["hash"])
        check(added(server) == ["one"])


def check_at_once(server):
    """That SIGHUP waits for no poll. After a load the next one is a second away, so that one time is enough of many in
    which the machine may have none for us."""
    for number in range(len(lines(server, RELOADED)), 40):
        began = time.monotonic()
        server.signal(signal.SIGHUP)
        wait_lines(server, RELOADED, number + 1)
        if time.monotonic() - began < 0.5:
            return
    raise AssertionError("it waits for the poll each time")


@test
def broken_policies_never_replace_good_ones(_):
    with serving() as (server, directory):
        path = os.path.join(directory, "policies.yaml")
        replace(path, policy("two", more="  onFailure: Perhaps\n  mode: Never\n"))
        line = wait_lines(server, KEPT, 1)[0]
        check(line["level"] == "error" and line["others"] == 1, line)
        check(line["fault"].startswith(path + ":20:14: "), line)
        check(added(server) == ["one"] and server.ask("GET", "/readyz").status == 200)
        replace(path, policy("two") + "\n  - [")
        line = wait_lines(server, KEPT, 2)[1]
        check(line["fault"].startswith(path + ":2"), line)
        server.signal(signal.SIGHUP)  # asked once more, it says so once more
        wait_lines(server, KEPT, 3)
        check(added(server) == ["one"])
        replace(path, policy("two"))
        budget = os.path.join(directory, "budget.yaml")
        replace(budget, '{apiVersion: pannier.dev/v1alpha1, kind: InjectionBudget, metadata: '
                        '{name: b}, spec: {match: {podSelector: {}}, max: {sidecars: 5}}}\n,')
        line = server.find_line(message=RELOADED, budgets=1)  # as kubectl reads it
        check(line["warning"].startswith(budget + ":2:1: "), line)
        wait_added(server, "two")
        check(len(lines(server, KEPT)) == 3, lines(server, KEPT))


def write_slowly(path, parts, server):
    """Writes the parts with pauses, and returns the longest time that the file can have rested, and what was added
    meanwhile."""
    longest, seen, before = 0, set(), time.monotonic()
    with open(path, "w", encoding="utf-8") as file:
        for part in parts:
            begins = time.monotonic()
            file.write(part)
            file.flush()
            longest, before = max(longest, time.monotonic() - before), begins
            seen.add(tuple(added(server)))
            time.sleep(0.1)
    return max(longest, time.monotonic() - before), seen


@test
def a_file_that_is_still_written_is_waited_for(_):
    """Half a file that reads well must not count: here, each part is a good set of its own. Where the machine had no
    time for us, the pauses were longer than the server waits, and it is tried again."""
    names = [f"n{number}" for number in range(20)]
    for attempt in range(40):
        with serving() as (server, directory):
            longest, seen = write_slowly(os.path.join(directory, "policies.yaml"),
                                         [policy(name) + "---\n" for name in names], server)
            wait_added(server, *names)
            if longest > 0.45:
                continue
            check(seen == {("one",)}, seen)
            # the server tells a load after what it loaded serves
            check(len(wait_lines(server, RELOADED, 1)) == 1 and not lines(server, KEPT), server.lines)
            return
    raise AssertionError(f"the machine never had time: {attempt + 1} attempts")


@test
def files_that_never_rest_are_loaded_all_the_same(_):
    with serving() as (server, directory):
        stop = threading.Event()

        def touch():
            while not stop.wait(0.2):
                replace(os.path.join(directory, "policies.yaml"), policy("two"))

        thread = threading.Thread(target=touch)
        thread.start()
        try:
            wait_added(server, "two")
        finally:
            stop.set()
            thread.join()


@test
def a_directory_that_vanishes_or_is_emptied_changes_nothing(_):
    with serving() as (server, directory):
        path = os.path.join(directory, "policies.yaml")
        os.remove(path)
        check(wait_lines(server, KEPT, 1)[0]["fault"] == "there are no policies")
        check(added(server) == ["one"] and server.ask("GET", "/readyz").status == 200)
        os.rmdir(directory)
        check(directory in wait_lines(server, KEPT, 2)[1]["fault"])
        check(added(server) == ["one"] and server.ask("GET", "/readyz").status == 200)
        os.mkdir(directory)
        write(path, policy("two"))
        wait_added(server, "two")


def obey_permissions():
    """Root without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (prctl PR_CAPBSET_DROP)."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if any(libc.prctl(24, capability, 0, 0, 0) != 0 for capability in (1, 2)):
            raise OSError(ctypes.get_errno(), "prctl")


@test
def a_file_that_cannot_be_read_is_named(_):
    with serving(before=obey_permissions) as (server, directory):
        path = os.path.join(directory, "policies.yaml")
        os.chmod(path, 0)
        check(path + ": cannot be read" in wait_lines(server, KEPT, 1)[0]["fault"])
        os.chmod(directory, 0)
        check("cannot list directory " + directory in wait_lines(server, KEPT, 2)[1]["fault"])
        check(added(server) == ["one"])
        os.chmod(directory, 0o700)
        os.chmod(path, 0o600)
        wait_lines(server, RELOADED, 1)


@test
def what_is_no_policy_file_is_named_and_hangs_nobody(_):
    with serving() as (server, directory):
        path = os.path.join(directory, "zzz.yaml")
        os.mkfifo(path)
        check(wait_lines(server, KEPT, 1)[0]["fault"].startswith(path + ": not a regular file"))
        os.remove(path)
        wait_lines(server, RELOADED, 1)
        before_kib = server.resident_kib()
        with open(path, "wb") as file:
            file.truncate(100 * MIB)
        check("larger than 64 MiB" in wait_lines(server, KEPT, 2)[1]["fault"])
        check(SANITIZED or server.resident_kib() < before_kib + 16 * 1024, "it was read")
        os.remove(path)
        os.symlink("/nowhere/at/all", path)
        check(path in wait_lines(server, KEPT, 3)[2]["fault"])
        check(added(server) == ["one"])
    with tempfile.TemporaryDirectory() as directory:
        os.mkfifo(os.path.join(directory, "x.yaml"))
        code, said = fail_to_start(BINARY, "-p", directory)
        check(code == 2 and "not a regular file" in said, code, said)


@test
def a_reload_under_load_loses_nothing_and_keeps_nothing(_):
    with serving("--workers", "2") as (server, directory):
        path, stop, failed, seen = os.path.join(directory, "policies.yaml"), threading.Event(), [], set()

        def client():
            try:
                with server.connect() as connection:
                    while not stop.is_set():
                        _, patch = check_decision(connection.ask("POST", "/mutate", BARE), BARE)
                        seen.update(c["name"] for c in next(
                            o["value"] for o in patch if o["path"].startswith("/spec/init")))
            except Exception as error:  # pylint: disable=broad-except
                failed.append(error)

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        before_kib = 0
        for number in range(60):
            if number == 20:
                before_kib = server.resident_kib()
            text = policy(f"n{number}")
            for i in range(300):  # so that a set which stays has weight: 60 of them take 100 MiB
                text += "---\n" + policy(f"other-{i}", "podSelector: {matchLabels: {not: there}}")
            replace(path, text)
            server.signal(signal.SIGHUP)
            wait_lines(server, RELOADED, number + 1)
            if number % 2 == 0:
                wait_until(lambda: failed or f"n{number}" in seen, "a client sees the set", number)
        stop.set()
        for thread in threads:
            thread.join()
        check(not failed, failed[:1])
        # the control thread gives memory back
        wait_until(lambda: SANITIZED or server.resident_kib() - before_kib < 8 * 1024, "no more than", before_kib,
                   "KiB and eight MiB")


@test
def without_policies_it_is_not_ready(_):
    with serving(empty=True) as (server, directory):
        line = server.find_line(message="policies not loaded: not ready")
        check(line["fault"] == "there are no policies" and line["level"] == "warn", line)
        check_status(server.ask("GET", "/readyz"), 503, "no policies")
        check(server.ask("GET", "/livez").status == 200)
        check_status(server.review(BARE), 503, "no policies")
        write(os.path.join(directory, "policies.yaml"), policy("one"))
        server.find_line(message="policies loaded")
        check(server.ask("GET", "/readyz").status == 200)
        check(added(server) == ["one"])


@test
def without_policies_it_can_be_told_to_be_ready(_):
    with serving("--allow-empty") as (server, directory):
        os.remove(os.path.join(directory, "policies.yaml"))
        wait_added(server)
        check(server.ask("GET", "/readyz").status == 200)
    with serving("--allow-empty", empty=True) as (server, _):
        check(server.ask("GET", "/readyz").status == 200)
        check(added(server) == [])


# ---- what may be done ------------------------------------------------------------------------


def denying(name):
    return policy(name, more="  onFailure: Deny\n")


def check_refused(server, path):
    """The Pod's only container is called as the one that must be added: a clash."""
    body = changed(lambda review: review["request"]["object"]["spec"]["containers"][0].update(
        name="one"))
    answer, patch = check_decision(server.review(body, path), body)
    return answer["allowed"], patch


@test
def audit_only_changes_and_denies_nothing(_):
    with serving(first=denying("one")) as (server, _):
        check(added(server) == ["one"])
        check(check_refused(server, "/mutate")[0] is False)
        check(check_refused(server, "/validate")[0] is False)
    with serving("--audit-only", first=denying("one")) as (server, directory):
        check(server.find_line(message="policies loaded")["auditOnly"] is True)
        check(added(server) == [])
        answer, _ = check_decision(server.review(BARE), BARE)
        audited = answer["auditAnnotations"]
        check("would-inject" in json.dumps(audited), audited)
        check(server.find_line(message="decided")["audited"] == {"one": "would-inject"})
        for path in ("/mutate", "/validate"):
            check(check_refused(server, path) == (True, None), path)
        replace(os.path.join(directory, "policies.yaml"), denying("two"))  # on reload, too
        wait_lines(server, RELOADED, 1)
        check(added(server) == [])


@test
def validate_only_serves_no_mutation(_):
    with serving("--validate-only", first=denying("one")) as (server, _):
        check_status(server.review(BARE), 404, "--validate-only")
        answer, patch = check_decision(server.review(BARE, "/validate"), BARE)
        check(answer["allowed"] is False and patch is None, answer)
        check(server.ask("GET", "/readyz").status == 200)


@test
def protected_namespaces_are_out_of_reach(_):
    def added_in(server, namespace):
        def move(review):
            review["request"]["namespace"] = namespace
            review["request"]["object"]["metadata"].pop("namespace", None)
        return added(server, changed(move))

    outside = {name: value for name, value in os.environ.items() if name != "POD_NAMESPACE"}
    env = dict(outside, POD_NAMESPACE="team-injection")
    own = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"  # these tests may run in a Pod
    if os.path.exists(own):
        with open(own, encoding="utf-8") as file:
            own = file.read().strip()
    else:
        own = "pannier-system"
    with serving(env=env) as (server, _):
        for namespace in ("kube-system", "kube-public", "kube-node-lease", "team-injection"):
            check(added_in(server, namespace) == [], namespace)
        check(added_in(server, "pannier-system") == ["one"])
    with serving("--protected-namespaces", "secret, other", env=env) as (server, _):
        for namespace in ("secret", "other"):
            check(added_in(server, namespace) == [], namespace)
        check(added_in(server, "kube-system") == ["one"])
    with serving("--protected-namespaces", "", env=outside) as (server, _):
        check(added_in(server, own) == ["one"])
    with serving(env=outside) as (server, _):
        check(added_in(server, own) == [])
    code, said = fail_to_start(BINARY, "-p", "/nope", "--protected-namespaces", "a,B_")
    check(code == 2 and '"B_"' in said, code, said)


# ---- labels of namespaces --------------------------------------------------------------------


def namespaces(**labels):
    """As `kubectl get namespaces -o json` prints them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace",
         "metadata": {"name": name, "labels": of}} for name, of in labels.items()]}, indent=4)


@test
def labels_of_namespaces_come_from_a_file(_):
    gold = policy("one", "podSelector: {}, namespaceSelector: {matchLabels: {tier: gold}}")
    body = changed(lambda review: review["request"].update(namespace="shop"))

    def reasons(server):
        answer, _ = check_decision(server.review(body), body)
        return json.dumps([answer.get("auditAnnotations"), answer.get("warnings")])

    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "namespaces")
        write(path, namespaces(other={"tier": "gold"}))
        with serving("--namespaces", path, first=gold) as (server, _):
            check(server.find_line(message="policies loaded")["namespaces"] == 1)
            check("namespace-labels-unknown" in reasons(server), reasons(server))
            check(added(server, body) == [])
            replace(path, namespaces(other={}, shop={"tier": "gold"}))
            wait_added(server, "one", body=body)
            check(wait_lines(server, RELOADED, 1)[0]["namespaces"] == 2)
            replace(path, namespaces(shop={"tier": "gold"})[:-3])
            check(path in wait_lines(server, KEPT, 1)[0]["fault"])
            check(added(server, body) == ["one"])
            replace(path, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
            wait_added(server, body=body)
            check("unknown" not in reasons(server), reasons(server))
        write(path, namespaces(shop={"tier": 1}))
        code, said = fail_to_start(BINARY, "-p", "templates", "--namespaces", path)
        check(code == 2 and "expected a string" in said, code, said)
        code, said = fail_to_start(BINARY, "-p", "templates", "--namespaces", "/nope")
        check(code == 2 and "/nope" in said, code, said)
