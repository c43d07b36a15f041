"""What was measured: a number with its unit, and the target it is to reach, where it has one."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `least` and `most` are targets, of which a figure has one or none; `note` says what it is made of.

    `rate` is how many requests a second were answered, where the figure is made of that.
    """

    group: str
    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    note: str = ""
    rate: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.least is not None:
            return self.value >= self.least
        return self.value <= self.most if self.most is not None else None

    @property
    def share(self) -> float | None:
        """How far it goes: 1 is just the target, more is better; None where there is none."""
        if self.least is not None:
            return self.value / self.least
        return self.most / max(self.value, 1e-9) if self.most is not None else None

    @property
    def said(self) -> str:
        return f"{number(self.value)} {self.unit}".strip()

    @property
    def target(self) -> str:
        if self.least is not None:
            return f"≥ {number(self.least)} {self.unit}".strip()
        return f"≤ {number(self.most)} {self.unit}".strip() if self.most is not None else ""

    @property
    def verdict(self) -> str:
        return {True: "reached", False: "not reached", None: ""}[self.reached]


def number(value: float | None) -> str:
    """Three digits that count."""
    assert value is not None
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def in_rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    return [(figure.name, figure.said, figure.target, figure.verdict, figure.note) for figure in figures]


def by_group(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(figure.group, []).append(figure)
    return groups
