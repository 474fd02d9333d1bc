#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures pannier: run.py ROOT BUILD [--quick] [--go-webhook FILE] [--out FILE] [--update] [NAME...]

BUILD is a build directory of a release with pannier and what tests/bench measures with. Without NAMEs everything is
measured. Prints a table for each section, with the goals; --out gets the figures as JSON. --update writes tables and
plot into docs/performance.md. Exit code 0 when all was measured, whatever came out; 2 when something could not be.
"""

import argparse
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays as it is

import bench_engine  # noqa: E402  pylint: disable=wrong-import-position
import bench_process  # noqa: E402  pylint: disable=wrong-import-position
import bench_server  # noqa: E402  pylint: disable=wrong-import-position
from figures import Figures, spread  # noqa: E402  pylint: disable=wrong-import-position
from made import Made  # noqa: E402  pylint: disable=wrong-import-position
from processes import CPUS, make_certificate  # noqa: E402  pylint: disable=wrong-import-position

BENCHES = {
    "engine": bench_engine.engine,
    "stages": bench_engine.stages,
    "policies": bench_engine.policies,
    "growth": bench_engine.growth,
    "server": bench_server.server,
    "half": bench_server.half,
    "connections": bench_server.connections,
    "memory": bench_process.memory,
    "start": bench_process.ready,
    "size": bench_process.size,
}
PATCH_BYTES = (4096, 6144)  # of the fixed policies for web.json: what the goals are about


class Run:
    """What the benches know: where things are, how long they may take, and what was found so far."""

    def __init__(self, arguments):
        self.root, self.build = arguments.root.resolve(), arguments.build.resolve()
        self.quick = arguments.quick
        self.go_webhook = arguments.go_webhook
        self.pannier = self.build / "pannier"
        self.templates = self.root / "templates"
        self.policies = self.root / "tests/bench/policies"
        self.work = self.build / "bench"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.made = Made(self.work / "made", self.review("web"))
        self.figures = Figures()
        self.points = {}
        self.plot = None
        self.pairs = {}

    def choose(self, full, quick):
        return quick if self.quick else full

    def review(self, name):
        return self.root / f"tests/data/reviews/{name}.json"

    def tool(self, name):
        return self.build / "tests/bench" / name

    @property
    def pair(self):
        return self.pair_of("ecdsa")

    def pair_of(self, kind):
        if kind not in self.pairs:
            self.pairs[kind] = make_certificate(self.work, kind)
        return self.pairs[kind]

    def point(self, series, x, values):
        """One more point of what grows."""
        self.points.setdefault(series, []).append((x, spread(values)[0]))

    def remember_patch_bytes(self, count):
        if not PATCH_BYTES[0] <= count <= PATCH_BYTES[1]:
            raise RuntimeError(f"the patch for web.json has {count} bytes, and the goals are for {PATCH_BYTES}")


def circumstances():
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    return (f"{datetime.date.today()}, {len(CPUS)} CPUs ({model[1] if model else os.uname().machine}), load before: {load}")


def update_document(run, said):
    """Puts the tables between the marks of docs/performance.md, and the plot beside it."""
    path = run.root / "docs/performance.md"
    text = path.read_text(encoding="utf-8")
    tables = f"<!-- ./dev bench --update: from here -->\n{said}.\n\n" + "\n".join(run.figures.markdown()) + "<!-- to here -->"
    text = re.sub(r"<!-- \./dev bench --update: from here -->.*?<!-- to here -->", lambda _: tables, text, flags=re.S)
    path.write_text(text, encoding="utf-8")
    if run.plot:
        (run.root / "docs/performance-growth.svg").write_text(run.plot, encoding="utf-8")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--go-webhook", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_intermixed_args()
    for name in arguments.names:
        if name not in BENCHES:
            parser.error(f"there is no {name}; there are {', '.join(BENCHES)}")
    return arguments


def main():
    arguments = parse()
    run = Run(arguments)
    said = circumstances()
    print(said)
    failed = False
    for name in arguments.names or BENCHES:
        shown, began = len(run.figures.sections), time.monotonic()
        print(f"bench: {name}", file=sys.stderr, flush=True)
        try:
            BENCHES[name](run)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            print(f"bench: {name} could not be measured: {error}", file=sys.stderr)
            failed = True
        for title, figures in run.figures.sections[shown:]:
            print()
            print("\n".join(run.figures.table(title, figures)), flush=True)
        print(f"bench: {name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    judged = [f for f in run.figures.all() if f.met is not None]
    missed = [f.name for f in judged if not f.met]
    print(f"\n{len(judged) - len(missed)} of {len(judged)} goals met" + (f"; missed: {', '.join(missed)}" if missed else ""))
    if arguments.out:
        run.figures.write_json(arguments.out)
    if arguments.update and not failed:
        update_document(run, said)
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
