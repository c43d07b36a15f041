"""The site revision: a change of this process is seen at once; one of another process soon, by pages sooner than by
feeds, and on PostgreSQL at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import revision
from feedserver.storage.changes import Changes
from feedserver.storage.engine import Database
from tests.support.fixtures import Assemble
from tests.support.statements import record_statements
from tests.support.waiting import together, wait_until

OLD = 0.06  # seconds after which a revision is looked up again; a longer sleep does no harm


def revise(database: Database) -> None:
    with database.write() as connection:
        revision.revise(connection)


def look_up(database: Database) -> int:
    with database.read() as connection:
        return revision.load(connection).revision


def test_a_change_of_this_process_is_seen_at_once(services: WebServices) -> None:
    for _ in range(3):
        revise(services.database)
        assert services.changes.recent_revision() == look_up(services.database)


def test_a_change_of_another_process_is_seen_in_time(services: WebServices, database: Database) -> None:
    for _ in range(3):
        services.changes.recent_revision()
        revise(database)
        time.sleep(OLD)
        assert services.changes.recent_revision() == look_up(database)


def test_the_present_revision_has_what_another_process_committed_just_before(
    new_postgres_url: Callable[[], str], tmp_path: Path, assemble: Assemble
) -> None:
    settings = Settings(data_dir=tmp_path, database=DatabaseSettings(url=new_postgres_url()))
    services, other = assemble(settings), assemble(settings).database
    init(services, example=False)

    for _ in range(20):
        before = services.changes.present_revision()
        revise(other)
        assert services.changes.present_revision() == look_up(other) > before


def test_threads_that_ask_for_the_present_revision_at_the_same_time_share_look_ups(
    new_postgres_url: Callable[[], str], tmp_path: Path, assemble: Assemble
) -> None:
    services = assemble(Settings(data_dir=tmp_path, database=DatabaseSettings(url=new_postgres_url())))
    init(services, example=False)
    asked: list[int] = []
    look_ups: list[int] = []

    def hold(*_: object) -> None:
        look_ups.append(1)
        wait_until(lambda: len(asked) == 16)

    def ask() -> int:
        asked.append(1)
        return services.changes.present_revision()

    known = look_up(services.database)
    event.listen(services.database.engine, "before_cursor_execute", hold)
    assert set(together(*[ask] * 16)) == {known}

    assert len(look_ups) <= 3, "the first one's, and another for those that came during it"


def test_without_changes_nothing_is_looked_up(services: WebServices) -> None:
    statements = record_statements(services.database.engine)

    for _ in range(100):
        services.changes.recent_revision()

    sent = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(sent) <= (1 if services.database.is_sqlite else 10)


def test_threads_share_it(services: WebServices, database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            revise(database)
            time.sleep(OLD)
            assert set(threads.map(lambda _: services.changes.recent_revision(), range(32))) == {look_up(database)}


def test_a_database_that_is_away_is_an_error_of_the_databases(tmp_path: pytest.TempPathFactory) -> None:
    changes = Changes(Database(f"sqlite:///{tmp_path}/none/at/all.sqlite3"))

    with pytest.raises(DBAPIError):
        changes.recent_revision()


def test_after_closing_it_can_be_asked_again(services: WebServices) -> None:
    services.changes.recent_revision()
    services.database.close()
    revise(services.database)

    assert services.changes.recent_revision() == look_up(services.database)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_look_up_without_an_answer_delays_no_other_thread_for_long(
    services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, begun, answered = services.changes.recent_revision(), Event(), Event()
    real = revision.load

    def load(connection: Connection) -> revision.Site:
        begun.set()
        assert answered.wait(30)
        return real(connection)

    monkeypatch.setattr(revision, "load", load)
    revise(services.database)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(services.changes.recent_revision)
        assert begun.wait(30)
        found = services.changes.recent_revision()
        answered.set()

        assert found == known
        assert waiting.result() > known
    assert services.changes.recent_revision() == waiting.result()
