"""The SQL of thoughts, but for receipts (`timeline`), moderators' lists (`listing`) and what readers see (`shown`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    insert,
    select,
    update,
)

from feedserver.domains import SHARED_BY_PATH, source_site, wide_network
from feedserver.storage import revision, schema
from feedserver.storage.batches import batches, rows_among
from feedserver.storage.schema import thoughts
from feedserver.thoughts import columns, receipts
from feedserver.thoughts.contents import from_json
from feedserver.thoughts.disk_size import disk_size
from feedserver.thoughts.lifecycle import FINAL, Decision, waits_anew
from feedserver.thoughts.model import (
    NOTHING,
    Content,
    Kind,
    Protocol,
    State,
    Thought,
    commenter_of,
)

UPDATED_AT = func.coalesce(thoughts.c.updated_at, thoughts.c.received_at)
_COLUMNS = [
    UPDATED_AT.label(name) if name == "updated_at" else thoughts.c[name]
    for name in Thought.__dataclass_fields__
    if name in thoughts.c
]
QUERY: Select[Any] = select(*_COLUMNS, thoughts.c.pending_entry, schema.posts.c.slug.label("post_slug")).join(
    schema.posts, schema.posts.c.id == thoughts.c.post_id
)
LOCKED: Select[Any] = QUERY.with_for_update(of=thoughts).order_by(thoughts.c.id)
_BY_ID = QUERY.where(thoughts.c.id == bindparam("id"))
_PAIR = LOCKED.where(thoughts.c.post_id == bindparam("post"), thoughts.c.source_key == bindparam("key"))
_OF_SOURCE = LOCKED.where(
    thoughts.c.source_key == bindparam("key"), thoughts.c.state.in_(bindparam("states", expanding=True))
)
_WAITING = select(func.count()).select_from(thoughts).where(thoughts.c.state == "received")
_SET_NEXT_CHECK = (
    update(thoughts)
    .where(thoughts.c.source_key == bindparam("key"), thoughts.c.state.in_(("received", "shown", "held")))
    .values(next_check_at=bindparam("moment"))
)
_INSERT = insert(thoughts).returning(thoughts.c.id)
_UPDATE = update(thoughts).where(thoughts.c.id == bindparam("of"))  # the columns to set are those of the parameters


# --- finding ---


def by_id(connection: Connection, thought_id: int) -> Thought | None:
    row = connection.execute(_BY_ID, {"id": thought_id}).one_or_none()
    return thought_of(row) if row else None


def by_ids(connection: Connection, thought_ids: Sequence[int]) -> list[Thought]:
    """The existing ones of some thoughts, in the order of the ids."""
    found = {row.id: thought_of(row) for row in rows_among(connection, QUERY, thoughts.c.id, thought_ids)}
    return [found[thought_id] for thought_id in thought_ids if thought_id in found]


def lock(connection: Connection, thought_ids: Sequence[int]) -> dict[int, Thought]:
    """The existing thoughts by id, locked until the transaction ends."""
    found: dict[int, Thought] = {}
    for some in batches(thought_ids):
        query = QUERY.where(thoughts.c.id.in_(some))
        rows = connection.execute(query.order_by(thoughts.c.id).with_for_update(of=thoughts))
        found |= {row.id: thought_of(row) for row in rows}
    return found


def by_token(connection: Connection, token: str) -> Thought | None:
    return _one(connection, thoughts.c.receipt_token == token)


def by_submission(connection: Connection, submission: str) -> Thought | None:
    return _one(connection, thoughts.c.submission == submission)


def pair(connection: Connection, post_id: int, source_key: str) -> Thought | None:
    """The thought of one source on one post, locked until the transaction ends."""
    row = connection.execute(_PAIR, {"post": post_id, "key": source_key}).one_or_none()
    return thought_of(row) if row else None


def of_source(connection: Connection, source_key: str, states: Sequence[State]) -> list[Thought]:
    """All thoughts of one source in these states, locked until the transaction ends."""
    return [thought_of(row) for row in connection.execute(_OF_SOURCE, {"key": source_key, "states": list(states)})]


def waiting(connection: Connection) -> int:
    """How many pings are not settled yet."""
    return int(connection.execute(_WAITING).scalar_one())


# --- writing ---


def add_ping(
    connection: Connection,
    *,
    kind: Protocol = "pingback",
    post_id: int,
    post_slug: str,
    source: str,
    source_key: str,
    target: str,
    host: str,
    sender: str,
    now: datetime,
    next_check_at: datetime | None = None,
    shared_by_path: Collection[str] = SHARED_BY_PATH,
) -> Thought:
    """Stores a new ping, not yet verified, with a receipt. `shared_by_path` is that of `domains.source_site`."""
    values = columns.blank(kind, "received", post_id, now) | {
        "receipt_token": receipts.new_token(revision.kept_key(connection)),
        "source": source,
        "source_key": source_key,
        "target": target,
        "host": host,
        "source_site": source_site(source_key, shared_by_path),
        "sender": sender,
        "sender_network": wide_network(sender),
        "next_check_at": next_check_at,
        "size": disk_size(source, target, source_key, NOTHING),
    }
    thought_id = connection.execute(_INSERT, values).scalar_one()
    # Not read back: all values are known.
    known = values | {"id": thought_id, "post_slug": post_slug, "updated_at": values["received_at"]}
    return Thought(**{name: known.get(name) for name in Thought.__dataclass_fields__})  # type: ignore[arg-type]


def add_comment(
    connection: Connection,
    *,
    post_id: int,
    state: State,
    reason: str,
    name: str,
    email: str,
    website: str,
    text: str,
    submission: str,
    now: datetime,
    sender: str = "",
) -> Thought:
    """Stores a comment. `submission` identifies the form that it was sent with, `sender` is an address."""
    values = columns.blank("comment", state, post_id, now) | {
        "reason": reason,
        "author_name": name,
        "author_url": website,
        "email": email or None,
        "commenter": commenter_of(name, email),
        "excerpt": text,
        "submission": submission,
        "sender_network": wide_network(sender) or None if state == "held" else None,
        "word_bytes": Content(name, website, "", text).size,
        "decided_at": now,
        "size": disk_size(None, None, None, Content(name, website, "", text)),
    }
    if state == "held":
        values["untold_held_at"] = now
    elif state == "shown":
        values |= columns.shown_first(now)
    return _insert(connection, values)


def receive_again(
    connection: Connection,
    thought: Thought,
    decision: Decision,
    kind: Kind,
    target: str,
    sender: str,
    next_check_at: datetime | None,
) -> Thought:
    """Writes that a rejected or gone pair is verified again, for the sender of the new ping."""
    values = {
        "state": decision.state,
        "reason": decision.reason,
        "kind": kind,
        "target": target,
        "next_check_at": next_check_at,
    }
    size = disk_size(thought.source, target, thought.source_key, thought.content)
    sent = {"sender": sender, "sender_network": wide_network(sender), "size": size}
    _update(connection, thought.id, values | sent)
    return replace(thought, **values)  # type: ignore[arg-type]


def record_ping(connection: Connection, thought: Thought, kind: Kind, sender: str, next_check_at: datetime) -> None:
    """Writes that a known pair was pinged again: its kind since, and its sender, named when the source is fetched."""
    _update(connection, thought.id, {"kind": kind, "sender": sender, "next_check_at": next_check_at})


def set_kind(connection: Connection, thought: Thought, kind: Kind) -> None:
    _update(connection, thought.id, {"kind": kind})


def settle(
    connection: Connection, thought: Thought, decision: Decision, now: datetime, moved: Mapping[str, str] | None = None
) -> int:
    """Writes the decision after an inspection of the source, and the columns in `moved`, that say whose page it is.

    Returns the bytes that the thought takes now.
    """
    values = columns.decided(thought, decision, now) | dict(moved or {})
    if waits_anew(thought, decision):
        values["untold_held_at"] = now
    _update(connection, thought.id, values | {"checked_at": now, "next_check_at": None})
    return int(values["size"])


def moderate(connection: Connection, decisions: Iterable[tuple[Thought, Decision]], now: datetime) -> None:
    """Writes the decisions of a moderation action. The thoughts are locked, against concurrent inspections.

    Those shown for the first time stand on their pages in the order of their ids.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for thought, decision in sorted(decisions, key=lambda one: one[0].id):
        values = columns.decided(thought, decision, now) | {"decided_at": now, "sender_network": None}
        if decision.state in FINAL:
            values["next_check_at"] = None
        groups.setdefault(tuple(values), []).append(values | {"of": thought.id})
    for rows in groups.values():  # thousands at once: on SQLite other writers wait meanwhile
        connection.execute(_UPDATE, rows)


def set_next_check(connection: Connection, source_key: str, moment: datetime | None) -> None:
    """Writes when a source is inspected next, into its thoughts."""
    connection.execute(_SET_NEXT_CHECK, {"key": source_key, "moment": moment})


# --- helpers ---


def _insert(connection: Connection, values: dict[str, Any]) -> Thought:
    thought_id = connection.execute(_INSERT, values).scalar_one()
    thought = by_id(connection, thought_id)
    assert thought is not None, "it was written in this transaction"
    return thought


def _update(connection: Connection, thought_id: int, values: dict[str, Any]) -> None:
    connection.execute(_UPDATE, {"of": thought_id, **values})


def _one(connection: Connection, condition: ColumnElement[bool]) -> Thought | None:
    row = connection.execute(QUERY.where(condition)).one_or_none()
    return thought_of(row) if row else None


def thought_of(row: Row[Any], *besides: str) -> Thought:
    """The thought in a row of `QUERY`, which may have further columns `besides`."""
    values = {name: value for name, value in row._mapping.items() if name not in besides}  # noqa: SLF001 - documented
    waiting = from_json(values.pop("pending_content"), values.pop("pending_entry"))
    return Thought(**values, pending_content=waiting)
