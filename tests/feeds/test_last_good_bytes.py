"""The last good bytes: served while the database is away or locked, and dropped when the feed is gone."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import sqlite_engine
from tests.feeds.happenings import say, take_the_database_away
from tests.support.fixtures import Assemble, Publish

FEEDS = ["/feed.rss", "/feed.atom", "/feed.json", "/tags/sea/feed.rss", "/thoughts.atom", "/posts/fog/thoughts.rss"]


@pytest.fixture
def fog(publish: Publish, services: WebServices) -> Post:
    post = publish("Fog", slug="fog", tags="[sea]")
    say(services, post)
    return post


def test_the_last_good_bytes_are_served_while_the_database_is_away(
    client: FlaskClient, fog: Post, services: WebServices, caplog: pytest.LogCaptureFixture
) -> None:
    before = {path: client.get(path) for path in FEEDS}
    assert {answer.status_code for answer in before.values()} == {200}

    take_the_database_away(services)

    for path, answer in before.items():
        after = client.get(path)
        assert (after.status_code, after.data, after.headers) == (200, answer.data, answer.headers)
        assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert [record.levelno for record in caplog.records] == [logging.WARNING], "once, not for each request"


@contextmanager
def locked_for_all_others(path: Path) -> Iterator[None]:
    """Another program has the SQLite file locked."""
    other = create_engine(f"sqlite:///{path}")
    with other.connect() as connection:
        connection.execute(text("PRAGMA locking_mode=EXCLUSIVE"))
        connection.commit()
        connection.execute(text("UPDATE site SET revision = revision + 1"))
        yield
        connection.rollback()
    other.dispose()


def test_the_last_good_bytes_are_served_while_the_database_is_locked(
    assemble: Assemble,
    prepared_sqlite: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite_engine, "BUSY_SECONDS", 0.05)
    file = tmp_path / "locked.sqlite3"
    file.write_bytes(prepared_sqlite.read_bytes())
    services = assemble(Settings(data_dir=tmp_path, database=DatabaseSettings(url=f"sqlite:///{file}")))
    client = create_app(services=services).test_client()
    before = client.get("/feed.atom")
    services.database.close()

    with locked_for_all_others(file):
        assert client.get("/feed.atom").data == before.data
        assert client.get("/").status_code == 503

    assert client.get("/").status_code == 200


def test_a_feed_that_was_never_rendered_is_a_503_with_retry_after(client: FlaskClient, services: WebServices) -> None:
    take_the_database_away(services)

    answer = client.get("/feed.rss")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_a_feed_that_is_gone_does_not_come_back_when_the_database_goes_away(
    client: FlaskClient, fog: Post, services: WebServices
) -> None:
    client.get("/posts/fog/thoughts.rss")
    services.publisher.delete("fog")
    assert client.get("/posts/fog/thoughts.rss").status_code == 410

    take_the_database_away(services)

    assert client.get("/posts/fog/thoughts.rss").status_code == 503
