"""Pushes survive their processes: every reader gets the newest version, whatever was killed."""

from pathlib import Path

import pytest

from tests.hostile.pushed_through_kills import push_through_kills
from tests.support.serving import LONG, Site, free_port

# Processes at each start; before the next one, all are killed.
STARTS = {"one process": [1] * 13, "two processes": [2] * 13} if LONG else {"one process, then two": [1, 2]}


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("starts", STARTS.values(), ids=STARTS)
def test_every_reader_gets_the_newest_version_though_all_processes_are_killed_while_pushes_are_under_way(
    tmp_path: Path, empty_database_url: str, starts: list[int]
) -> None:
    site = Site(tmp_path, free_port(), {"FEEDSERVER_DATABASE_URL": empty_database_url})

    outcome = push_through_kills(site, starts, seconds_between=1.5, timeout=90)
    status = site.stop()

    assert outcome.pushes >= outcome.readers
    assert outcome.behind == 0
    assert outcome.twice == 0, "what was heard is not told again"
    assert outcome.twice_by_kills < 20 * len(outcome.kills), "but for what was heard just before a kill"
    assert outcome.seconds < 60, "a lease of a killed process ends within 20 s, and its job runs after a short pause"
    assert status == 0
