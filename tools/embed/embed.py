#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files as C strings: embed.py OUT.h NAME=FILE..."""

import pathlib
import sys


def literal(text):
    """A C string, one line of the text on each line."""
    lines = text.replace("\\", "\\\\").replace('"', '\\"').split("\n")
    return "\n".join(f'    "{line}\\n"' for line in lines[:-1])


def main(header, *files):
    strings = []
    for file in files:
        name, _, path = file.partition("=")
        text = pathlib.Path(path).read_text(encoding="utf-8")
        strings.append(f"static const char {name}[] =\n{literal(text)};\n")
    pathlib.Path(header).write_text("/* Made by tools/embed/embed.py. */\n" + "\n".join(strings), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
