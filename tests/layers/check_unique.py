#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds that no two libraries define one name: check_unique.py ARCHIVE...

The linker takes the first of two archives that define a symbol and says nothing, so one folder would
call the function of another. Exit code 1 when a name stands twice.
"""

import collections
import pathlib
import subprocess
import sys


def main(archives):
    where = collections.defaultdict(set)
    for archive in archives:
        listing = subprocess.run(["nm", "-g", "--defined-only", archive], check=True,
                                 capture_output=True, text=True).stdout
        for line in listing.splitlines():
            parts = line.split()
            if len(parts) == 3 and not parts[2].startswith("__"):
                where[parts[2]].add(pathlib.Path(archive).name)
    twice = {name: libraries for name, libraries in where.items() if len(libraries) > 1}
    for name, libraries in sorted(twice.items()):
        print(f"{name} is defined in {' and '.join(sorted(libraries))}")
    print(f"{len(where) - len(twice)} names in order, {len(twice)} not")
    return 1 if twice or not where else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
