"""Two processes that end the same notice at the same time: one mails it, the other posts it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from feedserver.notices import store
from feedserver.storage.engine import Database
from feedserver.storage.schema import notices
from tests.notices.owned import Owned
from tests.support.waiting import SECONDS, wait_until

End = Callable[[Connection], None]


def end_of_mail(connection: Connection) -> None:
    store.mailed(connection)


def end_of_post(connection: Connection) -> None:
    notice = store.next_for_webhook(connection)
    assert notice is not None
    store.posted(connection, notice)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("first", "second"), [(end_of_mail, end_of_post), (end_of_post, end_of_mail)])
def test_nothing_is_left_of_what_is_mailed_and_posted_at_the_same_time(owned: Owned, first: End, second: End) -> None:
    owned.comment(owned.post())
    database = owned.services.database
    with database.write() as connection:
        store.add(connection, "thought.held", [(1, owned.clock())], mail=True, webhook=True)
        store.take_along(connection)

    with ThreadPoolExecutor(1) as threads:
        with database.write() as connection:
            first(connection)
            other = threads.submit(database.transact, second)
            wait_until(lambda: waits_for_a_row(database))
        other.result(SECONDS)

    assert owned.rows(notices) == 0


def waits_for_a_row(database: Database) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
    with database.read() as connection:
        return bool(connection.execute(text(query)).scalar_one())
