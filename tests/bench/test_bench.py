#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""That ./dev bench measures: test_bench.py ROOT BUILD. No time is judged here: the machine may be busy."""

import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True  # the source tree stays as it is
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import figures  # noqa: E402  pylint: disable=wrong-import-position
import plot  # noqa: E402  pylint: disable=wrong-import-position
from bench_engine import exponent  # noqa: E402  pylint: disable=wrong-import-position
from tap import finish, report  # noqa: E402  pylint: disable=wrong-import-position

ROOT, BUILD = sys.argv[1:]
KEYS = {"name", "value", "unit", "goal", "met", "low", "high"}


def check(name, good, why="it does not hold"):
    report(name, [] if good else [why])


def measure(*names):
    """(exit code, what is printed, the figures by name)."""
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "bench.json"
        done = subprocess.run([sys.executable, f"{ROOT}/tests/bench/run.py", ROOT, BUILD, "--quick", "--out", out, *names],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        found = json.loads(out.read_text(encoding="utf-8")) if out.exists() else []
        return done.returncode, done.stdout, found


def check_run():
    code, text, found = measure("engine", "stages", "size")
    by_name = {f["name"]: f for f in found}
    check("measures", code == 0 and found, text)
    check("each figure has a name of its own", len(by_name) == len(found), text)
    check("each figure is complete", all(set(f) == KEYS and f["low"] <= f["value"] <= f["high"] for f in found), found)
    check("a figure is judged when it has a goal", all((f["goal"] is None) == (f["met"] is None) for f in found), found)
    ratio = by_name.get("engine-web-ratio", {})
    check("the engine is compared with yyjson", ratio.get("value", 0) > 0 and ratio.get("goal") == "≤ 3.5", ratio)
    check("the table says what bench.json says", {True: "met", False: "missed"}[ratio.get("met")] in text, text)
    stages = [f["value"] for f in found if f["name"].startswith("stage-")]
    whole = by_name["engine-web"]["value"]
    check("the stages add up to the whole, about", whole / 3 < sum(stages) < whole * 3, (stages, whole))
    check("the engine allocates nothing", by_name["engine-web-allocations"]["value"] == 0, by_name["engine-web-allocations"])


def check_half():
    code, text, found = measure("half")
    by_name = {f["name"]: f for f in found}
    check("half load is measured", code == 0 and len(by_name) == len(found) == 11, text)
    own, all_as_asked = by_name["half-pannier-p99"], True
    for other in ("constant", "constant-own"):
        ratio, constant = by_name[f"half-{other}-ratio-p99"], by_name[f"half-{other}-p99"]
        check(f"the server is compared at half load with {other}", abs(ratio["value"] * constant["value"] - own["value"]) < 0.01 * own["value"], found)
        reached = [by_name[f"half-{name}-reached"]["value"] for name in ("pannier", other)]
        as_asked = all(0.9 <= part <= 1.1 for part in reached)
        check(f"{other} is judged when the load was as asked", ratio["goal"] == ("≤ 1.5" if as_asked else None), (reached, ratio))
        all_as_asked = all_as_asked and as_asked
    check("otherwise it says so", ("not judged" in text) == (not all_as_asked), text)


def check_parts():
    check("an exponent is that of its power law", abs(exponent([(n, 3 * n ** 1.5) for n in (1, 10, 100)]) - 1.5) < 1e-9)
    met = [figures.Figure("x", "", [v], "", g).met for v, g in [
        (1.0, figures.at_most(1)), (1.1, figures.at_most(1)), (1.1, figures.at_most(1, 0.1)), (9.0, figures.at_least(10))]]
    check("goals are judged", met == [True, False, True, False], met)
    root = xml.etree.ElementTree.fromstring(plot.draw("a & b", "x", "y", {"<n>": [(1, 10), (100, 2000)], "m": [(3, 4)]}))
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    check("a plot is SVG with a line for each series", len(lines) == 2, len(lines))
    code, text, _ = measure("nothing")
    check("what cannot be measured is refused by name", code == 2 and "there is no nothing" in text, text)


check_run()
check_half()
check_parts()
sys.exit(finish())
