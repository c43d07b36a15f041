"""What thoughts of older releases become."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from feedserver.storage.engine import Database
from feedserver.storage.schema import thoughts
from feedserver.thoughts import store, timeline
from feedserver.thoughts.disk_size import disk_size
from feedserver.thoughts.moderation import reputation
from feedserver.thoughts.verification import sources
from tests.support.upgrading import upgrade_to

RECEIVED = "2026-03-08 12:00:07.654321"
POST = {
    **dict.fromkeys(("guid", "title", "source", "html", "feed_html", "excerpt"), ""),
    **dict.fromkeys(("published_at", "updated_at", "created_at"), RECEIVED),
    "id": 1,
    "slug": "a-post",
    "lang": "en",
    "state": "published",
    "pings_open": True,
    "comments_open": True,
}
THOUGHT = {
    **dict.fromkeys(("author_name", "author_url", "title", "excerpt"), "words"),
    "id": 1,
    "guid": "urn:uuid:1",
    "post_id": 1,
    "kind": "pingback",
    "state": "shown",
    "approved": False,
    "strikes": 0,
    "received_at": RECEIVED,
}


@pytest.fixture
def first_release(empty_database_url: str) -> Iterator[Database]:
    """A database of the first release with one post."""
    database = Database(empty_database_url)
    upgrade_to(database, "1001")
    insert(database, "posts", POST)
    yield database
    database.close()


def insert(database: Database, table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    with database.write() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


def test_a_thought_of_the_first_release_was_received_and_updated_in_a_whole_second(first_release: Database) -> None:
    insert(first_release, "thoughts", THOUGHT)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        thought = store.by_id(connection, 1)
    assert thought is not None
    assert thought.received_at == thought.updated_at == datetime(2026, 3, 8, 12, 0, 7, tzinfo=UTC)


def test_a_commenter_of_the_first_release_is_trusted_by_name_and_email(first_release: Database) -> None:
    approved = {"kind": "comment", "approved": True, "author_name": "Zo\u00eb Reader", "email": "Zoe@mail.example"}
    insert(first_release, "thoughts", THOUGHT | approved)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        assert reputation.approved_commenter(connection, "zoe\u0308 reader", "zoe@mail.example")
        assert not reputation.approved_commenter(connection, "Bo", "zoe@mail.example")


def test_the_bytes_of_a_thought_of_the_first_release_are_estimated(first_release: Database) -> None:
    source = "http://other.example/" + "é" * 100
    insert(
        first_release, "thoughts", THOUGHT | {"source": source, "source_key": source, "target": "http://blog.example/"}
    )

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        thought = store.by_id(connection, 1)
        size = connection.execute(select(thoughts.c.size)).scalar_one()
    assert thought is not None
    estimated = disk_size(thought.source, thought.target, thought.source_key, thought.content)
    assert estimated <= size <= estimated + 500


def test_the_record_of_a_source_of_the_first_release_is_forgotten_and_its_thoughts_stay(
    first_release: Database,
) -> None:
    insert(first_release, "thoughts", THOUGHT)
    values: dict[str, object] = {"source_key": "http://other.example/", "fetched_at": RECEIVED, "findings": "{}"}
    insert(first_release, "sources", values)
    line: dict[str, object] = {
        "id": 1,
        "thought_id": 1,
        "at": RECEIVED,
        "event": "received",
        "detail": "a ping for this post",
    }
    insert(first_release, "thought_events", line)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        assert sources.last(connection, "http://other.example/", datetime.now(UTC), timedelta(minutes=5)) is None
        (event,) = timeline.events(connection, 1)
    assert (event.detail, event.times) == ("a ping for this post", 1)


def test_what_waits_since_the_first_release_counts_for_its_network_and_its_bytes(first_release: Database) -> None:
    waiting = {"state": "held", "excerpt": "é" * 10, "sender": "192.0.2.77"}
    insert(first_release, "thoughts", THOUGHT | waiting)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        row = connection.execute(text("SELECT sender_network, word_bytes FROM thoughts")).one()
    assert tuple(row) == ("192.0.2.0/24", 20 + 3 * len("words"))
