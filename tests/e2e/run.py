#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of pannier in front of a real API server: run.py PANNIER ASSETS DIRECTORY [WORD...]

ASSETS has etcd, kube-apiserver and kubectl, and kube-controller-manager if the cases of workloads are
to run; logs and certificates go to the empty DIRECTORY. With
WORDs only the cases run whose names hold one of them. The last line is "N passed, N failed".
"""

import collections
import json
import signal
import statistics
import sys
import time
import traceback

sys.dont_write_bytecode = True  # the source tree stays as it is

# Importing the cases registers them, in this order.
import cases_catalogue  # noqa: F401
import cases_rounds  # noqa: F401
import cases_manifests  # noqa: F401
import cases_failures  # noqa: F401
import cases_validate  # noqa: F401
import cases_verify  # noqa: F401
import cases_workloads  # noqa: F401
import cases_registration  # noqa: F401
import cases_certificates  # noqa: F401
import cases_deploy  # noqa: F401
import cases_lifecycle  # noqa: F401
import cases_end  # noqa: F401
from checks import Skipped, tests
from cluster import Cluster
from fixture import Fixture

TAIL_LINES = 12


def run(number, name, function, *arguments):
    """True, False, or None for a case that was skipped. What a case returns stands in its line."""
    began = time.monotonic()
    try:
        note = function(*arguments)
    except Skipped as reason:
        print(f"ok {number} - {name} # SKIP {reason}")
        return None
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}")
        for line in traceback.format_exc().splitlines():
            print("# " + line[:2000])
        return False
    finally:
        sys.stdout.flush()
    seconds = f"{time.monotonic() - began:.1f} s"
    print(f"ok {number} - {name} # {seconds}{f', {note}' if note else ''}", flush=True)
    return True


def show_logs(cluster):
    """Of those that did not end well, or not yet; all of them stay in the directory."""
    for program in cluster.programs:
        if program.process.poll() == 0:
            continue
        print(f"# ---- the end of {program.log}")
        for line in program.tail(TAIL_LINES).splitlines():
            print("# " + line)


def report(cluster):
    """What all panniers decided, by their logs."""
    decided = [json.loads(line) for program in cluster.programs for line in program.read_log().splitlines()
               if '"message":"decided"' in line]
    if not decided:
        return
    counts = collections.Counter(line["decision"] for line in decided)
    micros = sorted(line["durationMicros"] for line in decided)
    print(f"# {len(decided)} reviews were decided:",
          ", ".join(f"{count} {decision}" for decision, count in counts.most_common()))
    print(f"# a decision took {statistics.median(micros) / 1000:.2f} ms (median), "
          f"{micros[len(micros) * 99 // 100] / 1000:.2f} ms (99 of 100), {micros[-1] / 1000:.2f} ms (longest)")


def run_all(cluster, binary, words):
    """(passed, failed)"""
    print(f"# kube-apiserver {cluster.version} on 127.0.0.1:{cluster.port}", flush=True)
    fixture = Fixture(cluster, binary)
    chosen = [(name, function) for name, function in tests
              if not words or any(word in name for word in words)]
    results = [run(number, name, function, fixture) for number, (name, function) in enumerate(chosen, 1)]
    report(cluster)
    if None in results:
        print(f"# {results.count(None)} cases were SKIPPED")
    return results.count(True), results.count(False)


def main(binary, assets, directory, *words):
    passed, failed = 0, 1
    for number in (signal.SIGINT, signal.SIGTERM):  # children are ended on the way out
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with Cluster(assets, directory) as cluster:
            try:
                passed, failed = run_all(cluster, binary, words)
            finally:
                if failed:
                    show_logs(cluster)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
    finally:
        print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
