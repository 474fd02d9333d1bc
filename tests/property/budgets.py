# SPDX-License-Identifier: Apache-2.0
"""Budgets, a second time: from the Pod that comes out, by docs/budgets.md."""

from fractions import Fraction

from document import containers, is_sidecar, items, runs_for_long
from quantity import parse
from resources import add, amounts, of_containers, plain_sum, requests_of
from selection import NAME_LABEL, matches


class Measure:
    """What the Pod comes to with some of our containers."""

    def __init__(self, budget, pod, ours):
        self.budget, self.known = budget, set(budget["spec"].get("knownSidecars", []))
        self.pod, self.ours = pod, ours
        self.maximum = budget["spec"].get("max") or {}

    def long_running(self):
        return [c for init, c in containers(self.pod) if c["name"] in self.ours and runs_for_long(init, c)]

    def foreign_sidecars(self, all_of_ours):
        return sum(1 for init, c in containers(self.pod) if c["name"] not in all_of_ours and
                   (is_sidecar(init, c) or (not init and c["name"] in self.known)))

    def numbers(self, all_of_ours):
        """(what, number, maximum), additive ones: each policy adds to them or not."""
        most, added = self.maximum, plain_sum(self.pod, self.ours)
        if "sidecars" in most:
            foreign, own = self.foreign_sidecars(all_of_ours), len(self.long_running())
            yield "budget-sidecars", own + foreign, most["sidecars"]
        bounds = most.get("added") or {}
        for name, bound in (bounds.get("requests") or {}).items():
            yield f"budget-added requests.{name}", added.get(name, 0), parse(bound)
        limits = plain_sum(self.pod, self.ours, lambda c: amounts(c, "limits"))
        for name, bound in (bounds.get("limits") or {}).items():
            unlimited = sum(1 for c in self.long_running() if name not in amounts(c, "limits"))
            yield f"budget-added limits.{name}", limits.get(name, 0), parse(bound)
            yield f"budget-added no limits.{name}", unlimited, 0
        app = add(*(requests_of(c) for c in items(self.pod["spec"], "containers")
                    if c["name"] not in all_of_ours and c["name"] not in self.known))
        for name, share in (most.get("shareOfApp") or {}).items():
            of_app = Fraction(int(app.get(name, 0) * 10**9 * share["percent"] / 100), 10**9)
            yield f"budget-share-of-app {name}", added.get(name, 0), max(of_app, parse(share.get("floor", 0)))

    def growth(self):
        """(what, number, maximum) of the whole plan."""
        bounds = (self.maximum.get("podGrowth") or {}).get("requests") or {}
        without = {"spec": {key: [c for c in items(self.pod["spec"], key) if c["name"] not in self.ours]
                            for key in ("initContainers", "containers")}}
        before, after = of_containers(without), of_containers(self.pod)
        for name, bound in bounds.items():
            yield f"budget-pod-growth {name}", after.get(name, 0) - before.get(name, 0), parse(bound)


def matching(documents, pod, namespace):
    """The budgets that hold; one that asks for labels nobody told holds too."""
    for document in documents:
        if document["kind"] != "InjectionBudget":
            continue
        match = document["spec"]["match"]
        inside = matches(match.get("namespaceSelector", {}), {NAME_LABEL: namespace}, {NAME_LABEL})
        if inside is not False and matches(match["podSelector"], (pod["metadata"].get("labels") or {})) is True:
            yield document


def _count_categories(applied, policies, templates):
    counts = {}
    for name in applied:
        for item in policies[name]["spec"]["inject"]:
            category = templates[item["templateRef"]["name"]]["spec"]["category"]
            counts[category] = counts.get(category, 0) + 1
    return counts


def check(documents, pod, namespace, applied, reasons):
    """
    A complaint, or None. `applied`: {policy: names of its containers}, in order of evaluation,
    none of which was received; `reasons`: of all policies.
    """
    policies = {d["metadata"]["name"]: d for d in documents if d["kind"] == "InjectionPolicy"}
    templates = {d["metadata"]["name"]: d for d in documents if d["kind"] == "SidecarTemplate"}
    ours = {name for names in applied.values() for name in names}
    told = [p for p, reason in reasons.items() if reason == "injected-over-budget"]
    found = list(matching(documents, pod, namespace))
    for budget in found:
        trims = budget["spec"].get("onExceeded", "Trim") == "Trim"
        so_far, before = set(), {}
        for policy, names in applied.items():
            so_far |= set(names)
            denies = policies[policy]["spec"].get("onFailure") == "Deny"
            for what, number, bound in Measure(budget, pod, so_far).numbers(ours):
                start = before.get(what)
                if start is None and what == "budget-sidecars":
                    start = number - len(Measure(budget, pod, so_far).long_running())
                if number > bound and number > (start or 0):
                    if trims and not denies:
                        return f"{budget['metadata']['name']}: {policy}: {what}: {number}, at most {bound}"
                    if policy not in told:
                        return f"{policy} goes beyond {what} ({number}, {bound}), and does not say so"
                before[what] = number
        injected = [p for p in applied if reasons[p] == "injected"]
        for category, count in _count_categories(injected, policies, templates).items():
            deny = any(policies[p]["spec"].get("onFailure") == "Deny" for p in injected)
            most = (budget["spec"].get("max") or {}).get("perCategory")
            if trims and most is not None and count > most and not deny:
                return f"{budget['metadata']['name']}: {count} templates of {category}, at most {most}"
        for what, number, bound in Measure(budget, pod, ours).growth() if not told else ():
            if number > bound and number > 0:
                return f"{budget['metadata']['name']}: {what}: {number}, at most {bound}"
    warns = any(b["spec"].get("onExceeded") == "Warn" for b in found)
    for policy in told:
        others = {n for p, names in applied.items() if p != policy for n in names}
        if not warns and policies[policy]["spec"].get("onFailure") != "Deny" and \
                not set(applied[policy]) <= others:  # what others bring too stays
            return f"{policy} is beyond a budget that trims, and is there"
    return None
