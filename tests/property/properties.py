# SPDX-License-Identifier: Apache-2.0
"""What must hold for every Pod and policy set: the invariants of docs/architecture.md, one by one."""

import base64
import collections
import json
import re

import budgets
import cluster
import content
import selection
import unchanged
from document import clone, containers, is_sidecar, items, read, runs_for_long, write
from driver import ALL_REASONS, VALIDATE, BadReview
from quantity import parse
from resources import beyond_pod_level
from run import PatchError, apply_patch  # tests/cases: the independent applier

MISMATCHES = ("namespace-selector-mismatch", "pod-selector-mismatch", "pod-annotation-mismatch")
SUCCESS = ("injected", "already-injected", "repaired", "injected-over-budget")
# Fields that defaulting fills in, and lists that other plugins add to.
DEFAULTED = re.compile(r"pod\.spec\.(restartPolicy|serviceAccountName|volumes)")
LISTS = re.compile(r"pod\.spec\.(containers|initContainers|volumes)")


class Failed(Exception):
    """A property that does not hold: its name, and what was found."""

    def __init__(self, what, detail):
        super().__init__(f"{what}: {detail}")
        self.what = what


class Case:
    """A policy set, a Pod, and fields of the request."""

    def __init__(self, documents, pod, request):
        self.documents, self.pod, self.request = documents, pod, request

    def of_kind(self, kind):
        return {d["metadata"]["name"]: d for d in self.documents if d["kind"] == kind}

    @property
    def templates(self):
        return self.of_kind("SidecarTemplate")

    @property
    def policies(self):
        return self.of_kind("InjectionPolicy")

    @property
    def namespace(self):
        return self.request.get("namespace", "default")

    def container_names(self):
        return {c["name"] for t in self.templates.values() for key in ("initContainers", "containers")
                for c in t["spec"].get("pod", {}).get("spec", {}).get(key) or []}


class Outcome:
    """A decision about one Pod, and the Pod that comes out."""

    def __init__(self, sent, decision):
        self.sent, self.decision = sent, decision
        self.final = apply_patch(sent, decision.patch or []) if decision.allowed else None

    def containers_of(self):
        """{applied policy: names of its containers}, by the status annotation."""
        if not self.decision.applied():
            return {}
        status = json.loads(self.final["metadata"]["annotations"][unchanged.STATUS])
        return {p: status["applied"][p]["containers"] for p in self.decision.applied()}

    def ours(self):
        return {name for names in self.containers_of().values() for name in names}


class Checker:
    def __init__(self, driver, preview=None):
        self.driver, self.preview = driver, preview  # preview: a function, see test_property.py
        self.held = collections.Counter()  # how often each property was tried, and held
        self.reasons = collections.Counter()

    def hold(self, what, complaint):
        """`complaint`: None, or what was found."""
        if complaint is not None:
            raise Failed(what, complaint)
        self.held[what] += 1

    def same(self, what, got, want):
        self.hold(what, None if got == want else f"got {json.dumps(got)}, want {json.dumps(want)}")

    def decide(self, case, pod, flags=0, old=None):
        try:
            return self.driver.decide(pod, case.request, flags, old)
        except BadReview as refused:
            raise Failed("every review is decided", str(refused)) from refused

    def check(self, case):
        """Raises Failed."""
        faults = self.driver.load(case.documents)
        self.hold("generated policies load", faults[0] if faults else None)
        admitted = cluster.service_account(cluster.default(case.pod))
        if "resources" not in admitted["spec"]:
            admitted = cluster.limit_ranger(admitted)
        for pod, rounds in ((case.pod, self.rounds_of_a_manifest), (admitted, self.rounds_of_admission)):
            outcome = self.check_decision(case, pod)
            if self.preview is not None and pod is case.pod:
                self.check_preview(case, outcome)
            if outcome.decision.review:
                continue
            self.check_validation(case, outcome)
            if outcome.decision.allowed:
                self.check_final(case, outcome)
                for name, again, strict in rounds(case, outcome):
                    self.check_round(case, outcome, name, again, strict)

    # ---- one decision -----------------------------------------------------------------------------

    def check_decision(self, case, pod):
        decision = self.decide(case, pod)
        self.reasons.update(decision.reasons.values())
        self.reasons.update([decision.review] if decision.review else [])
        self.reasons.update(v["note"]["reason"] for v in decision.verdicts if v["note"]["reason"])
        self.hold("every review is decided", None)
        try:
            outcome = Outcome(pod, decision)
        except (PatchError, KeyError, IndexError, ValueError) as wrong:
            raise Failed("the patch applies", f"{type(wrong).__name__}: {wrong}") from wrong
        sent = base64.b64decode(decision.response["patch"]).decode() if "patch" in decision.response else "null"
        self.same("the response carries the patch", write(read(sent)),
                  write(decision.patch if decision.allowed else None))
        if decision.patch:
            ours = outcome.ours()
            self.hold("the patch adds only what it may", unchanged.check_paths(pod, decision.patch, ours))
            appended = {k for t in case.templates.values() for k in t["spec"].get("appendAnnotations", {})}
            self.hold("what was there stays", unchanged.check(pod, outcome.final, ours, appended))
        everything = self.decide(case, pod, ALL_REASONS)
        self.same("all reasons: the same patch", write(everything.patch), write(decision.patch))
        chosen = [(v["policy"], v["verdict"]) for v in everything.verdicts if v["verdict"]["reason"] not in MISMATCHES]
        self.same("the index finds what a scan finds", [(v["policy"], v["verdict"]) for v in decision.verdicts], chosen)
        if not decision.review or decision.review == "no-policy-selected":
            self.check_selection(case, pod, everything)
        return outcome

    def check_selection(self, case, pod, everything):
        verdicts = {v["policy"]: v["verdict"] for v in everything.verdicts}
        for name, policy in case.policies.items():
            want = selection.verdict(policy, case.templates, pod, case.namespace)
            got = (verdicts[name]["arguments"] or {}).get("reason") or verdicts[name]["reason"]
            if want:
                self.same("who is selected", f"{name}: {got}", f"{name}: {want}")
            elif want == "":
                unselected = got in MISMATCHES or got in ("opted-out", "outside-rollout", "condition-false")
                self.hold("who is selected", f"{name}: {got}" if unselected else None)

    def check_preview(self, case, outcome):
        patch, told = self.preview(case)
        want = {v["policy"]: v["verdict"]["reason"] for v in outcome.decision.verdicts}
        self.same("preview's reasons are the webhook's", {p: told.get(p) for p in want}, want)
        sent = outcome.decision.response.get("patch")
        self.same("preview's patch is the webhook's", patch.strip(), base64.b64decode(sent).decode() if sent else "[]")

    # ---- the Pod that comes out ----------------------------------------------------------------------

    def check_final(self, case, outcome):
        before = {c["name"] for _, c in containers(outcome.sent)}
        new = {c["name"] for _, c in containers(outcome.final)} - before
        if new:
            self.hold("order holds", self.find_disorder(case, outcome, new))
            self.hold("new containers do not clash", self.find_clash(outcome.final, new))
        self.hold("mounts are sound", self.find_bad_mount(outcome))
        applied = [case.templates[i["templateRef"]["name"]] for p in outcome.decision.applied()
                   for i in case.policies[p]["spec"]["inject"]]
        self.hold("what is applied is there", content.find_fault(
            applied, outcome.final, outcome.sent, case.container_names()))
        mine = self.has_ours_before(case, outcome.sent)  # with resources of his own
        if self.states_requests(outcome.sent) and not beyond_pod_level(outcome.sent) and not mine:
            self.same("spec.resources has room", beyond_pod_level(outcome.final), [])
        if not before & case.container_names():
            self.hold("budgets hold", budgets.check(
                case.documents, outcome.final, case.namespace, outcome.containers_of(), outcome.decision.reasons))
        for verdict in outcome.decision.verdicts:
            if verdict["verdict"]["reason"].startswith("budget-"):
                self.hold("what fails a budget is beyond it", self.find_misjudgement(verdict["verdict"]))

    @staticmethod
    def find_misjudgement(verdict):
        would, most = (verdict["arguments"][k] for k in ("would", "most"))
        if would == "an unlimited amount" or parse(would) > parse(most):
            return None
        return verdict["text"]

    def find_disorder(self, case, outcome, new):
        names = [c["name"] for c in items(outcome.final["spec"], "initContainers")]
        for policy in outcome.decision.applied():
            for item in case.policies[policy]["spec"]["inject"]:
                template = case.templates[item["templateRef"]["name"]]
                for placement in template["spec"].get("placement", []):
                    complaint = self.find_misplaced(placement, names, new)
                    if complaint:
                        return f"{policy}: {complaint}: {names}"
        return None

    @staticmethod
    def find_misplaced(placement, names, new):
        name = placement["container"]
        wanted = [(other, name) for other in placement.get("after", [])] + \
            [(name, other) for other in placement.get("before", [])]
        for first, second in wanted:
            if first in names and second in names and {first, second} & new and \
                    names.index(first) > names.index(second):
                return f"{first} stands behind {second}"
        return None

    @staticmethod
    def find_clash(pod, new):
        """Between a new container and any other that runs for long: all share one network."""
        listening = [(c["name"], p) for init, c in containers(pod) if runs_for_long(init, c)
                     for p in items(c, "ports")]
        for name, port in listening:
            for other, theirs in listening:
                if name == other or name not in new:
                    continue
                protocols = {p.get("protocol") or "TCP" for p in (port, theirs)}
                numbers = [k for k in ("containerPort", "hostPort") if port.get(k) and port.get(k) == theirs.get(k)]
                hosts = {p.get("hostIP") or "0.0.0.0" for p in (port, theirs)}
                if numbers == ["hostPort"] and len(hosts) == 2 and "0.0.0.0" not in hosts:
                    numbers = []
                if numbers and len(protocols) == 1:
                    return f"{name} and {other}: {numbers[0]} {port[numbers[0]]}"
                if port.get("name") and port.get("name") == theirs.get("name"):
                    return f"{name} and {other}: port name {port['name']}"
        return None

    @staticmethod
    def find_bad_mount(outcome):
        """Names stand once, added mounts have a volume and hide nothing."""
        spec = outcome.final["spec"]
        for what, found in (("containers", [c["name"] for _, c in containers(outcome.final)]),
                            ("volumes", [v["name"] for v in items(spec, "volumes")])):
            if len(set(found)) < len(found):
                return f"{what}: {found}"
        before = {c["name"]: c for _, c in containers(outcome.sent)}
        volumes = {v["name"] for v in items(spec, "volumes")}
        for _, container in containers(outcome.final):
            old = before.get(container["name"], {})
            mounts, count = items(container, "volumeMounts"), len(items(old, "volumeMounts"))
            for mount in mounts[count:]:
                if mount["name"] not in volumes:
                    return f"{container['name']}: {mount['name']} is mounted and no volume"
                path = mount["mountPath"].rstrip("/")
                for other in mounts if old and container["name"] not in outcome.ours() else []:
                    theirs = other["mountPath"].rstrip("/")
                    if other is not mount and (path == theirs or (path + "/").startswith(theirs + "/") or
                                               (theirs + "/").startswith(path + "/")):
                        return f"{container['name']}: {path} beside {theirs}"
            variables = [v["name"] for v in items(container, "env")]
            for name in variables[len(items(old, "env")):]:
                if variables.count(name) > 1:
                    return f"{container['name']}: env {name} twice"
        return None

    # ---- the rounds that follow ------------------------------------------------------------------------

    def rounds_of_a_manifest(self, case, outcome):
        """(name, the Pod as it comes back, what must be the same), of a Pod as it was written."""
        text = json.dumps(case.documents)
        yield "as it is", outcome.final, "all"
        if not DEFAULTED.search(text):
            yield "after defaulting", cluster.default(outcome.final), "all"
            if "serviceAccountToken" not in text:  # which looks for a volume that a manifest has not
                yield "after a token mount", cluster.service_account(cluster.default(outcome.final)), "all"
        ours = outcome.ours()
        if not ours:
            return
        yield "after images were pinned", cluster.rewrite_images(outcome.final, ours), "all"
        mirrored = self.mirrored(case, outcome, True) - self.mirrored(case, outcome, False)
        if mirrored:
            yield "after images moved to a mirror", cluster.rewrite_images(
                outcome.final, mirrored & ours, "mirror.example.com/ours"), "all"
        if "resources" not in outcome.sent["spec"]:  # which have been defaulted when a webhook comes
            yield from self.round_of_stripping(case, outcome.final, ours)
        if not LISTS.search(text):
            for native in (True, False):
                for first in (True, False):
                    yield (f"after a foreign {'native' if native else 'classic'} sidecar came "
                           f"{'first' if first else 'last'}"), cluster.foreign(outcome.final, native, first), "foreign"

    @staticmethod
    def mirrored(case, outcome, known):
        """Containers of applied templates that know the mirror, or do not."""
        templates = [case.templates[i["templateRef"]["name"]]["spec"] for p in outcome.decision.applied()
                     for i in case.policies[p]["spec"]["inject"]]
        return {c["name"] for t in templates if bool(t.get("identity")) == known
                for key in ("initContainers", "containers") for c in t["pod"]["spec"].get(key) or []}

    @staticmethod
    def round_of_stripping(case, pod, ours):
        """Unless the Pod is then none that is valid, or it cannot be told whose container it was."""
        stripped = cluster.strip_restart_policy(pod, ours)
        kinds = {(c["name"], is_sidecar(True, c)) for t in case.templates.values()
                 for c in items(t["spec"].get("pod", {}).get("spec", {}), "initContainers")}
        if write(stripped) != write(pod) and len(kinds) == len({name for name, _ in kinds}) and not any(
                "Probe" in key for init, c in containers(stripped) if init and c["name"] in ours for key in c):
            yield "after restartPolicy was stripped", stripped, "repair"

    def rounds_of_admission(self, case, outcome):
        """The same, of a Pod that went through the API server's own plugins before."""
        final = cluster.default(outcome.final)
        if "resources" not in final["spec"]:
            final = cluster.limit_ranger(final)
        yield "after the API server's plugins", cluster.service_account(final), "all"
        yield "after all of it", cluster.rewrite_images(cluster.service_account(final), outcome.ours()), "all"
        yield from self.round_of_stripping(case, cluster.service_account(final), outcome.ours())

    @staticmethod
    def states_requests(pod):
        """Of spec.resources. Without them a manifest leaves to defaulting what webhooks find."""
        return "requests" in pod["spec"].get("resources", {})

    @staticmethod
    def facts(decision):
        lasting = [re.sub(r"\[\d+\]", "[]", w) for w in decision.warnings
                   if ": pod-level-resources-raised: " not in w]
        return {"allowed": decision.allowed, "warnings": lasting, "audit": decision.audit}

    def check_round(self, case, outcome, name, pod, kind):
        second = self.decide(case, pod)
        patch = second.patch or []
        if kind == "repair":
            wrong = [o["path"] for o in patch if not o["path"].endswith("/restartPolicy")]
            self.same(f"{name}, only that is repaired", wrong, [])
        elif kind == "foreign":
            self.hold(f"{name}, only that is looked after", self.find_other_change(pod, patch))
            clashing = {v["policy"] for v in second.verdicts
                        if v["verdict"]["reason"] != "repaired" and "foreign-proxy" in v["verdict"]["text"]}
            self.same(f"{name}, the same is applied", second.applied(),
                      [p for p in outcome.decision.applied() if p not in clashing])
        else:
            self.same(f"{name}, nothing is left to add", patch, [])
        if kind != "foreign" and ("resources" not in outcome.sent["spec"] or self.states_requests(outcome.sent)):
            self.same(f"{name}, the same is said", self.facts(second), self.facts(outcome.decision))
        if patch:
            third = self.decide(case, apply_patch(pod, patch))
            self.same(f"{name}, and then nothing", third.patch, None)

    @staticmethod
    def find_other_change(pod, patch):
        for operation in patch:
            match = re.match(r"/spec/(initContainers|containers)/(\d+)/", operation["path"])
            if match and items(pod["spec"], match[1])[int(match[2])]["name"] == "foreign-proxy":
                continue
            if operation["path"] != "/metadata/annotations/pannier.dev~1status":
                return write(operation)
        return None

    # ---- validation ---------------------------------------------------------------------------------------

    def check_validation(self, case, outcome):
        decision = outcome.decision
        if not decision.allowed:
            self.same("what is denied is refused", self.decide(case, outcome.sent, VALIDATE).allowed, False)
            return
        final = outcome.final
        for what, pod in (("", final), (", defaulted", cluster.default(final))):
            if what and DEFAULTED.search(json.dumps(case.documents)):
                continue
            refusal = self.decide(case, pod, VALIDATE).message
            tampered = refusal is not None and ("sidecar-tampered" in refusal or (
                "order-unsatisfiable" in refusal and self.has_ours_before(case, outcome.sent)))
            self.hold(f"what we made is valid{what}", None if tampered else refusal)
        if refusal is None:
            self.same("an update that changes nothing is valid", self.decide(case, final, VALIDATE, final).message, None)
        required = [p for p in outcome.containers_of() if case.policies[p]["spec"].get("onFailure") == "Deny"]
        for policy in required:
            for name in outcome.containers_of()[policy]:
                bare = self.without(final, name)
                if not bare["spec"]["containers"]:
                    continue  # no Pod at all
                self.same("a required container cannot be left out", self.decide(case, bare, VALIDATE).allowed, False)
                if refusal is None:
                    self.same("a required container cannot be taken out",
                              self.decide(case, bare, VALIDATE, final).allowed, False)

    @staticmethod
    def has_ours_before(case, pod):
        """The author wrote it himself, and in another order perhaps."""
        return bool({c["name"] for _, c in containers(pod)} & case.container_names())

    @staticmethod
    def without(pod, name):
        pod = clone(pod)
        for key in ("initContainers", "containers"):
            if pod["spec"].get(key):
                pod["spec"][key] = [c for c in pod["spec"][key] if c["name"] != name]
        return pod
