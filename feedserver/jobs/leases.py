"""The leases of the jobs that this process runs: renewed every few seconds, given back when it stops.

A process that crashes renews nothing, so its jobs are free when their leases end.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread

from feedserver.clock import Clock
from feedserver.condition import Condition
from feedserver.jobs import store
from feedserver.jobs.model import RENEW_SECONDS, Job
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, explain, is_outage

_log = logging.getLogger(__name__)


class Leases:
    """Jobs under way in this process. Safe to share between threads, not between forked processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._jobs: dict[str, Job] = {}  # by lease token
        self._lock = Lock()
        self._is_renewing = False
        self._renewal = Condition("the renewal of leases")

    @contextmanager
    def renewed(self, job: Job) -> Iterator[None]:
        """Renews the lease of `job` for as long as the block lasts."""
        assert job.lease_token is not None, "only a leased job is run"
        with self._lock:
            self._jobs[job.lease_token] = job
            if not self._is_renewing:  # the thread ends when no job is under way
                self._is_renewing = True
                Thread(target=self._keep_renewing, name="leases", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._jobs.pop(job.lease_token, None)  # not there after `give_back`

    def renew(self) -> None:
        """Renews all leases with one UPDATE."""
        if leased := list(self._jobs.values()):
            self._database.transact(lambda connection: store.renew(connection, leased, self._clock()))

    def give_back(self) -> None:
        """Gives all leases back, for a process that cannot wait until its jobs are done. They end anyway.

        A second call gives back only the leases of jobs begun since, or all if the database did not answer the first.
        """
        leased = self._jobs.copy()
        if not leased:
            return
        try:
            self._database.transact(lambda connection: store.give_back(connection, list(leased.values())))
        except DATABASE_ERRORS as error:
            _log.warning("%d leases were not given back: %s", len(leased), explain(error))
            return
        with self._lock:
            for lease_token in leased:
                self._jobs.pop(lease_token, None)  # not there if the job has ended meanwhile
        for job in leased.values():
            _log.warning("gave back job %s on %s: the process ends", job.kind, job.subject)

    def _keep_renewing(self) -> None:
        while self._is_needed():
            time.sleep(RENEW_SECONDS)
            try:
                self.renew()
                self._renewal.works()
            except Exception as error:  # noqa: BLE001 - the next renewal may succeed before the leases end
                if not is_outage(error):
                    self._renewal.breaks(error, "leases were not renewed")

    def _is_needed(self) -> bool:
        with self._lock:
            self._is_renewing = bool(self._jobs)
            return self._is_renewing
