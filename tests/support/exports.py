"""Reads samples of exports, and exports that tests make, with one reader."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from feedserver.transfer.items import (
    ImportedMedia,
    ImportedPost,
    ImportedRedirect,
    ImportedThought,
    Item,
    Origin,
    Remark,
)
from feedserver.transfer.options import Options
from feedserver.transfer.source import opened

SAMPLES = Path(__file__).parents[1] / "data/import"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)

T = TypeVar("T", bound=Item)


class Export:
    """What a reader gives of an export, by kind."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = list(items)
        assert isinstance(self.items[0], Origin)
        self.origin: Origin = self.items[0]
        self.posts = self._all(ImportedPost)
        self.thoughts = self._all(ImportedThought)
        self.media = self._all(ImportedMedia)
        self.redirects = {one.old: one.new for one in self._all(ImportedRedirect)}
        self.remarks = self._all(Remark)

    def _all(self, kind: type[T]) -> list[T]:
        return [item for item in self.items if isinstance(item, kind)]

    def post(self, key: str) -> ImportedPost:
        (found,) = [post for post in self.posts if post.key == key]
        return found

    def thought(self, key: str) -> ImportedThought:
        (found,) = [thought for thought in self.thoughts if thought.key == key]
        return found

    def told(self, treatment: str) -> list[str]:
        """What the report tells of parts that are treated so."""
        return [remark.what for remark in self.remarks if remark.treatment == treatment]


def read(
    reader: ModuleType,
    path: Path,
    scratch: Path,
    *,
    forgiving: bool = False,
    url: str | None = None,
    zone: tzinfo = UTC,
) -> Export:
    """What `reader` gives of the export at `path`; an archive is unpacked into `scratch`."""
    with opened(path, scratch) as source:
        return Export(reader.read(source, Options(zone=zone, now=NOW, forgiving=forgiving, url=url)))


def is_recognised(reader: ModuleType, path: Path, scratch: Path) -> bool:
    with opened(path, scratch) as source:
        return bool(reader.recognises(source))
