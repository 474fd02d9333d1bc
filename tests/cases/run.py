#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the case folders beside this file through the engine, the CLI and the server.

A case is a folder with
  policies.yaml   what is loaded; or policies, a folder
  pod.json        a Pod, put into a review (request.json changes the request), or
  review.json     a whole AdmissionReview
  want.json       what must come out; written by --update, read by a person
  validate.json   perhaps: a list of reviews for POST /validate. Each has `what` it is, changes to
                  the Pod as the case leaves it (`object`, and for an UPDATE `old`: lists of
                  [path, value], where null removes; "bare" is the Pod as it was sent), and the
                  `message` of the denial, or null when it is allowed

Beside what want.json says, every patch is applied by an independent applier (this file's), and
the result is decided again: it must come back without a patch.
"""

import argparse
import base64
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


# ---- JSON Patch, a second implementation: `add` is all that the engine may write ------------------

class PatchError(Exception):
    pass


def apply_patch(document, patch):
    document = copy.deepcopy(document)
    for operation in patch:
        if operation["op"] != "add":
            raise PatchError(f"op {operation['op']}")
        *parents, last = [k.replace("~1", "/").replace("~0", "~")
                          for k in operation["path"].split("/")[1:]]
        at = document
        for key in parents:
            if isinstance(at, list):
                at = at[int(key)]
            elif isinstance(at, dict) and at.get(key) is not None:
                at = at[key]
            else:
                raise PatchError(f"{operation['path']}: no parent {key}")
        value = copy.deepcopy(operation["value"])
        if isinstance(at, dict):
            at[last] = value
        elif last == "-":
            at.append(value)
        elif int(last) <= len(at):
            at.insert(int(last), value)
        else:
            raise PatchError(f"{operation['path']}: no such place")
    return document


# ---- what the API server does to a Pod between the rounds ------------------------------------------

def canonical(quantity):
    """The few spellings that the cases use, as resource.Quantity writes them."""
    return {1073741824: "1073741824", 0.1: "100m", "1024Ki": "1Mi", "1024Mi": "1Gi"}.get(
        quantity, quantity)


def default_container(container, token):
    container.setdefault("imagePullPolicy", "IfNotPresent")
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or []:
        if variable.get("value") == "":
            del variable["value"]
        if "fieldRef" in variable.get("valueFrom", {}):
            variable["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        if probe in container:
            for key, value in {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
                               "failureThreshold": 3}.items():
                container[probe].setdefault(key, value)
            if "httpGet" in container[probe]:
                container[probe]["httpGet"].setdefault("scheme", "HTTP")
    for kind in ("requests", "limits"):
        resources = container.setdefault("resources", {})
        if kind in resources:
            resources[kind] = {k: canonical(v) for k, v in resources[kind].items()}
    for mount in container.get("volumeMounts") or []:
        if mount.get("readOnly") is False:
            del mount["readOnly"]
    mounts = container.get("volumeMounts") or []
    if token and isinstance(mounts, list) and \
            not any(m["mountPath"] == token["mountPath"] for m in mounts):
        container["volumeMounts"] = mounts + [token]


def between_the_rounds(pod):
    """Defaulting, a token mount in every container, and zero values that Go leaves out."""
    pod = copy.deepcopy(pod)
    token = {"name": "kube-api-access-x", "readOnly": True,
             "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    spec = pod["spec"]
    if spec.get("automountServiceAccountToken") is False:
        token = None
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or []:
            default_container(container, token)
    for volume in spec.get("volumes") or []:
        if "sizeLimit" in (volume.get("emptyDir") or {}):
            volume["emptyDir"]["sizeLimit"] = canonical(volume["emptyDir"]["sizeLimit"])
        if "secret" in volume:
            volume["secret"].setdefault("defaultMode", 420)
        if "projected" in volume:
            volume["projected"].setdefault("defaultMode", 420)
        if "configMap" in volume:
            volume["configMap"].setdefault("defaultMode", 420)
            if not volume["configMap"].get("items", True):
                del volume["configMap"]["items"]
    if token and not any(v["name"] == token["name"] for v in spec.get("volumes") or []):
        spec["volumes"] = (spec.get("volumes") or []) + [
            {"name": token["name"], "projected": {"sources": [], "defaultMode": 420}}]
    return pod


# ---- cases ------------------------------------------------------------------------------------------

def read_json(path):
    """JSON in which "REPEAT:x:1000" stands for a thousand x."""
    text = re.sub(r'"REPEAT:(.):(\d+)"', lambda m: '"' + m[1] * int(m[2]) + '"',
                  path.read_text(encoding="utf-8"))
    return json.loads(text)


def make_review(pod, request):
    metadata = pod.get("metadata") or {}
    review = {
        "uid": "00000000-0000-4000-8000-000000000001",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", "default"),
        "operation": "CREATE",
        "userInfo": {"username": "test"},
        "object": pod,
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    review.update(request)
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": review}


def case_review(folder):
    if (folder / "review.json").exists():
        return read_json(folder / "review.json")
    if not (folder / "pod.json").exists():
        return None  # a case about faults of policies
    request = read_json(folder / "request.json") if (folder / "request.json").exists() else {}
    return make_review(read_json(folder / "pod.json"), request)


def decoded_settings(patch):
    """JSON that stands as base64 in env variables of new containers, for people to read."""
    found = {}
    for operation in patch or []:
        values = operation["value"] if isinstance(operation["value"], list) else [operation["value"]]
        for container in (v for v in values if isinstance(v, dict)):
            for variable in container.get("env", []):
                try:
                    settings = json.loads(base64.b64decode(variable["value"], validate=True))
                except (KeyError, ValueError):
                    continue
                if isinstance(settings, dict):
                    found[f"{container['name']} {variable['name']}"] = settings
    return found


def case_policies(folder):
    return next(p for p in (folder / "policies.yaml", folder / "policies") if p.exists())


def changed(pod, changes):
    """A copy with values set or removed at JSON pointers."""
    pod = copy.deepcopy(pod)
    for path, value in changes:
        *parents, last = [k.replace("~1", "/").replace("~0", "~") for k in path.split("/")[1:]]
        at = pod
        for key in parents:
            at = at[int(key)] if isinstance(at, list) else at[key]
        if isinstance(at, list):
            at[int(last):int(last) + 1] = [] if value is None else [value]
        elif value is None:
            del at[last]
        else:
            at[last] = value
    return pod


def validations(folder, review, final):
    """What validate.json asks for: (what, review, message)."""
    if not (folder / "validate.json").exists():
        return
    for entry in read_json(folder / "validate.json"):
        asked = copy.deepcopy(review)
        for part, key in (("object", "object"), ("old", "oldObject")):
            if part in entry:
                asked["request"][key] = review["request"]["object"] if entry[part] == "bare" \
                    else changed(final, entry[part])
        asked["request"]["operation"] = "UPDATE" if "old" in entry else "CREATE"
        yield entry["what"], asked, entry["message"]


class Mismatch(Exception):
    pass


def expect(what, got, want):
    if got != want:
        raise Mismatch(f"{what}:\n    got  {json.dumps(got)}\n    want {json.dumps(want)}")


def lasting(response, facts):
    """What both rounds say alike: once spec.resources are raised, nobody can tell that they were."""
    if facts != "warnings":
        return response.get(facts)
    return [w for w in response.get(facts, []) if ": pod-level-resources-raised: " not in w]


class Runner:
    def __init__(self, decide, pannier, scratch):
        self.decide, self.pannier, self.scratch = decide, pannier, pathlib.Path(scratch)

    def run_engine(self, policies, review, *flags):
        path = self.scratch / "review.json"
        path.write_text(json.dumps(review, ensure_ascii=False), encoding="utf-8")
        done = subprocess.run([self.decide, policies, path, *flags], capture_output=True, text=True,
                              timeout=60, check=False)
        if done.returncode == 1:
            faults = [line[line.rindex("policies.yaml"):] for line in done.stderr.splitlines()]
            return {"faults": faults}
        if done.returncode == 3:
            return {"badReview": done.stderr.strip()}
        if done.returncode != 0:
            raise Mismatch(f"decide ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    @staticmethod
    def outcome(decided):
        """What want.json states."""
        if "faults" in decided or "badReview" in decided:
            return decided
        response = decided["response"]["response"]
        outcome = {"allowed": response["allowed"]}
        if decided["review"]["reason"]:
            outcome["review"] = decided["review"]["reason"]
        outcome["verdicts"] = {v["policy"]: v["verdict"]["reason"] for v in decided["verdicts"]}
        notes = {v["policy"]: v["note"]["reason"] for v in decided["verdicts"] if v["note"]["reason"]}
        if notes:
            outcome["notes"] = notes
        if "status" in response:
            outcome["message"] = response["status"]["message"]
        for key in ("warnings", "auditAnnotations"):
            if key in response:
                outcome[key] = response[key]
        # A hash of policy and templates, which changes with every comment in a template's text.
        outcome["patch"] = json.loads(re.sub(r'(\\"rev\\":\\")[0-9a-f]{8}', r"\1--------",
                                             json.dumps(decided["patch"])))
        if decoded_settings(decided["patch"]):
            outcome["decoded"] = decoded_settings(decided["patch"])
        return outcome

    def check_response(self, review, response):
        """The rules of admission.k8s.io/v1, whatever the case wants."""
        expect("kind", (response["apiVersion"], response["kind"]),
               ("admission.k8s.io/v1", "AdmissionReview"))
        answer = response["response"]
        expect("uid", answer["uid"], review["request"]["uid"])
        expect("patch and patchType", "patch" in answer, "patchType" in answer)
        expect("patchType", answer.get("patchType", "JSONPatch"), "JSONPatch")
        for warning in answer.get("warnings", []):
            if len(warning.encode()) > 256 or any(ord(c) < 32 or ord(c) == 127 for c in warning):
                raise Mismatch(f"unfit warning: {warning!r}")
        if not answer["allowed"]:
            expect("patch of a denial", answer.get("patch"), None)
            expect("code", answer["status"]["code"], 403)

    def check_again(self, policies, review, decided):
        """The result decided again gives no patch and the same facts, also after defaulting."""
        again = copy.deepcopy(review)
        patched = apply_patch(review["request"]["object"], decided["patch"])
        for name, pod in (("second round", patched),
                          ("second round after defaulting", between_the_rounds(patched))):
            again["request"]["object"] = pod
            second = self.run_engine(policies, again)
            if "response" not in second:
                raise Mismatch(f"{name}: {second}")
            expect(f"patch of the {name}", second["patch"], None)
            selected = [{v["policy"] for v in one["verdicts"] if v["verdict"]["reason"] not in
                         ("condition-false", "opted-out")} for one in (decided, second)]
            expect(f"selected policies of the {name}", sorted(selected[1]), sorted(selected[0]))
            for facts in ("auditAnnotations", "warnings", "allowed"):
                expect(f"{facts} of the {name}", lasting(second["response"]["response"], facts),
                       lasting(decided["response"]["response"], facts))

    def validate(self, policies, review):
        """The message of a denial, or None."""
        decided = self.run_engine(policies, review, "--validate")
        if "response" not in decided:
            raise Mismatch(f"validate: {decided}")
        answer = decided["response"]["response"]
        expect("fields of a validation", sorted(set(answer) - {"status"}), ["allowed", "uid"])
        expect("message and allowed", "status" in answer, not answer["allowed"])
        return None if answer["allowed"] else answer["status"]["message"]

    def check_final(self, folder, review, decided):
        """What we made passes validation, what we refuse does not, and what validate.json says."""
        policies, asked = case_policies(folder), copy.deepcopy(review)
        answer = decided["response"]["response"]
        if answer["allowed"]:
            final = apply_patch(review["request"]["object"], decided["patch"] or [])
            for pod in (final, between_the_rounds(final)):
                asked["request"]["object"] = pod
                tampered = self.validate(policies, asked)
                if tampered is not None and "sidecar-tampered" not in tampered:
                    raise Mismatch(f"what we made is refused: {tampered}")
        else:
            final = review["request"]["object"]
            expect("denied by validate too", self.validate(policies, review) is None, False)
        for what, one, message in validations(folder, review, final):
            expect(f"validate: {what}", self.validate(policies, one), message)

    def check_engine(self, folder, review, update):
        policies = case_policies(folder)
        decided = self.run_engine(policies, review)
        outcome = self.outcome(decided)
        if update:
            (folder / "want.json").write_text(
                json.dumps(outcome, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        want = read_json(folder / "want.json")
        for key in sorted(set(want) | set(outcome)):
            expect(key, outcome.get(key), want.get(key))
        if "response" not in decided:
            return decided
        self.check_response(review, decided["response"])
        answer = decided["response"]["response"]
        sent = json.loads(base64.b64decode(answer["patch"])) if "patch" in answer else None
        if answer["allowed"]:
            expect("patch in the response", sent, decided["patch"])
        everything = self.run_engine(policies, review, "--all-reasons")
        expect("patch with all reasons", everything["patch"], decided["patch"])
        if decided["patch"]:
            self.check_again(policies, review, decided)
        if outcome.get("review") is None or decided["patch"]:
            self.check_final(folder, review, decided)
        return decided

    def check_cli(self, folder, review, decided):
        """preview answers the same bytes, and the same exit code whatever the format."""
        path = self.scratch / "review.json"
        path.write_text(json.dumps(review, ensure_ascii=False), encoding="utf-8")
        command = [self.pannier, "preview", "-f", path, "-p", case_policies(folder)]
        want_code = 2 if "response" not in decided else \
            0 if decided["response"]["response"]["allowed"] else 1
        patch = subprocess.run(command + ["-o", "patch"], capture_output=True, timeout=60,
                               check=False)
        expect("exit of preview -o patch", patch.returncode, want_code)
        shown = subprocess.run(command + ["-o", "json"], capture_output=True, timeout=60,
                               check=False)
        expect("exit of preview -o json", shown.returncode, want_code)
        if want_code == 2:
            return None
        (entry,) = json.loads(shown.stdout)["objects"]
        expect("patch of preview -o json", entry["patch"] or None, decided["patch"] or None)
        verdicts = {v["policy"]: v["verdict"]["reason"] for v in decided["verdicts"]}
        shown_reasons = {p["name"]: p["reason"] for p in entry["policies"]}
        for policy, reason in verdicts.items():
            expect(f"reason of {policy} in preview", shown_reasons.get(policy), reason)
        return patch.stdout

    def check_server(self, server, case_folder, review, decided, preview_patch):
        got = server.review(json.dumps(review, ensure_ascii=False).encode("utf-8"))
        if "badReview" in decided:
            expect("status", got.status, 400)
            expect("message", decided["badReview"] in got.json()["message"], True)
            return
        expect("status", got.status, 200)
        expect("response", got.json(), decided["response"])
        answer = got.json()["response"]
        final = apply_patch(review["request"]["object"], decided["patch"] or []) \
            if (case_folder / "validate.json").exists() else None
        for what, one, message in validations(case_folder, review, final):
            judged = server.review(json.dumps(one).encode("utf-8"), "/validate").json()["response"]
            expect(f"/validate: {what}", judged.get("status", {}).get("message"), message)
        if "patch" in answer:
            expect("patch bytes", base64.b64decode(answer["patch"]).decode(),
                   preview_patch.decode().rstrip("\n"))


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("decide", help="build/tests/decide")
    options.add_argument("pannier", nargs="?", help="build/pannier: run the CLI and the server too")
    options.add_argument("--update", action="store_true", help="write want.json")
    options.add_argument("--only", action="append", default=[], help="run this case")
    args = options.parse_args()
    decide, pannier, update, only = args.decide, args.pannier, args.update, args.only
    if pannier:
        sys.path.insert(0, str(HERE.parent / "http"))
        from harness import Server  # pylint: disable=import-outside-toplevel
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for folder in sorted({p.parent for p in HERE.glob("*/policies*")}):
            if only and folder.name not in only:
                continue
            review = case_review(folder)
            runner = Runner(decide, pannier, scratch)
            try:
                decided = runner.check_engine(folder, review, update)
                if pannier and review is not None and "faults" not in decided:
                    # To the CLI a document that is no AdmissionReview is just another manifest.
                    patch = runner.check_cli(folder, review, decided) \
                        if review["kind"] == "AdmissionReview" else None
                    server = Server(pannier, scratch, "--shutdown-delay", "0s",
                                    policies=str(case_policies(folder)))
                    try:
                        runner.check_server(server, folder, review, decided, patch)
                    finally:
                        server.stop()
                passed += 1
                print(f"ok {passed + failed} - {folder.name}")
            except (Mismatch, PatchError, KeyError, ValueError, OSError, RuntimeError,
                    subprocess.TimeoutExpired) as wrong:
                failed += 1
                print(f"not ok {passed + failed} - {folder.name}")
                print("  " + f"{type(wrong).__name__}: {wrong}".replace("\n", "\n  "))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    sys.exit(main())
