"""The posts before and after a post in time, as readers see them now."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert

from feedserver.posts import links, store
from feedserver.posts.model import Post, PostLink
from feedserver.services import WebServices
from feedserver.storage.schema import listed, posts
from tests.posts.builders import edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

SAME_SECOND = "2026-02-01 12:00"


@pytest.fixture
def three(publish: Publish) -> tuple[Post, Post, Post]:
    """Posts of three days; written in another order."""
    middle = publish("Middle", slug="middle", date="2026-01-02")
    return publish("First", slug="first", date="2026-01-01"), middle, publish("Last", slug="last", date="2026-01-03")


def around(services: WebServices, slug: str) -> tuple[str | None, str | None]:
    """The slugs of the older and the newer neighbour of a post."""
    with services.database.read() as connection:
        post = store.by_slug(connection, slug)
        assert post is not None
        older, newer = links.neighbours(connection, post, services.clock())
    return older.slug if older else None, newer.slug if newer else None


def test_a_post_has_an_older_and_a_newer_neighbour_by_date(
    services: WebServices, three: tuple[Post, Post, Post]
) -> None:
    assert around(services, "first") == (None, "middle")
    assert around(services, "middle") == ("first", "last")
    assert around(services, "last") == ("middle", None)


def test_a_neighbour_is_told_with_its_label_and_date(services: WebServices, publish: Publish, clock: Clock) -> None:
    untitled = publish("", "First words.", slug="note", date="2026-01-01")
    post = publish("Now")

    with services.database.read() as connection:
        older, _ = links.neighbours(connection, post, clock())

    assert older == PostLink("note", "First words.", "en", untitled.published_at)


def test_posts_of_one_second_are_neighbours_in_the_order_of_the_list(services: WebServices, publish: Publish) -> None:
    for number in (1, 2, 3):
        publish(f"Post {number}", slug=f"p{number}", date=SAME_SECOND)

    with services.database.read() as connection:
        listed = [post.slug for post in store.latest(connection, services.clock(), 10)]

    assert listed == ["p3", "p2", "p1"]
    assert [around(services, slug) for slug in listed] == [("p2", None), ("p1", "p3"), (None, "p2")]


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2030-01-01"}], ids=["draft", "scheduled"])
def test_what_readers_cannot_see_is_no_neighbour(
    services: WebServices, three: tuple[Post, Post, Post], front: dict[str, str]
) -> None:
    edit(services, "middle", "Middle", **front)

    assert around(services, "first") == (None, "last")
    assert around(services, "last") == ("first", None)


def test_a_deleted_post_is_no_neighbour(services: WebServices, three: tuple[Post, Post, Post]) -> None:
    services.publisher.delete("middle")

    assert around(services, "first") == (None, "last")


def test_a_scheduled_post_becomes_a_neighbour_when_its_time_comes(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("Now", slug="now")
    publish("Later", slug="later", date=(clock() + timedelta(hours=1)).isoformat())
    assert around(services, "now") == (None, None)

    clock.move(hours=1)

    assert around(services, "now") == (None, "later")


@pytest.mark.parametrize("place", ["oldest", "in the middle", "newest"])
def test_neighbours_of_one_among_thousands_are_found_through_the_index_alone(
    services: WebServices, publish: Publish, clock: Clock, place: str
) -> None:
    dates = {"oldest": "1990-01-01", "in the middle": "2010-01-01", "newest": "2026-01-01"}
    post = publish("Among them", slug="among", date=dates[place])
    with services.database.write() as connection:
        _fill(connection)
    sent: list[tuple[str, Any]] = []

    with services.database.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: sent.append((given[2], given[3])))
        older, newer = links.neighbours(connection, post, clock())
        ((statement, values),) = sent
        plan = _plan(connection, statement, values)

    assert (older is None, newer is None) == (place == "oldest", place == "newest")
    # Both searches begin at the post itself, in the order of the index.
    assert len(re.findall(r"\(published_at, ?post_id\) ?[<>]", plan)) == 2
    assert re.findall("SCAN|Seq Scan|TEMP B-TREE|Sort|Filter", plan) == []


def _fill(connection: Connection) -> None:
    """Two thousand posts in the list of the site, an hour apart from December 2009 on."""
    made = [datetime(2009, 12, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(2_000)]
    texts = dict.fromkeys(("title", "source", "html", "feed_html", "excerpt"), "")
    flags = {"lang": "en", "state": "published", "pings_open": True, "comments_open": True}
    rows = [
        {"id": 1_000 + n, "guid": f"g{n}", "slug": f"s{n}", **texts, **flags}
        | dict.fromkeys(("published_at", "updated_at", "created_at"), at)
        for n, at in enumerate(made)
    ]
    connection.execute(insert(posts), rows)
    in_list = [
        {"list": "site", "post_id": row["id"], "position": row["id"], "published_at": row["published_at"]}
        for row in rows
    ]
    connection.execute(insert(listed), in_list)
    connection.exec_driver_sql("ANALYZE")


def _plan(connection: Connection, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(
        " ".join(map(str, row)) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)
    )
