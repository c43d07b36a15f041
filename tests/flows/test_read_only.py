"""A SQLite file on a file system that is read-only: all is read, nothing is written, and it heals."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.installation import init
from feedserver.settings import Settings, SiteSettings
from tests.posts.builders import publish
from tests.support.fixtures import Assemble
from tests.support.machine import skip_not_allowed
from tests.support.pinging import HEADERS, ping_body, read_answer

PAGES = ["/", "/posts/fog", "/feed.atom", "/feeds"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or mount("-t", "tmpfs", "-o", "size=16m", "none", str(folder)):
        skip_not_allowed("to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=20)


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True, timeout=20).returncode


@pytest.fixture
def settings(disk: Path) -> Settings:
    return Settings(data_dir=disk / "var", site=SiteSettings(url="http://blog.example"))


def ping(client: FlaskClient) -> str | int | list[object]:
    body = ping_body("https://other.example/", "http://blog.example/posts/fog")
    return read_answer(client.post("/pingback", data=body, headers=HEADERS).data)


def test_reads_are_served_and_writes_refused_until_it_can_be_written_again(
    disk: Path, settings: Settings, assemble: Assemble, caplog: pytest.LogCaptureFixture
) -> None:
    before = assemble(settings)
    init(before, example=False)
    publish(before, "Fog")
    statuses(create_app(services=before).test_client())
    before.database.close()
    assert mount("-o", "remount,ro", str(disk)) == 0

    services = assemble(settings)
    assert init(services, example=False) is False
    client = create_app(services=services).test_client()

    assert "is on a read-only file system: pages and feeds are served, nothing is stored" in caplog.text
    assert statuses(client) == [200] * 4
    assert ping(client) == 50
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "degraded")
    assert "read-only" in ready.get_json()["checks"]["writes"]["detail"]

    assert mount("-o", "remount,rw", str(disk)) == 0
    assert ping(client) == 16, "stored, and the source looked for"
    publish(services, "Rain")
    assert statuses(client) == [200] * 4
    assert "Rain" in client.get("/").text


def statuses(client: FlaskClient) -> list[int]:
    return [client.get(page).status_code for page in PAGES]
