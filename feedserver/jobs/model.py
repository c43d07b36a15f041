"""What a job is, and how long to wait before it is tried again. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# A lease outlives the longest fetch (egress.timeout is at most 60 s) and ends within 90 s of a crash.
LEASE: Final = timedelta(seconds=85)

# Pauses after the first, second … failed try: the first retry within a minute, the last one after two days. Each is
# longer than the one before it at its longest.
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (40, 150, 600, 2_400, 7_200, 18_000, 32_400, 43_200, 68_400)
)

AT_ONCE: Final = 0  # priorities: somebody waits for it …
AT_LEISURE: Final = 1  # … or nobody does, and it goes after all that somebody waits for


@dataclass(frozen=True, slots=True)
class Job:
    """A stored duty. `kind` names who carries it out, `subject` what it is about; the pair is unique.

    `attempts` counts the tries that failed. `token` proves a lease. A lower `priority` goes first.
    """

    id: int
    kind: str
    subject: str
    run_at: datetime
    attempts: int
    leased_until: datetime | None = None
    token: str | None = None
    last_error: str | None = None
    priority: int = AT_ONCE

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody holds it."""
        return self.leased_until is not None and self.leased_until > now


def pause_after(attempts: int, jitter: float) -> timedelta | None:
    """The wait after `attempts` failed tries, stretched by up to a quarter; None when it was the last one.

    `jitter` is a number from 0 to 1, so that what failed together does not come back together.
    """
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * (1 + jitter / 4)
