"""The job, the duration of its lease, and the pauses after failures. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

LEASE: Final = timedelta(seconds=20)  # the jobs of a crashed process are free after that
RENEW_SECONDS: Final = 5.0  # between two renewals of the leases of jobs under way

# Jobs with the same concurrency key that may be under way at once, in all processes together. Half of the slots of one
# lane: no host takes all slots of a process, or gets more than a few requests at a time.
MAX_PER_KEY: Final = 4

# After the first, second … failed attempt: the first retry within a minute, the last one after two days. Each pause is
# longer than the one before, even with full jitter.
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (40, 150, 600, 2_400, 7_200, 18_000, 32_400, 43_200, 68_400)
)

INTERACTIVE: Final = 0  # priorities: a sender or a moderator waits for the result …
BACKGROUND: Final = 1  # … or no one does: these jobs go after all interactive ones
# A job whose process died is retried soon; but it may have killed the process, so the pause grows with each death.
_PAUSES_AFTER_DEATH: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 3, 15, 60, 90))

# First attempts, repeated ones and background jobs have separate slots, so that none delays the others.
Lane = Literal["first", "again", "background"]
LANES: Final[tuple[Lane, ...]] = ("first", "again", "background")


@dataclass(frozen=True, slots=True)
class Job:
    """A stored job. `kind` names its handler, `subject` the thing it works on; the pair is unique.

    `attempts` counts failed attempts. `lease_token` proves a lease. A lower `priority` goes first. `concurrency_key`
    names the servers that the job contacts: few jobs with one key run at once; None for no limit. `short_deadline`
    tells the handler that other jobs wait for its slot; it is not stored.
    """

    id: int
    kind: str
    subject: str
    run_at: datetime
    attempts: int
    created_at: datetime
    leased_until: datetime | None = None
    lease_token: str | None = None
    last_error: str | None = None
    priority: int = INTERACTIVE
    concurrency_key: str | None = None
    short_deadline: bool = False

    @property
    def lane(self) -> Lane:
        if self.priority == BACKGROUND:
            return "background"
        return "again" if self.attempts else "first"

    def is_leased(self, now: datetime) -> bool:
        return self.leased_until is not None and self.leased_until > now

    def why(self, now: datetime) -> str:
        """Why the job is not done yet, for a person."""
        if self.is_leased(now):
            return "under way"
        if self.last_error:
            return self.last_error
        if self.run_at <= now:
            return "due, waits for a free slot"
        return "not due yet" if self.priority == INTERACTIVE else "not due yet, in the background"


def pause_after(attempts: int, jitter: float) -> timedelta | None:
    """The pause after `attempts` failed attempts; None after the last one.

    `jitter` from 0 to 1 lengthens it by up to a quarter, to spread jobs that failed at the same time.
    """
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * (1 + jitter / 4)


def pause_after_death(attempts: int) -> timedelta:
    """The pause after a lease that ended without a result; `attempts` counts the failures before it."""
    return _PAUSES_AFTER_DEATH[min(attempts, len(_PAUSES_AFTER_DEATH) - 1)]
