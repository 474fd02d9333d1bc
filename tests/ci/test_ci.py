#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what docs/ci.md tells people to copy: test_ci.py ROOT PANNIER

The commands of its workflows and scripts that call pannier are run in a repository that is made for it, with a set of
policies that is right and then with one that is not. The hooks of .pre-commit-hooks.yaml are run by pre-commit, where
it is installed. Needs the Python module yaml.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

try:
    import yaml
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

ROOT, PANNIER = (pathlib.Path(a).resolve() for a in sys.argv[1:])
DOCUMENT = (ROOT / "docs/ci.md").read_text(encoding="utf-8")

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, inject.pannier.dev/logging: enabled}}
    spec: {containers: [{name: shop, image: "registry.example.com/shop:1"}]}
"""

# What is not pannier. Renderers print the manifest; what would change a cluster or a registry reads and says nothing.
STANDINS = {
    "helm": "cat manifests/web.yaml",
    "kustomize": "cat manifests/web.yaml",
    "kubectl": "cat > applied.yaml",
    "flux": "true",
}

def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.M | re.S)


def workflow(key):
    """The YAML block that has this key at its top."""
    found = [doc for doc in map(yaml.safe_load, blocks("yaml")) if key in doc]
    assert len(found) == 1, f"docs/ci.md has {len(found)} examples with `{key}`"
    return found[0]


def environment(place):
    return {"PATH": f"{place}/bin:{os.environ['PATH']}", "HOME": str(place), "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com", "GITHUB_BASE_REF": "main",
            "GITHUB_STEP_SUMMARY": f"{place}/summary", "ARGOCD_APP_NAMESPACE": "shop",
            **{k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))}}


def git(place, *arguments):
    return subprocess.run(["git", "-c", "init.defaultBranch=main", *arguments], cwd=place / "repo", check=True,
                          env=environment(place), capture_output=True, text=True).stdout.strip()


def make_place(folder):
    """A repository with policies, their tests, and a manifest; the programs that are called beside it."""
    place = pathlib.Path(folder)
    for name in ("repo/manifests", "repo/rendered", "bin"):
        (place / name).mkdir(parents=True)
    (place / "repo/policies").mkdir()
    shutil.copy(ROOT / "templates/log-shipper.yaml", place / "repo/policies")
    (place / "repo/policies/tests/golden").mkdir(parents=True)
    shutil.copy(ROOT / "templates/tests/log-shipper.yaml", place / "repo/policies/tests")
    shutil.copy(ROOT / "templates/tests/golden/log-shipper.yaml", place / "repo/policies/tests/golden")
    (place / "repo/manifests/web.yaml").write_text(MANIFEST)
    (place / "bin/pannier").symlink_to(PANNIER)
    for name, script in STANDINS.items():
        (place / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / "bin" / name).chmod(0o755)
    git(place, "init", "-q", ".")
    git(place, "add", ".")
    git(place, "commit", "-qm", "policies")
    git(place, "remote", "add", "origin", str(place / "repo"))
    git(place, "fetch", "-q", "origin")
    return place


def break_policies(place):
    """A misspelt field, which lint finds, and a test whose expectation does not hold."""
    policies = place / "repo/policies/log-shipper.yaml"
    policies.write_text(policies.read_text().replace("onFailure:", "onFailur:").replace("category:", "categry:", 1))
    test = place / "repo/policies/tests/log-shipper.yaml"
    test.write_text(test.read_text().replace("result: injected", "result: unchanged", 1))


def limit(place):
    """A change that has an effect: nobody gets the sidecar any more."""
    policies = place / "repo/policies/log-shipper.yaml"
    policies.write_text(policies.read_text().replace("inject.pannier.dev/logging: enabled",
                                                     "inject.pannier.dev/logging: wanted"))


def run(place, script):
    """Runs what a step or a script says, as bash -e -o pipefail."""
    return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=place / "repo", text=True,
                          env=environment(place), capture_output=True, check=False, timeout=60)


def judge(place, script, wanted=0):
    done = run(place, script)
    ok = done.returncode in (wanted if isinstance(wanted, tuple) else (wanted,))
    return [] if ok else [f"{script.strip()}\nends with {done.returncode}, not {wanted}:\n{done.stdout}{done.stderr}"]


def calls_pannier(script):
    return re.search(r"(^|[|&;]\s*)pannier ", script, re.M) is not None


def github_steps():
    steps = workflow("jobs")["jobs"]["policies"]["steps"]
    return {step["name"]: step["run"] for step in steps if calls_pannier(step.get("run", ""))}


def check_github():
    problems = []
    with tempfile.TemporaryDirectory(prefix="pannier-ci-") as folder:
        place = make_place(folder)
        for script in github_steps().values():
            problems += judge(place, script)
        sarif = json.loads((place / "repo/pannier.sarif").read_text())
        if sarif["version"] != "2.1.0":
            problems.append("pannier.sarif is no SARIF")
        before = (place / "summary").read_text()
        if "shop" not in before or "log-shipper" in before:
            problems.append("nothing has changed, but there is an effect:\n" + before)
        git(place, "worktree", "remove", "--force", "../base")
        limit(place)
        problems += judge(place, github_steps()["What the pull request does to the workloads"])
        after = (place / "summary").read_text().removeprefix(before)
        if "log-shipper" not in after:
            problems.append("the effect on the Deployment is not told:\n" + after)
        break_policies(place)
        lint = run(place, github_steps()["Lint"])
        if lint.returncode != 1 or "::error file=policies/log-shipper.yaml,line=" not in lint.stdout:
            problems.append(f"the fault is not annotated: {lint.returncode}\n{lint.stdout}{lint.stderr}")
        problems += judge(place, github_steps()["Test"], (1, 2))
    return problems if len(github_steps()) >= 3 else ["no steps were found"]


def check_gitlab():
    problems = []
    job = workflow("policies")["policies"]
    with tempfile.TemporaryDirectory(prefix="pannier-ci-") as folder:
        place = make_place(folder)
        for script in job["script"]:
            problems += judge(place, script)
        for report_name in job["artifacts"]["reports"].values():
            if not (place / "repo" / report_name).exists():
                problems.append(f"there is no {report_name}")
        break_policies(place)
        problems += judge(place, job["script"][0], 1)
        found = json.loads((place / "repo" / job["artifacts"]["reports"]["codequality"]).read_text())
        if "policies/log-shipper.yaml" not in [issue["location"]["path"] for issue in found]:
            problems.append(f"the fault is not in the report: {found}")
    return problems


def check_scripts():
    problems, count = [], 0
    with tempfile.TemporaryDirectory(prefix="pannier-ci-") as folder:
        place = make_place(folder)
        for script in blocks("sh"):
            for line in script.splitlines():
                count += 1
                problems += judge(place, line)
        applied = place / "repo/applied.yaml"
        if not applied.exists() or "log-shipper" not in applied.read_text():
            problems.append("what is applied has no sidecar")
        break_policies(place)
        problems += judge(place, "kustomize build . | pannier preview -f - -p policies -o yaml > out", 2)
    return problems if count >= 5 else ["no scripts were found"]


def check_argo():
    plugin = workflow("apiVersion")
    generate = plugin["spec"]["generate"]
    with tempfile.TemporaryDirectory(prefix="pannier-ci-") as folder:
        place = make_place(folder)
        arguments = [a.replace("/etc/pannier/policies", "policies") for a in generate["args"]]
        done = subprocess.run([*generate["command"], *arguments], cwd=place / "repo", env=environment(place), text=True,
                              capture_output=True, check=False)
    return [] if done.returncode == 0 and "log-shipper" in done.stdout else [f"{done.returncode}\n{done.stderr}"]


# ---- pre-commit ------------------------------------------------------------------------------------------------


def hooks_repository(place):
    """A repository with the hooks, and its revision."""
    hooks = place / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    for command in (["init", "-q", "."], ["add", "."], ["commit", "-qm", "hooks"]):
        subprocess.run(["git", *command], cwd=hooks, env=environment(place), check=True, capture_output=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=hooks, env=environment(place), check=True,
                          capture_output=True, text=True)
    return hooks, done.stdout.strip()


def check_pre_commit():
    problems = []
    config = workflow("repos")
    with tempfile.TemporaryDirectory(prefix="pannier-ci-") as folder:
        place = make_place(folder)
        config["repos"][0]["repo"], config["repos"][0]["rev"] = map(str, hooks_repository(place))
        (place / "repo/.pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        git(place, "add", ".")
        done = run(place, "pre-commit run --all-files --color never")
        if done.returncode != 0 or len(re.findall(r"pannier (?:lint|test)\.+Passed", done.stdout)) != 2:
            problems.append(f"right policies: {done.returncode}\n{done.stdout}{done.stderr}")
        break_policies(place)
        git(place, "add", ".")
        done = run(place, "pre-commit run --color never")
        if done.returncode != 1 or len(re.findall(r"pannier (?:lint|test)\.+Failed", done.stdout)) != 2:
            problems.append(f"wrong policies: {done.returncode}\n{done.stdout}{done.stderr}")
    return problems


def check_hooks():
    """Every hook that the document names is there, and is a command of pannier's."""
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    named = {hook["id"] for hook in workflow("repos")["repos"][0]["hooks"]}
    problems = [f"docs/ci.md does not show {name}" for name in hooks.keys() - named]
    problems += [f"there is no hook {name}" for name in named - hooks.keys()]
    return problems + [f"{name} is handed files" for name, hook in hooks.items() if hook["pass_filenames"] is not False]


report("GitHub: the steps of the workflow", check_github())
report("GitLab: the script of the job", check_gitlab())
report("scripts", check_scripts())
report("Argo CD's plugin", check_argo())
report("hooks for pre-commit", check_hooks())
if shutil.which("pre-commit"):
    report("pre-commit runs them", check_pre_commit())
else:
    report("pre-commit runs them", skip="pre-commit is not installed")
sys.exit(finish())
