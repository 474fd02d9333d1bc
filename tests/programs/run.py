#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped templates with the real programs: run.py [NAME...]

Runs the functions test_* of each test_NAME.py beside this file; NAME is a template. Each test gets
an empty folder. A test that lacks a program fails: `./dev programs` gets them. Only what no registry has
is skipped (unittest.SkipTest). The last line is "N passed, N failed"; before it stands how many were skipped.
"""

import importlib
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def own_network():
    """Starts this again in a network namespace of its own, where every port is free."""
    if os.environ.get("PANNIER_PROGRAMS_NETWORK") != "own":
        os.environ["PANNIER_PROGRAMS_NETWORK"] = "own"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def main():
    own_network()
    names = sys.argv[1:] or sorted(p.stem.removeprefix("test_").replace("_", "-")
                                   for p in HERE.glob("test_*.py"))
    passed = failed = skipped = 0
    for name in names:
        module = importlib.import_module("test_" + name.replace("-", "_"))
        for test in [v for k, v in vars(module).items() if k.startswith("test_")]:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    test(pathlib.Path(folder))
                    passed += 1
                    print(f"ok {passed + failed} - {name}: {test.__name__}", flush=True)
                except unittest.SkipTest as why:
                    skipped += 1
                    print(f"skipped - {name}: {test.__name__}: {why}", flush=True)
                except Exception:  # pylint: disable=broad-except
                    failed += 1
                    print(f"not ok {passed + failed} - {name}: {test.__name__}")
                    print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
    if skipped:
        print(f"# {skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main())
