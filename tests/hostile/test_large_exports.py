"""Exports that are larger than memory should be: what they hold passes through, and nothing of it stays."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.serving import LONG, clean_environ
from tests.transfer.formats.wordpress_exports import SITE, attachment, comment, item, meta, wxr

SIZE = 1_000_000_000 if LONG else 4_000_000  # bytes
MOST = 300  # megabytes, those of the program among them
_CHECKOUT = Path(__file__).parents[2]
_WORDS = f"Some words &amp; others. {'Many words. ' * 100}\n\n[caption]<img src='x'>A roof[/caption]\n\n" * 20


def ordinary() -> Iterator[str]:
    """Posts of all sizes, with files and comments."""
    for number in itertools.count(1):
        yield attachment(f"a{number}", f"{SITE}/wp-content/uploads/{number}.jpg", wp__post_parent=str(number))
        yield item(
            meta("_thumbnail_id", f"a{number}"),
            *(comment(wp__comment_id=str(one)) for one in range(number % 20)),
            wp__post_id=str(number),
            link=f"{SITE}/2023/03/04/post-{number}/",
            content__encoded=_WORDS * (number % 3),
        )


def one_post() -> Iterator[str]:
    """One post that has all comments."""
    yield item()[: -len("</item>\n")]
    for number in itertools.count(1):
        yield comment(wp__comment_id=str(number), wp__comment_content="Words. " * 500)


def write(file: Path, parts: Iterator[str], end: str) -> None:
    start, _, rest = wxr("\0").partition(b"\0")
    with file.open("wb") as written:
        written.write(start)
        while written.tell() < SIZE:
            written.write(next(parts).encode())
        written.write(end.encode() + rest)


@pytest.mark.parametrize(("parts", "end"), [(ordinary, ""), (one_post, "</item>")], ids=["posts", "one post"])
@pytest.mark.parametrize("forgiving", [[], ["forgiving"]] if LONG else [[]], ids=str)
def test_memory_stays_bounded(
    tmp_path: Path, parts: Callable[[], Iterator[str]], end: str, forgiving: list[str]
) -> None:
    write(file := tmp_path / "export.xml", parts(), end)

    read = subprocess.run(
        [sys.executable, "-m", "tests.hostile.reading", str(file), *forgiving],
        capture_output=True,
        cwd=_CHECKOUT,
        env=clean_environ(),
        check=True,
        text=True,
        timeout=3600,
    )

    items, kilobytes = map(int, read.stdout.split())
    assert items > SIZE / 100_000
    assert kilobytes < MOST * 1000
