"""`feedserver doctor`: a line for each look, and its exit status."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feedserver import listening
from feedserver.clock import utc_now
from feedserver.jobs.worker import HEARTBEAT
from feedserver.storage import heartbeat, revision
from feedserver.storage.engine import Database
from tests.cli.conftest import Outcome, Run
from tests.support.elsewhere import ElsewhereServer, respond


@pytest.fixture
def server() -> Iterator[ElsewhereServer]:
    """Something that answers where the site's server should, as one that knows its secret."""
    server = ElsewhereServer("127.0.0.1", lambda handler, _: respond(handler, 200, [], b'{"client": "127.0.0.1"}'))
    yield server
    server.close()


@pytest.fixture
def healthy(site: Path, database: Database, server: ElsewhereServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site in use, with a backup."""
    monkeypatch.setenv("FEEDSERVER_SITE_URL", server.url)
    (site / "var").mkdir(0o700)
    listening.note(site / "var", server.url)
    with database.write() as connection:
        revision.note_backup(connection, utc_now())
        heartbeat.beat(connection, HEARTBEAT, utc_now())


def wrong(told: Outcome) -> list[str]:
    return [line.split()[1] for line in told.out if line.startswith("wrong ")]


@pytest.mark.usefixtures("healthy")
def test_of_a_healthy_site_every_line_is_ok(run: Run) -> None:
    told = run("doctor")

    assert (told.status, wrong(told), told.err) == (0, [], [])
    assert all(line.startswith("ok ") for line in told.out)


@pytest.mark.usefixtures("healthy")
def test_what_is_wrong_is_told_with_what_to_do(run: Run, database: Database, server: ElsewhereServer) -> None:
    server.close()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE site SET backed_up_at = NULL")

    told = run("doctor")

    assert (told.status, wrong(told)) == (1, ["server", "backup"])
    assert "no backup has been made yet: `feedserver backup FILE`" in told.text


@pytest.mark.one_database
@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize("text", ['{% extends "feedserver/base.html" %}{% block main %}', "{{ nosuch() }}"])
def test_a_theme_that_keeps_the_next_start_from_coming_up_is_wrong(
    run: Run, site: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (site / "look").mkdir()
    (site / "look/base.html").write_text(text)
    monkeypatch.setenv("FEEDSERVER_SITE_THEME", str(site / "look"))

    told = run("doctor")

    assert (told.status, wrong(told)) == (1, ["theme"])
    assert "site.theme: base.html, line 1: " in told.text


@pytest.mark.usefixtures("healthy")
def test_a_server_of_another_site_where_ours_should_answer_is_wrong(
    run: Run, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(ElsewhereServer("127.0.0.1", lambda handler, _: respond(handler, 200, [], b"{}"))) as other:
        listening.note(site / "var", other.url)
        told = run("doctor")

    assert (told.status, wrong(told)) == (1, ["server"])
    assert "has another database" in told.text


@pytest.mark.usefixtures("healthy")
def test_a_folder_of_pictures_that_nobody_can_make_is_told_with_its_name(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_MEDIA_DIR", "/proc/pictures")

    told = run("doctor")

    assert any(line.startswith("wrong media         /proc/pictures: No such file") for line in told.out)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "mysql://blog@db.example/x"), ("DATABASE_READ_URL", "postgresql+psycopg://db.example/x")],
)
def test_a_database_that_cannot_be_one_is_a_wrong_setting(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FEEDSERVER_{name}", value)

    told = run("doctor")

    assert (told.status, wrong(told), told.err) == (1, ["settings"], [])


@pytest.mark.usefixtures("healthy")
def test_what_answers_at_the_public_address_is_looked_at_when_asked(run: Run) -> None:
    told = run("doctor", "--from-outside")

    assert (told.status, wrong(told)) == (1, ["site"])


def test_without_a_site_it_says_how_to_make_one(run: Run, outside: Path) -> None:
    told = run("doctor", "--from-outside")

    assert told.status == 1
    assert "`feedserver init` creates it" in told.text
    assert told.err == []


def test_wrong_settings_are_a_line_each(run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSERVER_FEEDS_ENTRIES", "many")
    monkeypatch.setenv("FEEDSERVER_SERVER_LOG", "xml")

    told = run("doctor")

    assert told.status == 1
    assert wrong(told) == ["settings", "settings"]
