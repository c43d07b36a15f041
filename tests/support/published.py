"""A post in an empty SQLite site by the rows that publishing it wrote before: to publish it took a tenth of a run.

Whatever publishes is stored, so that the rows are all there is of it.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings

Rows = dict[str, list[tuple[Any, ...]]]

_known: dict[str, tuple[Post, Rows]] = {}


def once(services: WebServices, publish: Callable[[], Post]) -> Post:
    """What `publish` gives; in a site that is as another was before, it is not called, and its rows are written."""
    file = services.database.file
    if file is None:
        return publish()
    with closing(sqlite3.connect(file)) as connection:
        settings = replace(services.settings, data_dir=Path(), database=DatabaseSettings())
        key = repr((settings, services.clock(), _short(connection)))
        if key in _known:
            post, rows = _known[key]
            connection.execute("PRAGMA synchronous=OFF")
            with connection:
                for table, written in rows.items():
                    marks = ", ".join("?" * len(written[0]))
                    connection.execute(f"DELETE FROM {table}")
                    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", written)
            return post
        before = _rows(connection)
        post = publish()
        after = _rows(connection)
    _known[key] = post, {table: rows for table, rows in after.items() if rows and rows != before[table]}
    return post


def _short(connection: sqlite3.Connection) -> list[Any]:
    """What tells whether anything was stored before."""
    queries = ("SELECT * FROM site", "SELECT count(*) FROM posts", "SELECT count(*) FROM jobs")
    return [connection.execute(query).fetchall() for query in queries]


def _rows(connection: sqlite3.Connection) -> Rows:
    """Those of all tables; of the index of words, those that it is kept in: it has none of its own."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    names = connection.execute(tables).fetchall()
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}
