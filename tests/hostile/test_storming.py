"""A new post for many readers who subscribed: callbacks that hang delay no others, and no feed."""

from pathlib import Path

import pytest

from tests.hostile.storming import p95, storm
from tests.support.serving import LONG, Site, free_port

SUBSCRIBERS, HANGING = (1000, 100) if LONG else (60, 6)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"] if LONG else ["sqlite"], indirect=True)
def test_callbacks_that_hang_delay_no_others_and_nobody_who_takes_a_push_gets_it_twice(
    tmp_path: Path, empty_database_url: str
) -> None:
    seconds = "10" if LONG else "2"
    environ = {"FEEDSERVER_DATABASE_URL": empty_database_url, "FEEDSERVER_EGRESS_TIMEOUT": seconds}
    site = Site(tmp_path, free_port(), environ)
    site.start()

    came = storm(site, SUBSCRIBERS, HANGING, calm_seconds=3 if LONG else 0.2)
    status = site.stop()

    assert status == 0
    assert len(came.delivered) == SUBSCRIBERS - HANGING
    assert came.last < 10
    assert came.twice == []
    assert came.most_at_once <= 8
    assert came.taken == {"taken": SUBSCRIBERS - HANGING, "waits": HANGING}
    if LONG:
        assert p95(came.stormy) < 2 * p95(came.calm)
