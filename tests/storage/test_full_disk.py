"""A disk that is full: a small file system of the test's own, on which nothing else is."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from feedserver.app import create_app
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import heartbeat
from feedserver.storage.schema import thoughts
from feedserver.storage.write_probe import WriteProbe
from tests.posts.builders import publish
from tests.support.machine import skip_not_allowed
from tests.support.outside import Web
from tests.support.pinging import ping_body, read_answer


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mounting, capture_output=True, timeout=30).returncode != 0:
        skip_not_allowed("to mount a file system, which it would fill")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=30)


@pytest.fixture
def services(
    disk: Path, settings: Settings, prepared_sqlite: Path, assemble: Callable[[Settings], WebServices]
) -> WebServices:
    """A site whose database is on that disk."""
    file = disk / "site.sqlite3"
    file.write_bytes(prepared_sqlite.read_bytes())
    return assemble(replace(settings, data_dir=disk, database=DatabaseSettings(url=f"sqlite:///{file}")))


@pytest.fixture
def client(services: WebServices) -> FlaskClient:
    return create_app(services=services).test_client()


def fill(disk: Path) -> Path:
    with (disk / "others").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                return disk / "others"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_acknowledged_that_is_not_stored_readers_are_served_and_it_heals(
    services: WebServices,
    client: FlaskClient,
    disk: Path,
    web: Web,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = [0.0]
    monkeypatch.setattr(services, "write_probe", WriteProbe(services.database, services.clock, lambda: passed[0]))
    target = f"http://blog.example/posts/{publish(services, 'Fog').slug}"
    with services.database.write() as connection:
        heartbeat.beat(connection, "jobs", services.clock())

    def ping(number: int) -> object:
        words = f"<p>{'A fog over the harbour. ' * 40}<a href='{target}'>{number}</a> {'It is thick. ' * 40}</p>"
        source = web.put(f"http://a{number}.example/", words)
        answer = client.post("/pingback", data=ping_body(source, target), content_type="text/xml")
        return read_answer(answer.data)

    def writes() -> dict[str, str]:
        passed[0] += 10
        found: dict[str, str] = client.get("/readyz").get_json()["checks"]["writes"]
        return found

    acknowledged = [isinstance(ping(0), str)]
    page, feed = client.get("/posts/fog").status_code, client.get("/feed.atom").status_code
    others = fill(disk)
    during = [ping(number) for number in range(1, 30)]
    found = writes()
    served = client.get("/posts/fog").status_code, client.get("/feed.atom").status_code, client.get("/").status_code
    others.unlink()
    acknowledged += [isinstance(ping(number), str) for number in range(30, 33)]

    assert during[-1] == 50
    assert found["status"] == "degraded"
    assert found["detail"] == "the database is full: free space on its disk"
    assert {page, feed, *served} == {200}
    assert all(acknowledged)
    assert writes()["status"] == "ok"
    with services.database.read() as connection:
        stored = connection.execute(select(func.count()).select_from(thoughts)).scalar_one()
    assert stored == len(acknowledged) + sum(isinstance(answer, str) for answer in during)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage() for record in warnings if "full" in record.getMessage()] == [
        "the database failed: database or disk is full; free space on its disk"
    ]
    assert not any(record.exc_info for record in caplog.records)
