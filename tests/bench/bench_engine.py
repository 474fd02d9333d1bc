# SPDX-License-Identifier: Apache-2.0
"""The engine in one process, with nothing around it: bench-engine and bench-stages do the measuring."""

import json
import math
import os
import subprocess

import plot
from figures import at_most, number
from processes import LOAD_CPUS, pin

REVIEWS = ["bare", "web", "big", "huge"]
POLICIES = [10, 100, 1000, 10000]
POLICY_GOALS = {1000: at_most(1.2), 10000: at_most(1.5)}
LOAD_GOALS = {1000: at_most(200), 10000: at_most(2000)}


def lines_of(run, tool, *arguments, counted=False):
    """The lines of JSON that a tool prints; `counted`: with allocations."""
    env = {**os.environ, **({"LD_PRELOAD": str(run.tool("allocations.so"))} if counted else {})}
    done = subprocess.run([run.tool(tool), *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=env, check=True,
                          preexec_fn=pin(LOAD_CPUS))
    return [json.loads(line) for line in done.stdout.splitlines()]


def decide(run, pairs, rounds=None, milliseconds=None, counted=False, how="decide"):
    """`pairs`: (policies, review), measured in turns."""
    arguments = [part for pair in pairs for part in pair]
    return lines_of(run, "bench-engine", how, rounds or run.choose(15, 5), milliseconds or run.choose(60, 20),
                    *arguments, counted=counted)


def ratios(above, below):
    return [a / b for a, b in zip(above, below)]


def engine(run):
    """From the bytes of a review to those of the response, against yyjson reading the same bytes."""
    paths = [run.review(name) for name in REVIEWS]
    pairs = [(run.policies, path) for path in paths]
    run.figures.begin("The engine alone")
    for name, line in zip(REVIEWS, decide(run, pairs)):
        patch = f", a patch of {line['patch_bytes']:,}" if line["patch_bytes"] else ", no policy selects it"
        run.figures.add(f"engine-{name}", f"{name}.json ({line['bytes']:,} bytes{patch})", line["decide_us"], "µs")
        run.figures.add(f"engine-{name}-read", "  yyjson reads the same bytes", line["read_us"], "µs")
        run.figures.add(f"engine-{name}-ratio", "  ratio", ratios(line["decide_us"], line["read_us"]), "×",
                        at_most(3.5) if name == "web" else None)
        if name == "web":
            run.remember_patch_bytes(line["patch_bytes"])
    overridden = decide(run, [(run.policies, run.made.with_overrides())])[0]
    run.figures.add("engine-overridden", f"web.json with five overrides (a patch of {overridden['patch_bytes']:,})",
                    overridden["decide_us"], "µs")
    served = decide(run, pairs[-1:], how="serve")[0]
    run.figures.add("engine-huge-served", f"{REVIEWS[-1]}.json, its memory taken from the system each time as in the server",
                    served["decide_us"], "µs")
    counted = decide(run, pairs, 1, 1, counted=True)
    for name, line in zip(REVIEWS, counted):
        run.figures.add(f"engine-{name}-allocations", f"{name}.json, heap allocations", line["allocations"], "",
                        at_most(0) if name == "web" else None)
        run.figures.add(f"engine-{name}-arena", "  of the request's arena", line["arena_bytes"] / 1024, "KiB")


def stages(run):
    """Where the time of one decision about web.json goes."""
    lines = lines_of(run, "bench-stages", run.choose(2000, 200), run.policies, run.review("web"), counted=True)
    total = sum(line["us"] for line in lines)
    run.figures.begin("web.json by stage")
    for line in lines:
        what = (f"{line['stage']}: {100 * line['us'] / total:.0f} %, {line['arena_bytes'] / 1024:.1f} KiB of the arena, "
                f"{line['allocations']} allocations")
        run.figures.add(f"stage-{line['stage']}", what, line["us"], "µs")


def policies(run):
    """Many policies, of which three select the Pod."""
    directories = {count: run.made.policies(count, run.policies) for count in POLICIES}
    lines = dict(zip(POLICIES, decide(run, [(d, run.review("web")) for d in directories.values()])))
    run.figures.begin("Policies, of which three select the Pod")
    for count, line in lines.items():
        run.figures.add(f"policies-{count}", f"{count:,}: a review", line["decide_us"], "µs")
        if count > POLICIES[0]:
            run.figures.add(f"policies-{count}-ratio", f"  of that with {POLICIES[0]}",
                            ratios(line["decide_us"], lines[POLICIES[0]]["decide_us"]), "×", POLICY_GOALS.get(count))
        run.point("policies", count, line["decide_us"])
    for count, directory in directories.items():
        line = lines_of(run, "bench-engine", "load", run.choose(5, 2), directory)[0]
        run.figures.add(f"policies-{count}-load", f"{count:,}: loading them", line["load_ms"], "ms", LOAD_GOALS.get(count))
        run.figures.add(f"policies-{count}-memory", "  resident then", line["kib"] / 1024, "MiB")
        run.point("load", count, [ms * 1000 for ms in line["load_ms"]])


# ---- growth ------------------------------------------------------------------------------------------


SIZES = {
    "containers": [4, 16, 64, 256, 1024],
    "labels": [16, 64, 256, 1024, 4096],
    "env variables": [64, 256, 1024, 4096, 16384],
    "policies that select": [1, 4, 16, 64, 256],
}
FIT_POINTS = 3  # of the largest: where the constant part no longer counts


def exponent(points):
    """Of the power law through the points, by least squares over logarithms."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(c) / len(logs) for c in zip(*logs))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def growth(run):
    """How a review's time grows with what it holds."""
    base = run.review("web")
    pairs = {
        "containers": [(run.policies, run.made.with_containers(n)) for n in SIZES["containers"]],
        "labels": [(run.policies, run.made.with_labels(n)) for n in SIZES["labels"]],
        "env variables": [(run.policies, run.made.with_env(n)) for n in SIZES["env variables"]],
        "policies that select": [(run.made.selected_policies(n), base) for n in SIZES["policies that select"]],
    }
    rounds = run.choose(5, 2)
    for name, some in pairs.items():
        for size, line in zip(SIZES[name], decide(run, some, rounds, run.choose(60, 10))):
            run.point(name, size, line["decide_us"])
            if name == "env variables":  # the Pod's size
                run.point("bytes of the Pod", line["bytes"], line["decide_us"])
    if "policies" not in run.points:
        policies(run)
    run.figures.begin("Growth, as a power of the number")
    for name, points in sorted(run.points.items()):
        largest = points[-FIT_POINTS:]
        run.figures.add(f"growth-{name.replace(' ', '-')}",
                        f"{'loading policies' if name == 'load' else name}, {number(largest[0][0])} – {number(largest[-1][0])}",
                        exponent(largest), "", at_most(1, 0.1))
    shown = {name: points for name, points in run.points.items() if name not in ("load", "bytes of the Pod")}
    run.plot = plot.draw("Time of one decision", "how many", "microseconds", shown)
    (run.work / "growth.svg").write_text(run.plot, encoding="utf-8")
