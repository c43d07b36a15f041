"""One page, one thought: pings of a page that has a thought on the post already, under another URL, join that thought.

A look at a source tells which page it is (`source.identity`). Its thought is found by the page's key, by the URL that
was fetched in the end, or, where only the query or a slash at the end differs, by the same words. A joined ping leaves
its receipt and a hash of its URL, and no thought of its own; so does a thought that stood before, within a source site.
A page that calls another one canonical joins that one's thought, and never takes its place. A moderator's decision
holds for the page, so it is found too, even if its thought was erased since.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, union, update

from feedserver.domains import source_site
from feedserver.host_names import host_name
from feedserver.storage import revision
from feedserver.storage.locks import lock_names
from feedserver.storage.schema import joined_pings, thoughts
from feedserver.thoughts import deletion, removed, store, timeline
from feedserver.thoughts.lifecycle import FINAL, Linked, is_moderated
from feedserver.thoughts.model import Kind, State, Thought, raised
from feedserver.thoughts.moderation import undo
from feedserver.thoughts.removed import Removed
from feedserver.thoughts.source.identity import key_hash, names_of, page_key, page_path, words_of
from feedserver.urls import normalize_source

STANDING: Final[tuple[State, ...]] = ("shown", "held", "spam", "deleted")
MOST_JOINED: Final = 100  # pings of one thought whose receipts are kept: anyone can invent more URLs of a page
MOST_IN_ALL: Final = 100_000
_LOCK_KIND: Final = 0x70616765
_OF_PAGE = store.LOCKED.where(
    thoughts.c.post_id == bindparam("post"),
    thoughts.c.page_path == bindparam("path"),
)
_BY_KEY_OR_WORDS = _OF_PAGE.where(
    or_(
        thoughts.c.page_key == bindparam("key"),
        thoughts.c.excerpt.in_(bindparam("excerpts", expanding=True)),
        thoughts.c.pending_since.is_not(None),
    )
)
_KNOWN = store.LOCKED.where(
    thoughts.c.post_id == bindparam("post"),
    thoughts.c.id.in_(
        union(
            select(thoughts.c.id).where(
                thoughts.c.post_id == bindparam("post"),
                thoughts.c.page_path == bindparam("path"),
                thoughts.c.page_key == bindparam("key"),
            ),
            select(joined_pings.c.thought_id).where(joined_pings.c.source == bindparam("source")),
        )
    ),
)
_JOINED = (
    select(joined_pings)
    .where(joined_pings.c.source == bindparam("source"), joined_pings.c.thought_id == bindparam("of"))
    .order_by(joined_pings.c.receipt_token.is_not(None), joined_pings.c.id.desc())
    .limit(1)
)
_BY_TOKEN = select(joined_pings).where(joined_pings.c.receipt_token == bindparam("token"))
_SURPLUS = (
    select(joined_pings.c.id)
    .where(joined_pings.c.thought_id == bindparam("of"))
    .order_by(joined_pings.c.id.desc())
    .offset(MOST_JOINED)
)


def lock_pages(connection: Connection, keys: Iterable[str]) -> None:
    """Makes others wait that read these pages or receive their pings, whatever the query, until the transaction ends.

    Comes before locks of jobs and thoughts, which belong to one of the page's URLs, or two could wait for each other.
    """
    lock_names(connection, _LOCK_KIND, {page_path(key) for key in keys})


# --- finding ---


def known(
    connection: Connection, post_id: int, source_key: str, *, read_lately: bool
) -> tuple[Thought | None, Thought | None]:
    """The thought of the page at `source_key` on a post, as its sender knows it, locked until the transaction ends.

    A thought that was rejected or is gone is found by its own source alone: another URL may have the link. That a ping
    joined is known while its URL was `read_lately`; later it may have become a page of its own. The URL from which a
    thought itself has moved stays known: its sender goes on telling of it under that one.

    Returns besides the shown or held thought that pings of this URL joined before, where it is another one.
    """
    own = store.pair(connection, post_id, source_key)
    if own is not None and own.state not in ("rejected", "gone"):
        return own, None
    key, source = page_key(source_key), key_hash(source_key)
    rows = connection.execute(_KNOWN, {"post": post_id, "path": page_path(key), "key": key, "source": source})
    found = [store.thought_of(row) for row in rows]
    for thought in found:
        if thought.state in STANDING and thought.page_key == key and speaks_for_itself(thought):
            return thought, None
        if thought.state in (*STANDING, "received"):
            row = connection.execute(_JOINED, {"of": thought.id, "source": source}).first()
            if row is not None and (read_lately or row.receipt_token is None):
                return _as_joined(row, thought), None
    others = (thought for thought in found if thought.source_key != source_key and thought.state in ("shown", "held"))
    return own, next(others, None)


def by_token(connection: Connection, token: str) -> Thought | None:
    """The thought that a receipt tells of, with that receipt."""
    row = connection.execute(_BY_TOKEN, {"token": token}).one_or_none()
    if row is None:
        return store.by_token(connection, token)
    thought = store.by_id(connection, row.thought_id)
    return _as_joined(row, thought) if thought else None


def _as_joined(row: Any, thought: Thought) -> Thought:
    return replace(thought, receipt_token=row.receipt_token or thought.receipt_token)


def other_thought(connection: Connection, thought: Thought, linked: Linked) -> Thought | None:
    """Another thought on the same post that the page, as it was just read, has already; locked, as is the page.

    One that stands is preferred, then the oldest.
    """
    assert linked.page_key is not None, "it was read"
    lock_pages(connection, [linked.page_key])
    said = linked.contents
    values = {"post": thought.post_id, "path": page_path(linked.page_key), "key": linked.page_key}
    rows = connection.execute(_BY_KEY_OR_WORDS, values | {"excerpts": [content.excerpt for content in said]})
    words = {words_of(linked.page_key, content.title, content.excerpt) for content in said}
    found = [one for one in map(store.thought_of, rows) if one.page_key == linked.page_key or words & _words(one)]
    if linked.signals.redirected_to is not None:
        fetched = store.pair(connection, thought.post_id, normalize_source(linked.signals.redirected_to))
        found += [fetched] if fetched else []
    others = [one for one in found if one.id != thought.id]
    return min(others, key=lambda one: (one.state not in STANDING, one.id), default=None)


def removed_page(connection: Connection, thought: Thought, linked: Linked) -> Removed | None:
    """What is known of the page if a moderator removed its thought on this post, under whatever URL; else None."""
    names = [name for said in linked.contents for name in names_of(linked.page_key, said.title, said.excerpt)]
    if linked.signals.redirected_to is not None:
        names += removed.names_of_source(normalize_source(linked.signals.redirected_to))
    return removed.find(connection, thought.post_id, names)


def _words(thought: Thought) -> set[str]:
    """The words of a thought, shown or waiting beside approved ones, as `words_of` names them."""
    contents = [thought.content, *([thought.pending_content] if thought.pending_content else [])]
    return {words_of(thought.page_key or "", content.title, content.excerpt) for content in contents}


def speaks_for_itself(thought: Thought) -> bool:
    """Whether a thought's page is its source itself, and none that its source calls canonical."""
    return thought.source_key is not None and page_key(thought.source_key) == thought.page_key


def calls_another_canonical(thought: Thought, linked: Linked) -> bool:
    """Whether the source of `thought`, as it was just read, is another page than the one it calls canonical."""
    return page_key(linked.signals.redirected_to or thought.source_key or "") != linked.page_key


def called_it_canonical(other: Thought, thought: Thought, linked: Linked, shared_by_path: Collection[str]) -> bool:
    """Whether `other`, which stands, is of a page that only called the one canonical that was just read for `thought`.

    It goes on as the thought of that page.
    """
    site, other_site = (source_site(one.source_key or "", shared_by_path) for one in (thought, other))
    is_claimed = not speaks_for_itself(other) and not calls_another_canonical(thought, linked)
    return other.state in ("shown", "held") and is_claimed and site == other_site


def which_stays(thought: Thought, other: Thought, linked: Linked, shared_by_path: Collection[str]) -> Thought | None:
    """Which of two thoughts of one page stays, where `thought` was verified before; None if both do.

    One that a moderator decided on is preferred, then one that stands, then the page itself to one that calls it
    canonical, then the older. Both stay if a moderator decided on both in different ways or on the one that claims to
    be the other's page, if they are of different source sites, or while the other waits for its own inspection.
    """
    site, other_site = (source_site(one.source_key or "", shared_by_path) for one in (thought, other))
    if other.state == "received" or site != other_site:
        return None
    state, other_state = (one.restore or one.state for one in (thought, other))
    claims = speaks_for_itself(other) and calls_another_canonical(thought, linked)
    if is_moderated(thought) and (state != other_state if is_moderated(other) else claims):
        return None
    return min(
        thought,
        other,
        key=lambda one: (not is_moderated(one), one.state not in STANDING, claims and one is thought, one.id),
    )


# --- writing ---


def join(connection: Connection, thought: Thought, other: Thought, now: datetime) -> Kind:
    """Makes the ping of `thought` one of `other`: its receipt tells of that thought, and its row is deleted.

    Returns the kind of `other` since.

    A moderator's action on it alone can be undone no more. Of the URL of an erased thought nothing is stored.
    """
    assert thought.kind != "comment", "only pings join"
    kind = other.kind if other.state in FINAL else raised(other.kind, thought.kind)
    if thought.state == "shown" or (kind != other.kind and other.state == "shown"):
        revision.revise(connection)
    if kind != other.kind:
        store.set_kind(connection, other, kind)
    if other.state not in FINAL and thought.kind != other.kind:
        timeline.record_other_protocol(connection, other.id, thought.kind, now)
    moved = update(joined_pings).where(joined_pings.c.thought_id == thought.id)
    connection.execute(moved.values(thought_id=other.id))
    deletion.delete_all(connection, [thought.id])
    undo.remove_empty(connection)
    remember(connection, other.source_key and thought.source_key, thought.receipt_token, other.id)
    return kind


def claim(
    connection: Connection, thought: Thought, linked: Linked, ping: Thought, shared_by_path: Collection[str]
) -> dict[str, str]:
    """The columns that say which page a thought is of, and that its source is what was read for `ping`, if they change.

    The thought of a new ping moves to where a redirect leads, so that a stranger's redirect has no hold on it. Others
    move within their source site alone, as a moderator approved no other.
    """
    assert linked.page_key is not None, "it was read"
    columns: dict[str, str] = {}
    if thought.page_key != linked.page_key:
        columns |= {"page_key": linked.page_key, "page_path": page_path(linked.page_key)}
    before, url = thought.source_key or "", linked.signals.redirected_to or ping.source_key or ""
    source_key = normalize_source(url)
    if source_key == before:
        return columns
    site, site_before = (source_site(one, shared_by_path) for one in (source_key, before))
    may_move = site == site_before or (thought.state == "received" and thought.restore is None)
    if may_move and store.pair(connection, thought.post_id, source_key) is None:
        remember(connection, before, None, thought.id)
        columns |= {"source_key": source_key, "host": host_name(urlsplit(source_key))}
        if site != site_before:
            columns |= {"source_site": site}
        if site != site_before or ping.id != thought.id:  # its words are those of the new URL
            columns |= {"source": linked.signals.redirected_to or ping.source or url}
    return columns


def forget_urls(connection: Connection, thought_ids: Sequence[int]) -> list[str]:
    """Forgets under which URLs the pages of these thoughts were pinged, but for the receipts; returns their hashes."""
    of_these = joined_pings.c.thought_id.in_(thought_ids)
    found = list(connection.execute(select(joined_pings.c.source).where(of_these)).scalars())
    connection.execute(update(joined_pings).where(of_these).values(source=key_hash("")))
    return found


def forget_oldest(connection: Connection) -> None:
    """Deletes the oldest joined pings of all thoughts beyond the bound."""
    newest_surplus = select(joined_pings.c.id).order_by(joined_pings.c.id.desc()).offset(MOST_IN_ALL).limit(1)
    connection.execute(delete(joined_pings).where(joined_pings.c.id <= newest_surplus.scalar_subquery()))


def remember(connection: Connection, source_key: str | None, receipt_token: str | None, thought_id: int) -> None:
    """Stores the URL and the receipt of a ping of a thought, and drops the oldest beyond the bound."""
    values = {"thought_id": thought_id, "receipt_token": receipt_token, "source": key_hash(source_key or "")}
    connection.execute(insert(joined_pings), values)
    surplus = connection.execute(_SURPLUS, {"of": thought_id}).scalars().all()
    if surplus:
        connection.execute(delete(joined_pings).where(joined_pings.c.id.in_(surplus)))
