"""The job, and the duration of its lease. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from feedserver.clock import SKEW

LEASE: Final = timedelta(seconds=20)  # the jobs of a crashed process are free after that
LONGEST_LEASE: Final = LEASE + SKEW  # one that ends later was given by a clock that was wrong, and is none
RENEW_SECONDS: Final = 5.0  # between two renewals of the leases of jobs under way

# Jobs with the same concurrency key that may be under way at once, in all processes together. Half of the slots of one
# lane: no host takes all slots of a process, or gets more than a few requests at a time.
MAX_PER_KEY: Final = 4

SITE: Final = "site"  # the subject of a job that is there once

# Priorities.
INTERACTIVE: Final = 0  # a sender or a moderator waits for the result
BACKGROUND: Final = 1  # no one waits: these jobs go after all interactive ones

# First attempts, repeated ones and background jobs have separate slots, so that none delays the others.
Lane = Literal["first", "again", "background"]
LANES: Final[tuple[Lane, ...]] = ("first", "again", "background")
# What became of a job: it is done; it failed and comes again; it failed for the last time; a limit was reached; it
# raised an error of ours; the database failed meanwhile; its lease had ended, and another process has it.
Outcome = Literal["done", "to be tried again", "given up", "put off", "failed", "interrupted", "taken over"]
# Retries and rechecks leave one of the places of their key to a first attempt.
MOST_PER_KEY: Final[dict[Lane, int]] = {"first": MAX_PER_KEY, "again": MAX_PER_KEY - 1, "background": MAX_PER_KEY - 1}
ONE_AT_A_TIME: Final = "one/"  # begins the concurrency keys of which one job runs at once, whatever its lane


@dataclass(frozen=True, slots=True)
class Job:
    """A stored job. `kind` names its handler, `subject` the thing it works on; the pair is unique.

    `attempts` counts failed attempts. `lease_token` proves a lease. A lower `priority` goes first. `concurrency_key`
    names the servers that the job contacts: few jobs with one key run at once; None for no limit. `planned_at` is when
    `run_at` was set; None where that is no pause, but the date that an author has given. `short_deadline` tells the
    handler that other jobs wait for its slot; it is not stored.
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
    planned_at: datetime | None = None
    short_deadline: bool = False

    @property
    def most_at_once(self) -> int:
        """How many jobs with the concurrency key of this one may be under way, if this one is to be among them."""
        is_single = self.concurrency_key is not None and self.concurrency_key.startswith(ONE_AT_A_TIME)
        return 1 if is_single else MOST_PER_KEY[self.lane]

    @property
    def lane(self) -> Lane:
        if self.priority == BACKGROUND:
            return "background"
        return "again" if self.attempts else "first"

    def is_leased(self, now: datetime) -> bool:
        return self.leased_until is not None and now < self.leased_until <= now + LONGEST_LEASE

    def why(self, now: datetime) -> str:
        """Why the job is not done yet, for a person."""
        if self.is_leased(now):
            return "under way"
        if self.last_error:
            return self.last_error
        if self.run_at <= now:
            return "due, waits for a free slot"
        return "not due yet" if self.priority == INTERACTIVE else "not due yet, in the background"


def one_at_a_time(kind: str, name: str) -> str:
    """The concurrency key of jobs of one kind that run one after the other for each `name`, in all processes
    together."""
    return f"{ONE_AT_A_TIME}{kind}/{name}"
