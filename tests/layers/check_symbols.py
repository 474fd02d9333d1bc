#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the purity of the lower floors by their undefined symbols: check_symbols.py FOLDER=LIBRARY...

The static libraries are named from the lowest floor up. What an object needs and its own library
does not define must come from a library named before it or be on the lists below. So no stdio, sockets, time, getenv, locale or
pthread can enter base, jsone, kube or engine unseen. NM (default: nm) reads the libraries.
Exit code 1 when something is wrong.
"""

import os
import re
import subprocess
import sys

# Pure functions of the C library: memory, bytes, arithmetic, sorting.
LIBC = set("""
    malloc calloc realloc reallocarray free aligned_alloc
    memchr memrchr memcmp memcpy memmem memmove memset mempcpy bcmp explicit_bzero
    strchr strrchr strchrnul strcmp strncmp strcpy stpcpy strlen strnlen strcspn strspn strpbrk strstr strdup strndup
    qsort bsearch abs labs llabs abort
    ceil floor trunc round rint fabs fmod fmin fmax pow sqrt modf frexp ldexp scalbn log log10 log2 exp
    vsnprintf snprintf
""".split())
# _FORTIFY_SOURCE=3 turns memcpy into __memcpy_chk, and so on.
CHECKED = re.compile(r"__(\w+)_chk$")
# What the compiler itself puts in: stack protector, outlined atomics, arithmetic, position-independent code.
COMPILER = re.compile(r"__stack_chk_(fail|guard)$|__chk_fail$|__aarch64_\w+$|__(u?div|u?mod|mul|float|fix)\w*[td]i\w*$"
                      r"|__(popcount|parity|clz|ctz|ffs|bswap)[sdt]i2$|_GLOBAL_OFFSET_TABLE_$")
# What single files may use beyond that: text to number and back (errno carries the range error),
# regular expressions, and yyjson.
OWN = {
    ("base", "number.c"): re.compile(r"(strtod|strtol|__isoc23_strtol|__errno_location)$"),
    ("engine", "pattern.c"): re.compile(r"reg(comp|exec|free|error)$"),  # patterns of parameters
    ("engine", "json.c"): re.compile(r"yyjson_\w+$"),
    ("engine", "review.c"): re.compile(r"yyjson_\w+$"),
}
# `nm` prints "archive.a:object.o:" or "object.o:" above an object, then "  U name" or "address T name".
OBJECT = re.compile(r"^(?:.*?:)?([^:\s]+\.o(?:bj)?):$")
SYMBOL = re.compile(r"^[0-9a-f]*\s+([A-Za-z])\s+(\S+)$")


def parse_nm(text):
    """[(object, symbol)] of what is undefined, and the set of what is defined for others."""
    undefined, defined, current = [], set(), "?"
    for line in text.splitlines():
        header, symbol = OBJECT.match(line), SYMBOL.match(line)
        if header:
            current = header.group(1).rsplit("/", 1)[-1]
        elif symbol and symbol.group(1) in "Uwv":
            undefined.append((current, symbol.group(2).split("@")[0]))
        elif symbol:
            defined.add(symbol.group(2))
    return undefined, defined


def is_allowed(folder, obj, symbol):
    checked = CHECKED.match(symbol)
    plain = checked.group(1) if checked else symbol
    own = OWN.get((folder, re.sub(r"\.o(bj)?$", "", obj)))
    return plain in LIBC or bool(COMPILER.match(symbol)) or bool(own and own.match(plain))


def check(libraries):
    """libraries: [(folder, nm's text)] from the lowest floor up. (complaints, good objects, bad ones)"""
    complaints, good, bad, below = [], set(), set(), set()
    for folder, text in libraries:
        undefined, defined = parse_nm(text)
        below |= defined
        for obj, symbol in undefined:
            if symbol in below or is_allowed(folder, obj, symbol):
                good.add((folder, obj))
                continue
            bad.add((folder, obj))
            why = "is not of a lower floor" if symbol.startswith("pn_") else "is not allowed on this floor"
            complaints.append(f"{folder}: {obj} needs {symbol}, which {why}")
    return complaints, len(good - bad), len(bad)


def nm(library):
    tool = os.environ.get("NM", "nm")
    done = subprocess.run([tool, "--extern-only", library], capture_output=True, text=True)
    if done.returncode != 0 or " T " not in done.stdout:
        sys.exit(f"{tool} {library}: nothing to check: {done.stderr.strip() or 'no function is defined'}")
    return done.stdout


def main(*arguments):
    libraries = [argument.partition("=")[::2] for argument in arguments]
    complaints, good, bad = check([(folder, nm(library)) for folder, library in libraries])
    for complaint in complaints:
        print(complaint)
    print(f"{good} objects in order, {bad} not")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
