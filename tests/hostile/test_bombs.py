"""Pictures made to cost their reader memory and time cost no more than is given to them, and their caller nothing."""

import pytest

from feedserver.media.picture_process import MOST_CPU, MOST_MEMORY
from tests.hostile.bombs import measure


@pytest.mark.timeout(900)
def test_a_hostile_picture_costs_a_process_of_its_own_alone() -> None:
    found = measure()

    assert [bomb for bomb in found if bomb.memory > MOST_MEMORY] == []
    assert [bomb for bomb in found if bomb.cpu > MOST_CPU + 3] == []
    assert [bomb for bomb in found if bomb.caller > 16_000_000] == []
    assert {bomb.name for bomb in found if not bomb.outcome.startswith("taken as")} == {
        "JPEG of many scans",
        "PNG of 900 million pixels",
        "WebP of 268 million pixels",
        "WebP of many chunks",
        "a film of many boxes",
    }
