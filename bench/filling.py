"""A site with any number of posts and thoughts, written in bulk: publishing them one by one would take minutes."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert

from feedserver.services import Services
from feedserver.storage import schema, site

_AT_A_TIME = 5_000
_WORDS = "harbour ferry winter council bridge garden orchard signal letter engine market river stone paper".split()
TAGS = [f"topic-{number}" for number in range(50)]
RARE = "rare-topic"  # on ten posts only
AUTHORS = ["Mara Quill", "Ben Oak", "Ida Stone"]


def fill(services: Services, posts: int, thoughts: int, *, on_newest: int = 10) -> None:
    """Writes `posts` posts, the newest now, and `thoughts` thoughts, of which `on_newest` stand on the newest post."""
    now = services.clock().replace(microsecond=0)
    dice = random.Random(7)
    with services.database.write() as connection:
        _write_posts(connection, posts, now, dice)
        _write_thoughts(connection, posts, thoughts, on_newest, now, dice)
        site.revise(connection)


def body(number: int, dice: random.Random) -> str:
    """Some paragraphs of HTML, about 2.5 kB."""
    sentences = " ".join(" ".join(dice.choices(_WORDS, k=12)).capitalize() + "." for _ in range(6))
    link = f'<a href="https://other.example/{number}">another place</a>'
    return "\n".join(f"<p>{sentences} See {link}.</p>" for _ in range(5))


def _write_posts(connection: Connection, posts: int, now: datetime, dice: random.Random) -> None:
    counts: dict[str, int] = {}
    rows: dict[Table, list[dict[str, Any]]] = {}
    for number in range(1, posts + 1):
        moment = now - timedelta(minutes=posts - number)
        html = body(number, dice)
        tags = dice.sample(TAGS, 2) + ([RARE] if number % max(1, posts // 10) == 0 else [])
        author = dice.choice(AUTHORS)
        _add(rows, schema.posts, **_post(number, moment, html))
        _add(rows, schema.slugs, slug=f"post-{number}", post_id=number)
        for position, tag in enumerate(tags):
            _add(rows, schema.post_tags, post_id=number, position=position, name=tag)
        _add(rows, schema.post_authors, post_id=number, position=0, name=author)
        _add(rows, schema.post_hosts, post_id=number, host="other.example")
        for name in ("site", f"author/{author}", *(f"tag/{tag}" for tag in tags)):
            counts[name] = counts.get(name, 0) + 1
            _add(rows, schema.listed, list=name, post_id=number, published_at=moment, position=counts[name])
        for term in {*dice.sample(_WORDS, 6), f"word{number // 5}", *(f"#{tag}" for tag in tags)}:
            counts[f"term {term}"] = counts.get(f"term {term}", 0) + 1
            _add(rows, schema.post_terms, post_id=number, term=term)
        if number % _AT_A_TIME == 0:
            _flush(connection, rows)
    _flush(connection, rows)
    members = [{"list": name, "members": count} for name, count in counts.items() if not name.startswith("term ")]
    connection.execute(insert(schema.lists), members)
    terms = [{"term": name[5:], "posts": count} for name, count in counts.items() if name.startswith("term ")]
    for start in range(0, len(terms), _AT_A_TIME):
        connection.execute(insert(schema.terms), terms[start : start + _AT_A_TIME])


def _post(number: int, moment: datetime, html: str) -> dict[str, Any]:
    return {
        "id": number,
        "guid": UUID(int=number).urn,
        "slug": f"post-{number}",
        "title": f"Post number {number}",
        "source": html,
        "html": html,
        "feed_html": html,
        "excerpt": html[3:250],
        "lang": "en",
        "state": "published",
        "published_at": moment,
        "updated_at": moment,
        "created_at": moment,
        "pings_open": True,
        "comments_open": True,
    }


def _write_thoughts(
    connection: Connection, posts: int, thoughts: int, on_newest: int, now: datetime, dice: random.Random
) -> None:
    rows: dict[Table, list[dict[str, Any]]] = {}
    for number in range(1, thoughts + 1):
        post = posts if number <= on_newest else dice.randint(1, max(1, posts - 1))
        source = f"https://blog-{number % 1000}.example/{number}"
        _add(
            rows,
            schema.thoughts,
            id=number,
            guid=UUID(int=(1 << 64) + number).urn,
            token=f"token-{number}",
            post_id=post,
            kind="pingback",
            state="shown",
            source=source,
            page=source,
            target=f"http://127.0.0.1/posts/post-{post}",
            host=f"blog-{number % 1000}.example",
            place=f"blog-{number % 1000}.example",
            author_name=f"Blog {number}",
            author_url=f"https://blog-{number % 1000}.example/",
            title="On that",
            excerpt="[…] some words around the link to the post, as they stand there […]",
            approved=False,
            strikes=0,
            received_at=now - timedelta(seconds=thoughts - number),
        )
        if number % _AT_A_TIME == 0:
            _flush(connection, rows)
    _flush(connection, rows)


def _add(rows: dict[Table, list[dict[str, Any]]], table: Table, **values: Any) -> None:
    rows.setdefault(table, []).append(values)


def _flush(connection: Connection, rows: dict[Table, list[dict[str, Any]]]) -> None:
    for table, values in rows.items():
        connection.execute(insert(table), values)
    rows.clear()
