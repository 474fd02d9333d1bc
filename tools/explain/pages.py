#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the pages of `pannier explain` from the documents: pages.py OUT.h OUT.d INDEX.md...

The tables of links in each INDEX.md are the list of ids, by section: the first column is a link to the page, the one
with the head `meaning`, or with none, says what it is; one with the head `name` is another name for it. The linked
pages are what is told of each. Where the first column is no link and another has the head `what to do`, the row itself
is the page, with the text before the table. OUT.h has both as plain text for a terminal, without Markdown; OUT.d tells
ninja the files that were read.
"""

import pathlib
import re
import sys
import textwrap

COLUMNS = 79
ID = re.compile(r"[A-Z]+[0-9]+")
ANCHOR = re.compile(r'<a id="[^"]*"></a>')
LINK = re.compile(r"\[`?([A-Za-z0-9-]+)`?\]\(([^)#]+\.md)\)")


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


class Entry:
    """One id: where it stands, and what it is."""

    def __init__(self, index, section, head, cells):
        link = LINK.fullmatch(cells[0])
        self.name = link[1] if link else cells[0]
        self.page = index.parent / link[2] if link else index
        self.section = section
        columns = dict(zip(head, cells))
        self.advice = None if link else columns["what to do"]
        self.alias = plain(columns.get("name", ""))
        self.meaning = columns["meaning"] if "meaning" in columns else columns[""]

    def text(self):
        markdown = self.page.read_text(encoding="utf-8")
        if self.advice is not None:
            about = markdown.split("\n|")[0].partition("\n")[2].strip()
            markdown = f"# {self.name} {self.alias}\n\n{self.meaning}.\n\n## What to do\n\n{self.advice}.\n\n## What it is\n\n{about}"
        return page_text(markdown, self.section)


def table_entries(index, section, body):
    """The entries of all tables in a section."""
    head = None
    for line in body.split("\n"):
        if not line.startswith("|"):
            head = None
            continue
        cells = [ANCHOR.sub("", cell).strip() for cell in line.strip("|").split("|")]
        if head is None:
            head = cells
        elif LINK.fullmatch(cells[0]) or ("what to do" in head and ID.fullmatch(cells[0])):
            yield Entry(index, section, head, cells)


def read_index(index):
    """Its entries; a document without sections is one."""
    for part in re.split(r"^##? ", index.read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        yield from table_entries(index, plain(title), body)


def listing(entries):
    """All ids, section by section."""
    width = max(len(entry.name) for entry in entries) + 2
    lines, section = [], None
    for entry in entries:
        if entry.section != section:
            lines += ([""] if lines else []) + [entry.section]
            section = entry.section
        lines.append(fill(entry.meaning, " " * (width + 2), "  " + entry.name.ljust(width)))
    return "\n".join(lines) + "\n"


def literal(text):
    """A C string, one line of the text on each line."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return "\n    ".join(f'"{line}\\n"' for line in list(escaped)[:-1])


def main(header, depfile, *indices):
    indices = [pathlib.Path(index) for index in indices]
    entries = [entry for index in indices for entry in read_index(index)]
    pages = "".join(f'    {{"{entry.name}", "{entry.alias}",\n    {literal(entry.text())}}},\n' for entry in entries)
    pathlib.Path(header).write_text(
        f"/* Made by tools/explain/pages.py from {', '.join(index.name for index in indices)}. */\n"
        f"static const char explain_index[] =\n    {literal(listing(entries))};\n\n"
        f"static const struct explain_page explain_pages[] = {{\n{pages}}};\n", encoding="utf-8")
    pathlib.Path(depfile).write_text(
        f"{header}: {' '.join(str(path) for path in [*indices, *(entry.page for entry in entries)])}\n",
        encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
