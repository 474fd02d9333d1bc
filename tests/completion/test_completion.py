#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the Tab key does: test_completion.py PANNIER SCRIPTS

bash and zsh run on a terminal of their own, where keys are typed and the words of the line that came of it are
looked at; fish tells what it would offer. Bash's function is also called as bash calls it. kubectl asks its
plugin. Shells that are not installed are skipped.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

PANNIER, SCRIPTS = (pathlib.Path(a).resolve() for a in sys.argv[1:])
TIMEOUT_SECONDS = 60

FILES = ["web app.yaml", "it's.yaml", "a=b.yaml", "dollar$x.yaml", "-dash.yaml", "plain/nested.yaml"]

def environment(place):
    return {"PATH": f"{place}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(place), "LC_ALL": "C.UTF-8",
            "TERM": "dumb", "XDG_CONFIG_HOME": f"{place}/config", "XDG_DATA_HOME": f"{place}/data",
            **{k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))}}


def make_place(folder):
    place = pathlib.Path(folder)
    (place / "bin").mkdir()
    for name in ("pannier", "kubectl-pannier"):
        (place / "bin" / name).symlink_to(PANNIER)
    shutil.copy(SCRIPTS / "kubectl_complete-pannier", place / "bin")
    (place / "work" / "plain").mkdir(parents=True)
    for name in FILES:
        (place / "work" / name).write_text("")
    for shell in ("bash", "zsh", "fish"):
        script = subprocess.run([PANNIER, "completion", shell], capture_output=True, check=True).stdout
        (place / f"pannier.{shell}").write_bytes(script)
    return place


# ---- candidates: lines that end at the cursor, and what must be among what is offered ---------------------------

# (line, what must be offered, what must not); () offers nothing. Shells differ in how they quote names of files.
CANDIDATES = [
    ("", ["serve", "preview", "lint", "certs", "help"], ["certs issue", "issue"]),
    ("certs ", ["issue", "check"], ["serve"]),
    ("certs is", ["issue"], ["check"]),
    ("help certs ", ["issue", "check"], []),
    ("preview --out", ["--output"], ["--filename"]),
    ("certs issue --ca-", ["--ca-dir", "--ca-cert-file", "--ca-key-file", "--ca-validity"], ["--output-dir"]),
    ("preview -o ", ["diff", "patch", "yaml", "admission-review"], ["sarif"]),
    ("preview --output ta", ["table"], ["diff"]),
    ("lint --fail-level ", ["error", "warning", "info"], []),
    ("lint -o ", ["sarif", "github"], ["diff"]),
    ("lint --select PN060", ["PN0601", "PN0604"], ["PN0501"]),
    ("lint --select PN0601,PN060", ["PN0601,PN0604"], ["PN0604"]),
    ("lint --ignore port-c", ["port-collision"], ["port-name-collision"]),
    ("lint --severity PN0604", ["PN0604="], []),
    ("explain port-", ["port-taken", "port-name-taken"], ["env-taken"]),
    ("explain PN0604", ["PN0604"], []),
    ("explain port-taken ", [], ["port-taken"]),
    ("completion ", ["bash", "zsh", "fish"], []),
    ("preview --operation=CREATE --oper", [], ["--operation"]),
    ("preview --policies=a --pol", ["--policies"], []),
    ("preview -- --out", [], ["--output"]),
    ("nonsense ", [], ["serve"]),
]


def judge_candidates(offers, cases):
    problems = []
    for line, wanted, unwanted in cases:
        got = offers(line)
        missing = [word for word in wanted if word not in got]
        wrong = [word for word in unwanted if word in got]
        if missing or wrong or (not wanted and not unwanted and got):
            problems.append(f"pannier {line}<Tab>: offers {got}; missing {missing}, wrong {wrong}")
    return problems


def words_of(line):
    """The words of a line in which nothing is quoted; the last one is at the cursor."""
    return line.split(" ")


# What bash hands over: words broken at = and :, as COMP_WORDBREAKS has them.
BASH_FUNCTION = """
source ../pannier.bash
COMP_WORDS=(pannier "$@") COMP_CWORD=$#
_pannier 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""

# Behind the break, as readline wants them.
BASH_BROKEN = [
    ("preview --output=", ["diff", "patch"], []),
    ("preview --output=ta", ["table"], ["--output=table"]),
    ("lint --select=PN060", ["PN0604"], []),
    ("lint --severity PN0604=", ["error", "warning"], []),
    ("lint --severity=PN0604=w", ["warning"], ["error"]),
    ("serve --metrics-bind-address :8080 --log-f", ["--log-format"], []),
]


def bash_offers(place):
    def offers(line):
        words = [part for word in words_of(line)
                 for part in [p for p in re.split(r"([=:]+)", word) if p] or [""]]
        done = subprocess.run(["bash", "-c", BASH_FUNCTION, "bash", *words], cwd=place / "work", text=True,
                              env=environment(place), capture_output=True, check=True)
        return done.stdout.split()
    return offers


def fish_offers(place):
    def offers(line):
        done = subprocess.run(["fish", "--no-config", "-c",
                               f"source ../pannier.fish; complete -C 'pannier {line}'"], cwd=place / "work",
                              text=True, env=environment(place), capture_output=True, check=True)
        return [row.split("\t")[0] for row in done.stdout.splitlines()]
    return offers


FISH_WHOLE = [
    ("preview --output=", ["--output=diff", "--output=patch"], []),
    ("lint --severity PN0604=w", ["PN0604=warning"], []),
    ("preview -f web", ["web app.yaml"], ["plain/"]),
    ("preview --filename=web", ["--filename=web app.yaml"], []),
    ("lint -o sarif=pl", ["sarif=plain/"], []),
    ("certs issue -d ", ["plain/"], ["web app.yaml"]),
    ("certs issue -d p", ["plain/"], []),
]


def kubectl_offers(kubectl, place):
    """What kubectl itself tells a shell: its completion protocol asks the plugin's program."""
    def offers(line):
        done = subprocess.run([kubectl, "__complete", "pannier", *words_of(line)], cwd=place / "work", text=True,
                              env=environment(place), capture_output=True, check=True)
        return [row.split("\t")[0] for row in done.stdout.splitlines() if not row.startswith(":")]
    return offers


# ---- keys ------------------------------------------------------------------------------------------------------

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source ../pannier.bash; PS1='$ '"),
    "zsh": (["zsh", "-f", "-i"],
            "autoload -Uz compinit; compinit -u -D; bindkey -e; unsetopt autoremoveslash; PS1='$ '; LISTMAX=999; source ../pannier.zsh"),
}

# (what is typed before Tab, the words of the line that come of it); names of files end with a blank, unless
# they are directories.
KEYS = [
    ("pannier cer\tis\t", ["pannier", "certs", "issue"]),
    ("pannier preview --error\t", ["pannier", "preview", "--error-unchanged"]),
    ("pannier preview --output=ta\t", ["pannier", "preview", "--output=table"]),
    ("pannier lint --severity PN0604=w\t", ["pannier", "lint", "--severity", "PN0604=warning"]),
    ("pannier lint --select PN0601,port-c\t", ["pannier", "lint", "--select", "PN0601,port-collision"]),
    ("pannier explain port-t\t", ["pannier", "explain", "port-taken"]),
    ("pannier preview -f we\t-p pl\t", ["pannier", "preview", "-f", "web app.yaml", "-p", "plain/"]),
    ("pannier preview -f it\t", ["pannier", "preview", "-f", "it's.yaml"]),
    ("pannier preview -f doll\t", ["pannier", "preview", "-f", "dollar$x.yaml"]),
    ("pannier preview -f plain/n\t", ["pannier", "preview", "-f", "plain/nested.yaml"]),
    ("pannier preview --filename=we\t", ["pannier", "preview", "--filename=web app.yaml"]),
    ("pannier preview --filename we\t", ["pannier", "preview", "--filename", "web app.yaml"]),
    ("pannier preview -f 'web app.yaml' --error\t",
     ["pannier", "preview", "-f", "web app.yaml", "--error-unchanged"]),
    ("pannier lint -o sarif=we\t", ["pannier", "lint", "-o", "sarif=web app.yaml"]),
    ("pannier lint we\t", ["pannier", "lint", "web app.yaml"]),
    ("pannier certs issue --output-dir=p\t", ["pannier", "certs", "issue", "--output-dir=plain/"]),
    ("pannier certs issue -d \t", ["pannier", "certs", "issue", "-d", "plain/"]),
    ("pannier version we\t", ["pannier", "version", "we"]),
    ("pannier preview --operation we\t", ["pannier", "preview", "--operation", "we"]),
]

# Prints the words of a line; typed in front of it.
ARGS = r"""args() { printf '\n[%s]' "$@"; printf '\n[en%s]\n' d; }"""


class Terminal:
    """A shell that somebody types at."""

    def __init__(self, place, command, setup):
        pid, self.file = pty.fork()
        if pid == 0:
            os.chdir(place / "work")
            os.execvpe(command[0], command, environment(place))
        self.pid, self.seen = pid, ""
        self.send(f"{ARGS}; {setup}; args ready\r")
        self.wait()

    def send(self, keys):
        os.write(self.file, keys.encode())

    def wait(self):
        """What was printed until the end of `args`."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while "[end]" not in self.seen:
            ready, _, _ = select.select([self.file], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(self.seen)
            self.seen += os.read(self.file, 65536).decode(errors="replace")
        text, _, self.seen = self.seen.partition("[end]")
        return text

    def words(self, keys):
        """Types the keys, and `args ` in front of what became of them."""
        self.send(keys + "\x01args \r")
        return re.findall(r"^\[(.*)\]\r?$", self.wait(), re.M)

    def close(self):
        os.close(self.file)
        os.waitpid(self.pid, 0)


def judge_keys(place, shell):
    command, setup = SHELLS[shell]
    problems = []
    terminal = Terminal(place, command, setup)
    try:
        for keys, wanted in KEYS:
            got = terminal.words(keys)
            if got != wanted:
                problems.append(f"{keys!r} becomes {got}, not {wanted}")
    except TimeoutError as stuck:
        problems.append(f"{keys!r}: nothing more came after\n{stuck}")
    finally:
        terminal.close()
    return problems


def find_kubectl():
    """A kubectl that knows completion of plugins, 1.26 or later."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    kubectl = shutil.which("kubectl", path=assets) or shutil.which("kubectl")
    if kubectl is None:
        return None
    done = subprocess.run([kubectl, "version", "--client"], capture_output=True, text=True, check=False)
    version = re.search(r"v1\.(\d+)", done.stdout)
    return kubectl if version and int(version[1]) >= 26 else None


def main():
    with tempfile.TemporaryDirectory(prefix="pannier-completion-") as folder:
        place = make_place(folder)
        report("bash: what the function offers", judge_candidates(bash_offers(place), CANDIDATES))
        report("bash: words are broken at = and :", judge_candidates(bash_offers(place), BASH_BROKEN))
        for shell in SHELLS:
            if shutil.which(shell):
                report(f"{shell}: keys", judge_keys(place, shell))
            else:
                report(f"{shell}: keys", skip=f"{shell} is not installed")
        if shutil.which("fish"):
            report("fish: what is offered", judge_candidates(fish_offers(place), CANDIDATES + FISH_WHOLE))
        else:
            report("fish: what is offered", skip="fish is not installed")
        kubectl = find_kubectl()
        if kubectl:
            report("kubectl: what is offered", judge_candidates(kubectl_offers(kubectl, place), CANDIDATES))
        else:
            report("kubectl: what is offered", skip="there is no kubectl 1.26 or later")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
