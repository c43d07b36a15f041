"""How long a failed job waits."""

from datetime import timedelta

import pytest

from feedserver.jobs.retry import PAUSES, pause_after


def some_pause(attempts: int, spread: float) -> timedelta:
    pause = pause_after(attempts, spread)
    assert pause is not None
    return pause


def test_the_first_retry_comes_within_a_minute() -> None:
    assert timedelta(0) < some_pause(1, 0.0) < some_pause(1, 1.0) <= timedelta(seconds=60)


def test_pauses_grow_and_end_after_about_two_days() -> None:
    pauses = [some_pause(number, 0.0) for number in range(1, len(PAUSES) + 1)]
    stretched = [some_pause(number, 1.0) for number in range(1, len(PAUSES) + 1)]

    assert all(longest < next_one for longest, next_one in zip(stretched, pauses[1:], strict=False))
    assert timedelta(hours=47) <= sum(pauses, timedelta(0)) <= timedelta(hours=60)
    assert pause_after(len(PAUSES) + 1, 0.0) is None


@pytest.mark.parametrize("attempts", range(1, len(PAUSES) + 1))
def test_what_failed_together_does_not_come_back_together(attempts: int) -> None:
    early, late = some_pause(attempts, 0.0), some_pause(attempts, 1.0)

    assert late == early * 1.25
