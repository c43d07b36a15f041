"""The SQL of topics: the feeds with subscriptions, and which of them are to be looked at for a new version.

A topic is stale while the site has another revision than when it was last looked at. So no change is missed, whoever
made it, and nothing is written with a change.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)

from feedserver.storage import revision
from feedserver.storage.schema import site
from feedserver.storage.schema import websub_subscriptions as subscriptions
from feedserver.storage.schema import websub_topics as table

_LIVES = subscriptions.c.state != "ended"
IS_STALE = or_(table.c.revision.is_(None), table.c.revision != site.c.revision)


@dataclass(frozen=True, slots=True)
class Topic:
    """A stale topic, and the ETag of the version that it had when it was last looked at, None where it is not known."""

    key: str
    etag: str | None
    has_readers: bool


@dataclass(frozen=True, slots=True)
class Look:
    """A topic's newest version at a revision of the site; None where there is no such feed."""

    topic: str
    revision: int
    etag: str | None


def follow(connection: Connection, topic: str) -> None:
    """Has a topic looked at soon, for a subscription that has become active."""
    values = {"revision": None, "etag": None}
    if not connection.execute(update(table).where(table.c.topic == topic).values(values)).rowcount:
        connection.execute(insert(table).values(topic=topic, **values))


def stale(connection: Connection, now: datetime) -> list[Topic]:
    """The topics to look at: those of the whole site first, which most read, then the one looked at the longest ago."""
    has_readers = exists().where(subscriptions.c.topic == table.c.topic, *gets_pushes(now))
    columns = (table.c.topic, table.c.etag, has_readers.label("has_readers"))
    query = select(*columns).join(site, literal(True)).where(IS_STALE)
    of_site = table.c.topic.startswith("site/", autoescape=True)
    rows = connection.execute(query.order_by(of_site.desc(), table.c.revision.nulls_first(), table.c.topic))
    return [Topic(row.topic, row.etag, bool(row.has_readers)) for row in rows]


def gets_pushes(now: datetime | BindParameter[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Of a subscription, whether its callback gets what is new."""
    return subscriptions.c.state == "active", subscriptions.c.lease_until > now


def leave(connection: Connection, topic: str, looked_at: int, now: datetime) -> None:
    """Notes that a topic has no reader. It is deleted unless a subscription waits for its callback."""
    of_topic = subscriptions.c.topic == topic
    is_read, may_be_read = exists().where(of_topic, *gets_pushes(now)), exists().where(of_topic, _LIVES)
    connection.execute(delete(table).where(table.c.topic == topic, ~may_be_read))
    connection.execute(update(table).where(table.c.topic == topic, ~is_read).values(revision=looked_at, etag=None))


def is_quiet(connection: Connection, look: Look) -> bool:
    """Whether an import alone has changed a topic since it was looked at before, up to this look or up to now."""
    revisions = (look.revision, select(site.c.revision).scalar_subquery())
    query = select(table.c.topic).where(table.c.topic == look.topic, table.c.quiet_revision.in_(revisions))
    return connection.execute(query).first() is not None


def revise_quietly(connection: Connection) -> None:
    """Counts a revision of the site (`revision.revise`) for an import: of the topics in which nothing else has changed
    since they were looked at, no new version is pushed."""
    revision.lock(connection)
    before = revision.load(connection).revision
    revision.revise(connection)
    nothing_else = or_(table.c.revision == before, table.c.quiet_revision == before)
    present = select(site.c.revision).scalar_subquery()
    connection.execute(update(table).where(nothing_else).values(quiet_revision=present))


def confirm(connection: Connection, looks: Collection[Look]) -> None:
    """Notes that topics have the versions that they had; not of one that has got a reader since it was looked at."""
    values = [{"of": look.topic, "same": look.etag, "at": look.revision} for look in looks]
    is_same = (table.c.topic == bindparam("of"), table.c.etag == bindparam("same"))
    connection.execute(update(table).where(*is_same).values(revision=bindparam("at")), values)


def note(connection: Connection, look: Look) -> None:
    """Notes the version of a topic that has changed."""
    values = {"revision": look.revision, "etag": look.etag}
    connection.execute(update(table).where(table.c.topic == look.topic).values(values))
