"""Adds redirects without chains: one leads to where its target leads, and those that led to its old address lead on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import RedirectLoop, RedirectNeedless, RedirectTaken, RedirectUnusable
from feedserver.redirects import store
from feedserver.redirects.model import NewAddress, OldAddress, Redirect, read_new, read_old
from feedserver.redirects.store import Found, PostThere, Row
from feedserver.storage.batches import grouped
from feedserver.urls import Urls

_MOST_STEPS: Final = 10  # from one redirect to the next: over deleted posts, or within one batch


@dataclass(frozen=True, slots=True)
class Refusal:
    """A redirect that was not added, as it was to be, and why."""

    old: str
    new: str
    error: RedirectUnusable

    @property
    def pair(self) -> tuple[str, str]:
        return self.old, self.new


def add(connection: Connection, urls: Urls, old: str, new: str) -> Redirect:
    """Adds one redirect, unless it is there already. Call it after `revision.revise`.

    Raises RedirectUnusable: RedirectNeedless where something is at the old address, or it leads to itself;
    RedirectTaken where it leads elsewhere already; RedirectLoop.
    """
    for refusal in add_all(connection, urls, [(old, new)]):
        raise refusal.error
    found = store.find(connection, [read_old(old, urls).key])
    assert found is not None, "it is stored"
    return Redirect(found.old, found.new.text)


def add_all(connection: Connection, urls: Urls, pairs: Iterable[tuple[str, str]]) -> list[Refusal]:
    """Adds redirects from old addresses to new ones, as `add` does; returns those that it refuses.

    Call it after `revision.revise`.
    """
    return [refusal for some in grouped(pairs) for refusal in _add_some(connection, urls, some)]


def _add_some(connection: Connection, urls: Urls, some: Sequence[tuple[str, str]]) -> list[Refusal]:
    wanted: list[tuple[OldAddress, NewAddress, tuple[str, str]]] = []
    refused: list[Refusal] = []
    for pair in some:
        try:
            wanted.append((read_old(pair[0], urls), read_new(pair[1], urls), pair))
        except RedirectUnusable as error:
            refused.append(Refusal(*pair, error))
    keys = list({key for old, new, _ in wanted for key in (old.key, new.key) if key is not None})
    known = dict.fromkeys(keys) | store.find_all(connection, keys)
    batch = _Batch(connection, known, store.posts_there(connection, keys))
    for old, new, pair in wanted:
        try:
            batch.add(old, new)
        except RedirectUnusable as error:
            refused.append(Refusal(*pair, error))
    batch.write()
    return refused


@dataclass(frozen=True, slots=True)
class _Batch:
    """Redirects that are added together: `known` are those that are there, None where there is none; `posts` what is at
    their addresses."""

    connection: Connection
    known: dict[str, Found | None]
    posts: dict[str, PostThere]
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, old: OldAddress, new: NewAddress) -> None:
        """Raises what `add` raises."""
        if old.key == new.key:
            raise RedirectNeedless(str(old), "leads to itself")
        self._require_nothing_there(old)
        post = self.posts.get(new.key or "")
        target = self._resolved(old.key, Found(str(old), new, post.id if post else None))
        known = self.known.get(old.key)
        if known is None:
            self.known[old.key] = target
            self.rows[old.key] = Row(old, target.new, target.post_id)
        elif not _is_same(known, target):
            raise RedirectTaken(str(old), known.new.text)

    def write(self) -> None:
        """Stores what was added, each leading to where it leads now that all are there."""
        for key, row in self.rows.items():
            target = self._resolved(key, Found(str(row.old), row.new, row.post_id))
            self.rows[key] = replace(row, new=target.new, post_id=target.post_id)
        store.write(self.connection, self.rows)

    def _require_nothing_there(self, old: OldAddress) -> None:
        """Raises RedirectNeedless if this site answers an old address itself, whatever happens."""
        if old.parameters:
            return
        if old.path == "/":
            raise RedirectNeedless("/", "is the home page")
        post = self.posts.get(old.key)
        if post is not None and not post.is_deleted:
            raise RedirectNeedless(str(old), f"is the address of the {'page' if post.page else 'post'} “{post.slug}”")

    def _resolved(self, source_key: str, target: Found) -> Found:
        """Where a redirect leads in the end. Raises RedirectLoop."""
        for _ in range(_MOST_STEPS):
            if target.new.key == source_key:
                raise RedirectLoop
            if target.new.key is None or self._is_there(target):
                return target
            further = self._known(target.new.key)
            if further is None:
                return target
            target = further
        raise RedirectLoop

    def _known(self, key: str) -> Found | None:
        if key not in self.known:
            self.known[key] = store.find(self.connection, [key])
        return self.known[key]

    def _is_there(self, target: Found) -> bool:
        """Whether a redirect leads to a post that is not deleted."""
        if target.post_id is None:
            return False
        post = self.posts.get(target.new.key or "")
        if post is not None and post.id == target.post_id:
            return not post.is_deleted
        return not store.is_deleted(self.connection, target.post_id)


def _is_same(known: Found, target: Found) -> bool:
    if known.post_id is not None or target.post_id is not None:
        return (known.post_id, known.new.suffix) == (target.post_id, target.new.suffix)
    return known.new == target.new
