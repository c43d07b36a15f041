"""Looks at what the database says of the site."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from feedserver.doctor import site
from feedserver.doctor.model import Finding
from feedserver.jobs.worker import HEARTBEAT
from feedserver.services import WebServices
from feedserver.settings import LimitsSettings
from feedserver.storage import heartbeat, revision
from feedserver.storage.schema import outgoing_pings, websub_subscriptions
from tests.feeds.happenings import say
from tests.support.fixtures import Publish
from tests.support.outside import Clock

Look = Callable[[], dict[str, Finding]]
Write = Callable[[Callable[[Connection], Any]], None]


@pytest.fixture
def write(services: WebServices) -> Write:
    def once(change: Callable[[Connection], Any]) -> None:
        with services.database.write() as connection:
            change(connection)

    return once


@pytest.fixture(autouse=True)
def healthy(write: Write, clock: Clock) -> None:
    write(lambda connection: revision.note_backup(connection, clock()))
    write(lambda connection: heartbeat.beat(connection, HEARTBEAT, clock()))


@pytest.fixture
def look(services: WebServices, clock: Clock) -> Look:
    def found() -> dict[str, Finding]:
        with services.database.read() as connection:
            looks = site.looks(connection, LimitsSettings(held=2), clock(), has_hub=True)
            return {finding.name: finding for finding in looks}

    return found


def wrong(look: Look) -> list[str]:
    return [name for name, finding in look().items() if finding.is_wrong]


def test_of_a_healthy_site_nothing_is_wrong(look: Look) -> None:
    assert wrong(look) == []
    assert set(look()) == {
        *("database", "jobs", "queue", "held", "sending", "hub", "accounts", "backup", "restored"),
    }


def test_who_may_sign_in_is_told(look: Look, services: WebServices) -> None:
    assert "nobody may sign in" in look()["accounts"].detail

    services.accounts.add("ann")
    assert look()["accounts"].detail == "1 person may sign in, 0 with a second factor"


def test_no_backup_and_an_old_one_are_wrong(look: Look, write: Write, clock: Clock) -> None:
    clock.move(days=8)
    write(lambda connection: heartbeat.beat(connection, HEARTBEAT, clock()))
    assert wrong(look) == ["backup"]

    write(lambda connection: connection.exec_driver_sql("UPDATE site SET backed_up_at = NULL"))
    assert wrong(look) == ["backup"]
    assert look()["backup"].detail == "no backup has been made yet"


def test_jobs_that_nobody_works_on_are_wrong(look: Look, clock: Clock) -> None:
    clock.move(minutes=5)

    assert wrong(look) == ["jobs"]


def test_a_restored_site_is_reminded_of(look: Look, write: Write, clock: Clock) -> None:
    write(lambda connection: revision.mark_restored(connection, clock()))

    assert look()["restored"].advice == "`feedserver resume`"


def test_a_missing_index_is_wrong(look: Look, write: Write) -> None:
    write(lambda connection: connection.exec_driver_sql("DROP INDEX ix_posts_rendering"))
    try:
        assert "ix_posts_rendering" in look()["database"].detail
    finally:
        write(lambda connection: connection.exec_driver_sql("CREATE INDEX ix_posts_rendering ON posts (rendering)"))


def test_thoughts_that_nearly_fill_their_limit_are_wrong(look: Look, services: WebServices, publish: Publish) -> None:
    post = publish("Fog")
    say(services, post, state="held")
    assert wrong(look) == []

    say(services, post, state="held")

    assert wrong(look) == ["held"]


def test_pages_that_wait_for_a_day_to_be_told_are_wrong(
    look: Look, services: WebServices, publish: Publish, write: Write, clock: Clock
) -> None:
    publish("Fog")
    row = {"post_id": 1, "target": "x", "state": "waiting", "created_at": clock(), "due_version": "x"}
    times = {"recent": clock() - timedelta(hours=23), "old": clock() - timedelta(hours=25)}
    write(lambda connection: connection.execute(insert(outgoing_pings).values(**row, page="1", since=times["recent"])))
    assert wrong(look) == []

    write(lambda connection: connection.execute(insert(outgoing_pings).values(**row, page="2", since=times["old"])))
    assert wrong(look) == ["sending"]


def test_a_hub_whose_readers_all_fail_is_wrong(look: Look, write: Write, clock: Clock) -> None:
    row = {
        "topic": "site/.rss", "topic_url": "x", "callback": "x", "callback_site": "x", "state": "active", "failures": 0,
        "detail": "", "created_at": clock(),
    }  # fmt: skip
    late = clock() - timedelta(hours=25)
    write(lambda connection: connection.execute(
        insert(websub_subscriptions).values(**row, callback_hash="1", failing_since=late)
    ))  # fmt: skip
    assert wrong(look) == ["hub"]

    write(lambda connection: connection.execute(insert(websub_subscriptions).values(**row, callback_hash="2")))
    assert wrong(look) == []


def test_a_log_that_grows_on_is_wrong(tmp_path: Path) -> None:
    log = tmp_path / "site.sqlite3-wal"
    for size, is_wrong in ((200_000_000, False), (200_000_001, True)):
        with log.open("wb") as file:
            file.truncate(size)
        assert [found.is_wrong for found in site.log(tmp_path / "site.sqlite3")] == [is_wrong]
    assert list(site.log(None)) == []
