"""Exports that tests make of items, and what an import of them leaves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedserver.cli.transfer import importer_of
from feedserver.errors import ImportDamaged
from feedserver.services import Services
from feedserver.transfer.imports import importing
from feedserver.transfer.imports.importing import Import
from feedserver.transfer.items import ImportedPost, ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

OLD = "https://old.example"
START = datetime(2019, 5, 1, 12, tzinfo=UTC)


def post(key: str = "1", **values: Any) -> ImportedPost:
    """A published post; any value by name."""
    made: dict[str, Any] = {
        "where": f"item {key}",
        "title": f"Title {key}",
        "text": "<p>Words.</p>",
        "format": "html",
        "state": "published",
        "published_at": START,
        "url": f"{OLD}/2019/05/post-{key}/",
    }
    return ImportedPost(key=key, **(made | values))


def comment(key: str, **values: Any) -> ImportedThought:
    """A comment on the first post that is shown; any value by name."""
    made: dict[str, Any] = {
        "where": f"comment {key}",
        "kind": "comment",
        "state": "shown",
        "at": START + timedelta(hours=1),
        "text": f"Comment {key}.",
        "author_name": "Ann",
    }
    if "target" not in values:
        made["post"] = "1"
    return ImportedThought(key=key, **(made | values))


def ping(key: str, source: str, **values: Any) -> ImportedThought:
    return comment(key, kind="pingback", source=source, text="[…] words [&]", author_name="A page", **values)


def posts(number: int) -> list[ImportedPost]:
    """So many posts, a day apart, the newest first."""
    made = (post(str(n), published_at=START + timedelta(days=n), tags=("sea",)) for n in range(1, number + 1))
    return list(reversed(list(made)))


@dataclass
class Format:
    """A format that reads nothing, and gives these items; damaged ones only to who forgives."""

    items: list[Item]
    mended: list[Remark] = field(default_factory=list)
    KIND = "test"

    def recognises(self, source: Source) -> bool:
        return True

    def read(self, source: Source, options: Options) -> Iterator[Item]:
        if self.mended and not options.forgiving:
            raise ImportDamaged("line 3: it is damaged")
        yield from self.items
        yield from self.mended


class Exports:
    """Imports what tests make."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._deed: Callable[[], object] | None = None
        (folder / "export").mkdir()

    def holds(self, *items: Item, origin: Origin | None = None, mended: Sequence[Remark] = ()) -> None:
        """Has the next imports read these items."""
        fmt = Format([origin or Origin(name="old.example", url=OLD), *items], list(mended))
        self._monkeypatch.setattr(importing, "kinds", lambda: {"test": fmt})

    def during(self, deed: Callable[[], object]) -> None:
        """Has something happen once while the next import writes posts."""
        self._deed = deed

    def run(self, services: Services, *items: Item, media: Path | None = None, **options: Any) -> list[Remark]:
        """Imports; returns the remarks."""
        if items:
            self.holds(*items, **options)
        with importer_of(services).opened(self.folder / "export", "test", media, self._report, writes=True) as found:
            found.apply()
            return list(found.spool.remarks())

    def plan(self, services: Services, *items: Item) -> tuple[Import, list[Remark], list[tuple[str, str]]]:
        """What an import would do."""
        if items:
            self.holds(*items)
        with importer_of(services).opened(self.folder / "export", "test", None, self._report, writes=False) as found:
            found.check()
            return found, list(found.spool.remarks()), list(found.addresses())

    def _report(self, doing: str, _share: float) -> None:
        if doing == "writing posts" and (deed := self._deed) is not None:
            self._deed = None
            deed()
