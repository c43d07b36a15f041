"""Comments of Isso: its SQLite database, and the JSON that its own import takes (“generic”).

A database may come from anybody: it is opened for reading alone, nothing in its schema is run, and it is checked first.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from feedserver.errors import ImportRefused
from feedserver.text import one_line
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.json_stream import pieces, text
from feedserver.transfer.items import ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import split_http

KIND: Final = "isso"

_SQLITE: Final = b"SQLite format 3\0"
_ENDINGS: Final = (".db", ".sqlite", ".sqlite3", ".json")
_MAX_VALUE: Final = 4 * 1_048_576  # bytes of a value
_TABLES: Final = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('comments', 'threads')"
_COMMENTS: Final = (
    "SELECT comments.id, parent, created, mode, text, author, website, uri"
    " FROM comments LEFT JOIN threads ON threads.id = comments.tid ORDER BY comments.id"
)
_NEITHER: Final = "neither a database of Isso nor its JSON; make one of a dump: sqlite3 comments.db < dump.sql"
_SHOWN, _PENDING, _DELETED = 1, 2, 4  # modes


def _is_export(head: bytes) -> bool:
    if head.startswith(_SQLITE):
        return b"CREATE TABLE threads" in head and b"CREATE TABLE comments" in head
    return head.lstrip().startswith(b"[") and all(name in head for name in (b'"comments"', b'"remote_addr"'))


_BEGINNING: Final = Beginning(_ENDINGS, _is_export)


def recognises(source: Source) -> bool:
    """Whether there are comments of Isso."""
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """The comments. Raises ImportRefused."""
    name = _BEGINNING.only(source, KIND)
    with source.open(name) as file:
        head = file.read(1000)
    is_database = head.startswith(_SQLITE)
    if not is_database and not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise ImportRefused(f"{name}: {_NEITHER}")
    yield Origin(name=options.url or source.path.name, url=options.url)
    yield from _of_database(source, name) if is_database else _of_json(source, name, options)


# --- the database ---


def _of_database(source: Source, name: str) -> Iterator[Item]:
    with source.on_disk(name) as path:
        try:
            with _opened(path, name) as database:
                for row in database.execute(_COMMENTS):
                    yield _comment(name, *row)
        except UnicodeDecodeError as error:  # of what SQLite says of the damage
            raise ImportRefused(f"{name}: the database is damaged") from error
        except (sqlite3.Error, OverflowError) as error:
            raise ImportRefused(f"{name}: this is no database of Isso, or it is damaged: {error}") from error


@contextmanager
def _opened(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise ImportRefused(f"{name}: a part of it is still in {log.name}; stop Isso, and make a copy with `.backup`")
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as database:
        database.text_factory = lambda value: value.decode("utf-8", "replace")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        for pragma in ("trusted_schema=off", "cell_size_check=on", "temp_store=memory"):
            database.execute(f"PRAGMA {pragma}")
        (problem,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise ImportRefused(f"{name}: the database is damaged: {one_line(problem)}")
        if database.execute(_TABLES).fetchone() != (2,):
            raise ImportRefused(f"{name}: this is no database of Isso, it lacks the table threads or comments")
        yield database


def _comment(
    name: str,
    number: object,
    parent: object,
    created: object,
    mode: object,
    words: object,
    author: object,
    website: object,
    page: object,
) -> Item:
    where = f"{name}, comment {number}"
    if mode == _DELETED:
        return Remark(treatment="left out", where=where, what="a comment", why="it was deleted")
    return _thought(
        where,
        key=str(number),
        parent=str(parent) if isinstance(parent, int) else None,
        at=moments.of_unix(created),
        is_shown=mode == _SHOWN,
        values=(page, words, *(unescape(value) if isinstance(value, str) else "" for value in (author, website))),
    )


# --- JSON ---


def _of_json(source: Source, name: str, options: Options) -> Iterator[Item]:
    with source.open(name) as file:
        for _, thread in pieces(file, name, [("*",)]):
            comments = thread.get("comments") if isinstance(thread, dict) else None
            page, known = text(thread, "id"), Counter[str]()
            for comment in comments if isinstance(comments, list) else ():
                number = text(comment, "id")
                known[number] += 1
                same = f", {known[number]}" if known[number] > 1 else ""  # ids are not always told apart
                yield _generic(comment, page, f"{page} {number}{same}", name, options)


def _generic(comment: Any, page: str, key: str, name: str, options: Options) -> Item:
    return _thought(
        f"{name}, comment {key}",
        key=key,
        parent=None,
        at=moments.of_iso(text(comment, "created"), options.zone),
        is_shown=True,
        values=(page, text(comment, "text"), text(comment, "author"), text(comment, "website")),
    )


def _thought(
    where: str, *, key: str, parent: str | None, at: datetime | None, is_shown: bool, values: tuple[object, ...]
) -> Item:
    page, source, author, website = (value if isinstance(value, str) else "" for value in values)
    words = plain.of_markdown(source)
    if at is None or not words or not page:
        return Remark(treatment="left out", where=where, what="a comment", why="it lacks its page, date or words")
    return ImportedThought(
        key=key,
        where=where,
        kind="comment",
        state="shown" if is_shown else "held",
        at=at,
        text=words,
        target=page,
        parent=parent,
        author_name=one_line(author),
        author_url=website if split_http(website) is not None else "",
    )
