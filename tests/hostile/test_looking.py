"""Two processes, writers without a pause, and readers of whom none sees a feed go back."""

import time
from pathlib import Path

import pytest

from tests.hostile.looking import ENVIRON, Looks, look_while_written
from tests.support.serving import LONG, running_site

SECONDS, DATABASES = (180, ["sqlite", "postgresql"]) if LONG else (0, ["sqlite"])


@pytest.mark.timeout(400)
@pytest.mark.parametrize("empty_database_url", DATABASES, indirect=True)
def test_no_look_at_a_feed_of_two_processes_under_load_goes_back(tmp_path: Path, empty_database_url: str) -> None:
    end = time.monotonic() + SECONDS

    def enough(looks: Looks) -> bool:
        return time.monotonic() > end and len(looks.seen) >= 100 and all(looks.written.values())

    with running_site(tmp_path, environ=ENVIRON | {"FEEDSERVER_DATABASE_URL": empty_database_url}) as site:
        looks = look_while_written(site, tmp_path, empty_database_url, enough)

    assert looks.errors == []
    assert looks.went_back() == []
    assert looks.unversioned < len(looks.seen) / 10, "the lock is had nearly always"
