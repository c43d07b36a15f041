"""Posts events to the webhook, one at a time and in their order: one job, in one process at a time.

An event has one id over all tries. What was taken is stored before the next one is posted, so that it comes again only
where a process was killed in between.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import FetchError
from feedserver.jobs import failures
from feedserver.jobs import store as jobs
from feedserver.jobs.heard import store_heard
from feedserver.jobs.model import Job, Outcome
from feedserver.net.exchange import Exchange
from feedserver.notices import channels, store
from feedserver.notices.model import POSTED_FOR, Notice, plain
from feedserver.notices.webhook import Reception, body_of, meaning, pause_after_tries, request_of
from feedserver.settings import NoticesSettings, Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts import listing
from feedserver.thoughts.lifecycle import is_erased
from feedserver.urls import Urls

_NO_PAUSE: Final = timedelta()


@dataclass(frozen=True, slots=True)
class _Next:
    """An event that is to be posted now."""

    notice: Notice
    body: bytes


@dataclass(frozen=True, slots=True)
class Poster:
    """Safe to share between threads. When `stopping` is set, no further event is posted."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    exchange: Exchange
    stopping: Event

    def carry_out(self, job: Job) -> Outcome:
        """Runs the job: posts what waits, until there is nothing, or one was not taken."""
        found = self.database.transact(partial(self._next, job=job))
        while isinstance(found, _Next):
            reception, words = post(self.exchange, self.settings.notices, found.body, self.clock())
            settle = partial(self._settle, job=job, notice=found.notice, reception=reception, words=words)
            if reception != "again":
                job = replace(job, attempts=0)  # of the next event
            found = store_heard(self.database, settle, self.stopping)
        return found

    def _next(self, connection: Connection, job: Job) -> _Next | Outcome:
        """The next event; ends the job where there is none."""
        if not jobs.held(connection, job):
            return "taken over"
        if revision.is_restored(connection):
            return self._later(connection, job, revision.COPY_PAUSE, revision.WAITS_AS_COPY, attempts=job.attempts)
        if self.stopping.is_set():
            return self._later(connection, job, _NO_PAUSE, None, attempts=0)
        if not channels.is_open(connection, "webhook", self.settings.notices.webhook):
            store.end(connection, "webhook")
        while (notice := store.next_for_webhook(connection)) is not None:
            thought = self._thought(connection, notice)
            if thought or notice.job:
                body = body_of(notice.event_id, notice.event, notice.created_at, thought, notice.job)
                return _Next(notice, body)
            store.posted(connection, notice)  # it was erased meanwhile
        jobs.finish(connection, job)
        return "done"

    def _thought(self, connection: Connection, notice: Notice) -> Mapping[str, Any] | None:
        """The thought of an event as it is now, as the list of thoughts has it: without its commenter's email.

        Where new words wait beside approved ones, they are told as what waits.
        """
        if notice.thought_id is None:
            return None
        found = listing.listed(connection, [notice.thought_id])
        if not found or is_erased(found[0]):
            return None
        return plain(listing.as_json(found[0 if notice.event == "thought.held" else -1], self.urls, None))

    def _settle(
        self, connection: Connection, job: Job, notice: Notice, reception: Reception, words: str
    ) -> _Next | Outcome:
        """Writes what was heard; returns the next event, or what became of the job."""
        now, url = self.clock(), self.settings.notices.webhook
        if reception == "ended":
            channels.change(connection, "webhook", url, ended_at=now)
        if reception != "again":
            store.posted(connection, notice)
            return self._next(connection, job)
        if not jobs.held(connection, job):
            return "taken over"
        tries = job.attempts + 1
        if store.give_up_posting(connection, now - POSTED_FOR):
            failures.record(connection, job, words, now)
        waiting = store.next_for_webhook(connection)
        if waiting is None:
            jobs.finish(connection, job)
            return "given up"
        waited = now - waiting.created_at
        pause = pause_after_tries(tries, waited, POSTED_FOR, random.random())  # noqa: S311 - no secret
        self._later(connection, job, pause, words, attempts=tries)
        return "to be tried again"

    def _later(
        self, connection: Connection, job: Job, pause: timedelta, error: str | None, *, attempts: int
    ) -> Outcome:
        now = self.clock()
        jobs.postpone(connection, job, now + pause, now, attempts=attempts, error=error)
        return "put off"


def post(exchange: Exchange, notices: NoticesSettings, body: bytes, now: datetime) -> tuple[Reception, str]:
    """Posts one event; returns what the answer means, and that in words."""
    request = request_of(notices.webhook, notices.secret, body, now)
    try:
        return meaning(exchange(request, redirects=0, wants_body=lambda _: False).status)
    except FetchError as error:
        return "again", str(error)
