"""A picture of readers by day or week: a line of subscribers over bars of requests, as SVG. Pure.

The policy of the desk allows no style attributes: colours come from the style sheet, by classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final

WIDTH: Final = 720
_LEFT, _RIGHT = 76, 10  # room for the numbers at the left
_PANEL: Final = 110  # height of each of the two panels
_GAP: Final = 44  # between them, with a heading
_TOP: Final = 30
_BAR: Final = 0.8  # of the room of a bar that it fills
_WIDEST_BAR: Final = 48  # of the picture's width: one day alone is no block
_MOST_DATES: Final = 4
_STEPS: Final = (1, 2, 5)

Draw = Callable[[Sequence[float], int], str]  # the path of values with these heights above a line


@dataclass(frozen=True, slots=True)
class Point:
    """One day, or a week from its first day: how many subscribers, how many requests."""

    day: date
    subscribers: int
    requests: int


def chart(points: Sequence[Point], title: str, description: str) -> str:
    """Returns an `svg` element for a page, with its title and description."""
    bottom = _TOP + 2 * _PANEL + _GAP
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {bottom + 26}" role="img" aria-labelledby="chart-title chart-desc">',
        f'<title id="chart-title">{escape(title)}</title><desc id="chart-desc">{escape(description)}</desc>',
        *_panel("Subscribers", [point.subscribers for point in points], _TOP, _line, "line"),
        *_panel("Requests", [point.requests for point in points], _TOP + _PANEL + _GAP, _bars, "bars"),
        *_dates([point.day for point in points], bottom),
        "</svg>",
    ]
    return "".join(parts)


def _panel(name: str, values: Sequence[int], top: int, draw: Draw, kind: str) -> list[str]:
    """A heading, lines at round numbers, and what `draw` makes of the heights of the values."""
    most = round_above(max(values, default=0))
    heights = [_PANEL * value / most for value in values]
    lines = []
    for number in (0, most // 2, most) if most > 1 else (0, most):
        y = top + _PANEL - _PANEL * number / most
        lines.append(f'<path class="grid" d="M{_LEFT} {y:g}H{WIDTH - _RIGHT}"/>')
        lines.append(f'<text class="end" x="{_LEFT - 6}" y="{y + 4:g}">{number:,}</text>')
    heading = f'<text class="heading" x="{_LEFT}" y="{top - 8}">{name}</text>'
    return [heading, *lines, f'<path class="{kind}" d="{draw(heights, top + _PANEL)}"/>']


def _line(heights: Sequence[float], bottom: int) -> str:
    """A line from value to value; of one value alone, a short one."""
    if len(heights) == 1:
        return f"M{_x(0, 1) - 4:g} {bottom - heights[0]:.1f}h8"
    steps = (f"{_x(index, len(heights)):.1f} {bottom - height:.1f}" for index, height in enumerate(heights))
    return f"M{'L'.join(steps)}" if heights else ""


def _bars(heights: Sequence[float], bottom: int) -> str:
    width = min(_WIDEST_BAR, (WIDTH - _LEFT - _RIGHT) / max(1, len(heights)) * _BAR)
    return "".join(
        f"M{_x(index, len(heights)) - width / 2:.1f} {bottom}v-{height:.1f}h{width:.1f}v{height:.1f}z"
        for index, height in enumerate(heights)
    )


def _dates(days: Sequence[date], bottom: int) -> list[str]:
    """Some of the days below the panels, the last one at their right end."""
    step = max(1, -(-len(days) // _MOST_DATES))
    before = range(len(days) - 1 - step, -1, -step)
    shown = [("middle", f"{_x(index, len(days)):.1f}", days[index]) for index in reversed(before)]
    shown += [("end", str(WIDTH - _RIGHT), day) for day in days[-1:]]
    return [f'<text class="{where}" x="{x}" y="{bottom + 20}">{day}</text>' for where, x, day in shown]


def _x(index: int, number: int) -> float:
    """The middle of the room that one of so many values has."""
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (index + 0.5) / number


def round_above(value: int) -> int:
    """Returns the least of 1, 2, 5, 10, 20, 50 … that is not less than a value."""
    power = 1
    while power * _STEPS[-1] * 2 < value:
        power *= 10
    return next(step * power for step in (*_STEPS, 10) if step * power >= value)
