#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up a run of `meson test`: summarise.py TESTLOG.JSON [MESON-EXIT-CODE].

Counts single assertions where a test program reports them (TAP, or a last line "N passed, N
failed"), and the program itself where it does not. Prints what failed with its output; the last
line is "N passed, N failed". Exit code 0 when something passed and nothing failed.
"""

import json
import re
import sys

TOTAL = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
TAP_PLAN = re.compile(r"^1\.\.\d+", re.MULTILINE)
TAP_LINE = re.compile(r"^(not )?ok\b([^#\n]*)(?:#\s*(skip|todo)\b)?.*$", re.MULTILINE | re.IGNORECASE)
EXCERPT_LINES = 60


def count(stdout):
    """The (passed, failed) that a program reported itself, or None."""
    if TAP_PLAN.search(stdout):
        passed = failed = 0
        for line in TAP_LINE.finditer(stdout):
            if line.group(3):
                continue
            if line.group(1):
                failed += 1
            else:
                passed += 1
        return passed, failed
    totals = TOTAL.findall(stdout)
    return tuple(int(n) for n in totals[-1]) if totals else None


def judge(test):
    """(passed, failed) of one entry of the log. A crash after passing cases is a failure too."""
    if test["result"] == "SKIP":
        return 0, 0
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    passed, failed = count(test.get("stdout") or "") or ((1, 0) if good else (0, 1))
    if not good and failed == 0:
        failed = 1
    if good and failed:
        print(f"summarise: {test['name']} reports {failed} failed and yet ended well", file=sys.stderr)
    return passed, failed


def show(test, failed):
    print(f"\n---- {test['name']}: {test['result']}, {failed} failed, exit code {test['returncode']}")
    stdout = test.get("stdout") or ""
    for line in TAP_LINE.finditer(stdout):
        if line.group(1) and not line.group(3):
            print(line.group(0))
    for title, text in (("stdout", stdout), ("stderr", test.get("stderr") or "")):
        lines = text.rstrip().splitlines()
        if lines:
            cut = f" (last {EXCERPT_LINES} of {len(lines)} lines)" if len(lines) > EXCERPT_LINES else ""
            print(f"-- {title}{cut}")
            print("\n".join(lines[-EXCERPT_LINES:]))


def main(path, meson_code="0"):
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except OSError:
        tests = []  # meson writes no log when there is nothing to run
    passed = failed = 0
    for test in tests:
        p, f = judge(test)
        passed, failed = passed + p, failed + f
        if f:
            show(test, f)
        elif test["result"] == "SKIP":
            print(f"skipped: {test['name']}")
    if failed == 0 and int(meson_code) != 0:
        print(f"`meson test` ended with exit code {meson_code}, and no test says why", file=sys.stderr)
        failed = 1
    if passed + failed == 0:
        print("no test ran", file=sys.stderr)
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
