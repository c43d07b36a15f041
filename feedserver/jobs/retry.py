"""The pause before a failed job is tried again. Pure.

A handler that raised: `runner`. A process that died: `queue`. A source in trouble: `thoughts/verification/settle`; a
source whose fetch budget is spent: `fetch_budget`. A new ping shortens the pause (`store.bring_forward`).
"""

from datetime import timedelta
from typing import Final

# After the first, second … failed attempt: the first retry within a minute, the last one after two days. Each pause is
# longer than the one before, even with full jitter.
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (40, 150, 600, 2_400, 7_200, 18_000, 32_400, 43_200, 68_400)
)
# A job whose process died is retried soon; but it may have killed the process, so the pause grows with each death.
_PAUSES_AFTER_DEATH: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 3, 15, 60, 90))


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
