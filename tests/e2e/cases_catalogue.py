# SPDX-License-Identifier: Apache-2.0
"""Each template of the catalogue, by the sample Pods that ask for it: pods/NAME[-WORD...][.LEVEL].yaml

NAME is the template's file, LEVEL the level of the Pod Security Standards that the Pod needs with its
sidecars (`baseline` or `privileged`; without one it is `restricted`). A sample is one Pod, and
satisfies `restricted` without them.
"""

import json
import pathlib

from checks import (annotation, check, check_as_previewed, check_created, check_equal, created, settled,
                    test, test_each)
from fixture import LEVELS, TEMPLATES

PODS = pathlib.Path(__file__).resolve().parent / "pods"


class Sample:
    def __init__(self, path):
        name, _, level = path.name.removesuffix(".yaml").partition(".")
        self.file, self.text = path.name, path.read_bytes()
        self.level = level or LEVELS[0]
        owners = [template for template in TEMPLATES if f"{name}-".startswith(f"{template}-")]
        self.template = max(owners, key=len, default=None)

    def __str__(self):
        return self.file


SAMPLES = [Sample(path) for path in sorted(PODS.iterdir())]


def check_rounds(fixture, answer):
    """The API server may ask twice, but what is there after the first time is enough."""
    changes = [call.mutated for call in fixture.cluster.calls(answer)
               if call.configuration == fixture.pannier.name]
    check(changes and changes[0] and not any(changes[1:]), "changes by round:", changes)


@test
def samples_are_named_after_templates_and_levels(_):
    for sample in SAMPLES:
        check(sample.template, sample, "is named after no template")
        check(sample.file.endswith(".yaml") and sample.level in LEVELS, sample, "names no level")


@test_each(TEMPLATES)
def every_policy_of_a_template_has_a_sample(fixture, template):
    samples = [sample for sample in SAMPLES if sample.template == template]
    check(samples, f"there is no tests/e2e/pods/{template}*.yaml")
    applied, known = set(), set()
    for sample in samples:
        entry = fixture.preview_by(template, sample.text)
        known |= {policy["name"] for policy in entry["policies"]}
        applied |= set(json.loads(annotation(entry["object"]) or "{}").get("applied", {}))
    check_equal("policies that are applied to a sample", sorted(applied), sorted(known))


@test_each(SAMPLES)
def sample_is_restricted_without_us(fixture, sample):
    check_created(fixture.client.create_pod("plain-restricted", sample.text, dryRun="All"))


@test_each(SAMPLES)
def sample_is_created_as_previewed(fixture, sample):
    namespace = f"catalogue-{sample.level}"
    entry = fixture.pannier.preview_pod(sample.text, namespace)
    check_equal("preview", (entry["result"], entry["warnings"]), ("injected", []))
    tried = check_created(fixture.client.create_pod(namespace, sample.text, dryRun="All"))
    check_as_previewed(tried, entry)
    name = tried["metadata"]["name"]
    check_equal("GET after the dry run", fixture.client.get_pod(namespace, name).status, 404)

    with created(fixture, namespace, sample.text) as answer:
        check_as_previewed(check_created(answer), entry)
        check_rounds(fixture, answer)
        stored = fixture.client.get_pod(namespace, name)
        check_as_previewed(stored.object, entry)
        check_equal("patch for the stored Pod",
                    fixture.pannier.preview(stored.text.encode(), "patch"), b"[]\n")


@test_each(SAMPLES)
def sample_is_created_where_limits_and_a_quota_hold(fixture, sample):
    namespace = f"limited-{sample.level}"
    with created(fixture, namespace, sample.text) as answer:
        entry = fixture.pannier.preview_pod(sample.text, namespace)
        check_as_previewed(check_created(answer), entry)
        check_rounds(fixture, answer)


@test_each(SAMPLES)
def sample_previewed_is_sample_injected(fixture, sample):
    """`preview -o yaml`, created where no webhook is, gives the Pod that the webhook gives."""
    previewed = fixture.pannier.preview(sample.text, "yaml")
    plain = fixture.client.create_pod(f"plain-{sample.level}", previewed, dryRun="All")
    injected = fixture.client.create_pod(f"catalogue-{sample.level}", sample.text, dryRun="All")
    check_equal("Pod", settled(check_created(plain)), settled(check_created(injected)))


@test_each([sample for sample in SAMPLES if sample.level != LEVELS[0]])
def sample_needs_its_level(fixture, sample):
    stricter = LEVELS[LEVELS.index(sample.level) - 1]
    refused = fixture.client.create_pod(f"catalogue-{stricter}", sample.text, dryRun="All")
    check(refused.status == 403 and "violates PodSecurity" in refused.message,
          f"is not refused where {stricter} is enforced:", refused)
