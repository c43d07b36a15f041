"""A streaming replica, one for each file of tests that asks for it."""

import os
from collections.abc import Iterator

import pytest

from tests.support.postgres import VARIABLE, Server, replica_of


@pytest.fixture(scope="module")
def replica_server(prepared_postgres: str) -> Iterator[Server]:
    server = replica_of(os.environ[VARIABLE])
    yield server
    server.remove()
