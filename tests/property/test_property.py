#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generates Pods and policy sets, and holds the engine's invariants on each of them.

A case that fails is made small and written to a folder: policies.yaml, pod.json, request.json
(where the request says something) and seed.txt. `--case FOLDER` runs such a folder again; with a
want.json (tests/cases/run.py --update) it is a case of tests/cases.
"""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cases")]

import generate_pod  # noqa: E402
import generate_policies  # noqa: E402
import pools  # noqa: E402
from document import read, write  # noqa: E402
from driver import Broken, Driver  # noqa: E402
from properties import Case, Checker, Failed  # noqa: E402
from shrink import shrink  # noqa: E402


def make_case(seed, number):
    rng = random.Random(f"{seed}:{number}")
    documents = generate_policies.policy_set(rng)
    templates = [d for d in documents if d["kind"] == "SidecarTemplate"]
    pod = generate_pod.with_copies(rng, generate_pod.pod(rng), templates)
    request = {"namespace": rng.choice(pools.NAMESPACES)} if pools.chance(rng, 0.5) else {}
    return Case(documents, pod, request)


def read_case(folder):
    policies = (folder / "policies.yaml").read_text(encoding="utf-8")
    request = folder / "request.json"
    return Case([read(d) for d in policies.split("\n---\n")],
                read((folder / "pod.json").read_text(encoding="utf-8")),
                read(request.read_text(encoding="utf-8")) if request.exists() else {})


def write_case(folder, case, story):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policies.yaml").write_text(
        "\n---\n".join(write(d, 2) for d in case.documents) + "\n", encoding="utf-8")
    (folder / "pod.json").write_text(write(case.pod, 2) + "\n", encoding="utf-8")
    if case.request:
        (folder / "request.json").write_text(write(case.request, 2) + "\n", encoding="utf-8")
    (folder / "seed.txt").write_text(story, encoding="utf-8")


class Previews:
    """`pannier preview` of a case, which costs two processes: for some of the cases only."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def show(self, case, output):
        shown = subprocess.run([self.program, "preview", "-f", self.folder / "pod.json", "-n", case.namespace,
                                "-p", self.folder / "policies.yaml", "-o", output],
                               capture_output=True, timeout=60, check=False)
        if shown.returncode not in (0, 1):
            raise Broken(f"preview ended with {shown.returncode}: {shown.stderr.decode()}")
        return shown.stdout.decode()

    def __call__(self, case):
        """(the patch as text, {policy: reason})"""
        pod = {"apiVersion": "v1", "kind": "Pod", **case.pod}
        (self.folder / "pod.json").write_text(write(pod), encoding="utf-8")
        (self.folder / "policies.yaml").write_text("\n---\n".join(write(d) for d in case.documents), encoding="utf-8")
        (entry,) = read(self.show(case, "json"))["objects"]
        return self.show(case, "patch"), {p["name"]: p["reason"] for p in entry["policies"]}


def failure_of(driver, case):
    """(what, text) of the property that does not hold, or None."""
    try:
        Checker(driver).check(case)
    except (Failed, Broken) as wrong:
        return getattr(wrong, "what", "the engine answers"), str(wrong)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        pass  # shrinking has made something that is no Pod or policy
    return None


def shrunk(driver, case, what, seconds=60):
    def make(parts):
        return Case(parts["documents"], parts["pod"], parts["request"])

    def still_fails(parts):
        failure = failure_of(driver, make(parts))
        return failure is not None and failure[0] == what
    parts = {"documents": case.documents, "pod": case.pod, "request": case.request}
    return make(shrink(parts, still_fails, seconds))


def report(checker, failures):
    """One line for each property; the last line is "N passed, N failed"."""
    for what, count in sorted(checker.held.items()):
        if what not in failures:
            print(f"ok - {what} ({count} times)")
    for what, numbers in failures.items():
        print(f"not ok - {what}: {len(numbers)} times, cases {numbers[:10]}")
    print(f"# reasons: {', '.join(f'{name} {count}' for name, count in checker.reasons.most_common())}")
    print(f"{len(set(checker.held) - set(failures))} passed, {len(failures)} failed")


def run(args, driver, scratch):
    checker, failures = Checker(driver), {}
    for number in range(args.first, args.first + args.count):
        case = make_case(args.seed, number)
        checker.preview = Previews(args.pannier, scratch) if args.pannier and number % 25 == 0 else None
        try:
            checker.check(case)
        except (Failed, Broken) as wrong:
            what = getattr(wrong, "what", "the engine answers")
            failures.setdefault(what, []).append(number)
            if len(failures[what]) > args.stop:
                continue
            small = shrunk(driver, case, what)
            folder = args.out / f"{args.seed}-{number}"
            story = f"seed {args.seed}, case {number}\n{(failure_of(driver, small) or ('', str(wrong)))[1]}\n"
            write_case(folder, small, story)
            print(f"# {folder}: {story}")
    report(checker, failures)
    return 1 if failures or not checker.held else 0


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("driver", help="build/tests/property/property-driver")
    options.add_argument("--pannier", help="build/pannier, to compare what preview says")
    options.add_argument("--seed", default="1")
    options.add_argument("--first", type=int, default=0, help="number of the first case")
    options.add_argument("--count", type=int, default=3000)
    options.add_argument("--stop", type=int, default=5, help="failures of a property to make small")
    options.add_argument("--out", type=pathlib.Path, default=pathlib.Path("failing"), help="where failing cases go")
    options.add_argument("--case", type=pathlib.Path, help="run the case of a folder")
    args = options.parse_args()
    driver = Driver(args.driver)
    if args.case:
        failure = failure_of(driver, read_case(args.case))
        print(failure[1] if failure else "everything holds")
        return 1 if failure else 0
    with tempfile.TemporaryDirectory() as scratch:
        return run(args, driver, pathlib.Path(scratch))


if __name__ == "__main__":
    sys.exit(main())
