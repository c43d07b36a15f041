"""Looks at settings, folders and the machine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedserver import settings as reading
from feedserver.doctor import installation
from feedserver.errors import SettingsError
from feedserver.media.files import FileStore
from feedserver.pages import theme
from feedserver.setting_types import networks
from feedserver.settings import ServerSettings, Settings

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "is_wrong"),
    [
        ("https://blog.example", False),
        ("https://blog.example/below", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("http://blog.example", True),
        ("http://192.0.2.7", True),
    ],
)
def test_a_public_address_is_encrypted(url: str, is_wrong: bool) -> None:
    assert installation.of_address(url).is_wrong is is_wrong


def test_the_line_to_change_is_told() -> None:
    assert 'url = "https://blog.example/x"' in str(installation.of_address("http://blog.example/x").advice)


@pytest.mark.parametrize(
    ("variables", "is_wrong"),
    [({}, False), ({"FEEDSERVER_PORT": "x"}, False), ({"FEEDSERVER_SITE_URLS": "x"}, True)],
    ids=["none", "an orchestrator's", "a slip"],
)
def test_a_variable_that_is_nearly_one_of_ours_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_wrong: bool
) -> None:
    monkeypatch.chdir(tmp_path)

    (found,) = installation.of_settings(reading.read(variables))

    assert found.is_wrong is is_wrong
    assert all(name in found.detail for name in variables)


def test_a_broken_theme_is_told_in_the_words_of_the_start(tmp_path: Path) -> None:
    (tmp_path / "post.html").write_text('{% extends "feedserver/nothing.html" %}')
    (tmp_path / "base.html").write_text('{% include "nothing.html" %}')
    with pytest.raises(SettingsError) as start:
        theme.read(str(tmp_path))

    found = list(installation.of_theme(str(tmp_path)))

    assert [one.detail for one in found] == list(start.value.faults)
    assert [one.is_wrong for one in found] == [True, True]


def test_a_theme_that_the_next_start_takes_is_well_and_so_is_none(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("main { color: teal }")

    assert not any(one.is_wrong for folder in ("", str(tmp_path)) for one in installation.of_theme(folder))


@pytest.mark.parametrize(
    ("given", "is_wrong"),
    [("127.0.0.0/8, ::1", False), ("10.0.0.0/8", False), ("0.0.0.0/0", True), ("::/0", True), ("128.0.0.0/1", True)],
)
def test_networks_of_nearly_everybody_are_wrong(given: str, is_wrong: bool) -> None:
    for server in (ServerSettings(trusted_proxies=networks(given)), ServerSettings(metrics=networks(given))):
        assert any(found.is_wrong for found in installation.of_networks(server)) is is_wrong


@pytest.mark.parametrize(
    ("given", "is_wrong"), [("", False), ("10.0.0.0/8, 127.0.2.0/24", False), ("0.0.0.0/0", True), ("::/0", True)]
)
def test_letting_strangers_have_every_network_contacted_is_wrong(given: str, is_wrong: bool) -> None:
    assert installation.of_egress(networks(given) if given else ()).is_wrong is is_wrong


def test_files_that_others_can_read_are_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    database = tmp_path / "site.sqlite3"
    database.touch(0o600)
    before = installation.of_files(tmp_path, database)
    database.chmod(0o640)

    found = installation.of_files(tmp_path, database)

    assert not before.is_wrong
    assert found.advice == f"`chmod go= {database}`"


def test_a_disk_without_room_for_a_backup_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "free_bytes", lambda _: 300_000_000)

    assert not installation.of_disk(tmp_path, 100_000_000).is_wrong
    assert installation.of_disk(tmp_path, 100_000_001).is_wrong


def test_a_folder_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    assert installation.of_disk(tmp_path / "none", 0).is_wrong


def test_a_clock_that_is_behind_is_wrong() -> None:
    assert not installation.of_clock(NOW, NOW + timedelta(seconds=5)).is_wrong
    assert installation.of_clock(NOW, NOW + timedelta(minutes=1)).is_wrong


def test_a_store_of_pictures_is_tried_and_left_as_it_was(tmp_path: Path, settings: Settings) -> None:
    store = FileStore(tmp_path / "media", private=True)

    assert not installation.of_media(store, settings).is_wrong

    assert list(store.names()) == []
    assert not (settings.data_dir / ".doctor").exists()


def test_a_store_at_the_place_of_a_file_is_wrong(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "media").write_text("x")

    found = installation.of_media(FileStore(tmp_path / "media", private=True), settings)

    assert found.is_wrong


def test_a_full_disk_is_told_with_a_name(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store = FileStore(tmp_path / "media", private=True)
    monkeypatch.setattr(store, "put", full)

    assert installation.of_media(store, settings).detail == f"{settings.data_dir}/.doctor: No space left on device"
