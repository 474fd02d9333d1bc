#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that each checker can fail: small trees and symbol lists with one fault each.

Prints TAP. A checker that finds nothing, or finds something else, fails its case here.
"""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check_includes
import check_style
import check_symbols
import summarise

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"

# name, file, its text, what the complaint must say (None: no complaint)
INCLUDES = [
    ("a lower floor", "webhook/kube/a.c", '#include "base/str.h"\n', None),
    ("its own folder", "webhook/kube/a.c", '#include "kube/labels.h"\n', None),
    ("the C library", "webhook/kube/a.c", "#include <sys/types.h>\n", None),
    ("its own library", "webhook/server/a.c", "#include <gnutls/x509.h>\n", None),
    ("certs from the server", "webhook/server/a.c", '#include "certs/store.h"\n', None),
    ("upward", "webhook/engine/a.c", '#include "server/http.h"\n', "webhook/engine/a.c:1: \"server/http.h\": engine (floor 2)"),
    ("upward, indented", "webhook/base/a.h", '\n #  include "kube/labels.h"\n', "webhook/base/a.h:2:"),
    ("sideways", "webhook/kube/a.c", '#include "yaml/read.h"\n', "kube (floor 1) must not know yaml (floor 1)"),
    ("sideways, certs", "certs/a.c", '#include "obs/log.h"\n', "certs (floor 3) must not know obs"),
    ("files for the engine", "webhook/engine/a.c", '#include "sys/file.h"\n', "it may include base, jsone, kube"),
    ("another's library", "webhook/engine/a.c", "#include <jansson.h>\n", "only report knows this library"),
    ("another's library, a folder", "webhook/cli/a.c", "#include <openssl/x509.h>\n", "only certs knows this library"),
    ("an unknown library", "webhook/cli/a.c", "#include <curl/curl.h>\n", "no folder is given this library"),
    ("no folder", "webhook/kube/a.c", '#include "labels.h"\n', "write the folder too"),
    ("a macro", "webhook/kube/a.c", "#include HEADER\n", "must be written out"),
    ("an unknown folder", "webhook/attic/a.c", "", "give this folder a floor"),
    ("an unknown folder's header", "webhook/cli/a.c", '#include "attic/a.h"\n', "there is no folder attic"),
]

LONG_FUNCTION = "static int long_one(int a,\n                    int b)\n{\n" + "    a += b;\n" * 99 + "}\n"
STYLE = [
    ("all in order", "webhook/cli/a.c", LICENCE + "int main(void)\n{\n    return 0;\n}\n", None),
    ("a long function", "webhook/cli/a.c", LICENCE + LONG_FUNCTION, "webhook/cli/a.c:2: long_one has 103 lines"),
    ("a long file", "tests/unit/a.c", LICENCE + "\n" * 800, "tests/unit/a.c: 801 lines, at most 800"),
    ("no licence, C", "certs/a.c", "int x;\n", "certs/a.c:1: the first line"),
    ("no licence, python", "tests/a.py", "#!/usr/bin/env python3\nimport os\n", "tests/a.py:1:"),
    ("a wrong guard", "webhook/base/a.h", LICENCE + "#ifndef A_H\n#define A_H\n#endif\n", "should be PN_BASE_A_H"),
    ("somebody's home", "docs/guide.md", "run it in `/ho" + "me/ada/pannier`\n", "docs/guide.md:1: a place on one machine: /ho"),
    ("a workspace", "dev", "# SPDX-License-Identifier: Apache-2.0\ncd /work" + "space/x\n", "dev:2: a place on one machine"),
    ("a path of a URL", "README.md", "see https://example.com/ho" + "me/ada\n", None),
]

# name, [(folder, nm's text)], what the complaint must say (None: no complaint)
BASE = ("base", "str.c.o:\n0000 T pn_str_cmp\n")
SYMBOLS = [
    ("a lower floor", [BASE, ("kube", "labels.c.o:\n         U pn_str_cmp\n0000 T pn_labels\n")], None),
    ("the C library", [("base", "libbase.a:str.c.o:\n U __memcpy_chk\n U qsort\n U __stack_chk_fail\n")], None),
    ("its own library", [("engine", "json.c.o:\n                 U yyjson_read_opts\n")], None),
    ("files", [("engine", "dir/review.c.o:\n                 U fopen@GLIBC_2.2\n")], "engine: review.c.o needs fopen"),
    ("standard output", [("kube", "labels.c.o:\n U __printf_chk\n")], "labels.c.o needs __printf_chk"),
    ("the clock", [BASE, ("engine", "engine.c.o:\n U clock_gettime\n")], "needs clock_gettime"),
    ("the environment", [("base", "str.c.o:\n U getenv\n")], "needs getenv"),
    ("locale through ctype", [("base", "str.c.o:\n U __ctype_b_loc\n")], "needs __ctype_b_loc"),
    ("a weak symbol", [("base", "str.c.o:\n w pthread_create\n")], "needs pthread_create"),
    ("numbers elsewhere", [("base", "str.c.o:\n U strtod\n")], "str.c.o needs strtod"),
    ("yyjson elsewhere", [("engine", "patch.c.o:\n U yyjson_write\n")], "patch.c.o needs yyjson_write"),
    ("upward", [BASE, ("kube", "labels.c.o:\n U pn_config_load\n")], "needs pn_config_load, which is not of a lower floor"),
    ("upward among these", [("base", "str.c.o:\n U pn_labels\n"), ("kube", "labels.c.o:\n0000 T pn_labels\n")], "needs pn_labels"),
]


def entry(stdout, result="OK", returncode=0):
    return {"name": "t", "stdout": stdout, "result": result, "returncode": returncode}


# name, entries of meson's log, meson's exit code, the last line, the exit code
SUMMARIES = [
    ("TAP", [entry("1..2\nok 1 - a: Passed\nok 2 - b: Passed\n")], "0", "2 passed, 0 failed", 0),
    ("TAP with a failure", [entry("1..2\nok 1 - a\nnot ok 2 - b\n", "FAIL", 1)], "1", "1 passed, 1 failed", 1),
    ("TAP, skipped cases", [entry("1..2\nok 1 - a\nok 2 - b # SKIP no clang\n")], "0", "1 passed, 0 failed", 0),
    ("totals of its own", [entry("x\n7 passed, 0 failed\n")], "0", "7 passed, 0 failed", 0),
    ("totals with a failure", [entry("7 passed, 2 failed\n", "FAIL", 1)], "1", "7 passed, 2 failed", 1),
    ("no counts", [entry("hello\n"), entry("", "FAIL", 1)], "1", "1 passed, 1 failed", 1),
    ("a crash after all cases", [entry("3 passed, 0 failed\n", "FAIL", -11)], "1", "3 passed, 1 failed", 1),
    ("a time-out", [entry("1..9\nok 1 - a\n", "TIMEOUT", -15)], "1", "1 passed, 1 failed", 1),
    ("failures behind exit code 0", [entry("1 passed, 1 failed\n")], "0", "1 passed, 1 failed", 1),
    ("meson itself", [entry("1 passed, 0 failed\n")], "2", "1 passed, 1 failed", 1),
    ("nothing ran", [], "0", "0 passed, 0 failed", 1),
    ("all skipped", [entry("", "SKIP", 77)], "0", "0 passed, 0 failed", 1),
]


def judge_tree(checker, file, text):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        (root / "webhook").mkdir()
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
        return checker.check(root)


def agrees(outcome, want):
    """Exactly the wanted complaint and one bad file; or none, and something was looked at."""
    complaints, good, bad = outcome
    if want is None:
        return not complaints and good == 1 and bad == 0
    return len(complaints) == 1 and want in complaints[0] and bad == 1


def judge_summary(entries, meson_code):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "testlog.json")
        with open(log, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(e) + "\n" for e in entries)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = summarise.main(log, meson_code)
        return out.getvalue().splitlines()[-1], code


def cases():
    """(name, what was got, whether it is right)"""
    for checker, table in ((check_includes, INCLUDES), (check_style, STYLE)):
        for name, file, text, want in table:
            got = judge_tree(checker, file, text)
            yield f"{checker.__name__}: {name}", got, agrees(got, want)
    for name, libraries, want in SYMBOLS:
        got = check_symbols.check(libraries)
        right = not got[0] and got[2] == 0 if want is None else len(got[0]) == 1 and want in got[0][0] and got[2] == 1
        yield f"check_symbols: {name}", got, right
    for name, entries, meson_code, line, code in SUMMARIES:
        got = judge_summary(entries, meson_code)
        yield f"summarise: {name}", got, got == (line, code)


def main():
    failed = number = 0
    for number, (name, got, right) in enumerate(cases(), 1):
        print(f"{'ok' if right else 'not ok'} {number} - {name}")
        if not right:
            failed += 1
            print(f"# got {got}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
