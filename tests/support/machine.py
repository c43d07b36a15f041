"""What a test needs of its machine, and how one that is not allowed it is skipped."""

from typing import NoReturn

import pytest

NOT_ALLOWED = "not allowed on this machine"
READERS = "`make readers` installs programs from npm, and runs this"
MAY_BE_SKIPPED = (NOT_ALLOWED, READERS)  # reasons that stand even with TESTS_SKIP_NOTHING


def skip_not_allowed(what: str) -> NoReturn:
    """Skips a test that needs a privilege, even with TESTS_SKIP_NOTHING: no installation brings it."""
    pytest.skip(f"{NOT_ALLOWED}: {what}")
