"""A site whose public reads go to a streaming replica: waiting for it, holding it behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, make_url, text

from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings
from tests.support.postgres import Server
from tests.support.waiting import wait_until

CATCHES_UP = 15.0  # seconds; it takes milliseconds but for a crowded machine


def with_replica(url: str, server: Server) -> DatabaseSettings:
    """The settings of a database whose replica `server` is."""
    return DatabaseSettings(url=url, read_url=make_url(url).set(port=server.port).render_as_string(hide_password=False))


def is_the_replica(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one())


def reads_on_the_replica(services: WebServices) -> bool:
    return services.database.read_public(is_the_replica)


def wait_for_replica(services: WebServices) -> None:
    """Waits until public reads go to the replica."""
    wait_until(
        lambda: reads_on_the_replica(services),
        CATCHES_UP,
        lambda: f"the replica is {services.database.replica_state()}",
    )


@contextmanager
def on_the_replica(services: WebServices) -> Iterator[Connection]:
    """A connection to the replica that the site knows nothing of, each statement for itself."""
    engine = create_engine(services.settings.database.read_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def replay_paused(services: WebServices) -> Iterator[None]:
    """Within the block the replica receives changes, but does not apply them."""
    with on_the_replica(services) as connection:
        connection.execute(text("SELECT pg_wal_replay_pause()"))
        paused = text("SELECT pg_get_wal_replay_pause_state() = 'paused'")
        wait_until(lambda: bool(connection.execute(paused).scalar_one()), CATCHES_UP, lambda: "replay goes on")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_wal_replay_resume()"))
