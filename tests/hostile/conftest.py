"""Empty databases of both kinds; leaves out what has its short form elsewhere."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.serving import LONG

# Their short forms: tests/media; tests/transfer/imports/test_import_killed.py; tests/storage/test_silent_server.py;
# tests/thoughts/verification/test_cpu_budget.py and tests/thoughts/test_waiting_limits.py.
collect_ignore = [] if LONG else ["test_bombs.py", "test_import_killed.py", "test_silent.py", "test_tiring.py"]


@pytest.fixture
def database_urls(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The URL of an empty database of each kind, by its name; SQLite alone where there is no PostgreSQL."""
    urls = {"SQLite": f"sqlite:///{tmp_path / 'site.sqlite3'}"}
    if not os.environ.get("TEST_NO_POSTGRES"):
        make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        urls["PostgreSQL"] = make()
    return urls
