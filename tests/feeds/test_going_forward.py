"""No process serves a feed that another one has replaced, though it cannot get the lock that a new version needs."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, insert

from feedserver.feeds import outage, renderer
from feedserver.feeds.collecting import Collector
from feedserver.feeds.document import Document
from feedserver.feeds.model import Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.changes import SiteState
from feedserver.storage.engine import Database
from feedserver.storage.schema import feed_versions
from tests.support.fixtures import Assemble, Publish

ATOM = FeedAddress("site", "atom")
SECOND = 1.0
LATER = "Fri, 01 Jan 2100 00:00:00 GMT"
SLACK = 1.5  # seconds, for a busy machine


@pytest.fixture
def other(settings: Settings, assemble: Assemble) -> WebServices:
    """Another process of the site."""
    return assemble(settings)


@contextmanager
def locked(database: Database, number: int = 2) -> Iterator[None]:
    """Another connection holds what version `number` needs: SQLite's lock, or that row of `feed_versions`."""
    with database.engine.connect() as holder:
        if database.is_sqlite:
            holder.connection.cursor().execute("BEGIN IMMEDIATE")
        else:
            values = {"path": ATOM.key, "number": number, "etag": "x", "last_modified": datetime.now().astimezone()}
            holder.execute(insert(feed_versions).values(values))
        try:
            yield
        finally:
            holder.connection.rollback()


def bytes_of(document: Document) -> bytes:
    return document.bodies["identity"]


def a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "monotonic", lambda: time.monotonic() + outage.SECONDS)


def test_a_process_without_the_lock_serves_the_version_that_another_one_has_stored(
    services: WebServices, other: WebServices, publish: Publish, database: Database
) -> None:
    publish("One")
    before = services.feed_documents.get(ATOM)
    publish("Two")
    newest = other.feed_documents.get(ATOM)

    with locked(database, number=3):
        began = time.monotonic()
        found = services.feed_documents.get(ATOM)
        took = time.monotonic() - began

    assert (found.validators, found.bodies) == (newest.validators, newest.bodies)
    assert found.validators != before.validators
    assert took < SECOND


def test_a_change_that_gets_no_version_is_served_within_a_second_without_last_modified(
    services: WebServices, publish: Publish, database: Database
) -> None:
    publish("One")
    services.feed_documents.get(ATOM)
    publish("Two")

    with locked(database):
        began = time.monotonic()
        found = [services.feed_documents.get(ATOM) for _ in range(20)]
        took = time.monotonic() - began

    assert b"Two" in bytes_of(found[0])
    assert found[0].validators.last_modified is None
    assert all(document is found[0] for document in found), "rendered once, while nothing changes"
    assert took < SECOND + SLACK


def test_further_changes_are_served_at_once_and_get_a_version_a_second_later(
    services: WebServices, publish: Publish, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("One")
    first = services.feed_documents.get(ATOM)
    publish("Two")
    with locked(database):
        second = services.feed_documents.get(ATOM)
    publish("Three")

    third = services.feed_documents.get(ATOM)
    assert services.feed_documents.cached(ATOM) is third
    a_second_later(monkeypatch)
    assert services.feed_documents.cached(ATOM) is None, "it may get a version now"
    last = services.feed_documents.get(ATOM)

    assert b"Three" in bytes_of(third)
    assert (second.validators.last_modified, third.validators.last_modified) == (None, None)
    assert last.bodies == third.bodies
    assert dated(last) > dated(first)
    assert last.validators.etag != third.validators.etag, "else caches would never get its Last-Modified"


def dated(document: Document) -> datetime:
    assert document.validators.last_modified is not None
    return document.validators.last_modified


def test_a_version_that_another_process_could_store_is_served_though_this_one_cannot(
    services: WebServices, other: WebServices, publish: Publish, database: Database
) -> None:
    publish("One")
    services.feed_documents.get(ATOM)
    publish("Two")
    with locked(database):
        assert services.feed_documents.get(ATOM).validators.last_modified is None
    publish("Three")
    newest = other.feed_documents.get(ATOM)

    assert services.feed_documents.get(ATOM).validators == newest.validators


def test_bytes_that_others_overtake_again_and_again_never_become_a_newer_version_than_theirs(
    services: WebServices, other: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("One")
    services.feed_documents.get(ATOM)
    real, overtakers = Collector.collect, [f"Overtaker {number}" for number in range(5)]

    def collect(
        collector: Collector, connection: Connection, address: FeedAddress, now: datetime
    ) -> tuple[Feed, SiteState]:
        collected = real(collector, connection, address, now)
        if collector is services.collector and overtakers:
            publish(overtakers.pop(0))
            other.feed_documents.get(ATOM)
        return collected

    monkeypatch.setattr(Collector, "collect", collect)
    monkeypatch.setattr(renderer, "_PATIENCE", 0.0)
    publish("Two")

    found = services.feed_documents.get(ATOM)
    newest = other.feed_documents.get(ATOM)

    assert found.validators.last_modified is None
    assert b"Overtaker 0" in bytes_of(newest)
    assert services.feed_documents.get(ATOM).validators == newest.validators


def test_a_new_document_is_served_only_when_every_process_knows_that_the_one_before_is_old(
    services: WebServices, publish: Publish
) -> None:
    publish("One")
    services.changes.max_age = 0.2  # so long may another process serve what it has
    services.feed_documents.get(ATOM)
    publish("Two")

    began = time.monotonic()
    services.feed_documents.get(ATOM)

    assert time.monotonic() - began >= services.changes.max_age


# --- a database that can be read and not written ---


def read_only(services: WebServices) -> None:
    """From now on every write fails, as on a replica, or in a folder that may not be written."""

    def begin(connection: Connection) -> None:
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql("PRAGMA query_only = ON" if sqlite else "SET TRANSACTION READ ONLY")

    event.listen(services.database.engine, "begin", begin)


def full(services: WebServices) -> None:
    """From now on the SQLite file cannot grow, and no page of `feed_versions` has room."""
    file = services.database.file
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        for length in (1000, 1):  # first what fills a page soon, then what fits into the rest of one
            with pytest.raises(sqlite3.OperationalError, match="full"):
                fill(connection, "x" * length)
    services.database.close()
    event.listen(
        services.database.engine, "connect", lambda opened, _: opened.execute(f"PRAGMA max_page_count = {pages}")
    )


def fill(connection: sqlite3.Connection, etag: str) -> None:
    for number in range(10_000):
        connection.execute("INSERT INTO feed_versions VALUES (?, ?, ?, 'x')", (f"filler/{len(etag)}", number, etag))


@pytest.fixture
def unwritable(request: pytest.FixtureRequest, services: WebServices) -> Callable[[], None]:
    """Lets this process no longer write."""
    return lambda: request.param(services)


in_each_way = pytest.mark.parametrize(
    ("database_url", "unwritable"),
    [("sqlite", read_only), ("sqlite", full), ("postgresql", read_only)],
    indirect=True,
    ids=["sqlite-read only", "sqlite-full", "postgresql-read only"],
)


@in_each_way
def test_new_content_is_served_without_last_modified_while_the_database_takes_no_writes(
    services: WebServices, other: WebServices, client: FlaskClient, publish: Publish, unwritable: Callable[[], None]
) -> None:
    publish("One")
    before = client.get("/feed.atom")
    unwritable()
    other.publisher.add(other.publisher.read(b"---\ntitle: Two\n---\nx"), other.clock())

    for _ in range(2):  # by Flask, then by the fast path
        answer = client.get("/feed.atom", headers={"If-None-Match": before.headers["ETag"]})
        assert answer.status_code == 200
        assert b"Two" in answer.data
        assert "Last-Modified" not in answer.headers
        unchanged = client.get("/feed.atom", headers={"If-None-Match": answer.headers["ETag"]})
        assert (unchanged.status_code, "Last-Modified" in unchanged.headers) == (304, False)
        assert client.get("/feed.atom", headers={"If-Modified-Since": LATER}).status_code == 200


@in_each_way
def test_a_feed_that_was_never_rendered_is_served_while_the_database_takes_no_writes(
    client: FlaskClient, publish: Publish, unwritable: Callable[[], None]
) -> None:
    publish("One")
    unwritable()

    answer = client.get("/feed.rss")

    assert answer.status_code == 200
    assert b"One" in answer.data


@in_each_way
def test_what_has_not_changed_keeps_its_validators_while_the_database_takes_no_writes(
    client: FlaskClient, publish: Publish, unwritable: Callable[[], None]
) -> None:
    publish("One")
    before = client.get("/feed.atom")
    unwritable()

    assert client.get("/feed.atom").headers["Last-Modified"] == before.headers["Last-Modified"]


def test_the_operator_reads_once_that_versions_cannot_be_stored(
    services: WebServices,
    publish: Publish,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish("One")
    services.feed_documents.get(ATOM)
    publish("Two")
    with locked(database):
        services.feed_documents.get(ATOM)
        services.feed_documents.get(ATOM._replace(fmt="rss"))
    a_second_later(monkeypatch)
    for _ in range(2):
        services.feed_documents.get(ATOM)

    (line,) = caplog.messages
    assert line.startswith("feeds are served without Last-Modified: ")
