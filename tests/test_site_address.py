"""The address in force where no setting says `site.url`."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from feedserver import site_address
from feedserver.services import egress_policy
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from feedserver.storage.engine import Database
from tests.support.fixtures import Assemble

NOTED = "http://127.0.0.1:8765"


@pytest.fixture
def silent(settings: Settings) -> Settings:
    """Settings that say no `site.url`."""
    return replace(settings, site=replace(settings.site, url=""))


def test_it_is_what_serve_has_noted(silent: Settings, database: Database, assemble: Assemble) -> None:
    site_address.note(database, NOTED)

    services = assemble(silent)

    assert services.urls.post("x") == f"{NOTED}/posts/x"
    assert services.settings == replace(silent, site=replace(silent.site, url=NOTED))
    assert NOTED in egress_policy(services.settings).user_agent
    assert services.verifier.urls == services.receiver.urls == services.urls


def test_a_setting_wins_over_what_is_noted(settings: Settings, database: Database, assemble: Assemble) -> None:
    site_address.note(database, NOTED)

    assert assemble(settings).urls.base == settings.site.url


def test_a_server_listens_where_it_listens_whatever_another_one_has_noted(
    silent: Settings, database: Database, assemble: Assemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_address, "_listening", [])
    site_address.listen_at("http://127.0.0.1:1111")
    site_address.note(database, NOTED)

    assert assemble(silent).urls.base == "http://127.0.0.1:1111"


def test_it_is_the_default_before_a_server_has_run(silent: Settings, assemble: Assemble) -> None:
    assert assemble(silent).urls.base == "http://127.0.0.1:8000"


def test_the_newest_note_counts(database: Database) -> None:
    for url in (NOTED, "http://127.0.0.1:1", "http://127.0.0.1:1"):
        site_address.note(database, url)

    assert site_address.noted(database) == "http://127.0.0.1:1"


def test_noting_counts_as_no_change_that_readers_see(database: Database) -> None:
    def revision() -> int:
        with database.read() as connection:
            return int(connection.execute(text("SELECT revision FROM site")).scalar_one())

    before = revision()
    site_address.note(database, NOTED)

    assert revision() == before


def test_a_database_of_an_older_schema_has_none_noted(silent: Settings, database: Database, assemble: Assemble) -> None:
    with database.write() as connection:
        connection.execute(text("ALTER TABLE site RENAME COLUMN url TO unknown"))
    try:
        assert assemble(silent).urls.base == "http://127.0.0.1:8000"
    finally:
        with database.write() as connection:
            connection.execute(text("ALTER TABLE site RENAME COLUMN unknown TO url"))


@pytest.mark.parametrize("content", [None, b"", b"no database, but long enough to be looked at " * 20])
def test_a_database_that_is_not_there_or_none_is_asked_without_a_trace(
    tmp_path: Path, assemble: Assemble, content: bytes | None
) -> None:
    file = tmp_path / "x.sqlite3"
    if content is not None:
        file.write_bytes(content)
    settings = Settings(tmp_path, site=SiteSettings(), database=DatabaseSettings(url=f"sqlite:///{file}"))

    assert assemble(settings).urls.base == "http://127.0.0.1:8000"
    assert file.exists() is (content is not None)


def test_an_address_that_is_noted_already_is_not_written_again(database: Database) -> None:
    site_address.note(database, "http://127.0.0.1:8765")
    before = database.writes

    site_address.note(database, "http://127.0.0.1:8765")

    assert database.writes == before
