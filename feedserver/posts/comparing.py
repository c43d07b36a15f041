"""Two documents, line by line: what was taken out, and what was put in. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

_MOST_LINES: Final = 4_000  # that are compared: time grows with their square
_AROUND: Final = 3  # lines before and after a change that are shown

Change = Literal["same", "out", "in", "left out"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of either document; `change` says of which. “left out”: lines stand here that are not shown."""

    change: Change
    text: str = ""


def compare(old: str, new: str) -> list[Line]:
    """The lines that differ, with a few around them; of very long documents one that says that lines are left out."""
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > _MOST_LINES:
        return [Line("left out")] if old != new else []
    return list(_changes(before, after))


def _changes(before: list[str], after: list[str]) -> Iterator[Line]:
    matcher = SequenceMatcher(None, before, after, autojunk=True)
    end = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        if group[0][1] > end:
            yield Line("left out")
        for tag, first, last, first_new, last_new in group:
            if tag == "equal":
                yield from (Line("same", line) for line in before[first:last])
            else:
                yield from (Line("out", line) for line in before[first:last])
                yield from (Line("in", line) for line in after[first_new:last_new])
            end = last
    if end and end < len(before):
        yield Line("left out")
