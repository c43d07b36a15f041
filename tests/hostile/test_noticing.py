"""An owner hears of everything, under one Message-ID and one event each, though the site is killed again and again."""

from pathlib import Path

import pytest

from tests.hostile.noticing_killed import tell_through_kills
from tests.hostile.on_each import on_each
from tests.support.serving import LONG

STARTS = [1, 4] * 10 if LONG else [4, 1, 2]


@pytest.mark.timeout(900 if LONG else 240)
def test_every_comment_is_told_though_all_processes_are_killed_again_and_again(
    tmp_path: Path, database_urls: dict[str, str]
) -> None:
    outcomes = on_each(
        database_urls,
        tmp_path,
        {"FEEDSERVER_EGRESS_ALLOW": "127.0.2.0/24", "FEEDSERVER_EGRESS_PORTS": "*"},
        lambda site: tell_through_kills(site, STARTS, seconds_between=1.6, timeout=150),
    )

    for name, told in outcomes.items():
        assert set(told.mails) == set(told.events) == told.words, f"{name}: something was lost"
        assert {len(ids) for ids in told.mails.values()} == {1}, f"{name}: told in two mails"
        assert {len(ids) for ids in told.events.values()} == {1}, f"{name}: two ids of one event"
        assert told.copies <= told.kills, f"{name}: only the mail under way at a kill may come twice"
        assert told.repeated <= told.kills, f"{name}: only the event under way at a kill may come twice"
        assert told.out_of_order <= told.kills, name
        assert told.is_all_signed, name
