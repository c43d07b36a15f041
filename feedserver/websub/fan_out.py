"""One run of the job that pushes: finds what has changed, and keeps a few slots busy with what waits.

Results are stored in batches. A callback that hangs holds a slot for long only while few others wait; one that failed
or was slow the last time comes last, and leaves half of the slots to others.
"""

import logging
import random
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import FeedNotFound, FetchError, PostNotFound
from feedserver.feeds.documents import FeedDocuments
from feedserver.feeds.scopes import newest_of
from feedserver.jobs import store as jobs
from feedserver.jobs.heard import store_heard
from feedserver.jobs.model import Job, Outcome
from feedserver.net.exchange import Exchange
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.websub import leaving, topics, waiting
from feedserver.websub.delivery import Due, Push, Result, meaning, patience, pause_after_wait, push_of, request_of
from feedserver.websub.topics import Look, Topic

_log = logging.getLogger(__name__)

SLOTS: Final = 8  # pushes under way at once
SLOW_SLOTS: Final = 4  # of them to callbacks that failed or were slow the last time
_LOADED: Final = 200  # subscriptions at a time
_WEIGHT: Final = 0.125  # of the latest answer in the average of what answers take
_NOT_READY: Final = timedelta(seconds=2)  # until a feed is looked at again whose version could not be stored
# In seconds.
_TICK: Final = 0.25  # between two looks for changes, and for what has become due
_BATCH: Final = 0.1  # between two transactions with results: one for each would take longer than the pushes
_USUAL: Final = 0.05  # what an answer takes, until some have come


class FanOut:
    """Used by one thread, which starts some for the pushes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        documents: FeedDocuments,
        exchange: Exchange,
        most_seconds: float,
        job: Job,
    ) -> None:
        self._database, self._clock, self._documents = database, clock, documents
        self._exchange, self._most_seconds, self._job = exchange, most_seconds, job
        self._stale: list[Topic] = []
        self._unchanged: list[Look] = []
        self._queue: list[Due] = []
        self._number = 0  # of subscriptions to push to, those under way not counted, as far as known
        self._under_way: dict[Future[Result], Due] = {}
        self._results: list[Result] = []
        self._usual = _USUAL
        self._next_look = self._next_load = self._next_batch = 0.0  # by the monotonic clock
        self._is_ready = True  # all versions looked at are stored
        self._is_held = True  # the job is still leased to this process
        self._stopping = Event()

    def run(self, stopping: Event) -> None:
        """Looks and pushes until there is nothing to do, or `stopping` is set; then waits for what is under way."""
        self._stopping = stopping
        with ThreadPoolExecutor(SLOTS, thread_name_prefix="push") as threads:
            try:
                while self._goes_on(threads):
                    pass
            finally:  # what is heard is stored, even where the database has failed meanwhile
                while self._under_way:
                    self._collect(_TICK)
                self._store()

    def _goes_on(self, threads: ThreadPoolExecutor) -> bool:
        """One round; returns whether there may be more to do."""
        may_begin = self._is_ready and self._is_held and not self._stopping.is_set()
        has_looked = may_begin and self._look()
        while may_begin and self._is_ready and (due := self._next()) is not None:
            self._begin(threads, due)
        if not (self._under_way or has_looked):
            return False
        self._collect(0.0 if has_looked else _TICK)
        return True

    def finish(self, connection: Connection) -> Outcome:
        """Deletes the job; whatever is still to be done, a later one does. It comes again if a feed was not ready."""
        now = self._clock()
        if not jobs.held(connection, self._job):
            return "taken over"
        if self._is_ready:
            jobs.finish(connection, self._job)
            return "done"
        later = now + _NOT_READY
        jobs.postpone(connection, self._job, later, now, attempts=self._job.attempts, error="a feed has no version yet")
        return "put off"

    # --- looking ---

    def _look(self) -> bool:
        """Looks at one stale topic; returns whether there was one."""
        is_idle = not (self._stale or self._under_way)
        if is_idle or monotonic() >= self._next_look:  # what has changed meanwhile may come before the rest
            self._stale = self._read_stale()
            self._next_look = monotonic() + _TICK
        if not self._stale:
            return False
        self._look_at(self._stale.pop(0))
        return True

    def _read_stale(self) -> list[Topic]:
        """The stale topics, once those that have not changed are noted."""
        if unchanged := self._unchanged:
            self._unchanged = []
            self._database.transact(lambda connection: topics.confirm(connection, unchanged))
        with self._database.read() as connection:
            return topics.stale(connection, self._clock())

    def _look_at(self, topic: Topic) -> None:
        with self._database.read() as connection:
            present = revision.load(connection).revision  # read first: what changes later makes the topic stale again
        if not topic.has_readers:
            self._database.transact(lambda connection: topics.leave(connection, topic.key, present, self._clock()))
            return
        try:
            document = self._documents.get(newest_of(topic.key))
        except (FeedNotFound, PostNotFound):
            self._announce(Look(topic.key, present, None))
            return
        except Exception as error:
            if isinstance(error, DATABASE_ERRORS):
                raise
            _log.exception("the feed %s cannot be made; its readers get its next version", topic.key)
            look = Look(topic.key, present, None)
            self._database.transact(lambda connection: topics.note(connection, look))
            return
        if push_of(document) is None:
            self._is_ready = False
            return
        look = Look(topic.key, document.state.revision, document.validators.etag)
        if look.etag == topic.etag:
            self._unchanged.append(look)
        else:
            self._announce(look)

    def _announce(self, look: Look) -> None:
        def write(connection: Connection) -> None:
            now = self._clock()
            if topics.is_quiet(connection, look):
                topics.note(connection, look)
                return
            waiting.announce(connection, look, now)
            if look.etag is None:  # whoever took the feed away may be a program that knows of no subscriptions
                jobs.ensure(connection, leaving.CHECK, look.topic, now, now)

        self._database.transact(write)
        self._next_load = 0.0

    # --- pushing ---

    def _next(self) -> Due | None:
        """The next one to push to; None while no slot is free, or nobody waits for one."""
        if len(self._under_way) >= SLOTS:
            return None
        if (found := self._startable()) is None and self._may_load():
            self._load()
            found = self._startable()
        return found

    def _startable(self) -> Due | None:
        """Takes the first one from the queue whose site is not busy, and for which there is a slot."""
        busy = {due.callback_site for due in self._under_way.values()}
        for index, due in enumerate(self._queue):
            if due.callback_site not in busy and self._free_slots(due) > 0:
                return self._queue.pop(index)
        return None

    def _free_slots(self, due: Due) -> int:
        """The slots that are free for callbacks like this one."""
        free = SLOTS - len(self._under_way)
        return min(free, SLOW_SLOTS - sum(other.is_slow for other in self._under_way.values())) if due.is_slow else free

    def _may_load(self) -> bool:
        is_used_up = not self._queue and self._number > 0
        return is_used_up or not self._under_way or monotonic() >= self._next_load

    def _load(self) -> None:
        self._store()  # or those would be loaded again
        busy = {due.callback_site for due in self._under_way.values()}
        with self._database.read() as connection:
            self._queue, self._number = waiting.due(connection, self._clock(), busy, _LOADED)
        self._next_load = monotonic() + _TICK

    def _begin(self, threads: ThreadPoolExecutor, due: Due) -> None:
        address = newest_of(due.topic)
        try:
            push = push_of(self._documents.cached(address) or self._documents.get(address))
        except (FeedNotFound, PostNotFound):  # gone since it was looked at
            self._look_at(Topic(due.topic, None, has_readers=True))
            self._queue = [other for other in self._queue if other.topic != due.topic]
            return
        if push is None:
            self._is_ready = False
            return
        waiting_now = self._number if self._number > self._free_slots(due) else 1
        behind = sum(other.callback_site == due.callback_site for other in self._queue)
        seconds = patience(waiting_now, behind, self._usual, due.push_seconds, self._most_seconds)
        self._number -= 1
        self._under_way[threads.submit(self._deliver, push, due, seconds)] = due

    def _deliver(self, push: Push, due: Due, seconds: float) -> Result:
        """One push, in a thread of its own."""
        begun = monotonic()
        try:
            request = request_of(push, due)
            answer = self._exchange(request, redirects=0, wants_body=lambda _: False, timeout=seconds)
            reception, detail = meaning(answer.status)
        except FetchError as error:
            reception, detail = "again", str(error)
        except Exception:  # noqa: BLE001 - one push must not end all others
            _log.exception("a push to subscription %d failed", due.id)
            reception, detail = "again", "an internal error; see the log"
        return Result(due, push.etag, reception, detail, monotonic() - begun)

    # --- results ---

    def _collect(self, seconds: float) -> None:
        """Waits for a push to end, at most so long; stores the results of some time together."""
        done, _ = wait(self._under_way, seconds, FIRST_COMPLETED)
        for future in done:
            del self._under_way[future]
            result = future.result()
            self._results.append(result)
            if result.reception == "taken":
                self._usual += _WEIGHT * (result.seconds - self._usual)
        if monotonic() >= self._next_batch or not self._under_way:
            self._store()

    def _store(self) -> None:
        if results := self._results:
            now = self._clock()
            write = partial(self._write, results=results, now=now)
            self._is_held = store_heard(self._database, write, self._stopping)
            self._results = []
            self._next_batch = monotonic() + _BATCH

    def _write(self, connection: Connection, results: list[Result], now: datetime) -> bool:
        """Writes results; returns whether the job is still held. What was heard is true even if it is not."""
        again = [(result, _next_try(result, now)) for result in results if result.reception == "again"]
        waiting.take(connection, [result for result in results if result.reception == "taken"], now)
        waiting.end(connection, [result for result in results if result.reception == "ended"], now)
        waiting.retry(connection, [(result, at) for result, at in again if at is not None], now)
        waiting.drop(connection, [result for result, at in again if at is None])
        return jobs.held(connection, self._job)


def _next_try(result: Result, now: datetime) -> datetime | None:
    pause = pause_after_wait(now - (result.due.failing_since or now), random.random())  # noqa: S311 - no secret
    return None if pause is None else now + pause
