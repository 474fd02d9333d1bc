#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what no formatter holds: check_style.py ROOT

Length of files and functions, the licence line, the form of include guards, and that no file names
a place on somebody's machine. Exit code 1 when something is wrong.
"""

import pathlib
import re
import sys

FILE_MAX_LINES = 800
FUNCTION_MAX_LINES = 100

CODE_FOLDERS = ("webhook", "certs", "tests", "templates", "docs", ".ci", "manifests")
CODE_NAMES = ("meson.build", "meson_options.txt", "dev", "run", "Dockerfile")
CODE_SUFFIXES = (".c", ".h", ".py", ".sh", ".md", ".go")
DATA = ("tests/data", "tests/cases", "tests/conformance/data", "tests/fuzz/corpus")
LICENSED = (".c", ".h", ".py", ".sh", "dev", ".ci/run")

# Home and workspace folders, as an absolute path that goes on. The folder alone and a path within a
# URL are fine.
# /home/vault is a path inside Vault's image.
MACHINE_PATH = re.compile(r"(?<![\w.:/*$}-])/(?!home/vault\b)(?:home|Users|work|workspace|builds)/[\w.-]+")
# With our braces, a function ends with a brace alone in column 0; it begins with the line that
# stands before the opening brace in column 0 and its parameters.
FUNCTION_NAME = re.compile(r"(\w+)\(")


def files(root):
    """The project's own code and texts, without data."""
    candidates = [p for p in root.iterdir() if p.is_file()]
    for folder in CODE_FOLDERS:
        if (root / folder).is_dir():
            candidates += [p for p in (root / folder).rglob("*") if p.is_file()]
    for path in sorted(candidates):
        name = path.relative_to(root).as_posix()
        if not name.startswith(DATA) and (path.suffix in CODE_SUFFIXES or path.name in CODE_NAMES):
            yield name, path


def long_functions(lines):
    """(line, name, length) of each function definition that is too long."""
    start = name = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            head = number - 1
            while head > 1 and not lines[head - 1][:1].strip():
                head -= 1
            found = FUNCTION_NAME.search(lines[head - 1])
            start, name = head, found.group(1) if found else "?"
        elif line == "}" and start is not None:
            if number - start + 1 > FUNCTION_MAX_LINES:
                yield start, name, number - start + 1
            start = None


def check_file(root, name, text):
    """What is wrong with one file, as "file:line: text"."""
    lines = text.splitlines()
    is_c = name.endswith((".c", ".h"))
    if is_c and len(lines) > FILE_MAX_LINES:
        yield f"{name}: {len(lines)} lines, at most {FILE_MAX_LINES}: split it by what its parts are about"
    if is_c:
        for line, function, length in long_functions(lines):
            yield f"{name}:{line}: {function} has {length} lines, at most {FUNCTION_MAX_LINES}"
    if name.startswith(("webhook/", "certs/")) and name.endswith(".h"):
        guard = "PN_" + re.sub(r"[/.-]", "_", name.removeprefix("webhook/")).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{name}: the include guard should be {guard}"
    if name.endswith(LICENSED) and not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
        yield f"{name}:1: the first line should be SPDX-License-Identifier: Apache-2.0, as a comment"
    for number, line in enumerate(lines, 1):
        found = MACHINE_PATH.search(line)
        if found or (len(root.parts) > 2 and str(root) in line):
            yield f"{name}:{number}: a place on one machine: {found.group(0) if found else root}"


def check(root):
    complaints, good, bad = [], 0, 0
    for name, path in files(root):
        found = list(check_file(root, name, path.read_text(encoding="utf-8")))
        complaints += found
        good, bad = (good, bad + 1) if found else (good + 1, bad)
    return complaints, good, bad


def main(root):
    complaints, good, bad = check(pathlib.Path(root).resolve())
    for complaint in complaints:
        print(complaint)
    if good + bad == 0:
        print(f"{root}: no source file found: is this the root of the project?")
        bad = 1
    print(f"{good} files in order, {bad} not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
