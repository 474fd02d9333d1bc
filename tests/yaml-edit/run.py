#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Edits of YAML: run.py [--update] YAML-EDIT PANNIER [FOLDER...]

Runs the cases beside this file, and `pannier preview -o yaml` over the manifests of the corpus or of
FOLDERs: with policies that match nothing and with each of POLICIES. --update writes out.yaml and
result of the cases as they are now; read them before you keep them.
"""

import collections
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TEMPLATES = HERE.parent.parent / "templates"

NOBODY = """\
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {name: nobody}
spec:
  match: {podSelector: {matchLabels: {example.com/nobody: has-this}}}
  inject: [{templateRef: {name: log-shipper}, parameters: {host: none}}]
"""
SOMETHING = """\
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {name: NAME}
spec:
  match: {podSelector: {}}
  inject: [{templateRef: {name: NAME}, parameters: PARAMETERS}]
"""
# Of the catalogue, with what it cannot do without.
POLICIES = {
    "ambassador-redis": '{upstream: "redis.example.com:6379"}',
    "config-reloader": "{volumes: data, port: 8080}",
    "envoy-proxy": "{}",
    "log-shipper": "{host: none}",
    "metrics-nginx": "{}",
    "migrate": '{command: "/app/migrate up"}',
    "otel-collector": '{endpoint: "https://otel.example.com:4317"}',
    "vault-agent": "{role: app, secrets: {db: secret/data/db}}",
    "wait-for": '{tcp: {db: "db.example.com:5432"}}',
}
COMMENT = re.compile(rb"(?:^|[ \t])(#.*?)\r?$", re.MULTILINE)
# Lines that may change: entries are added between brackets, and below what is empty.
MAY_CHANGE = re.compile(rb"[\[\]{}]|:[ \t]*(~|null)?[ \t]*(#.*)?$")


def run(*command):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, check=False)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def note(self, name, complaints):
        if complaints:
            self.failed += 1
            print(f"not ok {name}", *complaints, sep="\n    ", flush=True)
        else:
            self.passed += 1


# ---- cases ------------------------------------------------------------------------------------------


def values(edit, path):
    done = run(edit, path)
    if done.returncode != 0:
        raise ValueError(done.stderr.decode())
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(wanted, got):
    lines = [[repr(line)[2:-1] for line in text.splitlines(keepends=True)] for text in (wanted, got)]
    return list(difflib.unified_diff(*lines, "wanted", "got", lineterm=""))


def check_case(case, edit, update):
    source = next(case.glob("in.*"))
    out, result, after = case / f"out{source.suffix}", case / "result", case / "after.yaml"
    done = run(edit, source, after)
    if done.returncode != 0:
        return [f"exit code {done.returncode}", done.stderr.decode()]
    results = done.stderr.decode()
    if update:
        out.write_bytes(done.stdout)
        result.unlink(missing_ok=True)
        if set(results.split()) != {"places"}:
            result.write_text(results)
    complaints = differences(out.read_bytes(), done.stdout)
    wanted = result.read_text() if result.exists() else "places\n" * len(results.splitlines())
    if results != wanted:
        complaints.append(f"result {results.split()}, wanted {wanted.split()}")
    if values(edit, out) != values(edit, after):
        complaints.append(f"{out.name} does not read as {after.name}")
    if source.suffix == ".json":
        json.loads(out.read_text(encoding="utf-8-sig"))
    again = run(edit, out, after)
    if again.stdout != out.read_bytes():
        complaints += ["edited again, it changes:"] + differences(out.read_bytes(), again.stdout)
    return complaints


# ---- the corpus -------------------------------------------------------------------------------------


def objects(pannier, path, policies):
    """Each object after injection, and how many were injected."""
    done = run(pannier, "preview", "-f", path, *policies, "-o", "json")
    answer = json.loads(done.stdout)["objects"]
    return [o["object"] for o in answer], sum(o["result"] == "injected" for o in answer)


def lost_comments(before, after):
    lost = collections.Counter(COMMENT.findall(before)) - collections.Counter(COMMENT.findall(after))
    return [f"lost: {comment.decode(errors='replace')}" for comment in lost]


def changed_lines(before, after):
    """Lines that do not come again, in their order; the last entry of JSON may get a comma."""
    rest = (line.rstrip(b",") for line in after)
    for line in before:
        if not MAY_CHANGE.search(line) and line.rstrip(b",") not in rest:
            yield line
            return


class Corpus:
    def __init__(self, edit, pannier, place):
        self.edit, self.pannier, self.place = edit, pannier, place
        self.nobody = self.policies("nobody", NOBODY)
        self.sets = {"everything": ["-p", HERE / "policies"]}
        for name, parameters in POLICIES.items():
            text = SOMETHING.replace("NAME", name).replace("PARAMETERS", parameters)
            self.sets[name] = self.policies(name, text)
        self.injected, self.results = collections.Counter(), collections.Counter()

    def policies(self, name, text):
        """Flags for one policy and the templates, without the policies of those."""
        folder = self.place / "policies" / name
        folder.mkdir(parents=True)
        for file in TEMPLATES.glob("*.yaml"):
            documents = re.split(r"^---\n", file.read_text(), flags=re.MULTILINE)
            kept = [d for d in documents if re.search(r"^kind: SidecarTemplate$", d, re.MULTILINE)]
            (folder / file.name).write_text("---\n".join(kept))
        (folder / "policy.yaml").write_text(text)
        return ["-p", folder]

    def preview(self, path, policies):
        return run(self.pannier, "preview", "-f", path, *policies, "-o", "yaml")

    def check_untouched(self, path):
        done = self.preview(path, self.nobody)
        return [] if done.stdout == path.read_bytes() else ["without a match it changes"]

    def check(self, path, name):
        before, policies = path.read_bytes(), self.sets[name]
        after = self.preview(path, policies).stdout
        wanted, injected = objects(self.pannier, path, policies)
        self.injected[name] += injected
        edited = self.place / f"edited{path.suffix}"
        edited.write_bytes(after)
        complaints = lost_comments(before, after)
        complaints += [f"changed: {line.decode(errors='replace')}"
                       for line in changed_lines(before.splitlines(), after.splitlines())]
        if objects(self.pannier, edited, self.nobody)[0] != wanted:
            complaints.append("read again, it is not what -o json says")
        if self.preview(edited, policies).stdout != after:
            complaints.append("a second run changes it")
        done = run(self.edit, path, edited)
        self.results.update(done.stderr.decode().split())
        if done.returncode != 0 or done.stdout != after:
            complaints.append(f"edits alone make something else of it: {done.stderr.decode()}")
        return complaints


def is_readable(pannier, path):
    done = run(pannier, "preview", "-f", path, "-o", "json", "-p", HERE / "policies")
    return done.returncode < 2 and bool(json.loads(done.stdout or "{}").get("objects"))


def join(paths):
    """All files as one stream."""
    texts = [path.read_bytes() for path in paths]
    return b"---\n".join(text if text.endswith(b"\n") else text + b"\n" for text in texts)


def check_corpus(tally, edit, pannier, folders):
    files = sorted(p for folder in folders for p in folder.rglob("*") if p.suffix in (".yaml", ".json"))
    files = [p for p in files if is_readable(pannier, p)]
    with tempfile.TemporaryDirectory(prefix="pannier-yaml-edit-") as place:
        corpus = Corpus(edit, pannier, pathlib.Path(place))
        stream = pathlib.Path(place) / "stream.yaml"
        stream.write_bytes(join(p for p in files if p.suffix == ".yaml"))
        for path in [*files, stream]:
            tally.note(f"{path} untouched", corpus.check_untouched(path))
            tally.note(f"{path} with everything", corpus.check(path, "everything"))
        for name in corpus.sets:
            tally.note(f"all with {name}", corpus.check(stream, name))
        tally.note("each policy injects", [name for name in corpus.sets if not corpus.injected[name]])
        tally.note("no document is written anew", [str(corpus.results)] if corpus.results["anew"] else [])
        print(dict(corpus.injected), dict(corpus.results))


def main(arguments):
    update = "--update" in arguments
    edit, pannier, *folders = [pathlib.Path(a).resolve() for a in arguments if a != "--update"]
    tally = Tally()
    for case in sorted((HERE / "cases").iterdir()):
        tally.note(case.name, check_case(case, edit, update))
    check_corpus(tally, edit, pannier, folders or [HERE / "corpus"])
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
