"""What happens when a ping arrives: everything of ours is checked, the ping is committed, then it is verified.

The checks stand in the order of INTERFACE's answer table; nothing is fetched before the ping is stored. The sender
waits for the verification while it is quick and a waiting place is free; whatever is not settled by then is settled
by the jobs.
"""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as NotSettledInTime
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver import errors
from feedserver.clock import Clock
from feedserver.jobs import store as jobs
from feedserver.jobs.model import MOST_OF_ONE, Job
from feedserver.jobs.worker import Runner
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.settings import Settings
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.thoughts import store, timeline
from feedserver.thoughts.lifecycle import WAITS, Pinged, decide
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.parties import budget_key
from feedserver.thoughts.verification.verify import VERIFY, Verifier
from feedserver.urls import MAX_URL, Urls, host_name, normalize_source, split_http

_SHARES = 10  # parties that together can fill `limits.waiting`
_LEAST_SHARE = 100  # sources of one party that may wait in any case


class WaitingSlots:
    """Threads in which pings are verified while their senders wait: a few, so that no stalled source holds the site.

    A place is taken until its verification ends, even when its sender has had an answer long before.
    """

    def __init__(self, places: int) -> None:
        self._free = BoundedSemaphore(places) if places else None
        self._threads = ThreadPoolExecutor(max_workers=max(1, places), thread_name_prefix="ping")
        self._under_way: set[Future[None]] = set()

    def take(self) -> bool:
        """Takes a place if one is free; `run` or `give_back` must follow."""
        return self._free is not None and self._free.acquire(blocking=False)

    def give_back(self) -> None:
        assert self._free is not None, "only a place that was taken is given back"
        self._free.release()

    def run(self, runner: Runner, job: Job) -> Future[None]:
        """Carries the job out in the place that was taken."""
        try:
            future = self._threads.submit(runner.run, job)
        except RuntimeError:  # the process ends; the job's lease ends too, and another takes it
            self.give_back()
            raise
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        future.add_done_callback(lambda _: self.give_back())
        return future

    def close(self, seconds: float | None = None) -> None:
        """Takes nothing more, and waits for what is under way: until its end, or so many seconds."""
        self._threads.shutdown(wait=seconds is None)
        if seconds is not None:
            wait(list(self._under_way), timeout=seconds)


@dataclass(frozen=True, slots=True)
class Ping:
    """A claim “source links to target”, as it arrived, whose form has been checked."""

    source: str
    target: str
    source_key: str
    post: Post
    sender: str

    @property
    def host(self) -> str:
        return host_name(urlsplit(self.source_key))


@dataclass(frozen=True, slots=True)
class PingOutcome:
    """What the sender learns: the ping is `registered`, or `accepted` to be verified later."""

    outcome: Literal["registered", "accepted"]
    thought: Thought


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the transaction made of a ping: a thought, and the job that this process is to carry out at once."""

    thought: Thought | None = None
    refused: errors.PingError | None = None
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes pings. Safe to share between threads."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    verifier: Verifier
    runner: Runner
    places: WaitingSlots = field(repr=False)

    def receive(self, source: str, target: str, sender: str) -> PingOutcome:
        """Takes the ping that `sender` (an IP address) sent.

        Raises a PingError for each row of the table that refuses; those of a ping that was stored name its receipt.
        """
        ping = self._checked(source, target, sender)
        place = self.places.take()
        try:
            holder = self.runner.holder.name if place else None
            taken = self.database.transact(lambda connection: self._take(connection, ping, holder))
        except BaseException:
            if place:
                self.places.give_back()
            raise
        if place and taken.job is None:
            self.places.give_back()
        if taken.refused:
            raise taken.refused
        assert taken.thought is not None, "what is not refused is stored"
        if taken.job is not None:
            self._wait(self.places.run(self.runner, taken.job))
        return self._answer(taken.thought)

    def post_at(self, target: str) -> Post:
        """The post that readers see at the URL `target`. Raises TargetUnusable or TargetMissing."""
        slug = self.urls.post_slug(target)
        if slug is None:
            raise errors.TargetUnusable
        post = self._post(slug)
        if post is None or not post.visible(self.clock()):
            raise errors.TargetMissing
        return post

    # --- before it is stored ---

    def _checked(self, source: str, target: str, sender: str) -> Ping:
        if split_http(source) is None or len(normalize_source(source)) > MAX_URL:  # a name may be longer in ASCII
            raise errors.SourceUnusable
        post = self.post_at(target)
        if not post.pings_open:
            raise errors.PingsClosed
        slug = self.urls.post_slug(source)
        own = self._post(slug) if slug is not None else None
        if own is not None and own.id == post.id:
            raise errors.PingToItself
        # Our own posts are known by their present address.
        return Ping(source, target, self.urls.post(own.slug) if own else normalize_source(source), post, sender)

    def _post(self, slug: str) -> Post | None:
        with self.database.read() as connection:
            return posts.by_slug(connection, slug)

    # --- storing ---

    def _take(self, connection: Connection, ping: Ping, holder: str | None) -> _Taken:
        """One transaction: limits, the pair, and the duty to verify it. Refusals are returned, so that it commits.

        `holder` is who carries that duty out at once, None when there is no place for it.
        """
        now = self.clock()
        if hosts.rule_for(connection, ping.source_key) == "block":
            return _Taken(refused=errors.SenderDenied())
        bucket = f"ping:{rate_limits.network(ping.sender)}"
        if not rate_limits.allow(connection, bucket, self.settings.limits.sender, now):
            return _Taken(refused=errors.SenderDenied())
        jobs.find(
            connection, VERIFY, ping.source_key
        )  # locked first, as by the look that may be settling this very pair
        known = store.pair(connection, ping.post.id, ping.source_key)
        if known is not None and known.state not in ("rejected", "gone"):
            return self._take_known(connection, known, ping.sender, now)
        if self._is_too_much(connection, ping.source_key):
            return _Taken(refused=errors.TooMuchWaiting())
        thought = self._store(connection, ping, known, now)
        return self._start(connection, thought, ping, holder, now)

    def _is_too_much(self, connection: Connection, source_key: str) -> bool:
        """Whether `limits.waiting` is reached, or what of it one party may take: the others are to find room."""
        most = self.settings.limits.waiting
        if store.waiting(connection) >= most:
            return True
        share = max(_LEAST_SHARE, most // _SHARES)
        return most > share and jobs.waiting_of(connection, budget_key(source_key), share) >= share

    def _take_known(self, connection: Connection, known: Thought, sender: str, now: datetime) -> _Taken:
        """A pair that has its place already: told so, and looked at again in the background."""
        assert known.source_key is not None, "pings have a page"
        if known.state in ("received", "shown", "held"):
            store.asked_by(connection, known, sender)
            self.verifier.ask(connection, known.source_key, now)
        if known.state == "received":
            return _Taken(thought=known)
        return _Taken(refused=errors.AlreadyKnown(self._with_receipt(errors.AlreadyKnown.text, known)))

    def _store(self, connection: Connection, ping: Ping, known: Thought | None, now: datetime) -> Thought:
        if known is None:
            thought = store.add_ping(
                connection,
                post_id=ping.post.id,
                source=ping.source,
                source_key=ping.source_key,
                target=ping.target,
                host=ping.host,
                sender=ping.sender,
                now=now,
            )
            timeline.record(connection, thought.id, "received", "a ping for this post", now)
            return thought
        store.receive_again(connection, known, decide(known, Pinged(), WAITS, now), ping.target, ping.sender)
        timeline.record(connection, known.id, "received", "a ping once more; it is verified anew", now)
        again = store.by_id(connection, known.id)
        assert again is not None, "it was locked in this transaction"
        return again

    def _start(self, connection: Connection, thought: Thought, ping: Ping, holder: str | None, now: datetime) -> _Taken:
        """Settles the ping from what is known of its source, or writes the duty to look and takes it on if it can."""
        if self.verifier.settle_at_once(connection, thought, now):
            return _Taken(thought=thought)
        job = self.verifier.ask(connection, ping.source_key, now)
        if holder is None or job.is_leased(now) or job.run_at > now:
            return _Taken(thought=thought)
        # One host never holds all the places, however many of its pages are pinged at once.
        if not jobs.has_room(
            connection, job.concurrency_key, now, min(MOST_OF_ONE, max(1, self.settings.pingback.places - 1))
        ):
            return _Taken(thought=thought)
        return _Taken(thought=thought, job=jobs.lease(connection, job, now, holder=holder))

    # --- after it is stored ---

    def _wait(self, verification: Future[None]) -> None:
        with suppress(NotSettledInTime):
            verification.result(timeout=self.settings.pingback.wait)

    def _answer(self, stored: Thought) -> PingOutcome:
        with self.database.read() as connection:
            thought = store.by_id(connection, stored.id) or stored  # its host may have been purged meanwhile
        match thought.state:
            case "received":
                return PingOutcome("accepted", thought)
            case "rejected" | "gone":
                error = _REFUSALS.get(thought.reason or "", errors.SourceMissing)
                raise error(self._with_receipt(error.text, thought))
            case _:
                return PingOutcome("registered", thought)

    def _with_receipt(self, text: str, thought: Thought) -> str:
        return f"{text}. {self.urls.receipt(thought.receipt_token or '')}"


# Why a verified ping was turned down, and the row of the table that says so.
_REFUSALS: dict[str, type[errors.PingError]] = {
    "source missing": errors.SourceMissing,
    "no answer": errors.SourceMissing,
    "no link": errors.LinkMissing,
    "not a text": errors.LinkMissing,
}
