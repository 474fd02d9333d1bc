# SPDX-License-Identifier: Apache-2.0
"""The server over TLS, against others on one core, with the load on another."""

import base64
import json
import subprocess

from bench_engine import ratios
from figures import at_least, at_most, number, spread
from processes import SERVER_CPUS, Allocations, Pannier, Program, answer_of, load, paced_load

CONNECTIONS = [1, 16, 128]
SIDECARS = ["log-shipper", "envoy-proxy", "metrics-nginx"]
HALF_CONNECTIONS = 16
HALF_TOLERANCE = 0.1  # of the rate that was asked for: beyond it another load was measured
COUNTED = 1000  # requests, for allocations


def start_pannier(run, pair, env=None):
    return Pannier(run, pair, run.policies, "--workers", "1", cpus=SERVER_CPUS, env=env)


def write_addition(run):
    """What pannier adds to the Pod, for a webhook that is told what to add: (path, what pannier answers)."""
    review = run.review("web")
    shown = subprocess.run([run.pannier, "preview", "-f", review, "-p", run.policies, "-o", "json"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    before = json.loads(review.read_bytes())["request"]["object"]
    after = json.loads(shown.stdout)["objects"][0]["object"]

    def new(field, old, changed):
        names = {item["name"] for item in old.get(field, [])}
        return [item for item in changed.get(field, []) if item["name"] not in names]
    annotations = {k: v for k, v in after["metadata"]["annotations"].items() if k not in before["metadata"]["annotations"]}
    path = run.work / "addition.json"
    path.write_text(json.dumps({
        "annotations": annotations,
        "initContainers": new("initContainers", before["spec"], after["spec"]),
        "volumes": new("volumes", before["spec"], after["spec"]),
        "volumeMounts": new("volumeMounts", before["spec"]["containers"][0], after["spec"]["containers"][0]),
    }), encoding="utf-8")
    return path


def check_answer(who, body):
    """What is measured has to be the work that was asked for."""
    patch = base64.b64decode(json.loads(body)["response"]["patch"]).decode()
    for name in SIDECARS:
        if json.dumps(name) not in patch:
            raise RuntimeError(f"{who} added no {name}")


def measure(run, targets):
    """{(name, connections): [what wrk counted in each round]}, the servers in turns."""
    seconds, rounds = run.choose((3, 5), (1, 1))
    counted = {}
    for name, target in targets.items():
        load(target, 16, 1, run.review("web"))  # warm: Go's heap, arenas
    for connections in CONNECTIONS:
        for _ in range(rounds):
            for name, target in targets.items():
                took = load(target, connections, seconds + connections // 64, run.review("web"))  # many handshakes first
                counted.setdefault((name, connections), []).append(took)
    return counted


def rate(rounds):
    return [c["requests"] / c["seconds"] for c in rounds]


def rate_of_cpu(rounds):
    return [c["requests"] / c["cpu_seconds"] for c in rounds]


def tell(run, counted, names):
    run.figures.begin("The server on one core, TLS 1.3, keep-alive")
    for connections in CONNECTIONS:
        said = f"{connections} connection{'s' * (connections > 1)}"
        own = counted["pannier", connections]
        run.figures.add(f"server-constant-{connections}", f"{said}: throughput, of the constant handler's",
                        ratios(rate(own), rate(counted["constant", connections])), "×", at_least(0.6))
        run.figures.add(f"server-constant-{connections}-cpu", "  the same for each second of CPU",
                        ratios(rate_of_cpu(own), rate_of_cpu(counted["constant", connections])), "×", at_least(0.6))
        if "go" in names:
            run.figures.add(f"server-go-{connections}", "  throughput, of the Go webhook's",
                            ratios(rate(own), rate(counted["go", connections])), "×", at_least(10))
        for name in names:
            rounds = counted[name, connections]
            run.figures.add(f"server-{name}-{connections}-rate", f"  {name}", rate(rounds), "requests/s")
            for field, text in [("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9")]:
                run.figures.add(f"server-{name}-{connections}-{text}", f"    {text}", [c[field] for c in rounds], "µs")


def start_constant(run, env=None):
    """It answers what pannier does."""
    with start_pannier(run, run.pair) as target:
        answer = answer_of(target, run.review("web"))
    check_answer("pannier", answer)
    path = run.work / "answer.json"
    path.write_bytes(answer)
    return Program(run, run.tool("bench-constant"), path, env)


def start_others(run, env=None):
    """The constant handler, and the Go webhook where it could be built."""
    others = {"constant": start_constant(run, env)}
    if run.go_webhook and not env:
        others["go"] = Program(run, run.go_webhook, write_addition(run))
        check_answer("go", answer_of(others["go"], run.review("web")))
    return others


def allocations_of(run, target, counter):
    """For each request on one connection that is open already."""
    body = run.review("web").read_bytes()
    with target.connect() as connection:
        for i in range(COUNTED + 100):
            if i == 100:
                before = counter.count()
            if connection.ask("POST", "/mutate", body).status != 200:
                raise RuntimeError("not answered")
        return (counter.count() - before) / COUNTED


def count_allocations(run):
    own, others = Allocations(run, "pannier"), Allocations(run, "constant")
    with start_others(run, others.env)["constant"] as target:
        constant = allocations_of(run, target, others)
    with start_pannier(run, run.pair, own.env) as target:
        pannier = allocations_of(run, target, own)
    run.figures.add("server-allocations-constant", "heap allocations for a request, constant", constant)
    run.figures.add("server-allocations", "  pannier, beyond these", pannier - constant, "", at_most(0, 0.05))


def server(run):
    """pannier, a handler on the same stack that does nothing, and a webhook in Go."""
    targets = {"pannier": start_pannier(run, run.pair), **start_others(run)}
    try:
        tell(run, measure(run, targets), list(targets))
    finally:
        for target in targets.values():
            target.stop()
    count_allocations(run)


class HalfLoad:
    """A server at so many requests a second, and what was counted there in each round."""

    def __init__(self, text, target, asked):
        self.text, self.target, self.asked = text, target, round(asked)
        self.rounds = []

    def measure(self, run, seconds):
        self.rounds.append(paced_load(run, self.target, HALF_CONNECTIONS, self.asked, seconds))

    def p99(self):
        return [c["p99_us"] for c in self.rounds]

    def reached(self):
        return [c["requests"] / c["seconds"] / self.asked for c in self.rounds]

    def is_as_asked(self):
        return abs(spread(self.reached())[0] - 1) <= HALF_TOLERANCE


def tell_half(run, loads):
    """A goal is judged only where the load was the one that was asked for."""
    run.figures.begin(f"The server at half load, over {HALF_CONNECTIONS} connections, evenly spread")
    ours = loads["pannier"]
    for name, text in [("constant", "at the same load"), ("constant-own", "at half of its own")]:
        judged = ours.is_as_asked() and loads[name].is_as_asked()
        run.figures.add(f"half-{name}-ratio-p99", f"p99, of the constant handler's {text}" + ("" if judged else ": another load, not judged"),
                        ratios(ours.p99(), loads[name].p99()), "×", at_most(1.5) if judged else None)
    for name, load_ in loads.items():
        run.figures.add(f"half-{name}-p99", f"  {load_.text}, {number(load_.asked)} requests/s", load_.p99(), "µs")
        run.figures.add(f"half-{name}-p50", "    p50", [c["p50_us"] for c in load_.rounds], "µs")
        run.figures.add(f"half-{name}-reached", "    requests, of those that were asked for", load_.reached(), "×")


def find_most(run, target):
    """The requests per second that a server answers when each connection asks as soon as it may."""
    seconds, rounds = run.choose((2, 3), (1, 1))
    paced_load(run, target, HALF_CONNECTIONS, 0, 1)  # warm
    return spread(rate([paced_load(run, target, HALF_CONNECTIONS, 0, seconds) for _ in range(rounds)]))[0]


def half(run):
    """What a request takes when pannier has half of the load that it can bear; the constant handler with the same, and with half of its own."""
    seconds, rounds = run.choose((1, 15), (1, 1))  # short: what else the machine does falls into some
    pannier, constant = start_pannier(run, run.pair), start_constant(run)
    try:
        most = find_most(run, pannier)
        loads = {"pannier": HalfLoad("pannier", pannier, most / 2), "constant": HalfLoad("constant", constant, most / 2),
                 "constant-own": HalfLoad("constant", constant, find_most(run, constant) / 2)}
        for _ in range(rounds):
            for load_ in loads.values():
                load_.measure(run, seconds)
        tell_half(run, loads)
    finally:
        pannier.stop()
        constant.stop()


def connections(run):
    """New connections, each with a full handshake and one small request."""
    seconds, rounds = run.choose((3, 3), (1, 1))
    run.figures.begin("New TLS connections on one core")
    targets = {kind: start_pannier(run, run.pair_of(kind)) for kind in ("ecdsa", "rsa")}
    counted = {kind: [] for kind in targets}
    try:
        for _ in range(rounds):
            for kind, target in targets.items():
                counted[kind].append(load(target, 16, seconds, close=True))
    finally:
        for target in targets.values():
            target.stop()
    for kind, text in [("ecdsa", "ECDSA P-256"), ("rsa", "RSA 2048")]:
        run.figures.add(f"connections-{kind}", f"{text} certificate", rate(counted[kind]), "connections/s")
        run.figures.add(f"connections-{kind}-cpu", "  for each second of CPU", rate_of_cpu(counted[kind]), "connections/s")
