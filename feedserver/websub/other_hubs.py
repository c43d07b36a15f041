"""Tells other hubs (`websub.hubs`) of feeds of posts that have changed; they fetch these and push them on.

A change of a post makes a job `tell hub` for each hub and feed, whose subject names both. A later change replaces it,
but is no reason to wait for long: whoever changes something again and again has hubs told again and again.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import FeedNotFound, FetchError
from feedserver.feeds import existing
from feedserver.feeds.scopes import FeedAddress, feeds_of, newest_of
from feedserver.jobs import failures
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job, Outcome, one_at_a_time
from feedserver.net.exchange import Exchange, Request
from feedserver.posts.events import PostEvent
from feedserver.posts.model import Post
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts.verification.fetch_budget import budget_key
from feedserver.urls import Urls
from feedserver.websub.delivery import pause_after_wait

TELL_HUB: Final = "tell hub"
_EVERYWHERE: Final = timedelta(seconds=1)  # until all processes serve a change
_LONGEST: Final = timedelta(seconds=5)  # from the first of several changes until hubs are told
_FORM: Final = (("Content-Type", "application/x-www-form-urlencoded"),)


@dataclass(frozen=True, slots=True)
class OtherHubs:
    """Safe to share between threads. `hubs` are absolute URLs."""

    database: Database
    urls: Urls
    hubs: tuple[str, ...]
    site_author: str
    clock: Clock
    exchange: Exchange

    def follow(self, connection: Connection, event: PostEvent) -> None:
        """Has all hubs told of the feeds of posts in which readers see a change."""
        seen = [post for post in (event.old, event.new) if post is not None and not post.page]
        addresses = dict.fromkeys(address for post in seen for address in feeds_of(post, self.site_author))
        for hub in self.hubs:
            if hub == self.urls.hub():
                continue
            for address in addresses:
                subject, first = f"{hub} {address.key}", event.now
                known = jobs.find(connection, TELL_HUB, subject)
                if known is not None:
                    if not (known.attempts or known.is_leased(event.now)):
                        first = min(first, known.created_at)
                    jobs.discard(connection, TELL_HUB, subject)  # one under way may have told too early
                _add(connection, hub, subject, min(event.now + _EVERYWHERE, first + _LONGEST), first)

    def waiting(self, connection: Connection, post: Post) -> dict[str, list[Job]]:
        """The jobs that are to tell each hub of a feed that a post stands in; a hub without any has been told."""
        keys = [address.key for address in feeds_of(post, self.site_author)]
        found = jobs.among(connection, TELL_HUB, [f"{hub} {key}" for hub in self.hubs for key in keys])
        return {hub: [job for job in found if job.subject.startswith(f"{hub} ")] for hub in self.hubs}

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased job."""
        hub, _, key = job.subject.partition(" ")
        address, now = newest_of(key), self.clock()
        with self.database.read() as connection:
            is_restored = revision.is_restored(connection)
            is_there = self._exists(connection, address)
        if is_restored:
            return self._later(job, revision.COPY_PAUSE, revision.WAITS_AS_COPY)
        problem = self._tell(hub, address.url(self.urls)) if is_there else ""
        pause = pause_after_wait(now - job.created_at, random.random()) if problem else None  # noqa: S311 - no secret
        if pause is not None:
            return self._later(job, pause, problem, attempts=job.attempts + 1)
        self.database.transact(lambda connection: self._finish(connection, job, hub, problem))
        return "given up" if problem else "done"

    def _finish(self, connection: Connection, job: Job, hub: str, problem: str) -> None:
        if not jobs.held(connection, job):
            return
        jobs.finish(connection, job)
        if problem:
            failures.record(connection, job, problem, self.clock())
        if not job.attempts and job.run_at == job.created_at + _LONGEST:  # the last change may be too new
            now = self.clock()
            _add(connection, hub, job.subject, now + _EVERYWHERE, now)

    def _exists(self, connection: Connection, address: FeedAddress) -> bool:
        try:
            existing.require(connection, address, self.site_author, self.clock())
        except FeedNotFound:
            return False
        return True

    def _tell(self, hub: str, topic: str) -> str:
        """One POST, with the names that hubs of all kinds read. Returns in words why it failed, "" if it did not."""
        form = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        try:
            answer = self.exchange(
                Request(hub, "POST", headers=_FORM, body=form, peer="the hub"), wants_body=lambda _: False
            )
        except FetchError as error:
            return str(error)
        return "" if answer.is_success else f"the hub answered {answer.status}"

    def _later(self, job: Job, pause: timedelta, why: str, attempts: int | None = None) -> Outcome:
        now = self.clock()
        tries = job.attempts if attempts is None else attempts
        self.database.transact(
            lambda connection: jobs.postpone(connection, job, now + pause, now, attempts=tries, error=why)
        )
        return "put off" if attempts is None else "to be tried again"


def _add(connection: Connection, hub: str, subject: str, run_at: datetime, created_at: datetime) -> None:
    key = one_at_a_time(TELL_HUB, budget_key(hub))
    jobs.add(connection, TELL_HUB, subject, run_at, created_at, concurrency_key=key)
