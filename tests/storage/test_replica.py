"""Public reads on a streaming replica: only while it is up to date, and no request fails because of it."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from feedserver.app import create_app
from feedserver.errors import StorageError
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import replica
from feedserver.storage.engine import Database
from tests.posts.builders import document, publish
from tests.support.fixtures import Assemble
from tests.support.postgres import Server
from tests.support.replicas import is_the_replica, reads_on_the_replica, replay_paused, wait_for_replica
from tests.support.serving import FEEDSERVER, Site
from tests.support.waiting import wait_until


@pytest.fixture
def services(replicated: DatabaseSettings, tmp_path: Path, assemble: Assemble) -> WebServices:
    """A site whose public reads go to the replica."""
    services = assemble(Settings(data_dir=tmp_path, database=replicated))
    init(services, example=False)
    wait_for_replica(services)
    return services


@pytest.fixture
def client(services: WebServices) -> FlaskClient:
    return create_app(services=services).test_client()


def test_a_replica_that_has_seen_everything_is_read(services: WebServices, client: FlaskClient) -> None:
    slug = publish(services, "First").slug
    wait_for_replica(services)

    assert services.database.replica_state() == "ok"
    assert client.get(f"/posts/{slug}").status_code == 200
    assert b"First" in client.get("/feed.rss").data


def test_what_was_just_published_is_there_with_the_next_request_though_the_replica_is_behind(
    services: WebServices, client: FlaskClient
) -> None:
    assert b"Second" not in client.get("/feed.rss").data

    with replay_paused(services):
        slug = publish(services, "Second").slug

        assert client.get(f"/posts/{slug}").status_code == 200
        assert b"Second" in client.get("/").data
        assert b"Second" in client.get("/feed.rss").data, "no feed is rendered from old posts under a new revision"
        assert not reads_on_the_replica(services)
        assert client.get("/readyz").get_json()["checks"]["replica"]["status"] == "degraded"

    wait_for_replica(services)
    assert b"Second" in client.get("/feed.atom").data


def test_a_page_has_what_another_process_has_just_published_though_the_replica_is_behind(
    services: WebServices, client: FlaskClient, assemble: Assemble
) -> None:
    other = assemble(services.settings)

    with replay_paused(services):
        for number in range(10):
            assert client.get("/").status_code == 200  # what is known of the site is as new as can be
            slug = publish(other, f"Through another process, {number}").slug

            assert f"another process, {number}" in client.get("/").text
            assert client.get(f"/posts/{slug}").status_code == 200
        assert not reads_on_the_replica(services)
        wait_until(lambda: "another process, 9" in client.get("/feed.rss").text, 1, lambda: "the feed is an old one")


def test_a_page_has_what_a_command_has_published_though_the_replica_is_behind(
    services: WebServices, client: FlaskClient
) -> None:
    database = services.settings.database
    environ = {"FEEDSERVER_DATABASE_URL": database.url, "FEEDSERVER_DATABASE_READ_URL": database.read_url}
    site = Site(services.settings.data_dir, 8000, environ, FEEDSERVER)  # is never started

    with replay_paused(services):
        assert "By a command" not in client.get("/").text
        site.command("post", "add", "-", given=document("By a command", date="2026-01-01").decode())

        assert "By a command" in client.get("/").text
        assert not reads_on_the_replica(services)


def test_what_leads_to_a_change_is_read_on_the_primary(services: WebServices) -> None:
    for transaction in (services.database.read, services.database.write):
        with transaction() as connection:
            assert not is_the_replica(connection)


def test_a_replica_that_went_away_is_left_alone_for_a_while_and_then_asked_again(
    services: WebServices,
    client: FlaskClient,
    replica_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    slug = publish(services, "Third").slug
    wait_for_replica(services)
    replica_server.stop()
    try:
        with caplog.at_level(logging.WARNING, "feedserver.condition"):
            assert [client.get(f"/posts/{slug}").status_code for _ in range(3)] == [200, 200, 200]
        assert client.get("/readyz").get_json()["status"] != "down"
        assert services.database.replica_state() == "away"
        assert len(caplog.records) == 1, "each try may cost seconds"
    finally:
        replica_server.start()

    monkeypatch.setattr(replica, "monotonic", lambda: float("inf"))  # the pause is over
    wait_for_replica(services)


def test_a_primary_is_no_replica(new_postgres_url: Callable[[], str]) -> None:
    url = new_postgres_url()
    database = Database(url, url)

    assert database.replica_state() == "behind"
    assert database.read_public(lambda connection: connection.execute(text("SELECT 1")).scalar_one()) == 1
    database.close()


@pytest.mark.parametrize(
    ("url", "read_url"),
    [
        pytest.param("sqlite:///site.sqlite3", "postgresql+psycopg://u:secret@h/x", id="of SQLite"),
        pytest.param("postgresql+psycopg://h/x", "sqlite:///site.sqlite3", id="on SQLite"),
        pytest.param("postgresql+psycopg://h/x", "postgresql+psycopg://u:secret@h:port/x", id="not a URL"),
    ],
)
def test_a_replica_that_cannot_be_one_is_refused_in_one_line(url: str, read_url: str) -> None:
    with pytest.raises(StorageError, match=r"^database\.read_url: [^\n]+$") as refused:
        Database(url, read_url)

    assert "secret" not in str(refused.value)
