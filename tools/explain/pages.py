#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the pages of `pannier explain` from the documents: pages.py INDEX.md OUT.h OUT.d

The sections of INDEX.md that have a table of links (| [`id`](page.md) | meaning | ...) are the list of ids; the linked
pages are what is told of each. OUT.h has both as plain text for a terminal, without Markdown; OUT.d tells ninja the
files that were read.
"""

import pathlib
import re
import sys
import textwrap

COLUMNS = 79
ROW = re.compile(r"\| \[`([A-Za-z0-9-]+)`\]\(([^)]+)\) \| ([^|]+) \|")


def plain(text):
    """Without the marks of Markdown: code, emphasis, links."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"\1", text)
    return text.replace("`", "")


def wrap(text, indent, first):
    return "\n".join(textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=indent,
                                   break_long_words=False, break_on_hyphens=False))


def fill(text, indent, first=None):
    """Wrapped; the words of a code span stay together."""
    text = re.sub(r"`[^`]*`", lambda m: m[0].replace(" ", "\0"), " ".join(text.split()))
    return wrap(plain(text), indent, indent if first is None else first).replace("\0", " ")


def page_text(markdown, section):
    """One page: headings flush left, text and code below them indented; the first says the section too."""
    blocks = []
    for part in re.split(r"^(```.*?^```)$", markdown, flags=re.M | re.S):
        if part.startswith("```"):
            lines = part.split("\n")[1:-1]
            blocks += ["\n".join(wrap(line, "      ", "    ") if len(line) > COLUMNS - 4 else "    " + line
                                 for line in lines)]
            continue
        for block in re.split(r"\n\s*\n", part.strip()):
            if block.startswith("#"):
                blocks.append(plain(block.lstrip("# ")))
            elif block:
                blocks.append(fill(block, "  "))
    # A heading belongs to what stands below it.
    text = ""
    for before, block in zip([None] + blocks, blocks):
        follows_heading = before is not None and not before.startswith(" ")
        text += f"{block} ({section[0].lower()}{section[1:]})" if before is None else \
                ("\n" if follows_heading else "\n\n") + block
    return text + "\n"


def index_text(index):
    """The list of ids by section, and the (id, section, link) of each."""
    rows, sections = [], []
    for section in re.split(r"^## ", index, flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        found = ROW.findall(body)
        if found:
            rows += [(name, title, link) for name, link, _ in found]
            sections.append((title, [(name, meaning) for name, _, meaning in found]))
    width = max(len(name) for name, _, _ in rows) + 2
    texts = [plain(title) + "\n" + "\n".join(
        fill(meaning, " " * (width + 2), "  " + name.ljust(width)) for name, meaning in items)
        for title, items in sections]
    return "\n\n".join(texts) + "\n", rows


def literal(text):
    """A C string, one line of the text on each line."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return "\n    ".join(f'"{line}\\n"' for line in list(escaped)[:-1])


def main(index_path, header, depfile):
    index_path = pathlib.Path(index_path)
    listing, rows = index_text(index_path.read_text(encoding="utf-8"))
    paths = [index_path.parent / link for _, _, link in rows]
    pages = "".join(
        f"    {{\"{name}\",\n    {literal(page_text(path.read_text(encoding='utf-8'), section))}}},\n"
        for (name, section, _), path in zip(rows, paths))
    pathlib.Path(header).write_text(
        f"/* Made by tools/explain/pages.py from {index_path.name}. */\n"
        f"static const char explain_index[] =\n    {literal(listing)};\n\n"
        f"static const struct explain_page explain_pages[] = {{\n{pages}}};\n", encoding="utf-8")
    pathlib.Path(depfile).write_text(f"{header}: {' '.join(str(p) for p in [index_path, *paths])}\n",
                                     encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
