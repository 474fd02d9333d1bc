#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the manual pages to the help: test_man.py PANNIER PAGE...

mandoc and groff read them, where they are installed.
"""

import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

PANNIER, *PAGES = (pathlib.Path(a).resolve() for a in sys.argv[1:])

# Style that is ours: pages that are not installed yet, and our version in the footer.
STYLE = re.compile(r"referenced manual not found|operating system explicitly specified")

def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def plain(page):
    """The words of a page, without what only formatters read."""
    text = re.sub(r"^\.\\\".*$", "", page, flags=re.M).replace("\\&", "").replace("\\-", "-").replace("\\e", "\\")
    text = text.replace("\\(aq", "'").replace("\\(ga", "`")
    return " ".join(text.split())


def help_parts(command):
    """(flags, words of each text) of a command's help."""
    text = output_of(PANNIER, "help", *command.split())
    flags = re.findall(r"^ +(?:-(\w), )?--([a-z-]+)(?: (\S+))?$", text, re.M)
    texts = [" ".join(part.split()) for part in re.findall(r"^  (?:-\w, |    )--.*\n((?:      (?!--[a-z]).*\n)+)", text, re.M)]
    return flags, [re.sub(r" \(default .*\)$", "", part) for part in texts]


def judge_command(command, page):
    text, problems = plain(page), []
    flags, texts = help_parts(command)
    for letter, name, value in flags:
        row = f".It {f'Fl {letter} , ' if letter else ''}Fl Fl {name}{f' Ar {value}' if value else ''}"
        if row + " " not in text + " ":
            problems.append(f"{command}: there is no `{row}`")
    missing = [part for part in texts if part not in text and part != "Print this help"]
    problems += [f"{command}: does not say \"{part}\"" for part in missing]
    problems += [f"{command}: no section {section}" for section in
                 ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO")
                 if f"\n.Sh {section}\n" not in page]
    example = re.search(r"^Examples:\n((?:.+\n|\n(?=  ))+)", output_of(PANNIER, "help", *command.split()), re.M)
    commands = [line.strip() for line in example[1].splitlines() if line.strip() and "#" not in line] if example else []
    return problems + [f"{command}: has no example `{line}`" for line in commands
                       if " ".join(line.split()) not in text]


def judge_pages():
    overview = output_of(PANNIER, "help")
    commands = re.findall(r"^  ([a-z][a-z -]*[a-z])  +[A-Z]", overview, re.M)
    pages = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
    names = {f"pannier-{command.replace(' ', '-')}.1": command for command in commands}
    problems = [f"there is no {name}" for name in sorted(set(names) - set(pages))]
    problems += [f"{name} is of no command" for name in sorted(set(pages) - set(names) - {"pannier.1"})]
    for name, command in names.items():
        problems += judge_command(command, pages.get(name, ""))
        if f".It Xr {name[:-2]} 1\n" not in pages["pannier.1"]:
            problems.append(f"pannier.1 does not name {name}")
    return problems


def complaints(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if not STYLE.search(line)]


report("the pages say what the help says", judge_pages() if len(PAGES) > 5 else ["there are no pages"])
for tool, arguments in (("mandoc", ["-T", "lint"]), ("groff", ["-mandoc", "-ww", "-z", "-Tutf8"])):
    if shutil.which(tool):
        report(f"{tool} reads them", [line for page in PAGES for line in complaints(tool, *arguments, page)])
    else:
        report(f"{tool} reads them", [], f"{tool} is not installed")
sys.exit(finish())
