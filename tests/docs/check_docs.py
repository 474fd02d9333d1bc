#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the documents against the code.

- docs/reasons.md lists exactly the reasons of webhook/engine/reason.c, each in the section of its class; each has a
  page with the sections that all pages have, and an example that fits the reason's text; `pannier explain` prints them;
- docs/policies.md and docs/budgets.md name every field of the decode tables;
- docs/testing.md names every field of a PolicyTest, and shows the example as it is;
- docs/cli.md and the help name the same flags;
- every ```console block of README.md and docs/ (with its folders) is run: its `$ build/pannier ...` lines print what
  stands below them;
- links between documents lead somewhere.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

UPDATE = "--update" in sys.argv  # write what the console blocks print now; read it before you keep it
ROOT, PANNIER = (pathlib.Path(a).resolve() for a in sys.argv[1:] if not a.startswith("--"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

# A hash of a policy and its templates, which changes with every comment in their text.
REVISION = re.compile(r'(?<="rev":")[0-9a-f]{8}')

def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def reasons_in_code():
    """{id: (class, text)} of the catalogue."""
    rows = re.findall(r'\{\s*"([a-z-]+)",\s*PN_CLASS_(\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}',
                      read("webhook/engine/reason.c"))
    return {name: (kind, "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))) for name, kind, text in rows}


def check_reasons():
    code = reasons_in_code()
    if len(code) < 20:
        return ["the table of reason.c was not found"]
    sections = re.split(r"^## ", read("docs/reasons.md"), flags=re.M)[1:]
    classes = {"The review": "REVIEW", "Success": "SUCCESS", "Not selected": "NOT_SELECTED",
               "Failure": "FAILURE", "Notes": "NOTE"}
    text = {}
    for section in sections:
        kind = next((k for title, k in classes.items() if section.startswith(title)), None)
        text |= {name: kind for name in re.findall(r"^\| \[`([a-z-]+)`\]\(reasons/\1\.md\) \|", section, re.M)}
    pages = {page.stem for page in (ROOT / "docs/reasons").glob("*.md")}
    return [f"not in docs/reasons.md: {r}" for r in sorted(set(code) - set(text))] + \
           [f"not in reason.c: {r}" for r in sorted((set(text) | pages) - set(code))] + \
           [f"docs/reasons/{r}.md is not there" for r in sorted(set(code) - pages)] + \
           [f"docs/reasons.md has {r} in the section of another class" for r in sorted(set(text) & set(code))
            if text[r] != code[r][0]]


PAGE_SECTIONS = ["What the Pod's author can do", "What the platform team can do", "Example"]


def check_reason_pages():
    """Of each page: its title, its sections, and one example line that the reason's text could be."""
    problems = []
    for name, (_, text) in reasons_in_code().items():
        path = ROOT / "docs/reasons" / f"{name}.md"
        if not path.exists():
            continue  # told by check_reasons
        page = path.read_text(encoding="utf-8")
        if not page.startswith(f"# {name}\n\n") or re.findall(r"^## (.*)$", page, re.M) != PAGE_SECTIONS:
            problems.append(f"{path.name}: expected the title {name} and the sections {PAGE_SECTIONS}")
        pattern = re.compile("".join(".+" if part.startswith("{") else re.escape(part)
                                     for part in re.split(r"(\{\w+\})", text)))
        code = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", page, re.M | re.S)).split("\n")
        if not any(pattern.fullmatch(line) for line in code):
            problems.append(f"{path.name}: no example line fits \"{text}\"")
    return problems


def words(text):
    return re.sub(r"[`*]", "", text).split()


def check_explain():
    """`pannier explain` lists every reason, and prints the words of each page within a terminal's width."""
    problems = []
    listing = output_of("build/pannier explain")
    for name in reasons_in_code():
        shown = output_of(f"build/pannier explain {name}")
        if not re.search(rf"^  {name} ", listing, re.M):
            problems.append(f"pannier explain does not list {name}")
        page = re.sub(r"^(```.*|#+)", "", (ROOT / "docs/reasons" / f"{name}.md").read_text(encoding="utf-8"),
                      flags=re.M)
        page = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", page)
        first, _, rest = shown.partition("\n")
        if words(first)[:1] + words(rest) != words(page):
            problems.append(f"pannier explain {name} prints other words than its page")
        problems += [f"pannier explain {name}: a line of {len(line)} columns"
                     for line in shown.split("\n") if len(line) > 79 and " " in line.strip()]
    return problems


def check_fields():
    fields = set()
    for name in ("template", "policy_decode", "compile", "params", "overrides", "budget_decode"):
        fields |= set(re.findall(r'\{\s*"(\w+)",\s*PN_FIELD_', read(f"webhook/engine/{name}.c")))
    text = read("docs/policies.md") + read("docs/budgets.md")
    if len(fields) < 30:
        return ["the decode tables were not found"]
    return [f"not in docs/policies.md: {f}" for f in sorted(fields)
            if not re.search(rf"\b{f}\b", text)]


def check_testing():
    text = read("docs/testing.md")
    tables = read("webhook/cli/suite.c") + read("webhook/cli/suite_expect.c")
    fields = set(re.findall(r'\{\s*"(\w+)",\s*PN_FIELD_(?!LATER)', tables))
    if len(fields) < 20:
        return ["the decode tables were not found"]
    problems = [f"not in docs/testing.md: {f}" for f in sorted(fields) if not re.search(rf"\b{f}\b", text)]
    words = re.search(r"result_words\[\] = \{(.*?)NULL", tables, re.S)[1]
    problems += [f"not in docs/testing.md: result {w}" for w in re.findall(r'"(\w+)"', words) if f"`{w}`" not in text]
    if f"```yaml\n{read('docs/example/greeter-test.yaml')}```" not in text:
        problems.append("docs/testing.md shows another docs/example/greeter-test.yaml")
    return problems


def help_of(*command):
    done = subprocess.run([PANNIER, "help", *command], capture_output=True, text=True, check=True)
    return done.stdout


def check_flags():
    commands = re.findall(r"^  ([a-z][a-z -]*[a-z])  +[A-Z]", help_of(), re.M)
    if not {"serve", "preview", "version"} <= set(commands):
        return [f"help names the commands {commands}"]
    in_help = set()
    for command in commands:
        in_help |= set(re.findall(r"--[a-z][a-z-]+", help_of(*command.split())))
    in_docs = set(re.findall(r"--[a-z][a-z-]+", read("docs/cli.md")))
    return [f"not in docs/cli.md: {f}" for f in sorted(in_help - in_docs)] + \
           [f"not in any help: {f}" for f in sorted(in_docs - in_help)]


def update_block(block):
    """The block with what its commands print now."""
    lines = []
    for command in re.findall(r"^\$ (.*)$", block, re.M):
        lines += ["$ " + command, output_of(command)]
    return "\n".join(line for line in lines if line) + "\n"


def output_of(command):
    done = subprocess.run(["bash", "-c", command.replace("build/pannier", str(PANNIER), 1)],
                          cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    return (done.stdout + done.stderr).strip("\n")


def run_block(path, block):
    problems = []
    parts = re.split(r"^\$ (.*)$", block, flags=re.M)
    for command, expected in zip(parts[1::2], parts[2::2]):
        if not command.startswith("build/pannier "):
            problems.append(f"{path.name}: `{command}`: a console block runs build/pannier only")
            continue
        got = output_of(command)
        if REVISION.sub("", got) != REVISION.sub("", expected.strip("\n")):
            problems.append(f"{path.name}: `{command}` prints\n" + got)
    return problems


def check_console_blocks():
    problems, count = [], 0
    for path in DOCUMENTS:
        if UPDATE:
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(r"^```console\n(.*?)^```",
                                   lambda m: f"```console\n{update_block(m[1])}```", text,
                                   flags=re.M | re.S), encoding="utf-8")
        for block in re.findall(r"^```console\n(.*?)^```", path.read_text(encoding="utf-8"),
                                re.M | re.S):
            count += 1
            problems += run_block(path, block)
    return problems if count else ["no console block was found"]


def check_links():
    problems = []
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                problems.append(f"{path.name}: {target} is not there")
    return problems


report("docs/reasons.md lists the reasons of the engine", check_reasons())
report("each reason has a page with an example of it", check_reason_pages())
report("pannier explain prints the pages", check_explain())
report("docs/policies.md and docs/budgets.md name every field", check_fields())
report("docs/testing.md names every field of a PolicyTest", check_testing())
report("docs/cli.md and the help name the same flags", check_flags())
report("console blocks print what they say", check_console_blocks())
report("links lead somewhere", check_links())
sys.exit(finish())
