"""What a feed that is at hand costs the database: on SQLite nothing, on PostgreSQL one look at the site's one row."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from feedserver.posts.model import Post
from feedserver.services import Services

STALE = 0.06  # seconds after which nobody takes the revision that was looked up last for the present one
THE_REVISION = re.compile(r"SELECT (site\.\w+(, )?)+ \nFROM site")


@contextmanager
def statements() -> Iterator[list[str]]:
    """All that is sent to any database within it."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def etag(client: FlaskClient, publish: Callable[..., Post], path: str) -> str:
    """That of a feed which is in memory, and whose address the door knows."""
    publish("First", tags="[a]")
    publish("Second", tags="[a]")
    etag = client.get(path).headers["ETag"]
    time.sleep(STALE)
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304  # the writing of the feed is seen
    return etag


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/feed.json", "/tags/a/feed.atom", "/thoughts.rss"])
@pytest.mark.parametrize("status", [200, 304])
def test_a_feed_that_is_at_hand_is_answered_without_a_look_into_the_tables(
    services: Services, client: FlaskClient, etag: str, path: str, status: int
) -> None:
    headers = {"If-None-Match": etag} if status == 304 else {"Accept-Encoding": "gzip"}
    for number in range(5):
        time.sleep(STALE)
        reader = {"REMOTE_ADDR": f"192.0.2.{number}"}  # each takes its first copy: the second one is counted

        with statements() as sent:
            answer = client.get(path, headers=headers, environ_base=reader)

        assert (answer.status_code, answer.headers["ETag"]) == (status, etag)
        if services.database.is_sqlite:
            assert sent == []
        else:
            assert len(sent) == 1, sent
            assert THE_REVISION.fullmatch(sent[0]), sent


@pytest.mark.parametrize("path", ["/feed.atom"])
def test_many_readers_of_a_feed_within_a_moment_share_one_look_at_the_most(
    services: Services, client: FlaskClient, etag: str, path: str
) -> None:
    time.sleep(STALE)
    began = time.monotonic()
    with statements() as sent:
        for _ in range(50):
            assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    moments = (time.monotonic() - began) / 0.05  # for which a revision is taken

    assert len(sent) <= (0 if services.database.is_sqlite else 1 + moments)
    assert all(map(THE_REVISION.fullmatch, sent)), sent
