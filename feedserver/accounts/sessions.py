"""The SQL of sessions: who is signed in, known by the hash of a cookie."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, not_, or_, select, update

from feedserver.accounts.model import SESSION, Session, Visitor
from feedserver.clock import SKEW
from feedserver.storage.schema import accounts, sessions
from feedserver.text import shorten, strangers_line
from feedserver.tokens import hashed, new_number

NOTED_AFTER: Final = timedelta(minutes=1)  # a use is noted when the last one that was is older
_LONGEST_DEVICE: Final = 200  # characters of a User-Agent

_FIND: Final = select(
    *(sessions.c[name] for name in ("id", "account_id", "created_at", "used_at", "address", "device")),
    accounts.c.name.label("account"),
).join_from(sessions, accounts)


def go_on(now: datetime) -> ColumnElement[bool]:
    """The condition of sessions that were used within 30 days.

    A use that lies ahead was noted by a clock that was wrong, and is none: then the beginning counts.
    """
    is_ahead = sessions.c.used_at > now + SKEW
    return or_(
        and_(sessions.c.used_at > now - SESSION, not_(is_ahead)),
        and_(is_ahead, sessions.c.created_at > now - SESSION, sessions.c.created_at <= now + SKEW),
    )


def begin(connection: Connection, account_id: int, secret: str, visitor: Visitor, now: datetime) -> Session:
    """Stores a session whose cookie is `secret`."""
    row = {
        "id": new_number(),
        "account_id": account_id,
        "hash": hashed(secret),
        "created_at": now,
        "used_at": now,
        "address": visitor.address,
        "device": shorten(strangers_line(visitor.device, _LONGEST_DEVICE * 4), _LONGEST_DEVICE),
    }
    connection.execute(insert(sessions).values(row))
    begun = find(connection, secret, now)
    assert begun is not None
    return begun


def find(connection: Connection, secret: str, now: datetime) -> Session | None:
    """The session of a cookie; None if it has ended or never was."""
    row = connection.execute(_FIND.where(sessions.c.hash == hashed(secret), go_on(now))).one_or_none()
    return None if row is None else _session(row)


def note_use(connection: Connection, session: Session, now: datetime) -> None:
    """Notes that a session is used; its 30 days begin anew."""
    connection.execute(update(sessions).where(sessions.c.id == session.id).values(used_at=now))


def of_account(connection: Connection, account_id: int, now: datetime) -> Sequence[Session]:
    """The sessions of an account that go on, the last used one first."""
    of_account = _FIND.where(sessions.c.account_id == account_id, go_on(now))
    return [_session(row) for row in connection.execute(of_account.order_by(sessions.c.used_at.desc(), sessions.c.id))]


def end(connection: Connection, account_id: int, session_id: int) -> None:
    """Ends a session of an account; nothing if it is another's, or has ended."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id, sessions.c.account_id == account_id))


def end_secret(connection: Connection, secret: str) -> None:
    """Ends the session of a cookie."""
    connection.execute(delete(sessions).where(sessions.c.hash == hashed(secret)))


def end_others(connection: Connection, session: Session) -> None:
    """Ends all sessions of the same account but this one."""
    of_account = sessions.c.account_id == session.account_id
    connection.execute(delete(sessions).where(of_account, sessions.c.id != session.id))


def end_all(connection: Connection, account_id: int) -> None:
    """Ends all sessions of an account."""
    connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


def forget_ended(connection: Connection, now: datetime) -> None:
    """Deletes the sessions that have ended."""
    connection.execute(delete(sessions).where(not_(go_on(now))))


def _session(row: Any) -> Session:
    return Session(**row._mapping)  # noqa: SLF001 - documented
