"""The SQL of notices that are still to be sent, by mail, at the webhook, or both."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from feedserver.notices.model import Channel, Event, Notice
from feedserver.storage.batches import batches
from feedserver.storage.schema import notices, posts, thoughts
from feedserver.thoughts.lifecycle import HIDDEN

_COLUMNS: Final = [notices.c[name] for name in Notice.__dataclass_fields__]
WAITING: Final = "waiting"
SENDING: Final = "sending"  # in the mail under way
# As `lifecycle.waits` has it.
_WAITS: Final = or_(
    and_(thoughts.c.state == "held", thoughts.c.reason.is_distinct_from(HIDDEN)),
    and_(thoughts.c.state == "shown", thoughts.c.pending_since.is_not(None)),
)
_IS_LEFT: Final = or_(notices.c.mail.is_not(None), notices.c.webhook.is_(True))


def add(
    connection: Connection, event: Event, news: Sequence[tuple[int, datetime]], *, mail: bool, webhook: bool
) -> None:
    """Adds an event of each of these thoughts, since when it is so.

    One that has such a notice already is told of once more, by channels that have told of it, and not twice by others.
    """
    for some in batches(news):
        query = select(notices.c.thought_id).where(notices.c.event == event)
        known = set(connection.execute(query.where(notices.c.thought_id.in_([one for one, _ in some]))).scalars())
        if known:
            _renew(connection, event, sorted(known), mail=mail, webhook=webhook)
        new = [(one, _row(event, at, mail=mail, webhook=webhook)) for one, at in some if one not in known]
        if new:
            connection.execute(insert(notices), [row | {"thought_id": one} for one, row in new])


def _renew(connection: Connection, event: Event, thought_ids: Sequence[int], *, mail: bool, webhook: bool) -> None:
    """Each is a new event, also where one is just being told: that is then no longer the one that was told."""
    of = (notices.c.event == event, notices.c.thought_id.in_(thought_ids))
    if webhook:
        for notice_id in connection.execute(select(notices.c.id).where(*of)).scalars().all():
            values = {"webhook": True, "event_id": str(uuid4())}
            connection.execute(update(notices).where(notices.c.id == notice_id).values(values))
    if mail:
        connection.execute(update(notices).where(*of).values(mail=WAITING))


def add_failures(
    connection: Connection, jobs: Iterable[tuple[dict[str, Any], datetime]], *, mail: bool, webhook: bool
) -> None:
    """Adds an event of each job that was given up, as JSON, since when it is so."""
    rows = [_row("job.failed", at, mail=mail, webhook=webhook) | {"job": json.dumps(job)} for job, at in jobs]
    if rows and (mail or webhook):
        connection.execute(insert(notices), rows)


def _row(event: Event, at: datetime, *, mail: bool, webhook: bool) -> dict[str, Any]:
    values = {"event_id": str(uuid4()), "event": event, "thought_id": None, "job": None, "created_at": at}
    return values | {"mail": WAITING if mail else None, "webhook": webhook}


# --- by mail ---


def first_waiting(connection: Connection) -> datetime | None:
    """Since when the oldest of those that wait for a mail does so."""
    query = select(func.min(notices.c.created_at)).where(notices.c.mail == WAITING)
    return connection.execute(query).scalar()


def take_along(connection: Connection) -> None:
    """Lets the next mail tell of all that waits."""
    connection.execute(update(notices).where(notices.c.mail == WAITING).values(mail=SENDING))


def thoughts_in_mail(connection: Connection, most: int) -> tuple[list[int], int]:
    """The first thoughts of which the mail under way tells, and how many there are: of those that still wait."""
    query = select(notices.c.thought_id, func.count().over().label("number"))
    query = query.join(thoughts, thoughts.c.id == notices.c.thought_id).join(posts, posts.c.id == thoughts.c.post_id)
    query = query.where(notices.c.mail == SENDING, _WAITS, posts.c.state != "deleted")
    rows = connection.execute(query.order_by(notices.c.created_at, notices.c.id).limit(most)).all()
    return [row.thought_id for row in rows], rows[0].number if rows else 0


def jobs_in_mail(connection: Connection, most: int) -> tuple[list[dict[str, Any]], int]:
    """The same of jobs that were given up, as JSON has them."""
    query = select(notices.c.job, func.count().over().label("number"))
    query = query.where(notices.c.mail == SENDING, notices.c.job.is_not(None))
    rows = connection.execute(query.order_by(notices.c.id).limit(most)).all()
    return [json.loads(row.job) for row in rows], rows[0].number if rows else 0


def mailed(connection: Connection) -> None:
    """The mail under way was taken, or there is nothing in it to tell any more."""
    _leave_out(connection, notices.c.mail == SENDING)


def not_mailed(connection: Connection) -> None:
    """The mail under way was not taken: what it was to tell waits again."""
    connection.execute(update(notices).where(notices.c.mail == SENDING).values(mail=WAITING))


def give_up_mailing(connection: Connection, before: datetime) -> None:
    """Lets go of what has waited for a mail since `before`."""
    _leave_out(connection, notices.c.mail.is_not(None) & (notices.c.created_at <= before))


def _leave_out(connection: Connection, condition: Any) -> None:
    """Takes notices out of mails, and deletes those that the webhook has, too."""
    connection.execute(update(notices).where(condition).values(mail=None))
    _delete_told(connection)


# --- at the webhook ---


def next_for_webhook(connection: Connection) -> Notice | None:
    query = select(*_COLUMNS).where(notices.c.webhook.is_(True)).order_by(notices.c.id).limit(1)
    row = connection.execute(query).one_or_none()
    return _notice(row) if row else None


def posted(connection: Connection, notice: Notice) -> None:
    """The webhook has it, or it is not to have it any more."""
    event = (notices.c.id == notice.id, notices.c.event_id == notice.event_id)
    # The update comes first: it waits for a mail that is just being noted as taken, and the deletion then sees that.
    connection.execute(update(notices).where(*event).values(webhook=False))
    connection.execute(delete(notices).where(*event, ~_IS_LEFT))


def give_up_posting(connection: Connection, before: datetime) -> int:
    """Lets go of what waits for the webhook since `before`; returns how many."""
    old = notices.c.webhook.is_(True) & (notices.c.created_at <= before)
    number = connection.execute(update(notices).where(old).values(webhook=False)).rowcount
    _delete_told(connection)
    return number


# --- both ---


def end(connection: Connection, channel: Channel) -> None:
    """Nothing is told by this channel any more."""
    values = {"mail": None} if channel == "mail" else {"webhook": False}
    connection.execute(update(notices).values(values))
    _delete_told(connection)


def count(connection: Connection, channel: Channel) -> int:
    """How many wait for a channel."""
    waits = notices.c.mail.is_not(None) if channel == "mail" else notices.c.webhook.is_(True)
    return connection.execute(select(func.count()).select_from(notices).where(waits)).scalar_one()


def _delete_told(connection: Connection) -> None:
    connection.execute(delete(notices).where(~_IS_LEFT))


def _notice(row: Any) -> Notice:
    job = json.loads(row.job) if row.job else None
    return Notice(row.id, row.event_id, row.event, row.thought_id, job, row.created_at)
