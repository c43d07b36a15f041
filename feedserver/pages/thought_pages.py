"""The pages of a post's thoughts, and the links between them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_BESIDE: Final = 2  # pages before and after the present one that it links to


@dataclass(frozen=True, slots=True)
class ThoughtPages:
    """The pages of one post's thoughts, seen from page `number`.

    `counts`: how many thoughts are shown on each page that has some. A page that all its thoughts have left is none,
    but for the first, which is the post's own.
    """

    number: int
    counts: Mapping[int, int]

    @property
    def exists(self) -> bool:
        return self.number in self._numbers

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def start(self) -> int:
        """The place of this page's first thought among all that are shown, from 1."""
        return 1 + sum(count for page, count in self.counts.items() if page < self.number)

    @property
    def previous(self) -> int | None:
        return max((page for page in self._numbers if page < self.number), default=None)

    @property
    def next(self) -> int | None:
        return min((page for page in self._numbers if page > self.number), default=None)

    @property
    def linked(self) -> list[int | None]:
        """The pages to link to: the first, the last, and those around this one; None where some are left out."""
        pages = self._numbers
        here = pages.index(self.number)
        near = {0, len(pages) - 1, *range(max(0, here - _BESIDE), min(len(pages), here + _BESIDE + 1))}
        found: list[int | None] = []
        for index in sorted(near):
            if index and index - 1 not in near:
                found.append(None)
            found.append(pages[index])
        return found

    @property
    def _numbers(self) -> list[int]:
        return sorted({1, *self.counts})
