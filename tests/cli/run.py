#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the CLI over the case folders beside this file: run.py [--update] PANNIER [CASE...]

A case is a folder with
  cmd      bash, run in a copy of the folder with `pannier` on PATH; _shared stands beside the copy
  stdin    what it reads (optional)
  stdout, stderr   what it must print, byte for byte (a missing file is not compared)
  exit     its exit code (optional, 0)

--update writes stdout, stderr and exit as they are now; read them before you keep them. A case
whose folder holds the file `stdout-ignored` or `stderr-ignored` does not get that file.
"""

import difflib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 120

# A hash of the template's content, which may change with the way it is computed.
REVISION = re.compile(rb'(\\?"rev\\?":\\?")[0-9a-f]{8}')


def environment(bin_folder):
    kept = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    # Neither a locale nor a terminal of whoever runs this.
    env.update(PATH=f"{bin_folder}:/usr/local/bin:/usr/bin:/bin", LC_ALL="C.UTF-8", TERM="xterm")
    return env


def run(case, pannier):
    """(exit code, stdout, stderr) of a case."""
    with tempfile.TemporaryDirectory(prefix="pannier-cli-") as folder:
        place = pathlib.Path(folder)
        (place / "bin").mkdir()
        (place / "bin" / "pannier").symlink_to(pannier)
        shutil.copytree(HERE / "_shared", place / "_shared", symlinks=True)
        shutil.copytree(case, place / case.name, symlinks=True)
        stdin = case / "stdin"
        # Under nohup SIGHUP is ignored, and so it would be here.
        done = subprocess.run(["bash", "cmd"], cwd=place / case.name,
                              preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
                              env=environment(place / "bin"), timeout=TIMEOUT_SECONDS,
                              input=stdin.read_bytes() if stdin.exists() else b"",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, *(REVISION.sub(rb"\g<1>REVISION", text)
                              for text in (done.stdout, done.stderr))


def expected_exit(case):
    file = case / "exit"
    return int(file.read_text()) if file.exists() else 0


def differences(name, expected, got):
    lines = [text.decode("utf-8", "backslashreplace").splitlines() for text in (expected, got)]
    return [f"    {line}" for line in
            difflib.unified_diff(*lines, f"expected {name}", f"got {name}", lineterm="")]


def judge(case, code, streams):
    """What is wrong, as lines; none when all is as it must be."""
    wrong = []
    if code != expected_exit(case):
        wrong.append(f"    exit code {code}, expected {expected_exit(case)}")
    for name, got in streams.items():
        file = case / name
        if file.exists() and file.read_bytes() != got:
            wrong += differences(name, file.read_bytes(), got)
    if code != expected_exit(case) and not (case / "stderr").exists():
        wrong += [f"    {line}" for line in streams["stderr"].decode(errors="replace").splitlines()]
    return wrong


def update(case, code, streams):
    for name, got in streams.items():
        if not (case / f"{name}-ignored").exists():
            (case / name).write_bytes(got)
    file = case / "exit"
    if code != 0:
        file.write_text(f"{code}\n")
    elif file.exists():
        file.unlink()


def main(arguments):
    updating = "--update" in arguments
    arguments = [a for a in arguments if a != "--update"]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    pannier = pathlib.Path(arguments[0]).resolve()
    cases = sorted(folder for folder in HERE.iterdir() if (folder / "cmd").exists())
    wanted = arguments[1:] or [case.name for case in cases]
    unknown = set(wanted) - {case.name for case in cases}
    if unknown:
        print(f"no such case: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    passed = failed = 0
    for case in cases:
        if case.name not in wanted:
            continue
        try:
            code, stdout, stderr = run(case, pannier)
        except subprocess.TimeoutExpired:
            print(f"not ok {case.name}\n    still running after {TIMEOUT_SECONDS} seconds")
            failed += 1
            continue
        streams = {"stdout": stdout, "stderr": stderr}
        if updating:
            update(case, code, streams)
        wrong = judge(case, code, streams)
        print(f"{'not ok' if wrong else 'ok'} {case.name}")
        print("\n".join(wrong), end="\n" if wrong else "")
        failed += bool(wrong)
        passed += not wrong
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
