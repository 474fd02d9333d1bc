#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `pannier schema` to the loader: test_schema.py ROOT PANNIER

What the loader accepts, the schemas accept. What it refuses for a field that is unknown, missing or of a wrong type or
value, they refuse, and nothing that it accepts. Compared are all documents of the project, and what becomes of the
documents in full/, which have every field, when one field is taken away, misspelt, or given another type.

Needs the Python modules jsonschema and yaml.
"""

import concurrent.futures
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

ROOT, PANNIER = (pathlib.Path(a).resolve() for a in sys.argv[1:])
FULL = ROOT / "tests/schema/full"
KINDS = ("SidecarTemplate", "InjectionPolicy", "InjectionBudget", "PolicyTest")

# What the loader says of fields and their types.
STRUCTURAL = {"unknown-field", "wrong-type", "missing-field", "unknown-value"}


def schema_of(*kind):
    done = subprocess.run([PANNIER, "schema", *kind], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


SCHEMA = schema_of()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
BY_KIND = {kind: jsonschema.Draft7Validator(schema_of(kind)) for kind in KINDS}


def complaint(document):
    """What the schema says against a document, or None; that of its kind must say the same."""
    error = jsonschema.exceptions.best_match(VALIDATOR.iter_errors(document))
    kind = document.get("kind") if isinstance(document, dict) else None
    if isinstance(kind, str) and kind in BY_KIND:
        assert BY_KIND[kind].is_valid(document) == (error is None), f"the schema of {kind} says otherwise"
    return f"{error.json_path}: {error.message[:200]}" if error else None


# ---- documents of the project ----------------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """As kubectl reads: what looks like a date is a string, and y and n are booleans."""
    bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}


Loader.yaml_implicit_resolvers = {first: [(tag, pattern) for tag, pattern in rows if not tag.endswith(":timestamp")]
                                  for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^[yYnN]$"), list("yYnN"))


def documents(path):
    """(first line, last line, document) of each of ours; none where Python's reader refuses the file."""
    text = path.read_text(encoding="utf-8")
    try:
        nodes = list(yaml.compose_all(text, Loader))
        values = list(yaml.load_all(text, Loader))
    except (yaml.YAMLError, ValueError):
        return
    for node, value in zip([n for n in nodes if n], [v for v in values if v is not None]):
        if isinstance(value, dict) and str(value.get("apiVersion", "")).startswith("pannier.dev/"):
            yield node.start_mark.line + 1, node.end_mark.line + 1, value


def good_files():
    yield from sorted((ROOT / "templates").rglob("*.yaml"))
    yield from (p for p in sorted((ROOT / "docs/example").rglob("*.yaml")) if p.name != "wrong.yaml")
    yield from sorted((ROOT / "tests/e2e").rglob("*.yaml"))
    yield from sorted(FULL.glob("*.yaml"))
    yield from sorted((ROOT / "tests/lint").glob("*/good.yaml"))
    yield from (p for p, faults in cases() if not faults)


def cases():
    """(policies, faults) of the case folders."""
    for folder in sorted((ROOT / "tests/cases").iterdir()):
        policies = folder / "policies.yaml"
        if policies.exists() and (folder / "want.json").exists():
            want = json.loads((folder / "want.json").read_text(encoding="utf-8"))
            yield policies, want.get("faults", []) if isinstance(want, dict) else []


def check_good():
    problems, seen = [], set()
    for path in {path.resolve(): None for path in good_files()}:
        for line, _, document in documents(path):
            text = json.dumps(document)
            said = complaint(document) if text not in seen else None
            seen.add(text)
            if said:
                problems.append(f"{path.relative_to(ROOT)}:{line}: {said}")
    return problems if len(seen) > 300 else [f"only {len(seen)} documents were found"]


def check_bad():
    problems, count = [], 0
    for path, faults in cases():
        lines = {int(f.split(":")[1]) for f in faults if f.split()[-1] in STRUCTURAL}
        for first, last, document in documents(path) if lines else ():
            if not any(first <= line <= last for line in lines):
                continue
            count += 1
            if complaint(document) is None:
                problems.append(f"{path.relative_to(ROOT)}:{first}: the loader refuses it, the schema does not")
    return problems if count > 10 else [f"only {count} documents were found"]


# ---- mutations -------------------------------------------------------------------------------------------------

OTHER_VALUES = ["text", 7, None, ["text"], {}, True]


def places(value, path=()):
    """The paths of all members and items."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def changed(document, path, change):
    copied = copy.deepcopy(document)
    holder = copied
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return copied


def rename(holder, key):
    holder[str(key) + "x"] = holder.pop(key)


def put(value):
    def change(holder, key):
        holder[key] = copy.deepcopy(value)
    return change


def mutations(document):
    """(what was done, the document afterwards)."""
    for path in places(document):
        name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        yield f"without {name}", changed(document, path, lambda holder, key: holder.pop(key))
        if isinstance(path[-1], str):
            yield f"{name} misspelt", changed(document, path, rename)
        for value in OTHER_VALUES:
            yield f"{name} = {json.dumps(value)}", changed(document, path, put(value))


def lint_says(folder, names):
    """{file: the names of the loader's faults in it}"""
    done = subprocess.run([PANNIER, "lint", *names, "rest.yaml", "-o", "json"], cwd=folder, text=True,
                          capture_output=True, check=False)
    found = {name: set() for name in [*names, "rest.yaml"]}
    for fault in json.loads(done.stdout)["diagnostics"]:
        if fault["id"] < "PN0100" and fault["severity"] == "error":
            found[fault["file"]].add(fault["name"])
    return found


def test_says(folder, names):
    done = subprocess.run([PANNIER, "test", *names], cwd=folder, text=True, capture_output=True, check=False)
    found = {name: set() for name in names}
    for name, fault in re.findall(r"^(\d+\.yaml):\d+:\d+: error: .*\[([a-z-]+)\]$", done.stderr, re.M):
        found[name].add(fault)
    if len(names) == 1 and not found[names[0]] and done.returncode == 2:
        found[names[0]].add("no test at all")
    return found


# What only a look at other documents, at files or into a text shows: names of policies in a test; that there are
# policies and one object, and how it is selected; that an assertion asks something.
BEYOND = re.compile(r"PolicyTest .*(\.policies|\.reasons|\.object|\.manifest|\.select|\.assert)")


def judge(kind, name, document, faults):
    """What is wrong about one document and what the loader says of it, or None."""
    said = None if BY_KIND[kind].is_valid(document) else complaint(document)
    label = f"{kind} {name}"
    if faults & STRUCTURAL and said is None and not BEYOND.match(label):
        return f"{label}: the loader says {sorted(faults)}, the schema nothing"
    if said is not None and not faults:
        return f"{label}: the loader accepts it, the schema says {said}"
    return None


def ask_loader(original, rest, work):
    """What is wrong about many documents, each in a file of its own and with a name of its own."""
    is_test = original["kind"] == "PolicyTest"
    with tempfile.TemporaryDirectory(prefix="pannier-schema-") as folder:
        place = pathlib.Path(folder)
        names = {}
        for i, (name, document) in enumerate(work):
            metadata = document.get("metadata")
            if not is_test and isinstance(metadata, dict) and metadata.get("name") == original["metadata"]["name"]:
                document["metadata"] = {**metadata, "name": f"{metadata['name']}-{i}"}
            names[f"{i}.yaml"] = name, document
            (place / f"{i}.yaml").write_text(json.dumps(document))
        (place / "rest.yaml").write_text("\n".join("---\n" + json.dumps(d) for d in rest))
        for file in ("policies.yaml", "pod.yaml", "golden.yaml"):
            (place / file).symlink_to(FULL / file)
        found = (test_says if is_test else lint_says)(place, list(names))
    problems = [judge(original["kind"], *names[file], found[file]) for file in names]
    # Policies are looked at more closely where no other has a fault.
    return [ask_loader(original, rest, [one])[0] if problem and len(work) > 1 else problem
            for one, problem in zip(work, problems)]


CHUNK = 100


def check_mutations():
    full = [d for name in ("policies.yaml", "test.yaml") for _, _, d in documents(FULL / name)]
    jobs, count = [], 0
    for original in full:
        rest = [d for d in full if d["kind"] != "PolicyTest" and (d is not original or d["kind"] == "SidecarTemplate")]
        unique = {json.dumps(document): (name, document) for name, document in mutations(original)}
        unique.pop(json.dumps(original), None)
        work = list(unique.values())
        count += len(work)
        jobs += [(original, rest, work[i:i + CHUNK]) for i in range(0, len(work), CHUNK)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [problem for problems in pool.map(lambda job: ask_loader(*job), jobs) for problem in problems]
    return [problem for problem in found if problem] if count > 1000 else [f"only {count} documents"]


# ---- .pannier.yaml ---------------------------------------------------------------------------------------------

RULES = re.compile(r"\.lint\.(select|ignore|severity|perFile)")  # which rules there are


def config_says(folder, document):
    (folder / "config.yaml").write_text(json.dumps(document))
    done = subprocess.run([PANNIER, "lint", "--config", "config.yaml", "policies.yaml"], cwd=folder, text=True,
                          capture_output=True, check=False)
    return set(re.findall(r"^config\.yaml:\d+:\d+: error: .*\[([a-z-]+)\]$", done.stderr, re.M)), done.returncode == 2


def check_config():
    problems = []
    validator = jsonschema.Draft7Validator(schema_of("config"))
    full = yaml.safe_load((FULL / "config.yaml").read_text(encoding="utf-8"))
    fields = list(own_fields(schema_of("config")["definitions"]["config"]))
    problems += [f"config{path} has no description" for path, field in fields if not field.get("description")]
    problems += [f"config{path} is not in tests/schema/full" for path, _ in fields if not path_in(full, path)]
    with tempfile.TemporaryDirectory(prefix="pannier-schema-") as folder:
        place = pathlib.Path(folder)
        shutil.copy(FULL / "policies.yaml", place)
        subprocess.run([PANNIER, "lint", "--no-config", "--baseline", "baseline.json", "--write-baseline",
                        "policies.yaml"], cwd=place,
                       capture_output=True, check=False)
        for name, document in [("as it is", full), *mutations(full)]:
            faults, refused = config_says(place, document)
            if faults & STRUCTURAL and validator.is_valid(document) and not RULES.search(name):
                problems.append(f"config {name}: the loader says {sorted(faults)}, the schema nothing")
            if not refused and not validator.is_valid(document):
                problems.append(f"config {name}: the loader accepts it, the schema does not")
    return problems


# ---- the schema itself -----------------------------------------------------------------------------------------


def own_fields(schema, path=""):
    """(path, schema) of each field that is ours, not Kubernetes'."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from own_fields(field, f"{path}.{name}")
    for inner in (schema.get("items"), *schema.get("anyOf", ())):
        if isinstance(inner, dict):
            yield from own_fields(inner, path + "[]" if inner is schema.get("items") else path)


def path_in(document, path):
    """Whether a document has the field."""
    found = [document]
    for step in path.strip(".").split("."):
        name, *lists = step.split("[]")
        found = [value[name] for value in found if isinstance(value, dict) and name in value]
        for _ in lists:
            found = [item for value in found if isinstance(value, list) for item in value]
    return bool(found) or path.endswith("[]")


def check_fields():
    problems = []
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    full = {d["kind"]: d for name in ("policies.yaml", "test.yaml") for _, _, d in documents(FULL / name)}
    for kind in KINDS:
        fields = list(own_fields(SCHEMA["definitions"][kind]))
        problems += [f"{kind}{path} has no description" for path, field in fields if not field.get("description")]
        problems += [f"{kind}{path} is not in tests/schema/full" for path, _ in fields
                     if not path_in(full[kind], path)]
    return problems


# Of each, enough to see what is wrong.
report("every field has a description, and stands in the documents that are changed", check_fields()[:40])
report("what the loader accepts", check_good()[:40])
report("what the loader refuses", check_bad()[:40])
report("fields that are taken away, misspelt, or of another type", check_mutations()[:40])
report("the configuration", check_config()[:40])
sys.exit(finish())
