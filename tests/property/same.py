#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds of one source decide alike, byte for byte: same.py [--count=N] DRIVER DRIVER...

Each DRIVER is the property-driver of a build. All of them get the case folders of tests/cases, and N
generated cases (500): policies, then the review as it is, with all reasons, and for /validate. Their
answers are compared as text: patch, verdicts, words, and how much memory was given out. The last line is
"N passed, N failed", over the cases.
"""

import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is
HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / "cases"
sys.path[:0] = [str(HERE), str(CASES)]

from document import write  # noqa: E402
from driver import review_text  # noqa: E402
from run import case_policies, case_review  # noqa: E402
from test_property import make_case  # noqa: E402


def folder_cases():
    """(name, text of the policies, text of the review or None)"""
    for folder in sorted(p.parent for p in CASES.glob("*/want.json")):
        path = case_policies(folder)
        files = sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml", ".json")) if path.is_dir() else [path]
        policies = "\n---\n".join(p.read_text(encoding="utf-8", errors="replace") for p in files)
        review = case_review(folder)
        yield folder.name, policies, None if review is None else json.dumps(review, ensure_ascii=False)


def generated_cases(count):
    for number in range(count):
        case = make_case("same", number)
        yield (f"generated {number}", "\n---\n".join(write(d) for d in case.documents),
               review_text(case.pod, case.request))


class Build:
    def __init__(self, program):
        self.program = program
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request):
        self.process.stdin.write(request)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.program} ended with {self.process.wait()}")
        return answer


def requests(policies, review):
    yield {"policies": policies}
    for flags in (0, 1, 2) if review is not None else ():
        yield {"review": review, "flags": flags}


def first_difference(name, policies, review, builds):
    """A text, or None when all answers are the same."""
    for request in requests(policies, review):
        line = json.dumps(request).encode() + b"\n"
        answers = [build.ask(line) for build in builds]
        for build, answer in zip(builds[1:], answers[1:]):
            if answer != answers[0]:
                at = next((i for i, (a, b) in enumerate(zip(answers[0], answer)) if a != b), 0)
                return (f"{name}: {builds[0].program} says ...{answers[0][max(at - 80, 0):at + 120]!r}\n"
                        f"  {build.program} says ...{answer[max(at - 80, 0):at + 120]!r}")
        if b'"faults"' in answers[0][:20]:
            return None  # no policies to decide by
    return None


def main():
    count = next((int(a[len("--count="):]) for a in sys.argv[1:] if a.startswith("--count=")), 500)
    programs = [a for a in sys.argv[1:] if not a.startswith("--")]
    if len(programs) < 2:
        raise SystemExit("same.py: needs the drivers of two builds at least")
    builds, passed, failed = [Build(program) for program in programs], 0, 0
    for cases in (folder_cases(), generated_cases(count)):
        for case in cases:
            difference = first_difference(*case, builds)
            passed, failed = passed + (difference is None), failed + (difference is not None)
            if difference is not None:
                print("not ok -", difference)
    print(f"compared: {', '.join(programs)}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
