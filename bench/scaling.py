"""What docs/scaling.md says of one run: its figures, and what they come to for ten thousand requests a second. Pure.

Two places of that page are written here, each between the lines `<!-- bench -->` and `<!-- /bench -->`. What a run did
not measure (nginx's cache, where there is no nginx) is left out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from textwrap import fill
from typing import Any

from bench import front
from bench.figures import Figure, number

_PLACE = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
_WIDTH = 120
_MANY = 10_000  # requests a second
_GROWTH = "from 100 to 100,000 posts"
_UNCHANGED, _WHOLE = "feed 304, of bare WSGI", "feed 200, gzip, of bare WSGI"
_PAGE, _PAGE_ANEW = "post with 10 thoughts, of its bare Flask view", "page after a change"
_CACHED = {kind: front.named(kind) for kind in front.KINDS}
_PINGS = ("answered, one source host", "answered, 20 source hosts")
_VERIFIED = ("verified meanwhile, one source host", "verified meanwhile, 20 source hosts")
_MEMORY, _EVERYWHERE = "worker after all that", "every worker's new bytes"
NAMES = (_UNCHANGED, _WHOLE, _PAGE, _PAGE_ANEW, *_PINGS, *_VERIFIED, _MEMORY, _EVERYWHERE)  # in every run


def renewed(page: str, where: dict[str, Any], figures: Sequence[Figure]) -> str:
    """The page with what this run found. `where` is the machine, as docs/performance.json describes it.

    Raises ValueError when the page has not both places.
    """
    run = _Run({(figure.group == _GROWTH, figure.name): figure for figure in figures})
    found = iter([f"{_machine(where)}\n\n{_items(_figures(run))}", _items(_estimates(run))])
    if len(_PLACE.findall(page)) != 2:
        raise ValueError("docs/scaling.md must have two places between <!-- bench --> and <!-- /bench -->")
    return _PLACE.sub(lambda place: f"{place[1]}{next(found)}\n{place[2]}", page)


@dataclass(frozen=True, slots=True)
class _Run:
    """The figures by name; those of growth have names that others have too."""

    figures: dict[tuple[bool, str], Figure]

    def said(self, *names: str) -> list[str]:
        return [found.said for name in names if (found := self.figures.get((False, name)))]

    def value(self, name: str) -> float | None:
        found = self.figures.get((False, name))
        return found.value if found else None

    def rate(self, name: str) -> float | None:
        found = self.figures.get((False, name))
        return found.rate if found else None

    def slowest_growth(self) -> Figure | None:
        return max((figure for (grown, _), figure in self.figures.items() if grown), key=_value, default=None)


def _value(figure: Figure) -> float:
    return figure.value


def _machine(where: dict[str, Any]) -> str:
    run = f"`{where['command']}` at commit {where['commit']} on {where['measured']}"
    return fill(f"From {run}, on {where['cores']} cores ({where['processor']}) that the load generator shared:", _WIDTH)


def _figures(run: _Run) -> Iterable[str]:
    whole, unchanged, page = run.rate(_WHOLE), run.rate(_UNCHANGED), run.rate(_PAGE)
    if whole and unchanged:
        yield f"one process, feed 304 and 200 (gzip): {_count(unchanged)} and {_count(whole)} requests a second"
    if page:
        yield f"one process, page of a post with ten thoughts, unchanged since it was read: {_count(page)} a second"
    if len(pings := run.said(*_PINGS)) == len(verified := run.said(*_VERIFIED)) == 2:
        yield f"one process, pings from one source host, and from 20: {pings[0]} and {pings[1]} answered"
        yield f"the same pings: {verified[0]} and {verified[1]} verified meanwhile"
    for memory in run.said(_MEMORY):
        yield f"memory of a process: {memory}"
    for seen in run.said(_EVERYWHERE):
        yield f"publish until every process of two serves the new bytes: {seen}"
    for kind, name in _CACHED.items():
        if (share := run.value(name)) and (rate := run.rate(name)):
            yield f"nginx's cache, feed {kind}: {_count(rate)} a second, {number(share)} of a static file's"
    if grown := run.slowest_growth():
        yield f"a hundred thousand posts instead of a hundred: {number(grown.value)} times at most ({grown.name})"


def _estimates(run: _Run) -> Iterable[str]:
    cached = [rate for name in (_CACHED["304"], _CACHED["200, gzip"]) if (rate := run.rate(name))]
    if len(cached) == 2:
        yield (
            f"**Feeds behind nginx**: one answered {_count(cached[0])} a second unchanged and {_count(cached[1])} "
            f"whole (gzip), so {_machines(cached)} in front will do, and one more for the day it fails. feedserver "
            "sees a request a second for each feed that is read: one process is idle."
        )
    else:
        yield "**Feeds behind nginx**: not measured in this run."
    direct = [rate for name in (_UNCHANGED, _WHOLE) if (rate := run.rate(name))]
    if direct:
        yield f"**Feeds without nginx**: {_processes(direct)}, each with a core; there is no reason to do it so."
    page, anew = run.rate(_PAGE), run.value(_PAGE_ANEW)
    if page and anew:
        yield (
            f"**Pages**: {_processes([page])} where they are in memory (the 64 read last, from one change to the "
            f"next), {ceil(_MANY * anew / 1000)} where each has to be written anew ({number(anew)} ms)."
        )
    if answered := [value for name in _PINGS if (value := run.value(name))]:
        yield (
            f"**Pings**: one process on SQLite answers {number(min(answered))} a second, as each waits for the disk. "
            f"Ten thousand are {number(_MANY / min(answered))} times that."
        )


def _machines(rates: Sequence[float]) -> str:
    needed = ceil(_MANY / min(rates))
    return "one such machine" if needed == 1 else f"{needed} such machines"


def _processes(rates: Sequence[float]) -> str:
    least, most = ceil(_MANY / max(rates)), ceil(_MANY / min(rates))
    return f"{most} processes" if least == most else f"{least} to {most} processes"


def _count(value: float) -> str:
    """Three digits that count; more would promise what no second run keeps."""
    return f"{float(f'{value:.3g}'):,.0f}"


def _items(lines: Iterable[str]) -> str:
    return "\n".join(fill(f"- {line}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for line in lines)
