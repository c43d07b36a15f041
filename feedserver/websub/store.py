"""The SQL of subscriptions.

Those that ended stay for a while, for the owner to see, and make room when it is needed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, Select, bindparam, case, delete, func, insert, or_, select, update

from feedserver.host_names import host_name
from feedserver.storage.batches import batches
from feedserver.storage.locks import lock_names
from feedserver.storage.schema import websub_subscriptions as table
from feedserver.thoughts.moderation.hosts import below
from feedserver.thoughts.source.identity import key_hash
from feedserver.thoughts.verification.fetch_budget import budget_key_of
from feedserver.websub.model import Asked, State, Subscription, TopicReaders
from feedserver.websub.requests import HubRequest

LEASE_ENDED: Final = "its lease has ended, and was not renewed"

_LOCK: Final = 0x68756273  # the kind of the lock
_READ: Final = [table.c[name] for name in Subscription.__dataclass_fields__ if name in table.c]
_QUERY: Final[Select[Any]] = select(*_READ, *(column for column in table.c if column.name.startswith("asked_")))
_BY_ID = _QUERY.where(table.c.id == bindparam("id"))
_FIND = _QUERY.where(table.c.callback_hash == bindparam("hash")).with_for_update()
_PLACES = func.sum(table.c.places)
_LIVES = table.c.state != "ended"
_UPDATE = update(table).where(table.c.id == bindparam("of"))  # the columns to set are those of the parameters
_NOTHING_ASKED: Final[dict[str, Any]] = dict.fromkeys(("asked_mode", "asked_lease", "asked_secret", "asked_token"))


# --- finding ---


def lock_all(connection: Connection) -> None:
    """Makes others that call this wait until the transaction ends, so that their counts are true."""
    lock_names(connection, _LOCK, ["subscriptions"])


def by_id(connection: Connection, subscription_id: int, *, is_locked: bool = False) -> Subscription | None:
    """The subscription; `is_locked` until the transaction ends."""
    query = _BY_ID.with_for_update() if is_locked else _BY_ID
    row = connection.execute(query, {"id": subscription_id}).one_or_none()
    return _subscription(row) if row else None


def at_topic(connection: Connection, topic: str, callback: str) -> Subscription | None:
    """The subscription of one callback to a topic, by its key, locked until the transaction ends."""
    return _one(connection, _FIND.where(table.c.topic == topic), callback)


def at_topic_url(connection: Connection, topic_url: str, callback: str) -> Subscription | None:
    """The same by the topic's address as it was sent; the feed may have gone, or the site may have moved."""
    return _one(connection, _FIND.where(table.c.topic_url == topic_url), callback)


def is_any_unconfirmed(connection: Connection, callback: str) -> bool:
    """Whether a callback was asked to confirm something, and has not answered yet."""
    query = select(table.c.id).where(table.c.callback_hash == key_hash(callback), table.c.asked_mode.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def count_of_site(
    connection: Connection, callback_site: str, *, topic: str | None = None, state: State | None = None
) -> int:
    """How many subscriptions the callbacks of one site have that have not ended; to one topic, or in one state."""
    query = select(func.count()).where(table.c.callback_site == callback_site)
    query = query.where(_LIVES if state is None else table.c.state == state)
    return connection.execute(query if topic is None else query.where(table.c.topic == topic)).scalar_one()


def places_of_site(connection: Connection, callback_site: str) -> int:
    """How many places those of one site take that have not ended."""
    return connection.execute(select(_PLACES).where(table.c.callback_site == callback_site, _LIVES)).scalar() or 0


def everything(connection: Connection) -> list[Subscription]:
    """All subscriptions, newest first."""
    return [_subscription(row) for row in connection.execute(_QUERY.order_by(table.c.id.desc()))]


def live(connection: Connection, topic: str, most: int) -> list[Subscription]:
    """The subscriptions to a topic that have not ended, those that wait for their callback too; at most so many."""
    query = _QUERY.where(table.c.topic == topic, _LIVES).order_by(table.c.id).limit(most)
    return [_subscription(row) for row in connection.execute(query)]


def by_topic(connection: Connection, keys: Sequence[str], now: datetime) -> list[TopicReaders]:
    """Who subscribes to some topics, for each that has active subscriptions, in the order of their keys."""
    query = select(
        table.c.topic,
        func.count().label("readers"),
        func.count(table.c.next_push_at).label("waiting"),
        func.count(table.c.failing_since).label("failing"),
        func.max(table.c.pushed_at).label("pushed_at"),
    ).where(table.c.topic.in_(keys), table.c.state == "active", table.c.lease_until > now)
    return [TopicReaders(*row) for row in connection.execute(query.group_by(table.c.topic).order_by(table.c.topic))]


def at_host(connection: Connection, host: str) -> list[Subscription]:
    """The subscriptions that have not ended whose callbacks are on a host or one of its subdomains, locked."""
    is_near = or_(table.c.callback_site == budget_key_of(host), below(table.c.callback_site, host))
    rows = connection.execute(_QUERY.where(is_near, _LIVES).order_by(table.c.id).with_for_update())
    near = ((host_name(urlsplit(row.callback)), row) for row in rows)
    return [_subscription(row) for name, row in near if f".{name}".endswith(f".{host}")]


def with_readers(connection: Connection, topics: Sequence[str]) -> Sequence[str]:
    """Those of `topics` that have subscriptions which have not ended."""
    found: list[str] = []
    for some in batches(topics):
        query = select(table.c.topic).distinct().where(table.c.topic.in_(some), _LIVES)
        found += connection.execute(query.order_by(table.c.topic)).scalars()
    return found


# --- writing ---


def has_room(connection: Connection, most: int, places: int, known: Subscription | None) -> bool:
    """Whether one more subscription of so many `places` may live, or a `known` one that has ended; deletes some others
    that have, if they take its places.

    The caller has locked all.
    """
    total, live = connection.execute(select(_PLACES, _PLACES.filter(_LIVES))).one()
    if (live or 0) + places > most:
        return False
    excess = (total or 0) + (places if known is None else 0) - most
    if excess > 0:
        others = table.c.id != (known.id if known else 0)
        oldest = select(table.c.id).where(table.c.state == "ended", others).order_by(table.c.ended_at).limit(excess)
        connection.execute(delete(table).where(table.c.id.in_(oldest.scalar_subquery())))
    return True


def add(connection: Connection, topic: str, callback_site: str, request: HubRequest, now: datetime) -> int:
    """Stores a new subscription, which its callback has to confirm; returns its id."""
    values = {
        "topic": topic,
        "topic_url": request.topic_url,
        "callback": request.callback,
        "callback_hash": key_hash(request.callback),
        "callback_site": callback_site,
        "places": request.places,
        "state": "pending",
        "failures": 0,
        "detail": "",
        "created_at": now,
        **_asked_columns(request.asked),
    }
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def ask(connection: Connection, known: Subscription, request: HubRequest) -> None:
    """Stores what a known subscription's callback has to confirm; one that ended becomes pending."""
    values: dict[str, Any] = {"topic_url": request.topic_url, **_asked_columns(request.asked)}
    if known.state == "ended":
        values |= {"state": "pending", "detail": "", "ended_at": None, "failures": 0}
    connection.execute(_UPDATE, {"of": known.id, **values})


def start(connection: Connection, known: Subscription, etag: str | None) -> None:
    """Writes which version a new reader has. Whatever waited for it before ends when its topic is looked at."""
    connection.execute(_UPDATE, {"of": known.id, "pushed_etag": etag})


def activate(connection: Connection, known: Subscription, asked: Asked, detail: str, now: datetime) -> None:
    """Writes a confirmed subscription, or its renewal: a new lease, and the new secret or none."""
    values = {"state": "active", "secret": asked.secret, "lease_until": now + asked.lease, "detail": detail}
    connection.execute(_UPDATE, {"of": known.id, **values, **_NOTHING_ASKED})


def withdraw(connection: Connection, known: Subscription, detail: str, now: datetime) -> None:
    """Writes that a request was not confirmed: a renewal leaves everything as it was, a new subscription ends."""
    values: dict[str, Any] = {"detail": detail}
    if known.state == "pending":
        values |= {"state": "ended", "ended_at": now}
    connection.execute(_UPDATE, {"of": known.id, **values, **_NOTHING_ASKED})


def end(connection: Connection, ids: Sequence[int], detail: str, now: datetime) -> None:
    """Ends subscriptions; their secrets are forgotten."""
    values = {"state": "ended", "ended_at": now, "detail": detail, "secret": None, **_NOTHING_ASKED}
    connection.execute(update(table).where(table.c.id.in_(ids), _LIVES).values(values))


def end_expired(connection: Connection, now: datetime) -> None:
    """Ends all subscriptions whose lease has ended, but for those whose callback is asked to confirm something."""
    expired = select(table.c.id).where(
        table.c.state == "active", table.c.lease_until <= now, table.c.asked_mode.is_(None)
    )
    values = {"state": "ended", "ended_at": now, "detail": LEASE_ENDED, "secret": None}
    connection.execute(update(table).where(table.c.id.in_(expired.scalar_subquery())).values(values))


def forget_ended(connection: Connection, before: datetime, unconfirmed_before: datetime) -> None:
    """Deletes subscriptions that ended before a time; those that were never confirmed have one of their own."""
    limit = case((table.c.lease_until.is_(None), unconfirmed_before), else_=before)
    connection.execute(delete(table).where(table.c.state == "ended", table.c.ended_at < limit))


# --- rows ---


def _one(connection: Connection, query: Select[Any], callback: str) -> Subscription | None:
    row = connection.execute(query, {"hash": key_hash(callback)}).first()
    return _subscription(row) if row else None


def _asked_columns(asked: Asked) -> dict[str, Any]:
    return {
        "asked_mode": asked.mode,
        "asked_lease": int(asked.lease.total_seconds()),
        "asked_secret": asked.secret,
        "asked_token": asked.token,
    }


def _subscription(row: Row[Any]) -> Subscription:
    values = {name: value for name, value in row._mapping.items() if not name.startswith("asked_")}  # noqa: SLF001
    asked = None
    if row.asked_mode is not None:
        asked = Asked(row.asked_mode, timedelta(seconds=row.asked_lease), row.asked_secret, row.asked_token)
    return Subscription(**values, asked=asked)
