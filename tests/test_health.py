"""/healthz and /readyz: ok, degraded or down."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text, update

from feedserver import health
from feedserver.app import create_app
from feedserver.jobs import store as jobs
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, LimitsSettings, Settings
from feedserver.storage import heartbeat, revision, schema
from feedserver.storage.engine import Database
from feedserver.storage.write_probe import WriteProbe
from feedserver.thoughts import store as thoughts
from tests.feeds.happenings import take_the_database_away
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock
from tests.support.waiting import SECONDS, together

OK: dict[str, str | None] = {"status": "ok", "detail": None}
UNKNOWN = {"status": "unknown", "detail": "it cannot be looked up"}
NEVER: dict[str, str | None] = {"status": "ok", "detail": "no backup has been made yet"}
ALIVE = dict.fromkeys(("database", "schema", "writes", "jobs", "queue", "sending", "disk"), OK) | {"backup": NEVER}

Checks = dict[str, dict[str, str | None]]


def beat(services: WebServices) -> None:
    with services.database.write() as connection:
        heartbeat.beat(connection, "jobs", services.clock())


def ready(client: FlaskClient) -> tuple[int, str, Checks]:
    answer = client.get("/readyz")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    assert set(body) == {"status", "checks"}
    for name, check in body["checks"].items():
        assert set(check) == {"status", "detail"}
        assert (check["detail"] is None) is (check["status"] == "ok" and name != "backup") or check == UNKNOWN
    return answer.status_code, body["status"], body["checks"]


def degraded(name: str, detail: str) -> Checks:
    return ALIVE | {name: {"status": "degraded", "detail": detail}}


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

    assert never == (200, "degraded", degraded("jobs", "no worker has looked for jobs yet"))
    assert just == (200, "ok", ALIVE)
    assert ready(client) == (200, "degraded", degraded("jobs", "no worker has looked for jobs for 60 s"))


def test_a_heartbeat_of_the_future_is_none(client: FlaskClient, services: WebServices, clock: Clock) -> None:
    beat(services)
    clock.move(seconds=-5)
    slightly_ahead = ready(client)
    clock.move(seconds=-1)

    assert slightly_ahead == (200, "ok", ALIVE)
    told = "the last worker that looked for jobs had a clock ahead of this machine's"
    assert ready(client) == (200, "degraded", degraded("jobs", told))


def test_a_restored_site_is_reminded_of_until_it_is_resumed(
    client: FlaskClient, services: WebServices, clock: Clock
) -> None:
    beat(services)
    with services.database.write() as connection:
        revision.mark_restored(connection, clock())
    restored = ready(client)
    with services.database.write() as connection:
        revision.resume(connection)

    told = "restored from a backup on 2026-03-08T12:00:00Z; it sends nothing to others until `feedserver resume` says"
    assert restored == (200, "degraded", degraded("sending", f"{told} that it is the real site"))
    assert ready(client) == (200, "ok", ALIVE)


# --- jobs that fail, disk, backup ---


def fail(services: WebServices, kind: str, times: int, key: str | None = None) -> None:
    """A job that has failed so many times."""
    now = services.clock()
    with services.database.write() as connection:
        job = jobs.add(connection, kind, "x", now, now, concurrency_key=key)
        connection.execute(update(schema.jobs).where(schema.jobs.c.id == job.id).values(attempts=times))


def test_a_job_that_fails_again_and_again_degrades_it(client: FlaskClient, services: WebServices) -> None:
    beat(services)
    fail(services, "tell", 1)
    once = ready(client)
    fail(services, "housekeeping", 2)

    told = "jobs fail again and again: housekeeping; `feedserver jobs list` says why"
    assert once == (200, "ok", ALIVE)
    assert ready(client) == (200, "degraded", degraded("jobs", told))


def test_jobs_that_strangers_let_fail_do_not(client: FlaskClient, services: WebServices) -> None:
    beat(services)
    fail(services, "verify", 9, key="slow.example")

    assert ready(client) == (200, "ok", ALIVE)


def test_a_due_job_that_nobody_takes_degrades_it(client: FlaskClient, services: WebServices, clock: Clock) -> None:
    with services.database.write() as connection:
        jobs.add(connection, "tell", "x", clock(), clock())
    clock.move(seconds=600)
    beat(services)
    just = ready(client)
    clock.move(seconds=1)

    assert just == (200, "ok", ALIVE)
    assert ready(client) == (200, "degraded", degraded("jobs", "the oldest due job has waited for 601 s"))


def test_a_full_disk_degrades_it(client: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(services)
    monkeypatch.setattr(health, "free_bytes", lambda _: 99_999_999)
    assert ready(client) == (200, "degraded", degraded("disk", "99 MB are free on the disk"))

    monkeypatch.setattr(health, "free_bytes", lambda _: 100_000_000)
    assert ready(client) == (200, "ok", ALIVE)


@pytest.mark.parametrize(
    ("hours", "told"),
    [(0, "less than an hour"), (71, "71 h"), (72, "3 days"), (500, "20 days")],
    ids=["now", "h", "3 d", "20 d"],
)
def test_the_age_of_the_last_backup_is_told(
    client: FlaskClient, services: WebServices, clock: Clock, hours: int, told: str
) -> None:
    with services.database.write() as connection:
        revision.note_backup(connection, clock())
    clock.move(hours=hours)
    beat(services)

    found = {"status": "ok", "detail": f"the last backup is {told} old"}
    assert ready(client) == (200, "ok", ALIVE | {"backup": found})


# --- writes ---


@pytest.fixture
def seconds(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass for the probe of writes."""
    passed = [0.0]
    monkeypatch.setattr(services, "write_probe", WriteProbe(services.database, services.clock, lambda: passed[0]))

    def pass_by(number: float) -> None:
        passed[0] += number

    return pass_by


def refuse_writes(services: WebServices) -> None:
    services.database.close()
    event.listen(services.database.engine, "connect", _refuse_writes)


def take_writes(services: WebServices) -> None:
    event.remove(services.database.engine, "connect", _refuse_writes)
    services.database.close()


def _refuse_writes(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA query_only = ON")
    else:
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()


def test_a_database_that_takes_no_writes_degrades_it_and_says_why(
    client: FlaskClient, services: WebServices, seconds: Callable[[float], None]
) -> None:
    beat(services)
    before = ready(client)
    refuse_writes(services)
    seconds(10)
    refused = ready(client)
    take_writes(services)
    seconds(9)
    early = ready(client)
    seconds(1)

    assert before == ready(client) == (200, "ok", ALIVE)
    assert early == refused
    status, state, checks = refused
    assert (status, state, checks["writes"]["status"]) == (200, "degraded", "degraded")
    assert str(checks["writes"]["detail"]).startswith("the database is read-only: ")
    assert checks | {"writes": OK} == ALIVE


def test_a_database_that_another_program_has_locked_is_told_after_a_second(
    client: FlaskClient, services: WebServices, database: Database, seconds: Callable[[float], None]
) -> None:
    beat(services)
    ready(client)
    seconds(10)
    with database.write() as connection:
        heartbeat.beat(connection, "writes", services.clock())
        began = time.monotonic()
        found = ready(client)
        took = time.monotonic() - began

    told = "the database is busy: another program has locked it; try again later"
    assert found == (200, "degraded", degraded("writes", told))
    assert took < 3


def test_who_asks_often_makes_one_write_in_ten_seconds(
    client: FlaskClient, services: WebServices, seconds: Callable[[float], None]
) -> None:
    before = services.database.writes
    for _ in range(20):
        ready(client)
        seconds(0.5)
    within = services.database.writes - before

    ready(client)

    assert (within, services.database.writes - before) == (1, 2)


def test_those_who_ask_at_once_do_not_wait_for_one_anothers_try(
    client: FlaskClient, services: WebServices, seconds: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(client)
    seconds(10)
    tries: list[int] = []
    begun, gate = Event(), Event()

    def write(*_: object, **__: object) -> None:
        tries.append(1)
        begun.set()
        gate.wait(SECONDS)

    monkeypatch.setattr(services.database, "transact", write)

    def ask_and_open() -> None:
        begun.wait(SECONDS)
        assert ready(client)[2]["writes"] == OK
        gate.set()

    together(services.write_probe.failure, ask_and_open)

    assert gate.is_set()
    assert tries == [1]


# --- the queue, the database, the schema ---


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
    assert ready(client) == (200, "degraded", degraded("queue", "5 pings wait; beyond 5 new ones are refused"))


def test_with_an_unreachable_database_it_is_down(client: FlaskClient, services: WebServices) -> None:
    take_the_database_away(services)

    status, state, checks = ready(client)

    assert (status, state) == (503, "down")
    assert {name: check["status"] for name, check in checks.items()} == dict.fromkeys(ALIVE, "unknown") | {
        "database": "down"
    }
    assert str(checks["database"]["detail"]).startswith("the database is away: ")
    assert "/dev" not in str(checks), "strangers are told no paths, hosts or users"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE alembic_version SET version_num = '1001'", "`feedserver db upgrade` migrates it"),
        ("DROP TABLE heartbeats", "not what this program expects"),
    ],
    ids=["older", "broken"],
)
def test_with_another_schema_it_is_down(prepared_sqlite: Path, tmp_path: Path, statement: str, found: str) -> None:
    file = tmp_path / "other.sqlite3"
    file.write_bytes(prepared_sqlite.read_bytes())
    services = WebServices(Settings(data_dir=tmp_path, database=DatabaseSettings(url=f"sqlite:///{file}")))
    with services.database.write() as connection:
        connection.execute(text(statement))

    status, state, checks = ready(create_app(services=services).test_client())

    services.database.close()
    assert (status, state, checks["schema"]["status"]) == (503, "down", "down")
    assert found in str(checks["schema"]["detail"])


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (None, "`feedserver init` creates it"),
        (b"", "`feedserver init` creates it"),
        (b"not a database, but a file of the same name " * 20, "the database is damaged: "),
    ],
)
def test_without_a_database_it_is_down(tmp_path: Path, content: bytes | None, detail: str) -> None:
    file = tmp_path / "none.sqlite3"
    if content is not None:
        file.write_bytes(content)
    services = WebServices(Settings(data_dir=tmp_path, database=DatabaseSettings(url=f"sqlite:///{file}")))

    status, state, checks = ready(create_app(services=services).test_client())

    services.database.close()
    assert (status, state, checks["database"]["status"]) == (503, "down", "down")
    assert detail in str(checks["database"]["detail"])
    assert file.exists() is (content is not None)


def test_a_site_with_a_path_has_both_at_the_root_too(settings: Settings, assemble: Assemble) -> None:
    site = replace(settings.site, url="https://host.example/blog")
    client = create_app(services=assemble(replace(settings, site=site))).test_client()

    for path in ("/healthz", "/blog/healthz", "/readyz", "/blog/readyz"):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
        assert client.post(path).status_code == 405
    assert client.get("/healthz/x").status_code == 404
