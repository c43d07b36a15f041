"""The SQL of addresses in mails, each with a token of its own, of which its hash is kept.

One opens a thought for a decision, or stops the mails to an address. They are folded some time after they have ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from feedserver.storage.schema import notice_links as table
from feedserver.tokens import hashed, new_secret

GOOD_FOR: Final = timedelta(days=14)
STOPS_FOR: Final = timedelta(days=60)  # longer, as people stop mails that they find long after
_TOLD_FOR: Final = timedelta(days=30)  # after it has ended, an address says so


@dataclass(frozen=True, slots=True)
class Link:
    """An address in a mail: of a thought, or of the mails to an address (its hash)."""

    token: str  # its hash
    thought_id: int | None
    address: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_for: str | None


_COLUMNS: Final = [table.c[name] for name in Link.__dataclass_fields__]


def add(
    connection: Connection, message_id: str, thought_ids: Sequence[int], address: str, now: datetime
) -> tuple[Mapping[int, str], str]:
    """Adds the addresses in one mail to `address`; returns the tokens by thought, and the one that stops the mails."""
    tokens = {thought_id: new_secret() for thought_id in thought_ids}
    stop = new_secret()
    blank = {"thought_id": None, "address": None, "message_id": message_id, "created_at": now}
    rows: list[dict[str, Any]] = [
        blank | {"token": hashed(token), "thought_id": thought_id, "expires_at": now + GOOD_FOR}
        for thought_id, token in tokens.items()
    ]
    rows.append(blank | {"token": hashed(stop), "address": hashed(address), "expires_at": now + STOPS_FOR})
    connection.execute(insert(table), rows)
    return tokens, stop


def find(connection: Connection, token: str) -> Link | None:
    """The address with this token; None if there is none, or none any more."""
    return _link(connection.execute(_of(token)).one_or_none())


def lock(connection: Connection, token: str) -> Link | None:
    """The same, locked until the transaction ends, so that it acts once."""
    return _link(connection.execute(_of(token).with_for_update()).one_or_none())


def use(connection: Connection, link: Link, action: str, now: datetime) -> None:
    connection.execute(update(table).where(table.c.token == link.token).values(used_at=now, used_for=action))


def forget(connection: Connection, message_id: str) -> None:
    """Deletes the addresses in a mail that was not taken."""
    connection.execute(delete(table).where(table.c.message_id == message_id))


def forget_expired(connection: Connection, now: datetime) -> None:
    connection.execute(delete(table).where(table.c.expires_at < now - _TOLD_FOR))


def _of(token: str) -> Select[Any]:
    return select(*_COLUMNS).where(table.c.token == hashed(token))


def _link(row: Row[Any] | None) -> Link | None:
    return Link(**row._mapping) if row else None  # noqa: SLF001 - documented
