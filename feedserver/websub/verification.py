"""Verification: a callback confirms that its owner asked for what the hub was asked for (WebSub section 5.3).

Run as the job `confirm subscription`, whose subject is the subscription's id, between two short transactions. Both lock
the job before the subscription. Running it twice is harmless: the callback is asked again, with another challenge.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job, Outcome
from feedserver.net.exchange import Exchange
from feedserver.storage.engine import Database
from feedserver.websub import blocking, store, topics
from feedserver.websub.callbacks import Told, pause_before_next, tell
from feedserver.websub.model import Asked, Subscription
from feedserver.websub.pushing import newest_etag
from feedserver.websub.turns import Turns

if TYPE_CHECKING:
    from feedserver.feeds.documents import FeedDocuments

CONFIRM: Final = "confirm subscription"

_CHALLENGE_BYTES: Final = 32  # 43 characters


@dataclass(frozen=True, slots=True)
class Verification:
    """Asks callbacks to confirm. Safe to share between threads."""

    database: Database
    clock: Clock
    exchange: Exchange
    turns: Turns
    documents: Callable[[], "FeedDocuments"]

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased job."""
        found = self.database.transact(lambda connection: self._prepare(connection, job))
        if not isinstance(found, Subscription):
            return found
        assert found.asked is not None, "`_prepare` has looked"
        # What the feed holds before the callback confirms, the reader has: only what comes later is pushed.
        etag = newest_etag(self.documents(), found.topic) if found.state == "pending" else found.pushed_etag
        challenge = secrets.token_urlsafe(_CHALLENGE_BYTES)
        told = tell(self.exchange, found.callback, _fields(found.topic_url, found.asked, challenge))
        settle = partial(self._settle, job=job, asked=found.asked, challenge=challenge, told=told, etag=etag)
        return self.database.transact(settle)

    def _prepare(self, connection: Connection, job: Job) -> Subscription | Outcome:
        now = self.clock()
        if not jobs.held(connection, job):
            return "taken over"
        known = store.by_id(connection, int(job.subject))
        if known is None or known.asked is None:  # it was dropped meanwhile, or its feed has gone
            jobs.finish(connection, job)
            return "done"
        if blocking.is_blocked(connection, known.callback):
            blocking.end(connection, [known], now)
            jobs.finish(connection, job)
            return "done"
        return known if self.turns.take(connection, job, known.callback, now) else "put off"

    def _settle(
        self, connection: Connection, job: Job, asked: Asked, challenge: str, told: Told, etag: str | None
    ) -> Outcome:
        now = self.clock()
        if not jobs.held(connection, job):
            return "taken over"
        known = store.by_id(connection, int(job.subject), is_locked=True)
        if known is None or known.asked is None:
            jobs.finish(connection, job)
            return "done"
        if known.asked != asked:  # it ended meanwhile, and was asked for anew
            jobs.postpone(connection, job, now, now, attempts=0, error=None)
            return "put off"
        attempts = job.attempts + 1
        pause = pause_before_next(attempts) if told.again else None
        if pause is not None:
            jobs.postpone(connection, job, now + pause, now, attempts=attempts, error=told.why_not)
            return "to be tried again"
        problem = _problem(told, challenge)
        if blocking.is_blocked(connection, known.callback):  # since it was asked
            blocking.end(connection, [known], now)
        elif problem:
            store.withdraw(connection, known, f"not confirmed: {problem}", now)
        elif asked.mode == "unsubscribe":
            store.end(connection, [known.id], "its reader has ended it", now)
        else:
            if known.state_at(now) != "active":  # it is new, or its lease has ended meanwhile
                topics.follow(connection, known.topic)
            if known.state == "pending":
                store.start(connection, known, etag)
            store.activate(connection, known, asked, "renewed" if known.state == "active" else "confirmed", now)
        jobs.finish(connection, job)
        return "given up" if problem else "done"


def _fields(topic_url: str, asked: Asked, challenge: str) -> dict[str, str]:
    fields = {"mode": asked.mode, "topic": topic_url, "challenge": challenge}
    if asked.mode == "subscribe":
        fields["lease_seconds"] = str(int(asked.lease.total_seconds()))
    return fields | ({"verify_token": asked.token} if asked.token else {})


def _problem(told: Told, challenge: str) -> str:
    """Why an answer does not confirm; "" if it does."""
    if told.answer is None:
        return told.why_not
    if not told.answer.is_success:
        return f"the callback answered {told.answer.status}"
    is_repeated = not told.answer.incomplete and told.answer.body == challenge.encode()
    return "" if is_repeated else "the callback did not repeat the challenge"
