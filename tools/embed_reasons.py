#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of docs/reasons/*.md what `pannier explain` prints: embed_reasons.py HEADER PAGE...

The pages are read by people on the web and on a terminal. Of Markdown they use a heading, one indented block, **bold** and
`code`; lines are wrapped here, so that the program need not.
"""

import pathlib
import re
import sys
import textwrap

WIDTH = 80


def paragraphs(text):
    return [p for p in text.strip().split("\n\n") if p]


def read(path):
    """(id, class, first sentence, text for a terminal)"""
    heading, of_class, message, means, *more = paragraphs(path.read_text(encoding="utf-8"))
    name = heading.removeprefix("# ")
    assert name == path.stem and of_class.startswith("Class: ") and message.startswith("    "), path
    lines = [f"{name}  ({of_class.removeprefix('Class: ')})", "", *textwrap.wrap(message.strip(), WIDTH - 2, initial_indent="  ",
                                                                            subsequent_indent="  ")]
    for part in [means, *more]:
        lines += ["", *textwrap.wrap(part.replace("**", ""), WIDTH, break_long_words=False, break_on_hyphens=False)]
    first = re.split(r"(?<=\.) ", means.replace("\n", " "))[0].rstrip(".")
    return name, of_class.removeprefix("Class: "), first, "\n".join(lines) + "\n"


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def main():
    header, *paths = map(pathlib.Path, sys.argv[1:])
    rows = [", ".join(literal(part) for part in read(path)) for path in sorted(paths)]
    header.write_text("/* By tools/embed_reasons.py, from docs/reasons/. */\n" + "".join(f"    {{{row}}},\n" for row in rows),
                      encoding="utf-8")


if __name__ == "__main__":
    main()
