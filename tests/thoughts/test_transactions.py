"""What a ping costs the database: one transaction stores it with its leased job, one settles it, and few statements."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.thoughts.site import SOURCE, Site, linking

_WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def transactions(site: Site) -> Iterator[list[list[str]]]:
    """The statements of each transaction from now on."""
    seen: list[list[str]] = []
    open_ones: dict[Any, list[str]] = {}

    def begin(connection: Any) -> None:
        open_ones[connection.connection.dbapi_connection] = []
        seen.append(open_ones[connection.connection.dbapi_connection])

    def remember(connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        if statement.split()[0] in ("SELECT", *_WRITES):
            open_ones[connection.connection.dbapi_connection].append(statement)

    engine = site.services.database.engine
    event.listen(engine, "begin", begin)
    event.listen(engine, "before_cursor_execute", remember)
    yield seen
    event.remove(engine, "begin", begin)
    event.remove(engine, "before_cursor_execute", remember)


def writing(transactions: list[list[str]]) -> list[list[str]]:
    return [one for one in transactions if any(statement.startswith(_WRITES) for statement in one)]


def test_a_ping_that_is_verified_at_once_is_stored_in_one_transaction_and_settled_in_one(
    site: Site, target: str, transactions: list[list[str]]
) -> None:
    site.web.put(SOURCE, linking(target))
    transactions.clear()

    assert site.ping(SOURCE, target).outcome == "registered"

    stored, settled = writing(transactions)
    assert any(statement.startswith("INSERT INTO thoughts ") for statement in stored)
    assert any(statement.startswith("INSERT INTO jobs ") for statement in stored)
    assert any(statement.startswith("INSERT INTO sources ") for statement in settled)
    assert len(transactions) <= 5, "besides: the target, the posts that the source links to, and the outcome"
    assert sum(map(len, transactions)) <= 46


def test_a_ping_that_a_worker_verifies_costs_two_transactions_more(
    site: Site, target: str, transactions: list[list[str]]
) -> None:
    while site.services.waiting_slots.take():
        pass
    site.web.put(SOURCE, linking(target))
    transactions.clear()

    assert site.ping(SOURCE, target).outcome == "accepted"
    assert len(writing(transactions)) == 1
    site.run_jobs()

    assert site.only_thought().state == "shown"
    assert len(writing(transactions)) == 4, "besides: the lease is taken, and the fetch is counted in the budgets"


def test_a_ping_that_is_refused_for_its_target_writes_nothing(
    site: Site, target: str, transactions: list[list[str]]
) -> None:
    transactions.clear()

    assert site.ping(SOURCE, target + "-that-is-not-there").outcome == 32

    assert [len(statements) for statements in transactions] == [1]
    assert writing(transactions) == []
