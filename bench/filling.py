"""A site with any number of posts and thoughts, written in bulk: publishing them one by one would take minutes.

Rows go to SQLite as tuples, in the order of the schema's columns, and nothing waits for the disk: half the time of
the same through SQLAlchemy.
"""

import random
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from feedserver.posts.model import RENDERING, Listing
from feedserver.search import building
from feedserver.services import Services
from feedserver.storage import schema
from feedserver.text import caseless

_AT_A_TIME = 5_000
_WORDS = "harbour ferry winter council bridge garden orchard signal letter engine market river stone paper".split()
TAGS = [f"topic-{number}" for number in range(50)]
AUTHORS = ["Mara Quill", "Ben Oak", "Ida Stone"]
THOUGHTS_ON_NEWEST = 10

Rows = dict[Table, list[tuple[Any, ...]]]


def fill(services: Services, number: int, thoughts: int | None = None, on_newest: int = THOUGHTS_ON_NEWEST) -> None:
    """Writes `number` posts, the newest now, called `post-1` and so on, and `thoughts` on them, by default as many.

    `on_newest` of these are on the newest post.
    """
    now = services.clock().replace(microsecond=0, tzinfo=None)
    dice = random.Random(7)
    with closing(sqlite3.connect(str(services.database.file), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        _write_posts(connection, number, now, dice)
        _write_thoughts(connection, number, now, dice, thoughts or number, on_newest)
        connection.execute("UPDATE site SET revision = revision + 1")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    building.build(services.database)  # else the first start would


def body(number: int, sentences: list[str], dice: random.Random) -> str:
    """Some paragraphs of HTML, about 2.5 kB."""
    link = f'See <a href="https://other.example/{number}">another place</a>.'
    return "\n".join(f"<p>{' '.join(dice.choices(sentences, k=6))} {link}</p>" for _ in range(5))


def sentences(dice: random.Random) -> list[str]:
    return [" ".join(dice.choices(_WORDS, k=12)).capitalize() + "." for _ in range(500)]


def _write_posts(connection: sqlite3.Connection, posts: int, now: datetime, dice: random.Random) -> None:
    positions: Counter[str] = Counter()
    terms: Counter[str] = Counter()
    rows: Rows = {}
    words = sentences(dice)
    for number in range(1, posts + 1):
        moment = str(now - timedelta(minutes=posts - number)) + ".000000"
        tags = dice.sample(TAGS, 2)
        author = dice.choice(AUTHORS)
        _add(rows, schema.posts, *_post(number, moment, body(number, words, dice)))
        _add(rows, schema.slugs, f"post-{number}", number)
        _add(rows, schema.revisions, number, 1, moment, None, "cli", f"Post number {number}", f"title: {number}")
        for position, tag in enumerate(tags):
            _add(rows, schema.post_tags, number, position, tag, caseless(tag))
        _add(rows, schema.post_authors, number, 0, author, caseless(author))
        _add(rows, schema.linked_sites, number, "other.example")
        for name in ("site", Listing(author=author).key, *(Listing(tag=tag).key for tag in tags)):
            positions[name] += 1
            _add(rows, schema.listed, name, number, moment, positions[name])
        for term in (*dice.sample(_WORDS, 6), f"word{number // 5}", *(f"#{tag}" for tag in tags)):
            terms[term] += 1
            _add(rows, schema.post_terms, number, term)
        if number % _AT_A_TIME == 0:
            _flush(connection, rows)
    rows[schema.terms] = list(terms.items())
    _flush(connection, rows)


def _post(number: int, moment: str, html: str) -> tuple[Any, ...]:
    values = {
        "id": number,
        "guid": UUID(int=number).urn,
        "slug": f"post-{number}",
        "title": f"Post number {number}",
        "source": f"---\ntitle: Post number {number}\n---\n{html}",
        "html": html,
        "feed_html": html,
        "excerpt": html[3:250],
        "lang": "en",
        "state": "published",
        "published_at": moment,
        "updated_at": moment,
        "created_at": moment,
        "pings_open": 1,
        "comments_open": 1,
        "tells": 1,
        "page": 0,
        "rendering": RENDERING,
        "revision": 1,
    }
    return tuple(values.get(column.name) for column in schema.posts.columns)


def _write_thoughts(
    connection: sqlite3.Connection, posts: int, now: datetime, dice: random.Random, number: int, on_newest: int
) -> None:
    rows: Rows = {}
    for thought in range(1, number + 1):
        post = posts if thought <= on_newest else dice.randint(1, posts - 1)
        moment = str(now - timedelta(seconds=number - thought)) + ".000000"
        _add(rows, schema.thoughts, *_thought(thought, post, moment))
        if thought % _AT_A_TIME == 0:
            _flush(connection, rows)
    _flush(connection, rows)


def _thought(number: int, post: int, moment: str) -> tuple[Any, ...]:
    blog = f"blog-{number % 1000}.example"
    values = {
        "id": number,
        "guid": UUID(int=(1 << 64) + number).urn,
        "receipt_token": f"token-{number}",
        "post_id": post,
        "kind": "pingback",
        "state": "shown",
        "source": f"https://{blog}/{number}",
        "source_key": f"https://{blog}/{number}",
        "target": f"http://127.0.0.1/posts/post-{post}",
        "host": blog,
        "source_site": blog,
        "author_name": f"Blog {number}",
        "author_url": f"https://{blog}/",
        "title": "On that",
        "excerpt": "[…] some words around the link to the post, as they stand there […]",
        "approved": 0,
        "strikes": 0,
        "received_at": moment,
        "word_bytes": 0,
        "size": 0,
    }
    return tuple(values.get(column.name) for column in schema.thoughts.columns)


def _add(rows: Rows, table: Table, *values: Any) -> None:
    rows.setdefault(table, []).append(values)


def _flush(connection: sqlite3.Connection, rows: Rows) -> None:
    for table, values in rows.items():
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" * len(table.columns))
        connection.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', values)
    rows.clear()
