"""A site moves from one database to another: every row or none, and it goes on there as if nothing had happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable, event, insert, select, text, update
from sqlalchemy.dialects import sqlite

from feedserver.accounts.model import SCOPES
from feedserver.authoring import categories
from feedserver.authoring.indieauth import codes
from feedserver.authoring.indieauth.asking import Asked
from feedserver.errors import StorageError
from feedserver.feeds.scopes import FeedAddress
from feedserver.installation import init
from feedserver.jobs import failures
from feedserver.jobs.model import Job
from feedserver.media import store as media
from feedserver.notices import channels
from feedserver.notices import links as notice_links
from feedserver.notices import store as notices
from feedserver.posts import previews, recording
from feedserver.posts.model import Writer
from feedserver.redirects import adding as redirects
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings
from feedserver.storage import copying, heartbeat, migrate, rate_limits
from feedserver.storage.copying import copy
from feedserver.storage.engine import Database
from feedserver.storage.schema import (
    accounts,
    known_networks,
    metadata,
    outgoing_pings,
    recovery_codes,
    sessions,
    thought_events,
    told_posts,
)
from feedserver.thoughts import joining, removed
from feedserver.thoughts.moderation import actions, hosts
from feedserver.transfer.imports import imported
from tests.posts.builders import everything, publish
from tests.support.fixtures import Assemble
from tests.support.memory import peak_of
from tests.support.outside import Clock, Web
from tests.thoughts.site import spam
from tests.transfer.pictures import add_picture
from tests.websub.readers import subscribe

FEED = FeedAddress("site", "atom")


@pytest.fixture
def target(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database to copy to, of the other kind than the site's."""
    if database_url.startswith("postgresql"):
        database = Database(f"sqlite:///{tmp_path / 'new' / 'copy.sqlite3'}", called="TO")
    else:
        database = Database(request.getfixturevalue("new_postgres_url")(), called="TO")
    yield database
    database.close()


@pytest.fixture
def full(services: WebServices, web: Web, clock: Clock, tmp_path: Path) -> WebServices:
    """A site with a row in every table, and texts that are not easy to carry."""
    fill(services, web, clock, tmp_path)
    return services


def fill(services: WebServices, web: Web, clock: Clock, folder: Path) -> None:
    """Makes `services` those of `full`; `folder` is for files on the way."""
    for number in range(6):  # more than the times that a clash of ids is tried again
        publish(
            services,
            f"Post 語😀 {number}",
            "\\ 'quoted' %s :x\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[friends](https://friend.example/)\n",
            slug=f"post-{number}",
            tags="[a, b]",
            authors="[Ann, Bo]",
            enclosures=f"[{{url: 'https://blog.example/{number}.mp3', type: audio/mpeg, length: {2**33}}}]",
            reply_to="[https://friend.example/a, https://friend.example/?b=1]",
            tell="false",
        )
    services.publisher.rename("post-0", "first")
    publish(services, "Later", date="2027-01-01")
    services.publisher.amend("post-3", {"title": "Another 語😀"}, "Other words.", clock(), Writer("ann", "desk"))
    publish(services, "In the bin", slug="binned")
    services.publisher.delete("binned")
    links = [f'<a href="http://blog.example/posts/{slug}">this</a>' for slug in ("first", "post-1")]
    page = web.put("http://other.example/a", f"<p>See {' and '.join(links)}.</p>")
    services.receiver.receive(page, "http://blog.example/posts/first", "192.0.2.1")
    with services.database.write() as connection:
        joining.remember(connection, "http://other.example/b", "token", 1)
        categories.added(connection, "語", services.clock())
        previews.make(connection, 1, services.clock())
        codes.make(
            connection, Asked("https://app.example/", "app://語", "s", ("create",), None), "ann", services.clock()
        )
        recording.add_submission(connection, "hash", 1)
    actions.moderate_all(services.database, [1], "hide", services.clock())
    services.feed_documents.get(FEED)
    read_by_somebody(services, clock)
    written_by_somebody(services)
    with services.database.write() as connection:
        rate_limits.take(connection, [rate_limits.Limit("x", 5)], services.clock())
        hosts.set_rule(connection, "spam.example", "block", services.clock())
        heartbeat.beat(connection, "jobs", services.clock())
        known = [{"key": "12 語", "hash": "x", "our_id": 1}]
        imported.add(connection, "wordpress https://old.example", "post", known, services.clock())
        redirects.add(connection, services.urls, "/屋根?p=12", "/posts/first")
        removed.remember(connection, [spam("http://spam.example/")], services.clock())
        connection.execute(update(told_posts).values(links_before=("http://a.example/", "http://b.example/")))
        connection.execute(insert(outgoing_pings).values(ping_to_a_friend(services.clock())))
    picture = add_picture(services, folder)
    with services.database.write() as connection:
        media.write_of_post(connection, 1, {"屋根.jpg": picture})
        failures.record(connection, Job(7, "send", "12", services.clock(), 9, services.clock()), "語", services.clock())
        notices.add(connection, "thought.held", [(1, services.clock())], mail=True, webhook=True)
        notice_links.add(connection, "id", [1], "ann@blog.example", services.clock())
        channels.change(connection, "mail", "ann@blog.example", sent_at=services.clock())
    subscribe(services, "https://reader.example/語", FEED, secret="\\ 'x' 😀")


def ping_to_a_friend(now: datetime) -> dict[str, object]:
    page, target = "https://friend.example/", "https://friend.example/#語"
    moments = {"created_at": now, "since": now, "told_at": now}
    return {"post_id": 1, "page": page, "target": target, "state": "told", "told_version": "x", **moments}


def read_by_somebody(services: WebServices, clock: Clock) -> None:
    """On a day that is over, of which numbers remain, and on the present one."""
    for days in (-1, 1):
        clock.move(days=days)
        services.readership.count("Reader/1.0 語", "192.0.2.1", FEED.key, 200, 1000)
        services.readership.write()


def written_by_somebody(services: WebServices) -> None:
    """By a person with an account, who has signed in, and by an app of that account."""
    services.accounts.add("Zoë 語")
    services.apps.create("Zoë 語", "an app 語", SCOPES)
    now = services.clock()
    seen = {"created_at": now, "used_at": now, "address": "192.0.2.1", "device": "Browser 語"}
    with services.database.write() as connection:
        of = {"account_id": connection.execute(select(accounts.c.id)).scalar_one()}
        connection.execute(insert(sessions).values(**of, hash="x", **seen))
        connection.execute(insert(known_networks).values(**of, network="192.0.2.1", signed_in_at=now))
        connection.execute(insert(recovery_codes).values(**of, hash="x"))


def moved(services: WebServices, target: Database, assemble: Assemble) -> WebServices:
    """The services of the same site on the other database."""
    url = target.url.render_as_string(hide_password=False)
    return assemble(replace(services.settings, database=DatabaseSettings(url=url)))


def test_the_site_that_is_copied_has_a_row_in_every_table(full: WebServices) -> None:
    """A new table needs a row in `full` too, or its copying is not tested."""
    assert [name for name, rows in everything(full).items() if not rows] == []


def test_every_row_of_every_table_arrives_as_it_was(full: WebServices, target: Database, assemble: Assemble) -> None:
    tables = copy(full.database, target)

    there = moved(full, target, assemble)
    assert everything(there) == everything(full)
    assert {table.table: table.source for table in tables} == {
        name: len(rows) for name, rows in everything(full).items()
    }
    assert all(table.source == table.target for table in tables)
    assert migrate.state(target) == "current"


def test_the_site_goes_on_where_it_was(full: WebServices, target: Database, assemble: Assemble) -> None:
    before = full.feed_documents.get(FEED)
    form = full.tokens.issue(1, full.clock())
    copy(full.database, target)

    there = moved(full, target, assemble)
    init(there, example=True)

    after = there.feed_documents.get(FEED)
    assert (after.validators, after.bodies) == (before.validators, before.bodies)
    there.clock.move(minutes=1)  # type: ignore[attr-defined]
    assert there.tokens.problem(form, 1, there.clock()) is None
    added = publish(there, "New")
    assert added.id > max(row[0] for row in everything(full)["posts"])


def test_there_and_back_again_is_the_same_site(
    full: WebServices, target: Database, assemble: Assemble, tmp_path: Path
) -> None:
    back = Database(f"sqlite:///{tmp_path / 'back.sqlite3'}")

    copy(full.database, target)
    copy(target, back)

    assert everything(moved(full, back, assemble)) == everything(full)
    back.close()


def test_a_target_that_init_has_made_takes_the_copy(full: WebServices, target: Database, assemble: Assemble) -> None:
    there = moved(full, target, assemble)
    if target.file:
        target.file.parent.mkdir()
    init(there, example=False)

    copy(full.database, target)

    assert everything(there) == everything(full)


def test_a_target_that_holds_a_site_is_left_alone(full: WebServices, target: Database, assemble: Assemble) -> None:
    there = moved(full, target, assemble)
    if target.file:
        target.file.parent.mkdir()
    init(there, example=True)
    before = everything(there)

    with pytest.raises(StorageError, match=r"^TO: the database already holds a site \(.*posts, .*it must be empty$"):
        copy(full.database, target)

    assert everything(there) == before


def test_a_target_that_another_process_makes_meanwhile_is_left_alone(
    full: WebServices, target: Database, assemble: Assemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = moved(full, target, assemble)
    before: list[object] = []
    lock = migrate.exclusive

    @contextmanager
    def just_too_late(database: Database) -> Iterator[None]:
        monkeypatch.setattr(migrate, "exclusive", lock)
        init(there, example=True)
        before.append(everything(there))
        there.database.close()
        with lock(database):
            yield

    monkeypatch.setattr(migrate, "exclusive", just_too_late)

    with pytest.raises(StorageError, match=r"^TO: the database already holds a site"):
        copy(full.database, target)

    assert everything(there) == before[0]


def test_a_target_that_holds_something_else_is_left_alone(full: WebServices, target: Database) -> None:
    with migrate.exclusive(target), target.write() as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))

    with pytest.raises(StorageError, match=r"^TO: the database has other tables"):
        copy(full.database, target)

    with target.read() as connection:
        assert not connection.dialect.has_table(connection, "posts")
        assert connection.execute(text("SELECT count(*) FROM recipes")).scalar_one() == 0


def test_a_site_is_not_copied_onto_itself(full: WebServices) -> None:
    before = everything(full)

    with pytest.raises(StorageError, match="already holds a site"):
        copy(full.database, full.database)

    assert everything(full) == before


@pytest.mark.parametrize("problem", ["nothing there", "older", "newer"])
def test_a_source_that_cannot_be_read_makes_nothing(
    problem: str, full: WebServices, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Database(f"sqlite:///{tmp_path / 'none.sqlite3'}") if problem == "nothing there" else full.database
    state = migrate.state
    if problem != "nothing there":  # what a newer program has added would be lost
        monkeypatch.setattr(migrate, "state", lambda asked: problem if asked is source else state(asked))

    with pytest.raises(StorageError, match=r"^database\.url: "):
        copy(source, target)

    assert migrate.state(target) == "missing"


@pytest.mark.parametrize("broken", ["a row is lost", "the connection is"])
def test_when_anything_goes_wrong_the_target_is_as_empty_as_before(
    broken: str, full: WebServices, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = copying._batches

    def broken_batches(rows: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
        for batch in whole(rows):
            if "receipt_token" in batch[0] and "post_id" in batch[0]:  # thoughts, far down the list
                if broken == "the connection is":
                    raise ConnectionResetError
                continue
            yield batch

    monkeypatch.setattr(copying, "_batches", broken_batches)

    with pytest.raises((StorageError, ConnectionResetError)) as refused:
        copy(full.database, target)

    if broken == "a row is lost":
        assert str(refused.value) == "thoughts: 1 rows in FROM, but 0 in TO; nothing was copied"
    if target.file:
        assert [path.name for path in target.file.parent.iterdir()] == ["copy.sqlite3.lock"]
    assert migrate.state(target) == "missing"


def test_the_copy_holds_nothing_that_is_written_meanwhile(
    full: WebServices, target: Database, assemble: Assemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(full)
    whole = copying._copy_table

    def while_the_author_publishes(*arguments: object) -> copying.Copied:
        copied = whole(*arguments)  # type: ignore[arg-type]
        publish(full, f"After {copied.table}")
        return copied

    monkeypatch.setattr(copying, "_copy_table", while_the_author_publishes)

    copy(full.database, target)

    assert everything(moved(full, target, assemble)) == before


def test_a_large_table_is_never_held_in_memory(full: WebServices, target: Database) -> None:
    line = {"thought_id": 1, "at": full.clock(), "event": "x"}
    rows = [line | {"detail": str(number).ljust(20_000, "x")} for number in range(1500)]
    with full.database.write() as connection:
        for start in range(0, len(rows), 100):
            connection.execute(insert(thought_events), rows[start : start + 100])
    del rows

    peak = peak_of(lambda: copy(full.database, target))

    assert peak < 15_000_000, "the table holds thirty million characters"


def test_rows_are_fetched_from_postgresql_in_batches(full: WebServices, target: Database) -> None:
    """Python tools do not see the result that the driver holds for an ordinary cursor."""
    source = target if full.database.is_sqlite else full.database
    if source is target:
        copy(full.database, target)
    cursors = set()
    event.listen(
        source.engine,
        "before_cursor_execute",
        lambda _connection, cursor, statement, *_: cursors.add((type(cursor).__name__, statement.split("FROM ")[-1])),
    )

    with source.snapshot() as old:
        copying._copy_table(old, _Discarding(old), metadata.tables["posts"])  # type: ignore[arg-type]

    assert ("ServerCursor", "posts") in cursors


class _Discarding:
    """A target that discards rows, and counts those of the source."""

    def __init__(self, source: Connection) -> None:
        self.dialect = sqlite.dialect()
        self._source = source

    def execute(self, statement: Executable, rows: object = None) -> object:
        return None if rows else self._source.execute(statement)


def test_every_table_is_copied(full: WebServices, target: Database) -> None:
    assert [table.table for table in copy(full.database, target)] == [table.name for table in metadata.sorted_tables]
