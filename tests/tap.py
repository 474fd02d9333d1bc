# SPDX-License-Identifier: Apache-2.0
"""What a test that counts by itself tells meson, in TAP: a line for each check, then how many there were."""

_results = []


def report(name, problems=(), skip=None):
    """A check, which holds when there are no problems; each of them is told below it."""
    _results.append(not problems)
    print(f"{'not ok' if problems else 'ok'} {len(_results)} - {name}{' # SKIP ' + skip if skip else ''}")
    for problem in problems:
        print("# " + str(problem).replace("\n", "\n# "))


def finish():
    """The plan; returns the exit code."""
    print(f"1..{len(_results)}")
    return 0 if all(_results) else 1
