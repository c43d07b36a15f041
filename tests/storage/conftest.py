"""A streaming replica with a primary of its own: the writes of other tests would keep it behind."""

from collections.abc import Iterator

import pytest

from feedserver.settings import DatabaseSettings
from tests.support.postgres import Server, new_database, new_server, replica_of
from tests.support.replicas import with_replica


@pytest.fixture(scope="module")
def primary_server(prepared_postgres: str) -> Iterator[Server]:
    server = new_server()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def replica_server(primary_server: Server) -> Iterator[Server]:
    server = replica_of(primary_server)
    yield server
    server.remove()


@pytest.fixture
def replicated(primary_server: Server, replica_server: Server) -> Iterator[DatabaseSettings]:
    """An empty database with a replica."""
    with new_database(primary_server.url) as url:
        yield with_replica(url, replica_server)
