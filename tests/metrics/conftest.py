"""What tests of metrics share."""

import os
from collections.abc import Iterator

import pytest

from feedserver.metrics import folder


@pytest.fixture
def no_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that counts for itself, before and after the test."""
    held: list[int] = []
    monkeypatch.setenv(folder.VARIABLE, "")
    monkeypatch.setattr(folder, "_held", held)
    yield
    for descriptor in held:
        os.close(descriptor)
