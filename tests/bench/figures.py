# SPDX-License-Identifier: Apache-2.0
"""What was measured: figures with their goals, as a table, as JSON, and as Markdown."""

import json
import statistics

# Figures are ratios of two medians of one round; the middle round is told, with the lowest and highest.


def spread(numbers):
    """(median, lowest, highest)."""
    return statistics.median(numbers), min(numbers), max(numbers)


def at_most(limit, tolerance=0.0):
    """A goal; `tolerance` is what the measurement cannot tell from nothing."""
    return ("≤", limit, tolerance)


def at_least(limit):
    return ("≥", limit, 0.0)


def number(value):
    """Three digits that count, with commas between thousands."""
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Figure:
    def __init__(self, name, what, values, unit, goal=None):
        """`values`: one number for each round."""
        self.name, self.what, self.unit, self.goal = name, what, unit, goal
        self.value, self.low, self.high = spread(values)
        self.met = None
        if goal:
            sign, limit, tolerance = goal
            self.met = self.value <= limit + tolerance if sign == "≤" else self.value >= limit

    def goal_text(self):
        return f"{self.goal[0]} {number(self.goal[1])}" if self.goal else ""

    def met_text(self):
        return {True: "met", False: "missed", None: ""}[self.met]

    def value_text(self):
        return f"{number(self.value)} {self.unit}".strip()

    def range_text(self):
        return f"{number(self.low)} – {number(self.high)}" if self.low < self.high else ""

    def as_json(self):
        return {"name": self.name, "value": round(self.value, 6), "unit": self.unit, "goal": self.goal_text() or None,
                "met": self.met, "low": round(self.low, 6), "high": round(self.high, 6)}


class Figures:
    """All figures of a run, in sections."""

    def __init__(self):
        self.sections = []

    def begin(self, title):
        self.sections.append((title, []))

    def add(self, name, what, values, unit="", goal=None):
        values = values if isinstance(values, list) else [values]
        self.sections[-1][1].append(Figure(name, what, values, unit, goal))

    def all(self):
        return [figure for _, figures in self.sections for figure in figures]

    def write_json(self, path):
        path.write_text(json.dumps([figure.as_json() for figure in self.all()], indent=1) + "\n", encoding="utf-8")

    def table(self, title, figures):
        """A section for a terminal."""
        rows = [(title, "measured", "lowest – highest", "goal", "")]
        rows += [(f.what, f.value_text(), f.range_text(), f.goal_text(), f.met_text()) for f in figures]
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        for row in rows:
            yield "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                            for i, (cell, width) in enumerate(zip(row, widths))).rstrip()

    def markdown(self):
        for title, figures in self.sections:
            if not figures:
                continue
            yield f"| {title} | measured | lowest – highest | goal | |"
            yield "|---|--:|--:|--:|---|"
            for f in figures:
                yield f"| {f.what} | {f.value_text()} | {f.range_text()} | {f.goal_text()} | {f.met_text()} |"
            yield ""
