"""Verification: a source is fetched once, and what it says settles every ping that names it.

Carried out as the job `verify`, whose subject is the source's page: by the request that brought the ping while its
sender waits, or by a worker. The fetch stands between two short transactions, never inside one.
"""

import logging
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList
from sqlalchemy import Connection

from feedserver import errors
from feedserver.clock import Clock
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job, pause_after
from feedserver.net.fetch import Page
from feedserver.posts import store as posts
from feedserver.settings import Settings
from feedserver.storage import limits, site
from feedserver.storage.engine import Database
from feedserver.text import clean, one_line, shorten
from feedserver.thoughts import sources, store
from feedserver.thoughts.charset import decode
from feedserver.thoughts.deciding import Decision, Evidence, Linked, Missing, Trouble, Unlinked, decide
from feedserver.thoughts.excerpt import excerpt
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME, State, Thought, Words
from feedserver.thoughts.moderation import verdict_on
from feedserver.thoughts.reading import Reading, read
from feedserver.thoughts.sources import Findings
from feedserver.urls import Urls, host_name

VERIFY: Final = "verify"

_log = logging.getLogger(__name__)
_MOVABLE: Final[tuple[State, ...]] = ("received", "shown", "held", "gone")
_MAX_POSTS = 200  # of ours that one source is heard on; a page that links to more is a list, not a thought
_OVER_BUDGET = timedelta(seconds=limits.WINDOW)
_suffixes = PublicSuffixList()


class Fetch(Protocol):
    """The seam where a test may stand instead of the network."""

    def __call__(self, url: str, *, sender: str | None) -> Page: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at a source brought: the words for each post it mentions, and what to say of all others.

    `story` is for receipts. `answered` is false where nobody answered, so that nobody is spared by asking later.
    """

    started_at: datetime
    story: str
    mentions: dict[int, Words]
    otherwise: Evidence
    answered: bool

    def evidence(self, post_id: int) -> Evidence:
        words = self.mentions.get(post_id)
        return self.otherwise if words is None else Linked(words)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Settles pings. Safe to share between threads."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    fetch: Fetch

    def carry_out(self, job: Job) -> None:
        """Looks at the source that a leased `verify` job names, and settles what can be settled.

        A look that failed is repeated after a growing pause; after the last one the pings are rejected.
        """
        page = job.subject
        if (sender := self.database.transact(lambda connection: self._prepare(connection, job))) is None:
            return
        look = self._look(page, sender)
        self.database.transact(lambda connection: self._settle(connection, job, look))

    def settle_from(self, connection: Connection, thought: Thought, found: Findings, now: datetime) -> bool:
        """Settles a ping from what its source said a moment ago; False when that does not tell.

        Another blog pings each of the posts it links to; one fetch is enough for all of them.
        """
        words = found.mentions.get(thought.post_id)
        if words is None:
            return False
        store.record(connection, thought.id, "fetched", "the source was read a short while before", found.fetched_at)
        self._apply(connection, thought, Linked(words), now)
        return True

    def may_look_at(self, connection: Connection, page: str, now: datetime) -> datetime:
        """From when on a source may be fetched again (`limits.refetch`)."""
        found = sources.last_findings(connection, page)
        if found is None:
            return now
        return max(now, found.fetched_at + timedelta(seconds=self.settings.limits.refetch))

    # --- before the fetch ---

    def _prepare(self, connection: Connection, job: Job) -> str | None:
        """The address of whoever sent the newest ping, or ``; None when this is not the time to look."""
        now, page = self.clock(), job.subject
        if not jobs.held(connection, job):
            return None
        thoughts = store.of_page(connection, page, _MOVABLE)
        if not thoughts:
            jobs.finish(connection, job)
            return None
        allowed_from = self.may_look_at(connection, page, now)
        if allowed_from > now:
            jobs.postpone(connection, job, allowed_from, attempts=job.attempts, error=job.last_error)
            return None
        if not self._within_budget(connection, page, now):
            self._put_off(connection, job, now)
            return None
        return store.sender_of(connection, thoughts[-1].id) or ""

    def _within_budget(self, connection: Connection, page: str, now: datetime) -> bool:
        """Whether one more fetch from this source's host fits into `limits.host`; subdomains share its budget."""
        if self.urls.owns(page):
            return True
        host = host_name(urlsplit(page))
        bucket = f"fetch:{_suffixes.privatesuffix(host) or host}"
        return limits.allow(connection, bucket, self.settings.limits.host, now)

    def _put_off(self, connection: Connection, job: Job, now: datetime) -> None:
        run_at = now + _OVER_BUDGET * random.uniform(0.5, 1)  # noqa: S311 - no secret
        jobs.postpone(connection, job, run_at, attempts=job.attempts, error="enough fetches from this host for now")
        store.set_next_check(connection, job.subject, run_at)

    # --- the fetch, outside any transaction ---

    def _look(self, page: str, sender: str) -> _Look:
        started_at = self.clock()
        if self.urls.owns(page):
            return self._look_inside(page, started_at)
        try:
            fetched = self.fetch(page, sender=sender or None)
        except errors.FetchError as error:
            answered = isinstance(error, errors.BadStatus | errors.NotText | errors.TooManyRedirects)
            return _Look(started_at, f"not fetched: {error}", {}, _meaning(error), answered)
        text = clean(decode(fetched.body, fetched.content_type))
        cut = f"; only the first {len(fetched.body)} bytes were read" if fetched.truncated else ""
        story = f"status {fetched.status}, {len(fetched.body)} bytes{cut}"
        mentions = self._mentions(read(text, fetched.url), page)
        return _Look(started_at, story, mentions, Unlinked(), answered=True)

    def _look_inside(self, page: str, started_at: datetime) -> _Look:
        """One of our own posts as a source: read from the database, never over HTTP."""
        slug = self.urls.post_slug(page)
        with self.database.read() as connection:
            post = posts.by_slug(connection, slug) if slug else None
        if post is None or not post.visible(started_at):
            return _Look(started_at, "no post of this site", {}, Missing(), answered=False)
        reading = read(post.html, self.urls.post(post.slug))
        named = replace(reading, name=self.settings.site.title, title=post.label)
        mentions = self._mentions(named, page)
        return _Look(started_at, "read as a post of this site", mentions, Unlinked(), answered=False)

    def _mentions(self, reading: Reading, page: str) -> dict[int, Words]:
        """The words for each post of ours that a page links to; the first link that can be seen counts."""
        links: dict[str, int] = {}
        for number, link in enumerate(reading.links):
            slug = self.urls.post_slug(link.url)
            if slug is not None and (slug not in links or reading.links[links[slug]].hidden > link.hidden):
                links[slug] = number
        with self.database.read() as connection:
            owners = {slug: posts.slug_owner(connection, slug) for slug in list(links)[:_MAX_POSTS]}
        host = host_name(urlsplit(page))
        mentions: dict[int, Words] = {}
        for slug, post_id in owners.items():
            if post_id is not None and post_id not in mentions:
                mentions[post_id] = Words(
                    author_name=shorten(one_line(reading.name) or host, MAX_NAME),
                    author_url="{0.scheme}://{0.netloc}/".format(urlsplit(page)),
                    title=shorten(one_line(reading.title), MAX_NAME),
                    excerpt=shorten(one_line(excerpt(reading, reading.links[links[slug]])), MAX_EXCERPT),
                )
        return mentions

    # --- after the fetch ---

    def _settle(self, connection: Connection, job: Job, look: _Look) -> None:
        now = self.clock()
        if not jobs.held(connection, job):
            _log.info("another process has taken over the look at %s", job.subject)
            return
        last_try = self._plan_next(connection, job, look, now)
        if look.answered:
            sources.keep_findings(connection, job.subject, Findings(now, look.mentions))
        for thought in store.of_page(connection, job.subject, _MOVABLE):
            self._weigh(connection, thought, look, last_try=last_try, now=now)

    def _plan_next(self, connection: Connection, job: Job, look: _Look, now: datetime) -> bool:
        """Ends the job or plans its next try. Returns whether this was the last try of several that failed."""
        if not isinstance(look.otherwise, Trouble):
            self._look_again_for_the_late(connection, job, look, now)
            return False
        pause = pause_after(job.attempts + 1, random.random())  # noqa: S311 - no secret
        if pause is None:
            jobs.finish(connection, job)
            return True
        jobs.postpone(connection, job, now + pause, attempts=job.attempts + 1, error=look.story)
        store.set_next_check(connection, job.subject, now + pause)
        return False

    def _look_again_for_the_late(self, connection: Connection, job: Job, look: _Look, now: datetime) -> None:
        """Ends the job, unless a ping came while the page was on its way and the page does not speak for it."""
        late = [
            thought for thought in store.of_page(connection, job.subject, ("received",)) if _came_late(thought, look)
        ]
        if not late:
            jobs.finish(connection, job)
            return
        run_at = now + timedelta(seconds=self.settings.limits.refetch)
        jobs.postpone(connection, job, run_at, attempts=0, error=None)

    def _weigh(self, connection: Connection, thought: Thought, look: _Look, *, last_try: bool, now: datetime) -> None:
        if thought.state == "received" and _came_late(thought, look):
            return
        evidence = Trouble(last=True) if last_try else look.evidence(thought.post_id)
        store.record(connection, thought.id, "fetched", look.story, now)
        self._apply(connection, thought, evidence, now)

    def _apply(self, connection: Connection, thought: Thought, evidence: Evidence, now: datetime) -> None:
        """Decides, writes, and tells the receipt; what readers can see counts as a revision."""
        decision = decide(thought, evidence, verdict_on(connection, thought, self.settings), now)
        if isinstance(evidence, Trouble) and not evidence.last:
            return
        store.record(connection, thought.id, "found", _finding(evidence), now)
        if decision.state != thought.state or thought.state == "received":
            store.record(connection, thought.id, "decided", _telling(decision), now)
        store.settle(connection, thought, decision, now)
        if "shown" in (thought.state, decision.state) and _looks_different(thought, decision):
            site.revise(connection)


def _came_late(thought: Thought, look: _Look) -> bool:
    return thought.received_at > look.started_at and not isinstance(look.evidence(thought.post_id), Linked)


def _meaning(error: errors.FetchError) -> Evidence:
    """What a failed fetch says about a source: the table for INTERFACE's “source missing” and “in trouble”."""
    match error:
        case errors.BadStatus(status=401 | 403 | 404 | 410 as status):
            return Missing(status)
        case errors.AddressForbidden() | errors.HostUnknown() | errors.TooManyRedirects():
            return Missing()
        case errors.NotText():
            return Unlinked("not a text")
        case _:
            return Trouble()


def _finding(evidence: Evidence) -> str:
    match evidence:
        case Linked():
            return "a link to the post"
        case Unlinked("not a text"):
            return "something that is not HTML, so that it holds no links"
        case Unlinked():
            return "no link to the post"
        case Missing():
            return "no such page"
        case Trouble():
            return "no answer, after several tries over two days"


def _telling(decision: Decision) -> str:
    return f"{decision.state}: {decision.reason}" if decision.reason else decision.state


def _looks_different(thought: Thought, decision: Decision) -> bool:
    return thought.state != decision.state or thought.words != decision.words
