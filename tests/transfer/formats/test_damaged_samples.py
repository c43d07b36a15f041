"""Whatever is wrong with an export, its reader says so in one line, and raises nothing else."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import (
    blogger,
    commento,
    disqus,
    feed,
    ghost,
    isso,
    medium,
    movabletype,
    webmention_io,
    wordpress,
)
from tests.support.exports import SAMPLES, is_recognised, read
from tests.transfer.formats.test_isso import database_of

READERS = {
    "blogger": blogger,
    "commento": commento,
    "disqus": disqus,
    "feeds": feed,
    "ghost": ghost,
    "isso": isso,
    "medium": medium,
    "movabletype": movabletype,
    "webmention.io": webmention_io,
    "wordpress": wordpress,
}
CASES = [
    pytest.param(READERS[folder.name], sample, id=sample.name)
    for folder in sorted(SAMPLES.iterdir())
    if folder.name in READERS
    for sample in sorted(folder.iterdir())
    if sample.is_file()
]
MOST = 1_000 if os.environ.get("TESTS_LONG") else 12


def damaged(content: bytes, random_one: random.Random) -> Iterator[bytes]:
    """The content with something cut, repeated, exchanged or put in."""
    yield content.replace(b"://", b"://[")
    yield content.replace(b'="http', b'="//x]http')
    for _ in range(MOST):
        start, end = sorted(random_one.randrange(len(content) + 1) for _ in range(2))
        end = min(end, start + random_one.choice((1, 20, 2_000)))
        junk = random_one.choice(
            (b"", b"\0", b"\xff", b"<", b'"', b"{", b"[" * 100, b"]]>", b"-----\n", b"&#x0;", b"null")
        )
        yield content[:start] + junk + content[end:]
        yield content[:end]
        yield content[:start] + random_one.randbytes(4) + content[start:end] * 2 + content[end:]


@pytest.mark.parametrize(("reader", "sample"), CASES)
def test_only_a_refusal_of_one_line_comes_of_any_damage(reader: ModuleType, sample: Path, tmp_path: Path) -> None:
    whole = sample.read_bytes()
    if sample.suffix == ".sql":
        whole = database_of(tmp_path / "comments.db", whole.decode()).read_bytes()
    file = tmp_path / sample.name
    lines: list[str] = []
    for content in damaged(whole, random.Random(sample.name)):
        file.write_bytes(content)
        is_recognised(reader, file, tmp_path)
        for forgiving in (False, True):
            try:
                read(reader, file, tmp_path, forgiving=forgiving)
            except ImportRefused as refused:
                lines.append(str(refused))

    assert [line for line in lines if "\n" in line] == []
