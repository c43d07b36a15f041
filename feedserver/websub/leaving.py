"""Subscriptions that end before their lease does: their feed has gone, or the owner drops them.

A change of a post after which one of its feeds may be gone makes a job `check topic`, whose subject is the feed's key.
Each reader is told by a job `deny subscription` (WebSub section 5.2, “denied”), whose subject is the subscription's id.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import FeedNotFound, ListMoved, PostGone, PostMoved, PostNotFound, SubscriptionNotFound
from feedserver.feeds import existing, scopes
from feedserver.feeds.scopes import AUTHOR, FORMATS, POST, TAG, FeedAddress
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job, Outcome
from feedserver.net.exchange import Exchange
from feedserver.posts.events import PostEvent
from feedserver.storage.engine import Database
from feedserver.urls import Urls
from feedserver.websub import store
from feedserver.websub.blocking import is_blocked
from feedserver.websub.callbacks import pause_before_next, tell
from feedserver.websub.model import Subscription
from feedserver.websub.turns import Turns, wait_for_turn

CHECK: Final = "check topic"
DENY: Final = "deny subscription"

_DROPPED: Final = "the owner of the site has ended it"
_KEPT: Final = timedelta(days=30)  # after a subscription has ended, for the owner to see
_KEPT_UNCONFIRMED: Final = timedelta(days=1)  # the same of one that was never confirmed: strangers can make many
_AT_ONCE: Final = 100  # subscriptions that one transaction ends


def follow(connection: Connection, event: PostEvent) -> None:
    """Has the feeds checked that a change may have taken away: those of the post as readers saw it until now."""
    if event.old is None or event.old.page:
        return
    lists = [*((TAG, tag) for tag in event.old.tags), *((AUTHOR, author) for author in event.old.authors)]
    check_later(connection, [(POST, event.old.slug), *lists], event.now)


def check_later(connection: Connection, feeds: Iterable[tuple[str, str]], now: datetime) -> None:
    """Has feeds checked that may be gone: the scope and the name of each."""
    keys = [FeedAddress(scope, fmt, name).key for scope, name in feeds for fmt in FORMATS]
    for topic in store.with_readers(connection, keys):
        jobs.ensure(connection, CHECK, topic, now, now)


def end_all(connection: Connection, subscriptions: Sequence[Subscription], reason: str, now: datetime) -> None:
    """Ends subscriptions, and has each reader told the reason."""
    store.end(connection, [one.id for one in subscriptions], reason, now)
    for one in subscriptions:
        wait_for_turn(connection, DENY, one.id, one.callback_site, now)


def drop(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Ends subscriptions as the owner wants it; those that have ended stay as they are.

    Raises SubscriptionNotFound if one is not there; then none ends.
    """
    found: list[Subscription] = []
    for subscription_id in sorted(ids):
        known = store.by_id(connection, subscription_id, is_locked=True)
        if known is None:
            raise SubscriptionNotFound(subscription_id)
        found.append(known)
    end_all(connection, [one for one in found if one.state != "ended"], _DROPPED, now)


def drop_host(connection: Connection, host: str, now: datetime) -> list[Subscription]:
    """Ends all subscriptions whose callbacks are on a host or one of its subdomains; returns them."""
    found = store.at_host(connection, host)
    end_all(connection, found, _DROPPED, now)
    return found


def clean(database: Database, now: datetime) -> None:
    """Ends leases, and deletes what ended long ago."""

    def forget(connection: Connection) -> None:
        store.end_expired(connection, now)
        store.forget_ended(connection, now - _KEPT, now - _KEPT_UNCONFIRMED)

    database.transact(forget)


@dataclass(frozen=True, slots=True)
class TopicCheck:
    """Ends the subscriptions to a feed that is gone. Safe to share between threads."""

    database: Database
    urls: Urls
    site_author: str
    clock: Clock

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased job in one transaction, so that no change of a post comes between look and deed."""
        return self.database.transact(lambda connection: self._check(connection, job))

    def _check(self, connection: Connection, job: Job) -> Outcome:
        now = self.clock()
        if not jobs.held(connection, job):
            return "taken over"
        reason = self._why_gone(connection, job.subject, now)
        readers = store.live(connection, job.subject, _AT_ONCE) if reason else []
        end_all(connection, readers, reason, now)
        if len(readers) == _AT_ONCE:
            jobs.postpone(connection, job, now, now, attempts=0, error=None)
            return "put off"
        jobs.finish(connection, job)
        return "done"

    def _why_gone(self, connection: Connection, topic: str, now: datetime) -> str:
        """Why there is no such feed; "" if there is one."""
        address = scopes.newest_of(topic)
        try:
            existing.require(connection, address, self.site_author, now)
        except PostMoved as moved:
            return f"the feed has moved to {address._replace(name=moved.slug).url(self.urls)}"
        except ListMoved as moved:
            return f"the feed has moved to {address._replace(name=moved.name).url(self.urls)}"
        except PostGone:
            return "its post was deleted"
        except (FeedNotFound, PostNotFound):
            return "there is no such feed any more"
        return ""


@dataclass(frozen=True, slots=True)
class Denial:
    """Tells readers that their subscription has ended, and why. Safe to share between threads."""

    database: Database
    clock: Clock
    exchange: Exchange
    turns: Turns

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased job. What the callback answers does not matter; if nobody answers, it is told again."""
        found = self.database.transact(lambda connection: self._prepare(connection, job))
        if not isinstance(found, Subscription):
            return found
        fields = {"mode": "denied", "topic": found.topic_url, "reason": found.detail}
        told = tell(self.exchange, found.callback, fields)
        pause = pause_before_next(job.attempts + 1) if told.again else None
        if pause is None:
            self.database.transact(partial(jobs.finish, job=job))
            return "done"
        now = self.clock()
        later = partial(jobs.postpone, job=job, run_at=now + pause, now=now, attempts=job.attempts + 1)
        self.database.transact(partial(later, error=told.why_not))
        return "to be tried again"

    def _prepare(self, connection: Connection, job: Job) -> Subscription | Outcome:
        if not jobs.held(connection, job):
            return "taken over"
        known = store.by_id(connection, int(job.subject))
        has_come_back = known is not None and known.state != "ended"
        if known is None or has_come_back or is_blocked(connection, known.callback):
            jobs.finish(connection, job)
            return "done"
        return known if self.turns.take(connection, job, known.callback, self.clock()) else "put off"
