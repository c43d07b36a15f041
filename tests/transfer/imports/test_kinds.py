"""Which format reads an export: the only one that recognises it, or the one that its owner names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.imports import kinds
from feedserver.transfer.items import Item
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source, folder_source

CHECKOUT = Path(__file__).parents[3]


@dataclass
class Format:
    KIND: str
    knows: bool

    def recognises(self, source: Source) -> bool:
        return self.knows

    def read(self, source: Source, options: Options) -> Iterator[Item]:
        yield from ()


def recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *known: str) -> str:
    found = {kind: Format(kind, kind in known) for kind in ("hugo", "jekyll", "markdown")}
    monkeypatch.setattr(kinds, "kinds", lambda: found)
    return kinds.reader_of(folder_source(tmp_path, tmp_path)).KIND


def test_the_only_one_that_recognises_it_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recognised(tmp_path, monkeypatch, "jekyll") == "jekyll"


def test_where_several_do_a_line_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImportRefused, match="it may be hugo or jekyll; say which with --from"):
        recognised(tmp_path, monkeypatch, "jekyll", "hugo")


def test_where_none_does_a_line_names_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImportRefused, match="--from says what it is: hugo, jekyll, markdown"):
        recognised(tmp_path, monkeypatch)


def test_every_kind_is_promised() -> None:
    interface = (CHECKOUT / "docs/interface.md").read_text("utf-8")

    assert [kind for kind in kinds.kinds() if f"`{kind}`" not in interface] == []
