#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the Dockerfile's steps without a container engine, and runs what comes out.

test_image.py PROJECT PANNIER DEBIAN WORK: DEBIAN is a root file system as the base image is (debootstrap makes one), WORK a
directory for the stages. Needs root. The last line is "N passed, N failed".
"""

import base64
import filecmp
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import ssl
import stat
import subprocess
import sys
import traceback
import urllib.request

USER = 65532
TESTS = []


def test(function):
    TESTS.append(function)
    return function


# ---- the Dockerfile -----------------------------------------------------------------------------------


def instructions(text):
    """(name, argument) of each instruction."""
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            name, argument = line.strip().split(None, 1)
            yield name.upper(), argument.strip()


class Stage:
    def __init__(self, root):
        self.root, self.directory = root, "/"
        self.variables, self.user = {}, None
        self.entrypoint, self.command = [], []

    def inside(self, path):
        return self.root / os.path.join(self.directory, path).lstrip("/")


class Build:
    """Builds the stages one after the other. What the first RUN leaves is kept for later runs."""

    def __init__(self, project, debian, work):
        self.project, self.debian, self.work = project, debian, work
        self.allowed = [line[1:] for line in (project / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        self.stages, self.arguments = {}, {}

    def expand(self, text, stage=None):
        known = {**self.arguments, **(stage.variables if stage else {})}
        return re.sub(r"\$\{(\w+)\}", lambda m: known.get(m[1], m[0]), text)

    def run(self, dockerfile):
        stage = None
        for name, argument in instructions(dockerfile):
            if name == "FROM":
                stage = self.begin(*re.fullmatch(r"(\S+)(?: AS (\w+))?", self.expand(argument)).groups())
            elif stage is None:
                assert name == "ARG", f"{name} before FROM"
                self.arguments.update([argument.split("=", 1)])
            else:
                getattr(self, "do_" + name.lower())(stage, argument)
        return stage

    def begin(self, base, name):
        root = self.work / (name or "final")
        shutil.rmtree(root, ignore_errors=True)
        if base == "scratch":
            root.mkdir(parents=True)
        else:
            assert "debian:13" in base, f"{base} is not what the root file system is"
            subprocess.run(["cp", "-a", "--reflink=auto", self.debian, root], check=True)
        self.stages[name] = Stage(root)
        return self.stages[name]

    @staticmethod
    def do_arg(stage, argument):
        stage.variables.update([argument.split("=", 1)])

    @staticmethod
    def do_workdir(stage, argument):
        stage.directory = argument
        stage.inside(".").mkdir(parents=True, exist_ok=True)

    def do_copy(self, stage, argument):
        words = shlex.split(argument)
        if words[0].startswith("--from="):
            source = self.stages[words.pop(0).removeprefix("--from=")]
            paths = [source.inside(w) for w in words[:-1]]
        else:
            for word in words[:-1]:
                assert any((word + "/").startswith(a + "/") for a in self.allowed), f".dockerignore leaves out {word}"
            paths = [self.project / w for w in words[:-1]]
        target = stage.inside(words[-1])
        for path in paths:
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-a", "--no-preserve=ownership", f"{path}/.", target], check=True)
            else:
                (target if words[-1].endswith("/") else target.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)

    def do_run(self, stage, argument):
        seen = repr((argument, stage.variables, str(self.debian)))
        kept = self.work / ("kept-" + hashlib.sha256(seen.encode()).hexdigest()[:16])
        first = "apt-get" in argument
        if first and kept.exists():
            shutil.rmtree(stage.root)
            subprocess.run(["cp", "-a", "--reflink=auto", kept, stage.root], check=True)
            return
        if first:
            shutil.copy2("/etc/resolv.conf", stage.root / "etc/resolv.conf")
        script = ('mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && '
                  'exec chroot "$1" /bin/sh -c "cd $2 && $3"')
        done = subprocess.run(["unshare", "--mount", "--", "sh", "-c", script, "sh", stage.root, stage.directory, argument],
                              env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **stage.variables},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200, check=False)
        assert done.returncode == 0, f"RUN {argument}\n{done.stdout[-4000:]}"
        if first:
            subprocess.run(["cp", "-a", "--reflink=auto", stage.root, kept], check=True)

    @staticmethod
    def do_label(stage, argument):
        assert all("=" in word for word in shlex.split(argument)), argument

    @staticmethod
    def do_expose(stage, argument):
        assert all(port.isdigit() for port in argument.split()), argument

    @staticmethod
    def do_user(stage, argument):
        stage.user = argument

    @staticmethod
    def do_entrypoint(stage, argument):
        stage.entrypoint = json.loads(argument)

    @staticmethod
    def do_cmd(stage, argument):
        stage.command = json.loads(argument)


# ---- what comes out -----------------------------------------------------------------------------------


class Image:
    def __init__(self, project, pannier, debian, work):
        self.project, self.pannier, self.work = project, pannier, work
        self.build = Build(project, debian, work)
        self.final = self.build.run((project / "Dockerfile").read_text())

    def start(self, *arguments, tls=None):
        """The entry point with a read-only root and the image's user, as a kubelet would start it; `tls` is mounted at /mnt."""
        root = self.final.root
        (root / "mnt").mkdir(exist_ok=True)
        script = ('mount --bind "$1" "$1" && mount --bind "$2" "$1/mnt" && mount -o remount,ro,bind "$1" && '
                  'shift 2 && exec "$@"')
        return subprocess.Popen(
            ["unshare", "--mount", "--", "sh", "-c", script, "sh", root, tls or root / "mnt",
             "chroot", f"--userspec={self.final.user}", root, *self.final.entrypoint, *(arguments or self.final.command)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def files(root):
    return sorted(p.relative_to(root) for p in root.rglob("*"))


@test
def runs_as_a_user_without_rights(image):
    assert image.final.user == f"{USER}:{USER}", image.final.user
    assert image.final.entrypoint == ["/usr/bin/pannier"] and image.final.command == ["serve"]


@test
def has_nothing_that_is_not_needed(image):
    root = image.final.root
    programs = [str(p) for p in files(root) if (root / p).is_file() and not (root / p).is_symlink()
                and os.access(root / p, os.X_OK) and "/lib" not in f"/{p}"]
    assert programs == ["usr/bin/pannier"], programs
    for path in files(root):
        mode = (root / path).lstat().st_mode
        assert stat.S_ISLNK(mode) or not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), f"{path}: {mode:o}"


@test
def tells_scanners_its_packages(image):
    entries = {p.name for p in (image.final.root / "var/lib/dpkg/status.d").iterdir()}
    assert {"libc6", "libgnutls30t64", "libssl3t64", "libmicrohttpd12t64", "libyyjson0"} <= entries, sorted(entries)
    for entry in entries:
        assert (image.final.root / "usr/share/doc" / entry / "copyright").stat().st_size > 0, entry


@test
def tells_its_version(image):
    with image.start("version") as program:
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0 and "pannier" in out, out + err


@test
def has_the_shipped_templates(image):
    compared = filecmp.dircmp(image.project / "templates", image.final.root / "usr/share/pannier/templates")
    assert not compared.left_only and not compared.right_only and not compared.diff_files


@test
def answers_a_review_over_tls(image):
    """On a read-only root, with certificates of a mount, and the patch that this build's preview shows."""
    certificates = image.work / "certs"
    shutil.rmtree(certificates, ignore_errors=True)
    subprocess.run([image.pannier, "certs", "issue", "--service", "pannier", "--namespace", "default", "--san", "127.0.0.1",
                    "--output-dir", certificates], check=True, capture_output=True)
    os.chmod(certificates / "tls.key", 0o644)  # as fsGroup does it
    program = image.start("serve", "-p", "/usr/share/pannier/templates", "--bind-address", "127.0.0.1", "--secure-port", "0",
                          "--metrics-bind-address", "0", "--shutdown-delay", "0s", "--log-format", "json",
                          "--tls-cert-file", "/mnt/tls.crt", "--tls-private-key-file", "/mnt/tls.key", tls=certificates)
    try:
        for line in program.stderr:
            event = json.loads(line)
            if event["message"] == "serving":
                break
        review = image.project / "tests/data/reviews/web.json"
        context = ssl.create_default_context(cafile=certificates / "ca.crt")
        url = f"https://127.0.0.1:{event['port']}"
        with urllib.request.urlopen(f"{url}/readyz", context=context, timeout=60) as answer:
            assert answer.status == 200
        request = urllib.request.Request(f"{url}/mutate", review.read_bytes(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            patch = base64.b64decode(json.load(answer)["response"]["patch"])
        previewed = subprocess.run([image.pannier, "preview", "-f", review, "-p", image.project / "templates", "-o", "patch"],
                                   check=True, capture_output=True).stdout
        assert patch == previewed.strip(), "the patch is another"
    finally:
        program.terminate()
        program.communicate(timeout=60)
    assert program.returncode == 0, program.returncode


@test
def is_built_from_the_same_bytes_again(image):
    first = image.work / "first"
    shutil.rmtree(first, ignore_errors=True)
    subprocess.run(["cp", "-a", image.final.root, first], check=True)
    again = Build(image.project, image.build.debian, image.work).run((image.project / "Dockerfile").read_text())
    assert files(again.root) == [p for p in files(first) if str(p) != "mnt"]
    assert {(again.root / path).lstat().st_mtime for path in files(again.root)} == {0}  # SOURCE_DATE_EPOCH
    for path in files(again.root):
        a, b = first / path, again.root / path
        assert a.lstat().st_mode == b.lstat().st_mode, path
        assert not a.is_file() or a.is_symlink() or filecmp.cmp(a, b, shallow=False), path


def main():
    project, pannier, debian, work = (pathlib.Path(a).resolve() for a in sys.argv[1:])
    work.mkdir(parents=True, exist_ok=True)
    image = Image(project, pannier, debian, work)
    size = sum((image.final.root / p).lstat().st_size for p in files(image.final.root))
    print(f"# {len(files(image.final.root))} entries, {size / 1e6:.1f} MB, of which the binary has "
          f"{(image.final.root / 'usr/bin/pannier').stat().st_size / 1e6:.1f} MB")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        try:
            function(image)
            print(f"ok {number} - {function.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {function.__name__}\n" + re.sub("^", "# ", traceback.format_exc(), flags=re.M), flush=True)
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
