"""Whatever strangers do for a year, the database grows by at most 200 MB for what is refused, held or counted."""

from pathlib import Path

import pytest

from feedserver.thoughts import waiting_limits
from feedserver.thoughts.moderation import queue_limits
from tests.hostile.growth import MOST, YEAR, Growth, Pace, play, settings_of
from tests.support.serving import LONG

BOUND = 300_000  # of what is refused, of what is held, and of what waits, in the short form
HUB = 22_000_000  # of ten thousand subscriptions, in the long form
SHORT = Pace(steps=6, rounds=6, readers=20, feeds=3, subscribers=4)


@pytest.mark.parametrize("addresses", [1, 10_000])
def test_a_year_of_strangers_fills_what_is_kept_and_no_more(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, addresses: int
) -> None:
    if LONG:
        growth = play(settings_of(tmp_path, empty_database_url), addresses, YEAR)
        assert growth.total <= MOST, "\n".join(growth.lines())
        assert growth.after["websub_subscriptions"] <= HUB
        return
    monkeypatch.setattr(waiting_limits, "_LEAST_BYTES", BOUND)
    monkeypatch.setattr(queue_limits, "_LEAST_SIZE", BOUND)
    bounds = {
        "keep_most_refused_bytes": BOUND,
        "limits_held_bytes": BOUND,
        "limits_waiting": 100,
        "limits_subscriptions": 20,
    }

    growth = play(settings_of(tmp_path, empty_database_url, **bounds), addresses, SHORT)

    most = 6 if empty_database_url.startswith("sqlite") else 9
    assert of_thoughts(growth) <= most * BOUND, "\n".join(growth.lines())


def of_thoughts(growth: Growth) -> int:
    """The bytes of all that is stored with thoughts. PostgreSQL holds what a step has erased as free space."""
    tables = ("thoughts", "thought_events", "jobs", "sources", "read_ahead", "removed_pairs", "moderation_undo")
    return sum(growth.after[table] - growth.before[table] for table in tables)
