"""The outbox: what pages are to be told of a post, written when the post changes and carried out by jobs.

A change writes the job `tell` of its post in its own transaction, and the pings of pages that are new. That job works
out what follows from the post as it stands then, and has each page told by a job `send` (`delivery`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import (
    AlreadyTold,
    NothingToTell,
    OutgoingPingNotFound,
    PagesTellNobody,
    PostGone,
    PostNotFound,
    PostUnseen,
)
from feedserver.jobs import store as jobs
from feedserver.jobs.model import INTERACTIVE, Job, Outcome
from feedserver.posts import store as posts
from feedserver.posts.events import PostEvent
from feedserver.posts.model import Post
from feedserver.sending import decisions, links, manners, store
from feedserver.sending.decisions import Standing, Telling
from feedserver.sending.model import OutgoingPing
from feedserver.sending.store import SEND, TELL
from feedserver.settings import SendingSettings
from feedserver.storage.engine import Database
from feedserver.urls import Urls, base_of_post


@dataclass(frozen=True, slots=True)
class Outbox:
    """Whom posts of this site tell what."""

    database: Database
    urls: Urls
    settings: SendingSettings
    clock: Clock

    # --- a post changes ---

    def follow(self, connection: Connection, event: PostEvent) -> None:
        """Ensures the job that tells pages of a change, `sending.delay` after it; an existing one comes no later.

        Hears of an event before `lists.follow`, which notes that readers have seen the post.
        """
        if not (self.settings.webmentions or self.settings.pingbacks) or event.kind == "withheld" or event.post.page:
            return
        if store.links_before(connection, event.post.id) is None:  # noted without links too: it may get some
            store.note_posts(connection, {event.post.id: self._links_before(connection, event)})
        may_link = any(links.may_link(post) for post in (event.old, event.new) if post is not None)
        if not may_link and not store.ids_of_post(connection, event.post.id):
            return
        due = event.now + timedelta(seconds=self.settings.delay)
        job = jobs.ensure(connection, TELL, str(event.post.id), due, event.now)
        if job.run_at > due:  # it was put off
            jobs.bring_forward(connection, job, due, event.now)
        self._foresee(connection, event.post, event.now)

    def note_imported(self, connection: Connection, events: Sequence[PostEvent]) -> None:
        """Notes imported posts, drafts too: only links that are added to them later are told."""
        for event in events:
            if not event.is_first:  # it is completed
                store.forget_post(connection, event.post.id)
        posts = [event.post for event in events]
        pages = {post.id: links.pages_of(post, self.urls) if links.may_link(post) else () for post in posts}
        store.note_posts(connection, pages)

    def _foresee(self, connection: Connection, post: Post, now: datetime) -> None:
        """Has the pages that are to be told for the first time stand in the outbox while the delay passes, and no
        others."""
        pings = store.of_post(connection, post.id)
        tellings = decisions.plan(self._standing(connection, post, pings, now), pings, ()).tellings
        store.remove(connection, _unneeded(pings, tellings))
        for telling in tellings:
            if telling.ping is None:
                values = {"post_id": post.id, "page": telling.page, "target": telling.target}
                store.add(connection, values | {"state": "waiting", "created_at": now, "since": now})

    def _links_before(self, connection: Connection, event: PostEvent) -> links.Pages:
        """The pages that a post linked to when readers saw it before there was sending."""
        if event.old is not None:
            return links.pages_of(event.old, self.urls)
        was_seen = posts.was_seen(connection, event.post.id)
        return links.pages_of(event.post, self.urls) if was_seen else {}

    def carry_out(self, job: Job) -> Outcome:
        """Runs a leased `tell` job."""
        return self.database.transact(lambda connection: self._tell(connection, job))

    def _tell(self, connection: Connection, job: Job) -> Outcome:
        now = self.clock()
        if not jobs.held(connection, job):
            return "taken over"
        if wait := manners.wait(connection, self.settings):
            jobs.postpone(connection, job, now + wait.pause, now, attempts=job.attempts, error=wait.reason)
            return "put off"
        post = posts.by_id(connection, int(job.subject))
        if post is not None:
            self._plan(connection, post, now)
            if post.status(now) == "scheduled":  # published by a clock that was ahead, it appears without a word
                later = post.published_at + timedelta(seconds=self.settings.delay)
                jobs.postpone(connection, job, later, now, attempts=0, error=None)
                return "put off"
        jobs.finish(connection, job)
        return "done"

    # --- what the owner asks for ---

    def tell_again(self, slug: str) -> Sequence[str]:
        """Has all pages that a post links to told once more, now. Returns their addresses.

        Raises PostNotFound, PostUnseen for a post that readers do not see, NothingToTell where it says so itself.
        """

        def operation(connection: Connection) -> Sequence[str]:
            now = self.clock()
            post = posts.by_slug(connection, slug)
            if post is None:
                raise PostNotFound(slug)
            if post.state == "deleted":
                raise PostGone(slug)
            if post.page:
                raise PagesTellNobody(slug)
            if not post.visible(now):
                raise PostUnseen(slug, post.status(now))
            if not post.tells:
                raise NothingToTell(slug)
            if store.links_before(connection, post.id) is None:
                store.note_posts(connection, {post.id: ()})
            return [telling.target for telling in self._plan(connection, post, now, anew=True)]

        return self.database.transact(operation)

    def retry(self, ping_id: int, *, post_id: int | None = None) -> OutgoingPing:
        """Has a page told at once that has refused, was given up, or has not been told yet.

        `post_id`: of the post that is meant, as the id of a ping that is over may name one of another post.

        Raises OutgoingPingNotFound, AlreadyTold, and NothingToTell.
        """

        def operation(connection: Connection) -> OutgoingPing:
            now = self.clock()
            job = jobs.find(connection, SEND, str(ping_id))
            ping = store.by_id(connection, ping_id)
            post = posts.by_id(connection, ping.post_id) if ping else None
            if ping is None or post is None or post_id not in (None, post.id):
                raise OutgoingPingNotFound(ping_id)
            if ping.state == "told":
                raise AlreadyTold(ping_id, post.slug)
            standing = self._standing(connection, post, [ping], now)
            version = decisions.version_for(ping, standing, may_have_heard=ping.may_have_heard)
            if version is None:
                raise NothingToTell(post.slug, tells=post.tells)
            self._write(connection, post.id, Telling(ping.page, ping.target, version, ping), job, now, at_once=True)
            return ping

        return self.database.transact(operation)

    def forget(self, post_id: int) -> None:
        """Takes an erased post out of the outbox; the pages that are still to hear of its end stay until they have."""

        def operation(connection: Connection) -> None:
            post = posts.by_id(connection, post_id)
            assert post is not None, "an erased post keeps its row"
            self._plan(connection, post, self.clock())
            ended = [ping.id for ping in store.of_post(connection, post_id) if ping.due_version is None]
            store.remove(connection, ended)
            store.forget_post(connection, post_id)

        self.database.transact(operation)

    # --- writing ---

    def _plan(self, connection: Connection, post: Post, now: datetime, *, anew: bool = False) -> Sequence[Telling]:
        """Writes what follows from the post as it stands. Locks jobs before pings, as `delivery` does."""
        ids = store.ids_of_post(connection, post.id)
        waiting = {ping_id: job for ping_id in ids if (job := jobs.find(connection, SEND, str(ping_id)))}
        under_way = {ping_id for ping_id, job in waiting.items() if job.is_leased(now)}
        pings = store.of_post(connection, post.id)
        standing = self._standing(connection, post, pings, now)
        plan = decisions.plan(standing, pings, under_way, anew=anew)
        store.remove(connection, _unneeded(pings, plan.tellings))
        for ping in plan.dropped:
            store.write(connection, ping)
            if ping.id not in under_way:  # else what is heard of it is still to be written
                jobs.discard(connection, SEND, str(ping.id))
        for telling in plan.tellings:
            job = waiting.get(telling.ping.id) if telling.ping else None
            self._write(connection, post.id, telling, job, now, at_once=anew)
        if standing.version is not None:  # a link that was taken out is a new one if it comes back
            left = () if anew else [page for page in standing.links_before if page in standing.pages]
            if len(left) < len(standing.links_before):
                store.set_links_before(connection, post.id, left)
        return plan.tellings

    def _standing(self, connection: Connection, post: Post, pings: Sequence[OutgoingPing], now: datetime) -> Standing:
        """The post as others are told of it. Bases under which they were told before the site moved are its own too."""
        is_seen = post.visible(now)
        former = {base_of_post(ping.source) for ping in pings if ping.source and not self.urls.owns(ping.source)}
        urls = replace(self.urls, former=tuple(sorted(former)))
        return Standing(
            version=links.version_of(post) if is_seen else None,
            pages=links.pages_of(post, urls) if is_seen else {},
            tells=post.tells,
            links_before=store.links_before(connection, post.id) or (),
        )

    def _write(
        self, connection: Connection, post_id: int, telling: Telling, job: Job | None, now: datetime, *, at_once: bool
    ) -> None:
        """Writes what a page is to be told, with its job, which is due now.

        One that waits already, for a host in trouble or for its turn, goes on waiting unless the owner wants it
        `at_once`.
        """
        due: dict[str, Any] = {"state": "waiting", "detail": None, "since": now, "due_version": telling.version}
        due["target"] = telling.target
        if telling.ping is None:
            values = {"post_id": post_id, "page": telling.page, "created_at": now, **due}
            ping_id = store.add(connection, values)
        else:
            ping_id = telling.ping.id
            if not telling.ping.may_have_heard:
                due |= {"protocol": None, "endpoint": None}
            store.change(connection, ping_id, **due)
        if job is not None and (job.is_leased(now) or (job.priority == INTERACTIVE and not at_once)):
            return
        jobs.discard(connection, SEND, str(ping_id))
        jobs.add(connection, SEND, str(ping_id), now, now, concurrency_key=manners.key(telling.page))


def _unneeded(pings: Sequence[OutgoingPing], tellings: Sequence[Telling]) -> list[int]:
    """The ids of foreseen pings whose pages are not to be told any more."""
    told = {telling.page for telling in tellings}
    return [ping.id for ping in pings if ping.is_foreseen and ping.page not in told]
