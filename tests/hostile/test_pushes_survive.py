"""Pushes survive their processes: every reader gets the newest version, whatever was killed."""

from pathlib import Path

import pytest

from tests.hostile.on_each import on_each
from tests.hostile.pushed_through_kills import push_through_kills
from tests.support.serving import LONG

# Processes at each start; before the next one, all are killed.
STARTS = {"one process": [1] * 13, "two processes": [2] * 13} if LONG else {"one process, then two": [1, 2]}


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("starts", STARTS.values(), ids=STARTS)
def test_every_reader_gets_the_newest_version_though_all_processes_are_killed_while_pushes_are_under_way(
    tmp_path: Path, database_urls: dict[str, str], starts: list[int]
) -> None:
    outcomes = on_each(
        database_urls, tmp_path, {}, lambda site: push_through_kills(site, starts, seconds_between=1.5, timeout=90)
    )

    for name, outcome in outcomes.items():
        assert outcome.pushes >= outcome.readers, name
        assert outcome.behind == 0, name
        assert outcome.twice == 0, f"{name}: what was heard is not told again"
        assert outcome.twice_by_kills < 20 * len(outcome.kills), f"{name}: but for what was heard just before a kill"
        assert outcome.seconds < 60, (
            "a lease of a killed process ends within 20 s, and its job runs after a short pause"
        )
