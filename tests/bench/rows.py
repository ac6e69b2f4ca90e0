"""What is measured, and how it is told: medians of runs taken in turn, and their ratios."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    what: str
    ours: float
    unit: str
    peer: str = ""  # what it is measured against; empty: nothing but the goal
    theirs: float = 0.0
    goal: float = 0.0
    at_least: bool = False  # the goal is a lower bound
    faster: bool = False  # the ratio is told the other way round: how many times faster we are
    kind: str = "ratio"  # "ratio", "value" or "difference": what the goal is about
    note: str = ""

    @property
    def figure(self):
        if self.kind == "value":
            return self.ours
        if self.kind == "difference":
            return self.ours - self.theirs
        return self.theirs / self.ours if self.faster else self.ours / self.theirs

    @property
    def verdict(self):
        if not self.goal:
            return "–"
        met = self.figure >= self.goal if self.at_least else self.figure <= self.goal
        return "yes" if met else "**no**"

    @property
    def goal_text(self):
        if not self.goal:
            return "–"
        return ("≥ " if self.at_least else "≤ ") + self._show(self.goal)

    @property
    def figure_text(self):
        return self._show(self.figure)

    def _show(self, number):
        if self.kind == "ratio":
            return f"{number:.0f}×" if number >= 10 else f"{number:.2f}×"
        return f"{number:.0f} {self.unit}" if number >= 10 else f"{number:.1f} {self.unit}"


def quantity(value, unit):
    digits = 0 if value >= 100 else 1
    return f"{value:,.{digits}f} {unit}"


def in_turn(contestants, rounds):
    """Runs each once a round, the first one another every round; their medians. One round more warms up."""
    names = list(contestants)
    seen = {name: [] for name in names}
    for round_number in range(rounds + 1):
        shift = round_number % len(names)
        for name in names[shift:] + names[:shift]:
            value = contestants[name]()
            if round_number > 0:
                seen[name].append(value)
    return {name: statistics.median(values) for name, values in seen.items()}
