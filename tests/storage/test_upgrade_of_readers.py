"""What the readers of a day become that has begun under an older release."""

from collections.abc import Iterator
from datetime import date

import pytest

from feedserver.readership import store
from feedserver.readership.admission import Client
from feedserver.readership.store import Counts
from feedserver.storage.engine import Database
from tests.storage.test_upgrade_of_thoughts import insert
from tests.support.upgrading import upgrade_to

DAY = date(2026, 3, 8)


@pytest.fixture
def older(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    upgrade_to(database, "1011")
    yield database
    database.close()


def test_the_clients_of_the_day_are_still_counted_and_counted_once(older: Database) -> None:
    numbers: dict[str, object] = {"requests": 2, "not_modified": 0, "bytes": 10}
    insert(older, "reader_days", {"day": "2026-03-08", "reader": "newsboat", "feed": "site/.rss"} | numbers)
    for name in "ab":
        insert(older, "reader_hashes", {"day": "2026-03-08", "hash": name, "reader": "newsboat"})

    upgrade_to(older, "head")

    clients = [Client("b", "network", "newsboat"), Client("c", "network", "newsboat")]
    with older.write() as connection:
        store.add(connection, DAY, {("newsboat", "site/.rss"): Counts(2)}, clients)
        (found,) = store.of_day(connection, DAY)
    assert (found.reader, found.subscribers, found.requests) == ("newsboat", 3, 4)
