#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the floors of the house by its includes: check_includes.py ROOT

A file of webhook/ or certs/ includes its own folder and those that its row below names, which all
stand on lower floors; each third-party header is known by one folder. The table is the design's
section "The house" (docs/architecture.md). Exit code 1 when something is wrong.
"""

import pathlib
import re
import sys

# folder: (floor, the lower folders that it may include or None for all of them, third-party headers)
HOUSE = {
    "base": (0, (), ()),
    "yaml": (1, None, ("yaml.h",)),
    "jsone": (1, None, ()),
    "kube": (1, None, ()),
    "sys": (1, None, ()),
    "engine": (2, ("base", "jsone", "kube"), ("yyjson.h",)),  # reads no files, no YAML
    "config": (3, None, ()),
    "lint": (3, None, ()),
    "obs": (3, None, ()),
    "certs": (3, None, ("openssl/",)),
    "report": (4, None, ("jansson.h",)),
    "server": (4, None, ("microhttpd.h", "gnutls/")),
    "cli": (5, None, ()),
}

SYSTEM = re.compile(
    r"(assert|complex|ctype|dirent|errno|fcntl|fenv|float|fnmatch|ftw|getopt|glob|inttypes|iso646|langinfo|libgen"
    r"|limits|locale|malloc|math|netdb|poll|pthread|pwd|regex|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic"
    r"|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|uchar|unistd"
    r"|wchar|wctype|(sys|netinet|arpa|net|linux|sanitizer)/[a-z0-9_]+)\.h")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]*>|"[^"\n]*"|[^\n]*)', re.MULTILINE)


def folders(root):
    """(name, path) of each source folder."""
    for path in sorted((root / "webhook").iterdir()):
        if path.is_dir():
            yield path.name, path
    if (root / "certs").is_dir():
        yield "certs", root / "certs"


def allowed(folder):
    floor, named, _ = HOUSE[folder]
    lower = [other for other in HOUSE if HOUSE[other][0] < floor]
    return [other for other in lower if named is None or other in named]


def check_include(folder, target):
    """What is wrong with one include of a file in `folder`, or None."""
    if target.startswith('"'):
        other = target.strip('"').partition("/")[0]
        if "/" not in target:
            return f'{target}: write the folder too ("{folder}/...")'
        if other == folder or other in allowed(folder):
            return None
        if other not in HOUSE:
            return f"{target}: there is no folder {other} in the house"
        return (f"{target}: {folder} (floor {HOUSE[folder][0]}) must not know {other} (floor {HOUSE[other][0]}); "
                f"it may include {', '.join(allowed(folder)) or 'nothing else'}")
    if not target.startswith("<"):
        return f"{target}: an include must be written out"
    header = target.strip("<>")
    if SYSTEM.fullmatch(header):
        return None
    owners = [name for name, (_, _, known) in HOUSE.items() if any(
        header == k or (k.endswith("/") and header.startswith(k)) for k in known)]
    if not owners:
        return f"{target}: no folder is given this library in tests/layers/check_includes.py"
    return None if folder in owners else f"{target}: only {owners[0]} knows this library"


def check(root):
    """All complaints, as "file:line: text"; and the numbers of good and of bad files."""
    complaints, good, bad = [], 0, 0
    for folder, path in folders(root):
        files = sorted(p for p in path.rglob("*") if p.suffix in (".c", ".h"))
        if files and folder not in HOUSE:
            complaints.append(f"{path.relative_to(root)}: give this folder a floor in tests/layers/check_includes.py")
            bad += len(files)
            continue
        for file in files:
            before = len(complaints)
            text = file.read_text(encoding="utf-8")
            for found in INCLUDE.finditer(text):
                wrong = check_include(folder, found.group(1).strip())
                if wrong:
                    line = text.count("\n", 0, found.start(1)) + 1
                    complaints.append(f"{file.relative_to(root)}:{line}: {wrong}")
            good, bad = (good + 1, bad) if len(complaints) == before else (good, bad + 1)
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
