"""Whether anything has changed: at once where this process changed it; where another did, within five thousandths of
a second on SQLite, and on PostgreSQL within a twentieth, or at once for who asks for the newest."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from feedserver.installation import init
from feedserver.services import Services
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import revision as site
from feedserver.storage.changes import Changes
from feedserver.storage.engine import Database


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """The same database, as another process has it."""
    database = Database(database_url)
    yield database
    database.close()


def revise(database: Database) -> None:
    with database.write() as connection:
        site.revise(connection)


def look_up(database: Database) -> int:
    with database.read() as connection:
        return site.load(connection).revision


def test_a_change_of_this_process_is_seen_at_once(services: Services) -> None:
    for _ in range(3):
        revise(services.database)
        assert services.changes.revision() == look_up(services.database)


def test_a_change_of_another_process_is_seen_in_time(services: Services, other: Database) -> None:
    for _ in range(3):
        services.changes.revision()
        revise(other)
        time.sleep(0.06)
        assert services.changes.revision() == look_up(other)


def test_the_newest_revision_has_what_another_process_committed_just_before(
    new_postgres_url: Callable[[], str], tmp_path: Path, assemble: Callable[[Settings], Services]
) -> None:
    settings = Settings(data_dir=tmp_path, database=DatabaseSettings(url=new_postgres_url()))
    services, other = assemble(settings), assemble(settings).database
    init(services, example=False)

    for _ in range(20):
        before = services.changes.newest()
        revise(other)
        assert services.changes.newest() == before + 1


def test_those_who_ask_for_the_newest_at_the_same_time_share_looks(
    new_postgres_url: Callable[[], str], tmp_path: Path, assemble: Callable[[Settings], Services]
) -> None:
    services = assemble(Settings(data_dir=tmp_path, database=DatabaseSettings(url=new_postgres_url())))
    init(services, example=False)
    answering, looks = Event(), 0

    def slowly(*_: object) -> None:
        nonlocal looks
        looks += 1
        answering.wait(0.2)

    event.listen(services.database.engine, "before_cursor_execute", slowly)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: services.changes.newest(), range(16)))

    assert looks <= 3, "the first one's, and another for those who came during it"


def test_while_nothing_changes_nothing_is_looked_up(services: Services) -> None:
    statements: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    for _ in range(100):
        services.changes.revision()

    looks = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(looks) <= (1 if services.database.is_sqlite else 10)


def test_threads_share_it(services: Services, other: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            revise(other)
            time.sleep(0.06)
            assert set(threads.map(lambda _: services.changes.revision(), range(32))) == {look_up(other)}


def test_a_database_that_is_away_is_an_error_of_the_databases(tmp_path: pytest.TempPathFactory) -> None:
    changes = Changes(Database(f"sqlite:///{tmp_path}/none/at/all.sqlite3"))

    with pytest.raises(DBAPIError):
        changes.revision()


def test_after_closing_it_can_be_asked_again(services: Services) -> None:
    services.changes.revision()
    services.changes.close()
    revise(services.database)

    assert services.changes.revision() == look_up(services.database)


def test_nobody_waits_for_who_gets_no_answer(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    known, answered = services.changes.revision(), Event()
    real = site.load

    def load(connection: Connection) -> site.Site:
        assert answered.wait(30)
        return real(connection)

    monkeypatch.setattr(site, "load", load)
    monkeypatch.setattr(services.changes, "_watch_sqlite", lambda: False)  # SQLite is asked as any other database is
    revise(services.database)
    with ThreadPoolExecutor(1) as thread:
        stuck = thread.submit(services.changes.revision)
        time.sleep(0.1)
        began = time.monotonic()
        found = [services.changes.revision() for _ in range(20)]
        took = time.monotonic() - began
        answered.set()

        assert found == [known] * 20
        assert took < 5  # half a second for the first, nothing for the others
        assert stuck.result() == known + 1
    assert services.changes.revision() == known + 1
