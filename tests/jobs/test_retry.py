"""How long a failed job waits."""

from datetime import timedelta

import pytest

from feedserver.jobs.retry import PAUSES, pause_after


def test_the_first_retry_comes_within_a_minute() -> None:
    assert timedelta(0) < pause_after(1, 0.0) < pause_after(1, 1.0) <= timedelta(seconds=60)


def test_pauses_grow_and_end_after_about_two_days() -> None:
    pauses = [pause_after(number, 0.0) for number in range(1, len(PAUSES) + 1)]
    stretched = [pause_after(number, 1.0) for number in range(1, len(PAUSES) + 1)]

    assert all(longest < next_one for longest, next_one in zip(stretched, pauses[1:], strict=False))
    assert timedelta(hours=47) <= sum(pauses, timedelta(0)) <= timedelta(hours=60)
    assert pause_after(len(PAUSES) + 1, 0.0) is None


@pytest.mark.parametrize("attempts", range(1, len(PAUSES) + 1))
def test_what_failed_together_does_not_come_back_together(attempts: int) -> None:
    early, late = pause_after(attempts, 0.0), pause_after(attempts, 1.0)

    assert early is not None
    assert late == early * 1.25
