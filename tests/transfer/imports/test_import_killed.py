"""An import that is killed goes on when it is started again, to the same end as one that nobody has disturbed."""

import os
import signal
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from feedserver.services import WebServices
from feedserver.storage.schema import metadata
from feedserver.transfer.imports import import_posts, import_thoughts, imported
from feedserver.transfer.items import Item
from tests.support.fixtures import Assemble
from tests.transfer.imports.exports import START, Exports, comment, ping, post

# What is drawn by lot, or grows by lot.
_BY_LOT = {"guid", "receipt_token", "revision", "secret"}
# PostgreSQL leaves out the numbers that a killed transaction has drawn.
_NUMBERS = {"id", "post_id", "thought_id", "our_id", "parent_id", "other_id", "subject", "score"}


def items() -> Sequence[Item]:
    made: list[Item] = []
    for number in range(12):
        key = str(number)
        made.append(
            post(key, published_at=START + timedelta(days=number), tags=("sea",), text=f"<p>Sea, wave {key}.</p>")
        )
        for hour in range(3):
            at = START + timedelta(days=number, hours=hour)
            made.append(comment(f"{key}-{hour}", post=key, at=at, parent=f"{key}-0" if hour else None))
        made.append(ping(f"{key}-p", f"https://elsewhere.example/{key}", post=key, at=START + timedelta(days=number)))
    return made


def stored(services: WebServices) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without what is drawn by lot."""
    left_out = _BY_LOT if services.database.is_sqlite else _BY_LOT | _NUMBERS
    with services.database.read() as connection:
        return {
            table.name: sorted(
                (tuple(value for name, value in row._mapping.items() if name not in left_out) for row in rows),
                key=repr,
            )
            for table in metadata.sorted_tables
            if (rows := connection.execute(select(table)).all()) is not None
        }


@pytest.fixture
def killed(
    exports: Exports, monkeypatch: pytest.MonkeyPatch, assemble: Assemble, services: WebServices
) -> Callable[[int], None]:
    """Imports in a process that is killed before it commits the transaction of this number."""
    add = imported.add

    def run(number: int) -> None:
        pid = os.fork()
        if pid == 0:  # the child: it never returns
            calls = iter(range(1, number + 1))

            def die_at_last(*given: Any) -> None:
                add(*given)
                if next(calls) == number:
                    os.kill(os.getpid(), signal.SIGKILL)

            monkeypatch.setattr(imported, "add", die_at_last)
            try:
                exports.run(assemble(services.settings))
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL

    return run


def test_after_three_kills_everything_is_as_if_there_had_been_none(
    services: WebServices,
    exports: Exports,
    killed: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_posts, "MOST", 4)
    monkeypatch.setattr(import_thoughts, "MOST", 8)
    exports.holds(*items())
    for number in (2, 2, 4):  # among posts, among posts, among thoughts
        killed(number)

    exports.run(services)
    after_kills = stored(services)

    with services.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name not in ("site",):
                connection.execute(table.delete())
    exports.run(services)
    assert after_kills == stored(services)
