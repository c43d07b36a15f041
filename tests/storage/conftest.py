"""A streaming replica with a primary of its own: the writes of other tests would keep it behind."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

from feedserver.settings import DatabaseSettings
from tests.support.postgres import Server, new_server, replica_of
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
def replicated(primary_server: Server, replica_server: Server) -> DatabaseSettings:
    """An empty database with a replica."""
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(primary_server.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return with_replica(make_url(primary_server.url).set(database=name).render_as_string(), replica_server)
