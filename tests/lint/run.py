#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fixtures of `pannier lint`: run.py [--update] ROOT PANNIER

tests/lint/CODE is for one rule: of that rule, bad.yaml has exactly the findings of `want` ("LINE:COLUMN severity
object#pointer", and two blanks before each related place); good.yaml has none, and nothing else that fails a run.
--update writes `want`; read it before you keep it.

Beside: every rule has fixtures and a page, every diagnostic of the loader has a rule, the catalogue is clean, formats
agree with each other and with the exit code, and SARIF has what its schema asks for.
"""

import json
import pathlib
import re
import subprocess
import sys
from xml.etree import ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

UPDATE = "--update" in sys.argv
ROOT, PANNIER = (pathlib.Path(a).resolve() for a in sys.argv[1:] if not a.startswith("--"))
HERE = ROOT / "tests/lint"

def run(*arguments, stdin=None, cwd=ROOT):
    return subprocess.run([PANNIER, "lint", *map(str, arguments)], capture_output=True, text=True, check=False,
                          input=stdin, cwd=cwd, timeout=120)


def found(*arguments):
    done = run(*arguments, "-o", "json")
    return json.loads(done.stdout), done.returncode


def place(p):
    return f"{p['start']['line']}:{p['start']['column']}"


def lines_of(diagnostics):
    lines = []
    for d in diagnostics:
        lines.append(f"{place(d)} {d['severity']} {d.get('object', '')}#{d.get('pointer', '')}")
        lines += [f"  {place(r)} {r['message']}" for r in d["related"]]
    return "\n".join(lines) + "\n"


def check_rule(rule):
    folder, problems = HERE / rule["id"], []
    if not (folder / "bad.yaml").exists() or not (folder / "good.yaml").exists():
        return ["it has no fixtures"]
    select = ("--select", "DEFAULT," + rule["id"])
    report, code = found(folder / "bad.yaml", *select)
    mine = [d for d in report["diagnostics"] if d["id"] == rule["id"]]
    if not mine:
        problems.append("bad.yaml has no finding")
    if code != (1 if any(d["severity"] != "info" and not d["suppressed"] for d in report["diagnostics"]) else 0):
        problems.append(f"exit code {code}")
    if UPDATE:
        (folder / "want").write_text(lines_of(mine), encoding="utf-8")
    want = (folder / "want").read_text(encoding="utf-8") if (folder / "want").exists() else ""
    if lines_of(mine) != want:
        problems.append(f"bad.yaml: want\n{want}got\n{lines_of(mine)}")
    report, _ = found(folder / "good.yaml", *select)
    if any(d["suppressed"] is None and d["id"] == rule["id"] for d in report["diagnostics"]):
        problems.append(f"good.yaml: {report['diagnostics']}")
    done = run(folder / "good.yaml", "-o", "concise")
    if done.returncode != 0:
        problems.append(f"good.yaml, all rules:\n{done.stdout}")
    return problems


def check_pages(rules):
    problems = []
    load = (ROOT / "docs/rules/load.md").read_text(encoding="utf-8")
    for rule in rules:
        if rule["url"].startswith("https://pannier.dev/rules/load#"):
            if f"| {rule['id']} | `{rule['name']}` | <a id=\"{rule['name']}\"></a>{rule['summary']} | " not in load:
                problems.append(f"docs/rules/load.md has no row for {rule['id']} {rule['name']}")
            continue
        page = ROOT / f"docs/rules/{rule['id']}.md"
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        if not text.startswith(f"# {rule['id']} {rule['name']}\n"):
            problems.append(f"{page.name}: it does not begin with the rule's id and name")
        if f"**{rule['severity']}**" not in text:
            problems.append(f"{page.name}: it does not say {rule['severity']}")
        problems += [f"{page.name}: no section {section}"
                     for section in ("Why", "Bad", "Good", "When to suppress", "Source")
                     if f"\n## {section}\n" not in text]
    return problems + [f"{p.name} is of no rule" for p in (ROOT / "docs/rules").glob("PN*.md")
                       if p.stem not in {r["id"] for r in rules}]


def check_explain(rules):
    """`pannier explain` has a page for each, by its id, and by its name unless a reason has that too."""
    problems = []
    reasons = (ROOT / "docs/reasons.md").read_text(encoding="utf-8")
    for rule in rules:
        for word in (rule["id"], rule["name"]):
            done = subprocess.run([PANNIER, "explain", word], capture_output=True, text=True, check=False, timeout=60)
            first = done.stdout.partition("\n")[0]
            if f"[`{word}`]" not in reasons and not first.startswith(f"{rule['id']} {rule['name']} ("):
                problems.append(f"{word}: {first or done.stderr}")
    return problems


# Ids that are written as a word where a diagnostic is made, or near it.
ID = re.compile(r'"([a-z]+(?:-[a-z]+)+)"')
MAKERS = re.compile(r"pn_diags_add\(|pn_decode_fault\(|\bfault\(|add_fault\(|PN_FAULT_\w+ |PN_JSONE_DIAG_\w+ ")
NO_IDS = {"kube-api-access-"}


def check_loader(rules):
    names, seen = {r["name"] for r in rules}, set()
    for folder in ("engine", "kube", "jsone", "yaml", "config"):
        for path in sorted((ROOT / "webhook" / folder).glob("*.[ch]")):
            text = path.read_text(encoding="utf-8")
            for maker in MAKERS.finditer(text):
                statement = text[maker.start():text.find(";" if "(" in maker.group() else "\n", maker.start())]
                seen |= set(ID.findall(statement))
    if len(seen) < 30:
        return [f"only {sorted(seen)} were found in the sources"]
    return [f"no rule for the diagnostic {name}" for name in sorted(seen - names)]


def check_catalogue():
    done = run("templates")
    return [] if done.returncode == 0 and done.stdout == "" else [done.stdout + done.stderr]


def check_formats():
    """Exit code and number of findings are the same for all formats."""
    bad = HERE / "PN0604/bad.yaml"
    report, code = found(bad)
    live = [d for d in report["diagnostics"] if d["suppressed"] is None]
    problems = [] if code == 1 and len(live) == 1 else [f"json: {code}, {len(live)} findings"]
    for form, pattern in (("full", r"^\S+:\d+:\d+: (error|warning|info): "), ("concise", r"^\S+:\d+:\d+: "),
                          ("github", r"^::(error|warning|notice) file=")):
        done = run(bad, "-o", form)
        count = len(re.findall(pattern, done.stdout, re.M))
        if done.returncode != code or count != len(live):
            problems.append(f"{form}: exit code {done.returncode}, {count} findings")
    sarif = run(bad, "-o", "sarif")
    if sarif.returncode != code or len(json.loads(sarif.stdout)["runs"][0]["results"]) != len(live):
        problems.append("sarif differs")
    if len(json.loads(run(bad, "-o", "gitlab").stdout)) != len(live):
        problems.append("gitlab differs")
    if ElementTree.fromstring(run(bad, "-o", "junit").stdout).get("failures") != str(len(live)):
        problems.append("junit differs")
    for form in ("json", "sarif", "github", "gitlab", "junit"):
        if run(bad, "-o", form).returncode != code:
            problems.append(f"{form}: another exit code")
        if run(bad, "-o", form).stderr:
            problems.append(f"{form} says something on standard error")
    if run(bad, "--exit-zero").returncode != 0 or run(bad, "--ignore", "PN0604").returncode != 0:
        problems.append("--exit-zero or --ignore")
    if run(bad, "--severity", "PN0604=info").returncode != 0:
        problems.append("--severity")
    if run(bad, "--severity", "port-collision=warning", "--fail-level", "error").returncode != 0:
        problems.append("--fail-level")
    return problems


def check_region(region):
    problems = []
    for key in ("startLine", "startColumn"):
        if not isinstance(region.get(key), int) or region[key] < 1:
            problems.append(f"region {key}: {region.get(key)}")
    if "endColumn" in region and region["endColumn"] < region["startColumn"]:
        problems.append(f"region ends before it starts: {region}")
    return problems


def check_sarif():
    """What SARIF 2.1.0 requires of the objects that are written; tests/lint/README.md says how it was held to the schema."""
    problems, fixes = [], []
    for path in (HERE / "PN0604/bad.yaml", HERE / "PN0902/good.yaml", HERE / "PN0902/bad.yaml", HERE / "PN0101/good.yaml"):
        log = json.loads(run(path, "-o", "sarif").stdout)
        driver, results_ = log["runs"][0]["tool"]["driver"], log["runs"][0]["results"]
        if log["version"] != "2.1.0" or not driver["name"]:
            problems.append("version or driver")
        ids = [r["id"] for r in driver["rules"]]
        if len(set(ids)) != len(ids) or ids != sorted(ids):
            problems.append("rules are not unique and sorted")
        for rule in driver["rules"]:
            if not re.fullmatch(r"https://\S+", rule["helpUri"]) or not rule["shortDescription"]["text"]:
                problems.append(f"rule {rule['id']}")
            if rule["defaultConfiguration"]["level"] not in ("error", "warning", "note"):
                problems.append(f"level of {rule['id']}")
        for result in results_:
            if ids[result["ruleIndex"]] != result["ruleId"] or not result["message"]["text"]:
                problems.append(f"result of {result['ruleId']}")
            if result["level"] not in ("error", "warning", "note") or not result["partialFingerprints"]:
                problems.append(f"level or fingerprint of {result['ruleId']}")
            for location in result["locations"] + result.get("relatedLocations", []):
                physical = location["physicalLocation"]
                if re.search(r"[^A-Za-z0-9._~%/-]", physical["artifactLocation"]["uri"]):
                    problems.append(f"uri {physical['artifactLocation']['uri']}")
                problems += check_region(physical["region"])
            for fix in result.get("fixes", []):
                for replacement in fix["artifactChanges"][0]["replacements"]:
                    region = replacement["deletedRegion"]
                    if region["byteOffset"] < 0 or region["byteLength"] < 0 or "text" not in replacement["insertedContent"]:
                        problems.append(f"fix {fix}")
                fixes.append(fix)
            for suppression in result.get("suppressions", []):
                if suppression["kind"] != "inSource":
                    problems.append(f"suppression {suppression}")
    if not fixes:
        problems.append("there are no fixes")
    suppressed = json.loads(run(HERE / "PN0902/good.yaml", "-o", "sarif").stdout)["runs"][0]["results"]
    if not suppressed or any("suppressions" not in r for r in suppressed):
        problems.append("suppressed findings are not told as suppressed")
    return problems


def check_gitlab():
    """What GitLab's Code Quality asks for; fingerprints are unique, and stay when lines move."""
    problems, fingerprints = [], {}
    text = (HERE / "PN0604/bad.yaml").read_text(encoding="utf-8")
    again = text.replace("---\n", "---\n# moved\n\n")
    broken = "# a comment\nspec: {\n"
    for name, stdin in (("first", text), ("moved", "# moved\n\n" + text), ("again", again),
                        ("broken", broken), ("broken and moved", "\n\n" + broken)):
        issues = json.loads(run("-", "-o", "gitlab", stdin=stdin).stdout)
        fingerprints[name] = [i["fingerprint"] for i in issues]
        if not issues or len(set(fingerprints[name])) != len(issues):
            problems.append(f"{name}: {fingerprints[name]}")
        for issue in issues:
            if set(issue) != {"description", "check_name", "fingerprint", "severity", "location"}:
                problems.append(f"members {sorted(issue)}")
            if issue["severity"] not in ("info", "minor", "major", "critical", "blocker"):
                problems.append(f"severity {issue['severity']}")
            if not issue["location"]["path"] or issue["location"]["lines"]["begin"] < 1:
                problems.append(f"location {issue['location']}")
    if not fingerprints["first"] == fingerprints["moved"] == fingerprints["again"]:
        problems.append(f"fingerprints changed: {fingerprints}")
    if fingerprints["broken"] != fingerprints["broken and moved"]:
        problems.append(f"fingerprints of broken YAML changed: {fingerprints}")
    path = json.loads(run("./tests/lint/PN0604/bad.yaml", "-o", "gitlab").stdout)[0]["location"]["path"]
    if path != "tests/lint/PN0604/bad.yaml" or run("templates", "-o", "gitlab").stdout != "[]\n":
        problems.append(f"path {path}, or the empty report")
    return problems


def check_junit():
    """Counts agree with the cases, whatever stands in the manifests; an empty report has a case too."""
    problems = []
    hostile = ROOT / "tests/cli/lint-hostile/a%2,b:c.yaml"
    suppressed = ROOT / "tests/cli/lint-suppressed/policies.yaml"
    for arguments in ((HERE / "PN0604/bad.yaml",), (hostile,), (suppressed,), (suppressed, "--fail-level", "error"),
                      ("templates",), (HERE / "PN0604/bad.yaml", hostile)):
        root = ElementTree.fromstring(run(*arguments, "-o", "junit").stdout)
        report, _ = found(*arguments)
        levels = ("error",) if "error" in arguments else ("error", "warning")
        failing = [d for d in report["diagnostics"] if d["suppressed"] is None and d["severity"] in levels]
        skipped = [d for d in report["diagnostics"] if d["suppressed"] is not None]
        for element in [root, *([*root] if len(root) == 1 else [])]:
            want = {"tests": len(element.findall(".//testcase")), "failures": len(failing), "errors": 0,
                    "skipped": len(skipped)}
            if {name: int(element.get(name)) for name in want} != want or want["tests"] == 0:
                problems.append(f"{arguments}: {element.attrib}, want {want}")
        if len(root.findall(".//failure")) != len(failing) or len(root.findall(".//skipped")) != len(skipped):
            problems.append(f"{arguments}: other failures than in JSON")
    return problems


def check_fix():
    """What --fix makes needs no more of it, says the same findings again, and is what --diff shows."""
    problems, changed = [], 0
    cases = [case.parent for case in (ROOT / "tests/cases").glob("*/want.json")
             if '"faults"' in case.read_text(encoding="utf-8")]
    paths = [*HERE.glob("*/bad.yaml"), *(ROOT / "tests/cli").glob("lint-*/*.yaml"),
             *(file for case in cases for file in case.glob("policies.yaml"))]
    for path in sorted(paths):
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        first = run("--fix", "-", "-o", "concise", stdin=text)
        again = run("--fix", "-", "-o", "concise", stdin=first.stdout)
        diff = run("--diff", "-", stdin=text)
        changed += first.stdout != text
        if first.returncode == 2: # no document of pannier's
            continue
        findings = [line for line in first.stderr.split("\n") if line.startswith("<stdin>:")]
        if again.stdout != first.stdout or again.returncode != first.returncode:
            problems.append(f"{path}: another round changes more")
        if [line for line in again.stderr.split("\n") if line.startswith("<stdin>:")] != findings:
            problems.append(f"{path}: other findings remain\n{first.stderr}{again.stderr}")
        if diff.returncode != (first.stdout != text) or bool(diff.stdout) != (first.stdout != text):
            problems.append(f"{path}: --diff exits with {diff.returncode}")
    return problems + ([f"only {changed} of {len(paths)} were changed"] if changed < 8 else [])


def main():
    rules = json.loads(run("--list-rules", "-o", "json").stdout)
    mine = [r for r in rules if not r["url"].startswith("https://pannier.dev/rules/load#")]
    for rule in mine:
        report(f"{rule['id']} {rule['name']}", check_rule(rule))
    report("ids and names are unique", [r for r in rules if sum(
        o["id"] == r["id"] or o["name"] == r["name"] for o in rules) != 1])
    report("every rule has a page", check_pages(rules))
    report("every rule is explained", check_explain(rules))
    report("every diagnostic of the loader has a rule", check_loader(rules))
    report("nothing is found in templates/", check_catalogue())
    report("all formats agree", check_formats())
    report("SARIF", check_sarif())
    report("GitLab's report", check_gitlab())
    report("JUnit's report", check_junit())
    report("--fix", check_fix())
    return finish()


if __name__ == "__main__":
    sys.exit(main())
