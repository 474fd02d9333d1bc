# SPDX-License-Identifier: Apache-2.0
"""Manifests as users have them, by kubectl: previewed and applied, or applied and injected."""

import pathlib

from checks import check, check_as_previewed, check_equal, test, test_each

HERE = pathlib.Path(__file__).resolve().parent
MANIFESTS = sorted(path.name for path in (HERE / "manifests").glob("*.yaml"))
STRICT = ("--dry-run=server", "--validate=strict")


def read(name):
    return (HERE / "manifests" / name).read_bytes()


def kubectl(fixture, manifest, namespace, *arguments):
    """Runs kubectl on a manifest, which it must accept; returns what it said."""
    code, output = fixture.cluster.kubectl(*arguments, "-n", namespace, "-f", "-", stdin=manifest)
    check(code == 0, f"kubectl {' '.join(arguments)} ended with {code}:\n{output}")
    return output


def created_lines(output):
    return [line for line in output.splitlines() if " created" in line]


@test_each(MANIFESTS)
def previewed_manifest_is_accepted(fixture, name):
    """`pannier preview -o yaml | kubectl create`, where unknown fields are errors and no webhook is."""
    plain = kubectl(fixture, read(name), "plain-privileged", "create", *STRICT)
    check(fixture.pannier.preview(read(name), "name"), "nothing would be injected")
    previewed = fixture.pannier.preview(read(name), "yaml")
    injected = kubectl(fixture, previewed, "plain-privileged", "create", *STRICT)
    check_equal("objects", created_lines(injected), created_lines(plain))


@test
def unknown_field_is_refused(fixture):
    """That the case above could fail."""
    previewed = fixture.pannier.preview(read("kinds.yaml"), "yaml")
    broken = previewed.replace(b"sizeLimit:", b"sizeLimits:")
    check(broken != previewed, "sizeLimit is not there")
    code, output = fixture.cluster.kubectl("create", *STRICT, "-n", "plain-privileged", "-f", "-",
                                           stdin=broken)
    check(code == 1 and "unknown field" in output and "sizeLimits" in output, code, output)


@test_each(MANIFESTS)
def manifest_is_accepted_with_the_webhook(fixture, name):
    """Whatever was accepted without pannier is accepted with it."""
    plain = kubectl(fixture, read(name), "plain-privileged", "create", *STRICT)
    injected = kubectl(fixture, read(name), "catalogue-privileged", "create", *STRICT)
    check_equal("objects", created_lines(injected), created_lines(plain))


def check_applied(fixture, flags, words):
    """An injected Pod is not what was applied; applying it again must not want to undo that."""
    namespace = "catalogue-restricted"
    manifest = (HERE / "pods/log-shipper.yaml").read_bytes()
    changed = manifest.replace(b"  labels:\n", b"  labels:\n    changed: please\n")
    entry = fixture.pannier.preview_pod(manifest, namespace)
    try:
        for text, word in zip((manifest, manifest, changed), words):
            output = kubectl(fixture, text, namespace, "apply", *flags)
            check_equal("kubectl", output, f"pod/log-shipper {word}\n")
            stored = fixture.client.get_pod(namespace, "log-shipper").object
            check_as_previewed(stored, entry)
        check_equal("label", stored["metadata"]["labels"].get("changed"), "please")
    finally:
        fixture.client.delete_pod(namespace, "log-shipper")


@test
def pod_is_applied_again(fixture):
    check_applied(fixture, (), ("created", "unchanged", "configured"))


@test
def pod_is_applied_again_on_the_server_side(fixture):
    check_applied(fixture, ("--server-side",), ("serverside-applied",) * 3)


@test_each(("--server-side=false", "--server-side=true"))
def pod_is_applied_as_a_dry_run(fixture, flag):
    """What would be stored is shown, with the sidecars, and is not stored."""
    namespace = "catalogue-restricted"
    manifest = (HERE / "pods/log-shipper.yaml").read_bytes()
    (shown,) = fixture.cluster.kubectl_objects("apply", "--dry-run=server", flag, "-n", namespace,
                                               "-f", "-", stdin=manifest)
    check_as_previewed(shown, fixture.pannier.preview_pod(manifest, namespace))
    check_equal("GET after the dry run", fixture.client.get_pod(namespace, "log-shipper").status, 404)
