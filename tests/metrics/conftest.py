"""What tests of metrics share."""

import importlib
import os
from collections.abc import Iterator

import pytest

from feedserver.metrics import folder


@pytest.fixture
def no_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that counts for itself, before and after the test."""
    importlib.import_module("prometheus_client")  # with the variable set, it would write files wherever it is, for good
    held: list[int] = []
    monkeypatch.setenv(folder.VARIABLE, "")
    monkeypatch.setattr(folder, "_held", held)
    yield
    for descriptor in held:
        os.close(descriptor)
