"""What a job is, and how long to wait before it is tried again. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

# A lease outlives the longest fetch (egress.timeout is at most 60 s) and ends within 90 s of a crash.
LEASE: Final = timedelta(seconds=85)

# Jobs of one party under way at once, in all processes together. Half of one process's places: so no host ever holds
# all places of a process, nor of several, and none is asked for more than a few pages at a time.
MOST_OF_ONE: Final = 4

# Pauses after the first, second … failed try: the first retry within a minute, the last one after two days. Each is
# longer than the one before it at its longest.
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (40, 150, 600, 2_400, 7_200, 18_000, 32_400, 43_200, 68_400)
)

AT_ONCE: Final = 0  # priorities: somebody waits for it …
AT_LEISURE: Final = 1  # … or nobody does, and it goes after all that somebody waits for
# A job whose process died is tried again soon, but it may have been the cause: after each death it rests longer, up to
# what the end of its lease would have been.
_AFTER_DEATH: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 3, 15, 60))

# First tries and repeated ones have places of their own: what failed before never keeps waiting what may be well. So
# has what nobody waits for: it holds nobody up, and is never held up for good.
Lane = Literal["first", "again", "leisure", "any"]


@dataclass(frozen=True, slots=True)
class Job:
    """A stored duty. `kind` names who carries it out, `subject` what it is about; the pair is unique.

    `attempts` counts the tries that failed. `token` proves a lease. A lower `priority` goes first. `party` is whose
    machines the job burdens: of one party, few jobs are under way at once; None for nobody's. `hurried` says to whoever
    carries it out that others wait for its place; it is not stored.
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
    priority: int = AT_ONCE
    concurrency_key: str | None = None
    hurried: bool = False

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody holds it."""
        return self.leased_until is not None and self.leased_until > now

    def why(self, now: datetime) -> str:
        """Why it is not done yet, for a person."""
        if self.is_leased(now):
            return "under way"
        if self.last_error:
            return self.last_error
        if self.run_at <= now:
            return "due, waits for a free place"
        return "not due yet" if self.priority == AT_ONCE else "not due yet, nobody waits for it"


def pause_after(attempts: int, jitter: float) -> timedelta | None:
    """The wait after `attempts` failed tries, stretched by up to a quarter; None when it was the last one.

    `jitter` is a number from 0 to 1, so that what failed together does not come back together.
    """
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * (1 + jitter / 4)


def pause_after_death(attempts: int) -> timedelta:
    """The wait of a job whose process died while it carried the job out, after `attempts` tries before that one."""
    return _AFTER_DEATH[attempts] if attempts < len(_AFTER_DEATH) else LEASE
