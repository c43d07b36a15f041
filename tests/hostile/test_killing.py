"""Jobs survive their processes: every acknowledged ping ends in exactly one thought, every acknowledged subscription is
verified, and its reader told when its feed goes, whatever was killed."""

from pathlib import Path

import pytest

from tests.hostile.killing import NO_LIMITS, ping_through_kills
from tests.hostile.on_each import on_each
from tests.hostile.subscribing import subscribe_through_kills
from tests.support.serving import LONG

# Processes at each start; before the next one, all are killed.
STARTS = {"one process": [1] * 26, "four processes": [4] * 26} if LONG else {"one process, then four": [1, 4, 4]}


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("starts", STARTS.values(), ids=STARTS)
def test_every_acknowledged_ping_ends_in_one_thought_though_all_processes_are_killed_again_and_again(
    tmp_path: Path, database_urls: dict[str, str], starts: list[int]
) -> None:
    outcomes = on_each(
        database_urls,
        tmp_path,
        NO_LIMITS,
        lambda site: ping_through_kills(site, starts, seconds_between=0.8, timeout=150),
    )

    for name, outcome in outcomes.items():
        assert len(outcome.acknowledged) > 5, name
        assert outcome.lost == 0, name
        assert set(outcome.thoughts.values()) == {1}, name
        assert set(outcome.states) == {"shown"}, name
        assert outcome.settled_after < 90, (
            "a lease of a killed process ends within 20 s, and its job runs after a short pause"
        )


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("starts", STARTS.values() if LONG else [[1, 1]], ids=STARTS if LONG else ["one process"])
def test_every_acknowledged_subscription_is_verified_and_ended_though_all_processes_are_killed_again_and_again(
    tmp_path: Path, database_urls: dict[str, str], starts: list[int]
) -> None:
    outcomes = on_each(
        database_urls,
        tmp_path,
        NO_LIMITS,
        lambda site: subscribe_through_kills(site, starts, seconds_between=0.8, timeout=150, kill_denials=LONG),
    )

    for name, outcome in outcomes.items():
        assert len(outcome.acknowledged) > 5, name
        assert outcome.lost == 0, name
        assert set(outcome.rows.values()) == {1}, name
        assert set(outcome.states) == {"active"}, name
        assert outcome.untold == set(), name
        assert outcome.settled_after < 60, name
