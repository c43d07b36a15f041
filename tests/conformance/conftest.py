"""The database of the site under test."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def database_url(prepared_sqlite: Path, tmp_path: Path) -> str:
    """One kind is enough: nothing here depends on the database, and `tests/posts/test_lists.py` tries both."""
    return f"sqlite:///{shutil.copy(prepared_sqlite, tmp_path / 'site.sqlite3')}"
