#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds together what /metrics shows and what uses it: test_monitor.py ROOT PANNIER

A server is asked until every metric has a sample. Then:
- docs/operations.md lists exactly these metrics with their types and labels, and exactly the fields of the log;
- manifests/alerts.yaml and manifests/dashboard.json name nothing else;
- promtool finds nothing in the metrics nor in the alerts, and the alerts do what alerts_test.yaml says;
- a Prometheus scrapes the server, and each query of the dashboard and of the alerts finds something.

Where promtool or Prometheus is missing, its cases are skipped. Writes TAP; exits with 1 when a case failed.
"""

import contextlib
import json
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True  # the source tree stays as it is

HERE = pathlib.Path(__file__).resolve().parent
ROOT, PANNIER = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
EVENT_SECONDS = 60  # how long what must come is waited for: on a busy machine, too
NAME = re.compile(r"\b(?:pannier|process)_[a-z_]+\b")

tests = []


class Skipped(Exception):
    pass


def test(function):
    tests.append(function)
    return function


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def run(*command, text=None):
    """What a program prints; it must exit with 0."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == 0, " ".join(map(str, command)), "exits with", done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise Skipped(f"{name} is not installed (Debian package prometheus)")
    return path


# ---- the server --------------------------------------------------------------------------------


class Server:
    """`pannier serve` that has had reviews of all kinds."""

    def __init__(self, directory):
        self.process = subprocess.Popen(
            [PANNIER, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0", "--metrics-bind-address",
             "127.0.0.1:0", "--cert-dir", directory, "--shutdown-delay", "0s", "-p", HERE / "policies.yaml"],
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        said = ""
        line = self.process.stderr.readline()
        while line and '"message":"serving"' not in line:
            said += line
            line = self.process.stderr.readline()
        check(line, "the server did not start:", said)
        line = json.loads(line)
        self.port, self.metrics = line["port"], line["metrics"]
        self.context = ssl.create_default_context(cafile=line["caFile"])

    def ask(self, path, body):
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data=body,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=EVENT_SECONDS) as response:
                return json.load(response)["response"]
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def ask_everything(self):
        review = json.loads(read("tests/data/reviews/bare.json"))
        pod = review["request"]["object"]
        pod["spec"]["containers"][0]["name"] = "app"
        body = json.dumps(review).encode()
        check("patch" in self.ask("/mutate", body), "the sample is not injected")
        check(self.ask("/mutate", b"{}") == 400)
        pod["metadata"].setdefault("labels", {})["required"] = "yes"
        body = json.dumps(review).encode()
        for path in ("/mutate", "/validate"):
            check(self.ask(path, body)["allowed"] is False, path, "does not refuse the sample")

    def text(self):
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=EVENT_SECONDS) as response:
            return response.read().decode()

    def stop(self):
        self.process.terminate()
        check(self.process.wait(EVENT_SECONDS) == 0, "exit code", self.process.returncode)
        self.process.stderr.close()


def families_of(text):
    """{family: (type, set of its labels without le, whether it has a sample)}."""
    families, name = {}, None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            families[name] = [kind, set(), False]
        elif not line.startswith("#"):
            families[name][1] |= set(re.findall(r'[{,]([a-z_]+)="', line)) - {"le"}
            families[name][2] = True
    return families


# ---- documents ---------------------------------------------------------------------------------


@test
def every_metric_has_a_sample(server):
    families = families_of(server.text())
    check(len(families) > 20, families)
    check(all(sample for _, _, sample in families.values()),
          [name for name, (_, _, sample) in families.items() if not sample])


def table_rows(text, heading):
    """The cells of the first table below a heading that begins so."""
    part = text.split(heading, 1)[1]
    rows = re.findall(r"^\|(.*)\|$", part.split("\n\n## ", 1)[0], re.M)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


@test
def operations_lists_the_metrics(server):
    families = families_of(server.text())
    listed = {}
    for row in table_rows(read("docs/operations.md"), "### Metrics\n"):
        if re.fullmatch(r"`(pannier|process)_[a-z_]+`", row[0]):
            listed[row[0].strip("`")] = (row[1], set(re.findall(r"`([a-z]+)`", row[2])))
    shown = {name: (kind, labels) for name, (kind, labels, _) in families.items()}
    check(listed.keys() == shown.keys(), "in one only:", sorted(listed.keys() ^ shown.keys()))
    for name in shown:
        check(listed[name] == shown[name], name, listed[name], "in the table, shown:", shown[name])


@test
def operations_lists_the_fields_of_the_log(_):
    fields = {"time", "level", "message"}
    for path in sorted((ROOT / "webhook").rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        fields |= set(re.findall(r'pn_log_(?:str|int|bool|open)\([^,;]+,\s*"(\w+)"', text))
        fields |= set(re.findall(r'(?:log_verdicts|add_time|write_key)\(&?line, "(\w+)"', text))
    check({"uid", "policies", "audited", "cut"} <= fields, "the fields were not found:", fields)
    listed = set()
    for row in table_rows(read("docs/operations.md"), "| field | of | |\n"):
        listed |= set(re.findall(r"`(\w+)`", row[0]))
    check(listed == fields, "in one only:", sorted(listed ^ fields))


@test
def alerts_dashboard_and_documents_name_what_there_is(server):
    families = families_of(server.text())
    known = set(families)
    for name, (kind, _, _) in families.items():
        if kind == "histogram":
            known |= {name + "_bucket", name + "_sum", name + "_count"}
    used = {}
    for path in ("manifests/alerts.yaml", "manifests/dashboard.json", "tests/monitor/alerts_test.yaml",
                 "README.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))):
        used[path] = set(NAME.findall(read(path)))
    for path, names in used.items():
        check(names <= known, path, "names", sorted(names - known))
    for path in ("manifests/alerts.yaml", "manifests/dashboard.json"):
        check(len(used[path]) >= 8, path, "names only", used[path])


@test
def alerts_and_dashboard_ask_for_labels_that_there_are(server):
    families = families_of(server.text())
    for name, (kind, _, _) in list(families.items()):
        if kind == "histogram":
            families[name + "_bucket"] = [kind, families[name][1] | {"le"}, True]
    count = 0
    for path in ("manifests/alerts.yaml", "manifests/dashboard.json"):
        for name, selector in re.findall(r"\b((?:pannier|process)_[a-z_]+)\{([^}]*)\}", read(path).replace('\\"', '"')):
            labels = set(re.findall(r"([a-z_]+)(?:=~|!~|!=|=)", selector)) - {"job", "instance"}
            family = re.sub(r"_(sum|count)$", "", name) if name not in families else name
            check(labels <= families[family][1], path, name, labels, "not among", families[family][1])
            count += 1
    check(count > 30, count)


# ---- with Prometheus' own programs ------------------------------------------------------------


@test
def promtool_finds_nothing_in_the_metrics(server):
    promtool = tool("promtool")
    check(run(promtool, "check", "metrics", text=server.text()) == "")


@test
def promtool_takes_the_alerts(_):
    promtool = tool("promtool")
    check("SUCCESS" in run(promtool, "check", "rules", ROOT / "manifests/alerts.yaml"))
    run(promtool, "test", "rules", HERE / "alerts_test.yaml")
    named = set(re.findall(r"- alert: (\w+)", read("manifests/alerts.yaml")))
    tested = set(re.findall(r"alertname: (\w+)\n +exp_alerts", (HERE / "alerts_test.yaml").read_text()))
    check(named == tested, "alerts that no test raises:", sorted(named ^ tested))


class Prometheus:
    """A Prometheus that scrapes the server once a second."""

    def __init__(self, server):
        self.directory, self.port = tempfile.TemporaryDirectory(), None
        config = pathlib.Path(self.directory.name) / "prometheus.yml"
        # JSON is YAML
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ROOT / "manifests/alerts.yaml")],
            "scrape_configs": [{"job_name": "pannier", "static_configs": [{"targets": [server.metrics]}]}]}))
        self.log = open(pathlib.Path(self.directory.name) / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={self.directory.name}/data",
             "--web.listen-address=127.0.0.1:0"], stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def said(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(EVENT_SECONDS)
        self.log.close()
        self.directory.cleanup()

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=EVENT_SECONDS) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting; for wait_for(), as good as nobody listening
                raise
            with error:
                raise AssertionError(f"{parameters}: {error.read().decode()}") from None

    def raised(self):
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]}

    def query(self, expression):
        return self.get("query", query=expression)["result"]

    def wait_until(self, condition, what):
        until = time.monotonic() + EVENT_SECONDS
        while True:
            with contextlib.suppress(OSError):
                if got := condition():
                    return got
            check(self.process.poll() is None, "Prometheus ended:", self.said())
            check(time.monotonic() < until, "not within", EVENT_SECONDS, "seconds:", what)
            time.sleep(0.2)

    def wait_for_port(self):
        """Its own choice: one that was free may be taken by the time it starts."""
        listening = re.compile(r'msg="Listening on".* address="?127\.0\.0\.1:(\d+)')
        self.port = int(self.wait_until(lambda: listening.search(self.said()), "it listens")[1])

    def wait_for(self, expression, what=""):
        self.wait_until(lambda: self.query(expression), f"{what} {expression}")


def dashboard_queries():
    board = json.loads(read("manifests/dashboard.json"))
    identifiers = [panel["id"] for panel in board["panels"]]
    check(len(identifiers) == len(set(identifiers)), "two panels with one id")
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in board["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def substituted(expression):
    for name, value in (("$__rate_interval", "5m"), ("$__range", "5m"), ("$policy", ".*"), ("$job", "pannier")):
        expression = expression.replace(name, value)
    check("$" not in expression, expression)
    return expression


@test
def a_prometheus_scrapes_it(server):
    with Prometheus(server) as prometheus:
        prometheus.wait_for_port()
        prometheus.wait_for('count_over_time(up{job="pannier"}[1m]) >= 2')
        server.ask_everything()
        prometheus.wait_for('rate(pannier_requests_total{outcome="patched"}[5m]) > 0')
        prometheus.wait_for("up == 1")  # a busy machine may take longer for a scrape than the second that it has
        # Each family that is shown has arrived.
        arrived = set(prometheus.get("label/__name__/values"))
        for name, (kind, _, _) in families_of(server.text()).items():
            check(name + ("_bucket" if kind == "histogram" else "") in arrived, name, "has not arrived")
        count = 0
        for title, expression in dashboard_queries():
            if title == "Policies loaded":
                prometheus.query(substituted(expression))
            else:
                prometheus.wait_for(substituted(expression), title)
            count += 1
        check(count > 20, count, "queries in the dashboard")
        rules = prometheus.get("rules")["groups"][0]["rules"]
        check(rules and all(rule["health"] in ("ok", "unknown") and not rule.get("lastError") for rule in rules), rules)
        prometheus.wait_until(lambda: not {"PannierDown", "PannierNotReady"} & prometheus.raised(), "no alert")


def main():
    print(f"1..{len(tests) + 1}")
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        server = Server(directory)
        server.ask_everything()
        for number, function in enumerate([*tests, server_ends], 1):
            try:
                function(server)
                print(f"ok {number} - {function.__name__}", flush=True)
            except Skipped as why:
                print(f"ok {number} - {function.__name__} # SKIP {why}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok {number} - {function.__name__}")
                for line in traceback.format_exc().splitlines():
                    print("# " + line[:2000])
                sys.stdout.flush()
        if server.process.poll() is None:
            server.process.kill()
    return 1 if failed else 0


def server_ends(server):
    server.stop()


if __name__ == "__main__":
    sys.exit(main())
