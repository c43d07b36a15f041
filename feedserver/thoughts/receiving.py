"""Receives pings: checks a ping, stores it with its job in one transaction, then verifies it.

The checks are in the order of the table in docs/interface.md, “pingback.ping”, for both protocols; nothing is fetched
before the commit. The sender waits for the verification if a slot is free, at most `pingback.wait` seconds; a worker
settles the rest.
"""

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotSettledInTime
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver import domains, errors
from feedserver.clock import Clock
from feedserver.host_names import host_name
from feedserver.jobs import store as jobs
from feedserver.jobs.model import MAX_PER_KEY
from feedserver.jobs.runner import Runner
from feedserver.redirects import store as redirects
from feedserver.redirects.model import keys_of
from feedserver.settings import Settings
from feedserver.storage import rate_limits, revision
from feedserver.storage.engine import Database
from feedserver.thoughts import joining, receipts, removed, store, targets, timeline, waiting_limits
from feedserver.thoughts.lifecycle import NEEDS_APPROVAL, Pinged, decide
from feedserver.thoughts.model import Protocol, Thought, raised
from feedserver.thoughts.moderation import hosts, queue_limits
from feedserver.thoughts.slots import WaitingSlots
from feedserver.thoughts.source.identity import page_key
from feedserver.thoughts.targets import Target
from feedserver.thoughts.verification.recheck import VERIFY
from feedserver.thoughts.verification.verify import Task, Verifier
from feedserver.urls import MAX_URL, Urls, normalize_source, split_http


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping with valid URLs: the claim that `source` links to `target`. `post` is the post at the target."""

    source: str
    target: str
    source_key: str
    post: Target
    sender: str
    protocol: Protocol

    @property
    def host(self) -> str:
        return host_name(urlsplit(self.source_key))


@dataclass(frozen=True, slots=True)
class PingOutcome:
    """The answer to the sender: the ping is `registered`, or `accepted` to be verified later."""

    outcome: Literal["registered", "accepted"]
    thought: Thought


@dataclass(frozen=True, slots=True)
class _Stored:
    """The result of storing a ping: its thought or the refusal, and the task if this process is to verify it."""

    thought: Thought | None = None
    refused: errors.PingError | None = None
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receives pings. Safe to share between threads."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    verifier: Verifier
    runner: Runner
    slots: WaitingSlots = field(repr=False)

    def receive(self, source: str, target: str, sender: str, protocol: Protocol = "pingback") -> PingOutcome:
        """Receives the ping that `sender` (an IP address) sent by `protocol`.

        Raises a PingError for each refusal in the table; if the ping is stored or known, it has the receipt's URL.
        """
        ping = self._checked(source, target, sender, protocol)
        has_slot = self.slots.take()
        verification = None
        try:
            stored = self.database.transact(lambda connection: self._store(connection, ping, has_slot))
            if stored.task is not None:
                verification = self._verify(stored.task)
        finally:
            if has_slot and verification is None:
                self.slots.give_back()
        if stored.refused:
            raise stored.refused
        assert stored.thought is not None, "a ping that is not refused is stored"
        if verification is not None:
            with suppress(NotSettledInTime):
                verification.result(timeout=self.settings.pingback.wait)
        return self._outcome(stored.thought)

    def post_at(self, target: str) -> Target:
        """The post that readers see at the URL `target`. Raises TargetUnusable or TargetMissing."""
        return self._posts_at(target, None)[0]

    # --- before the ping is stored ---

    def _checked(self, source: str, target: str, sender: str, protocol: Protocol) -> Ping:
        if split_http(source) is None or len(normalize_source(source)) > MAX_URL:  # a host may be longer in ASCII
            raise errors.SourceUnusable
        post, own = self._posts_at(target, source)
        if not post.pings_open:
            raise errors.PingsClosed
        if own is not None and own.id == post.id:
            raise errors.PingToItself
        # Our own posts are stored under their current URL.
        source_key = self.urls.post(own.slug) if own else normalize_source(source)
        return Ping(source, target, source_key, post, sender, protocol)

    def _posts_at(self, target: str, source: str | None) -> tuple[Target, Target | None]:
        """The posts at the target and, if it is on this site, at the source."""
        name, own_name = self.urls.post_slug(target), source and self.urls.post_slug(source)
        old_keys = keys_of(self.urls, target) if name is None else []
        found: dict[str, Target] = {}
        if name or own_name or old_keys:
            with self.database.read() as connection:
                name = name or redirects.slug_at(connection, old_keys)
                found = targets.find(connection, [one for one in (name, own_name) if one], self.clock())
        own = found.get(own_name or "")
        if source and (own is None or own.page) and self.urls.owns(source):
            raise errors.SourceMissing  # our feeds, receipts, lists, pages, drafts …
        if name is None:
            raise errors.TargetUnusable
        if name not in found:
            raise errors.TargetMissing
        return found[name], own

    # --- storing it ---

    def _store(self, connection: Connection, ping: Ping, has_slot: bool) -> _Stored:
        """One transaction: limits, the pair, and the job to verify it, leased to this process if it `has_slot`.

        A refusal is returned, not raised, so that the counters are committed.
        """
        now = self.clock()
        if hosts.rule_for(connection, ping.source_key) == "block":
            return _Stored(refused=errors.SourceBlocked())
        limit = rate_limits.Limit(f"ping:{domains.network(ping.sender)}", self.settings.limits.sender)
        if refusal := rate_limits.take(connection, [limit], now, tidy=False):
            return _Stored(refused=errors.TooManyPings(refusal.seconds))
        # First the page, then the job: verification locks in the same order.
        joining.lock_pages(connection, [page_key(ping.source_key)])
        job = jobs.find(connection, VERIFY, ping.source_key)
        record = self.verifier.last_record(connection, ping.source_key, now)
        read_lately = self.verifier.was_read_lately(record, now)
        known, of_page = joining.known(connection, ping.post.id, ping.source_key, read_lately=read_lately)
        if known is not None and known.state not in ("rejected", "gone"):
            if known.state in ("received", "shown", "held"):
                known = self._ask_again(connection, known, ping, now)
            return self._known(known)
        if known is None and (gone := removed.find(connection, ping.post.id, removed.names_of_source(ping.source_key))):
            erased = store.by_id(connection, gone.thought_id) if gone.thought_id else None
            return self._known(erased) if erased else self._removed(connection, ping)
        if self._is_too_much(connection, ping):
            return _Stored(refused=errors.TooMuchWaiting())
        if (linked := self.verifier.known_link(record, ping.post.id, now)) is not None:
            thought = self._write(connection, ping, known, None, now)
            self.verifier.settle_known(connection, thought, linked, now)
            return _Stored(thought=thought)
        if of_page is not None:
            self._look_again(connection, of_page, now)
        job = self.verifier.ask(connection, ping.source_key, job, record, now)
        thought = self._write(connection, ping, known, job.run_at, now)
        if not has_slot:
            return _Stored(thought=thought)
        most = min(MAX_PER_KEY, max(1, self.settings.pingback.places - 1))  # one host never takes all slots
        return _Stored(thought=thought, task=self.verifier.start(connection, job, ping.sender, record, most, now))

    def _ask_again(self, connection: Connection, known: Thought, ping: Ping, now: datetime) -> Thought:
        """Has the source of a known thought inspected again, for a new sender; its timeline tells of the ping.

        Returns the thought since. What was read of its source lately says at once what it says by the other protocol.
        """
        source_key, kind = known.source_key, raised(known.kind, ping.protocol)
        assert source_key is not None, "pings have a source"
        if kind != known.kind and known.state == "shown":
            revision.revise(connection)  # feeds tell the kind
        if ping.protocol != known.kind:
            timeline.record_other_protocol(connection, known.id, ping.protocol, now)
        record = self.verifier.last_record(connection, source_key, now)
        linked = self.verifier.known_link(record, ping.post.id, now)
        if kind != known.kind and known.state != "received" and linked is not None:
            state = self.verifier.settle_known(connection, replace(known, kind=kind), linked, now)
            known = replace(known, state=state)
        job = self.verifier.ask(connection, source_key, jobs.find(connection, VERIFY, source_key), record, now)
        store.record_ping(connection, known, kind, ping.sender, job.run_at)
        return known

    def _look_again(self, connection: Connection, of_page: Thought, now: datetime) -> None:
        """Has the source of a thought inspected again for a ping from another URL, under which the link may be gone."""
        assert of_page.source_key is not None, "pings have a source"
        job = jobs.find(connection, VERIFY, of_page.source_key)
        record = self.verifier.last_record(connection, of_page.source_key, now)
        self.verifier.ask(connection, of_page.source_key, job, record, now)

    def _site(self, source_key: str) -> str:
        return domains.source_site(source_key, self.settings.moderation.shared_by_path)

    def _is_too_much(self, connection: Connection, ping: Ping) -> bool:
        """Whether too much waits already, for its verification or for a moderator."""
        limits, site = self.settings.limits, self._site(ping.source_key)
        if not waiting_limits.has_room(connection, limits.waiting, ping.sender, site):
            return True
        return not queue_limits.has_room(connection, limits, ping.sender, site=site)

    def _known(self, known: Thought) -> _Stored:
        if known.state == "received":
            return _Stored(thought=known)
        return _Stored(refused=self._told_by(errors.AlreadyKnown, known))

    def _removed(self, connection: Connection, ping: Ping) -> _Stored:
        """For a pair that a moderator removed and of which no thought is left: its receipt says that it is not kept."""
        token = receipts.token_of_removed(revision.kept_key(connection), ping.post.id, ping.source_key)
        return _Stored(refused=errors.AlreadyKnown(self.urls.receipt(token), "deleted"))

    def _write(
        self, connection: Connection, ping: Ping, known: Thought | None, next_check_at: datetime | None, now: datetime
    ) -> Thought:
        if known is None:
            thought = store.add_ping(
                connection,
                kind=ping.protocol,
                post_id=ping.post.id,
                post_slug=ping.post.slug,
                source=ping.source,
                source_key=ping.source_key,
                target=ping.target,
                host=ping.host,
                sender=ping.sender,
                next_check_at=next_check_at,
                shared_by_path=self.settings.moderation.shared_by_path,
                now=now,
            )
            timeline.record(connection, thought.id, "received", f"a {ping.protocol} for this post", now)
            return thought
        decision, kind = decide(known, Pinged(), NEEDS_APPROVAL, now), raised(known.kind, ping.protocol)
        thought = store.receive_again(connection, known, decision, kind, ping.target, ping.sender, next_check_at)
        timeline.record_further_ping(connection, known.id, ping.protocol, now)
        return thought

    # --- after it is stored ---

    def _verify(self, task: Task) -> Future[None]:
        """Verifies in the slot that was taken. If the process stops, frees the job and raises Unavailable."""
        verify = partial(self.runner.run, task.job, lambda _: self.verifier.verify(task))
        try:
            return self.slots.run(verify)
        except errors.Unavailable:
            self.database.transact(lambda connection: jobs.give_back(connection, [task.job]))
            raise

    def _outcome(self, stored: Thought) -> PingOutcome:
        with self.database.read() as connection:
            thought = store.by_id(connection, stored.id) or joining.by_token(connection, stored.receipt_token or "")
        thought = thought or stored  # the host may have been purged meanwhile
        match thought.state:
            case "received":
                return PingOutcome("accepted", thought)
            case "rejected" | "gone":
                raise self._told_by(_REFUSALS.get(thought.reason or "", errors.SourceMissing), thought)
            case _ if thought.id != stored.id or thought.state in ("spam", "deleted"):
                raise self._told_by(errors.AlreadyKnown, thought)
            case _:
                return PingOutcome("registered", thought)

    def _told_by(self, refusal: type[errors.PingError], thought: Thought) -> errors.PingError:
        return refusal(self.urls.receipt(thought.receipt_token or ""), thought.state)


# The error for each reason why a verified ping was rejected.
_REFUSALS: dict[str, type[errors.PingError]] = {
    "source missing": errors.SourceMissing,
    "no answer": errors.SourceMissing,
    "no link": errors.LinkMissing,
    "not a text": errors.LinkMissing,
    "no link before the size limit": errors.LinkMissing,
}
