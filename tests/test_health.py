"""/healthz and /readyz: ok, degraded or down."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from feedserver.app import create_app
from feedserver.jobs import store as jobs
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, LimitsSettings, Settings
from feedserver.thoughts import store as thoughts
from tests.feeds.happenings import take_the_database_away
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

ALIVE = {"database": "ok", "schema": "ok", "jobs": "ok", "queue": "ok"}


def beat(services: WebServices) -> None:
    with services.database.write() as connection:
        jobs.beat(connection, services.clock())


def ready(client: FlaskClient) -> tuple[int, str, dict[str, str]]:
    answer = client.get("/readyz")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    assert set(body) == {"status", "checks"}
    return answer.status_code, body["status"], body["checks"]


def test_healthz_is_ok_without_a_database(client: FlaskClient, services: WebServices) -> None:
    take_the_database_away(services)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_with_database_schema_and_heartbeat_the_site_is_ok(client: FlaskClient, services: WebServices) -> None:
    beat(services)

    assert ready(client) == (200, "ok", ALIVE)


def test_without_a_heartbeat_it_is_degraded(client: FlaskClient, services: WebServices, clock: Clock) -> None:
    never = ready(client)
    beat(services)
    clock.move(seconds=59)
    just = ready(client)
    clock.move(seconds=1)

    assert never == ready(client) == (200, "degraded", ALIVE | {"jobs": "no worker is running"})
    assert just == (200, "ok", ALIVE)


def test_with_a_long_queue_it_is_degraded(settings: Settings, assemble: Assemble, publish: Publish) -> None:
    services = assemble(replace(settings, limits=LimitsSettings(waiting=5)))
    post = publish()
    beat(services)
    client = create_app(services=services).test_client()
    states = []
    for n in range(5):
        states.append(ready(client)[1])
        with services.database.write() as connection:
            thoughts.add_ping(
                connection,
                post_id=post.id,
                post_slug=post.slug,
                source="https://a.example",
                source_key=f"https://a.example/{n}",
                target="x",
                host="a.example",
                sender="192.0.2.1",
                now=services.clock(),
            )

    assert states == ["ok"] * 5
    assert ready(client) == (200, "degraded", ALIVE | {"queue": "long"})


def test_with_an_unreachable_database_it_is_down(client: FlaskClient, services: WebServices) -> None:
    take_the_database_away(services)

    status, state, checks = ready(client)

    assert (status, state, checks["database"], checks["schema"]) == (503, "down", "away", "unknown")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE alembic_version SET version_num = '9999_of_the_future'", "of another version"),
        ("DROP TABLE heartbeats", "unknown"),
    ],
    ids=["newer", "broken"],
)
def test_with_another_schema_it_is_down(prepared_sqlite: Path, tmp_path: Path, statement: str, found: str) -> None:
    file = tmp_path / "other.sqlite3"
    file.write_bytes(prepared_sqlite.read_bytes())
    services = WebServices(Settings(data_dir=tmp_path, database=DatabaseSettings(url=f"sqlite:///{file}")))
    with services.database.write() as connection:
        connection.execute(text(statement))

    status, state, checks = ready(create_app(services=services).test_client())

    services.database.close()
    assert (status, state, checks["schema"]) == (503, "down", found)


@pytest.mark.parametrize("content", [None, b"", b"not a database, but a file of the same name " * 20])
def test_without_a_database_it_is_down(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "none.sqlite3"
    if content is not None:
        file.write_bytes(content)
    services = WebServices(Settings(data_dir=tmp_path, database=DatabaseSettings(url=f"sqlite:///{file}")))

    status, state, checks = ready(create_app(services=services).test_client())

    services.database.close()
    assert (status, state, checks["database"]) == (503, "down", "away" if content else "missing")
    assert file.exists() is (content is not None)


def test_a_site_with_a_path_has_both_at_the_root_too(settings: Settings, assemble: Assemble) -> None:
    site = replace(settings.site, url="https://host.example/blog")
    client = create_app(services=assemble(replace(settings, site=site))).test_client()

    for path in ("/healthz", "/blog/healthz", "/readyz", "/blog/readyz"):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
        assert client.post(path).status_code == 405
    assert client.get("/healthz/x").status_code == 404
