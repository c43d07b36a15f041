"""One measured figure with its unit, and its target where it has one."""

from dataclasses import dataclass

GROWTH = "from 100 to 100,000 posts"


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table. `least` and `most` are targets, of which a figure has one or none; `note` is what a ratio is
    made of."""

    group: str
    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.least is not None:
            return self.value >= self.least
        return self.value <= self.most if self.most is not None else None

    @property
    def target(self) -> str:
        if self.least is not None:
            return f"≥ {number(self.least)}"
        return f"≤ {number(self.most)}" if self.most is not None else ""


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def rate_growth(name: str, small: float, large: float) -> Figure:
    """How much slower the large site is, by requests a second."""
    return Figure(GROWTH, name, small / large, "×", most=1.2, note=f"{number(small)} → {number(large)} /s")


def time_growth(name: str, small: float, large: float) -> Figure:
    """How much slower the large site is, by seconds."""
    note = f"{number(small * 1000)} → {number(large * 1000)} ms"
    return Figure(GROWTH, name, large / small, "×", most=1.2, note=note)
