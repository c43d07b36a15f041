"""A theme whose templates compile, and fail when pages are made with them: told at the start, and at a reload."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from feedserver import server, theme_process, theme_trial, worker_settings
from feedserver.errors import SettingsError
from feedserver.pages import theme
from feedserver.settings import Settings
from tests.support.fixtures import Publish

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("no_common_counts")]
BASE = "http://blog.example"
OURS = Path(theme.__file__).with_name("templates")
LAYOUT = "<!doctype html>\n<title>Mine</title>\n{%% block main %%}{%% endblock %%}\n%s"

Faults = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The theme of the settings, of a site that is made in `var`."""
    path = tmp_path / "look"
    path.mkdir()
    values = {"SITE_URL": BASE, "DATA_DIR": str(tmp_path / "var"), "SITE_THEME": str(path)}
    for name, value in values.items():
        monkeypatch.setenv(f"FEEDSERVER_{name}", value)
    return path


@pytest.fixture
def faults(settings: Settings, folder: Path) -> Faults:
    """What is found wrong with templates, on a site with one post and one page."""

    def of(**templates: str) -> list[str]:
        for name, text in templates.items():
            (folder / f"{name}.html").write_text(text)
        return theme_process.faults(replace(settings, site=replace(settings.site, theme=str(folder))))

    return of


@pytest.fixture(autouse=True)
def _with_a_post_and_a_page(publish: Publish) -> None:
    publish("Fog", slug="fog")
    publish("About", slug="about", page="true")


def test_a_layout_that_fails_on_every_page_is_one_line_with_its_place(faults: Faults) -> None:
    assert faults(base=LAYOUT % "{{ nosuch() }}") == [
        f"site.theme: base.html, line 4: UndefinedError: 'nosuch' is undefined (at {BASE}/)"
    ]


def test_each_template_that_every_site_shows_is_tried(faults: Faults) -> None:
    addresses = "/ /archive /thoughts /search /feeds /nowhere/at/all /posts/fog /about".split()
    shown = dict(zip("list archive all_thoughts search feeds error post page".split(), addresses, strict=True))

    found = faults(**dict.fromkeys(shown, "\n{{ 1 / 0 }}"))

    assert found == [
        f"site.theme: {name}.html, line 2: ZeroDivisionError: division by zero (at {BASE}{path})"
        for name, path in shown.items()
    ]


@pytest.mark.parametrize("name", ["thoughts", "comment_form"])
def test_so_are_those_that_the_page_of_a_post_includes(faults: Faults, name: str) -> None:
    assert faults(**{name: "\n{{ nosuch() }}"}) == [
        f"site.theme: {name}.html, line 2: UndefinedError: 'nosuch' is undefined (at {BASE}/posts/fog)"
    ]


def test_what_ours_makes_of_a_wrong_value_is_told_of_the_theme(faults: Faults) -> None:
    found = faults(list='{% from "macros.html" import byline with context %}\n{{ byline("no post", ()) }}')

    assert [line.partition(": Und")[0] for line in found] == ["site.theme: list.html, line 2"]


def test_our_own_templates_make_a_theme_without_faults(faults: Faults) -> None:
    assert faults(**{path.stem: path.read_text() for path in OURS.glob("*.html")}) == []


def test_a_theme_is_not_blamed_for_a_database_that_is_away(settings: Settings, folder: Path, tmp_path: Path) -> None:
    (folder / "list.html").write_text("{{ 1 / 0 }}")
    away = replace(settings.database, url=f"sqlite:///{tmp_path}/none.sqlite3")

    assert theme_process.faults(replace(settings, database=away, site=replace(settings.site, theme=str(folder)))) == []


def test_a_theme_is_not_blamed_for_what_fails_outside_of_templates(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("feedserver.pages.archive.render_template", fail)

    assert faults(archive="{{ nosuch() }}") == []


def test_such_a_theme_stops_the_start(folder: Path) -> None:
    (folder / "base.html").write_text(LAYOUT % "{{ nosuch() }}")

    with pytest.raises(SettingsError, match=r"^site\.theme: base\.html, line 4: UndefinedError: 'nosuch' is undefined"):
        server.prepare([])


def test_a_reload_keeps_the_theme_of_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_settings, "_read", [])
    server.prepare([])
    worker_settings.read_anew()
    (folder / "post.html").write_text("{{ nosuch() }}")

    server.gunicorn_settings()["on_reload"](SimpleNamespace(LISTENERS=[]))

    assert worker_settings.theme_in_force() == theme.Theme()
    assert "reloaded with the settings of before: site.theme: post.html, line 1: UndefinedError" in caplog.text


def test_pages_that_never_end_are_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme_trial, "_PATIENCE", 0.5)
    (folder / "base.html").write_text(LAYOUT % "{% for i in range(10**15) %}{% endfor %}")

    with pytest.raises(SettingsError, match=r"^site\.theme: its pages were not made within 0\.5 seconds"):
        theme_trial.require_working(theme.read(str(folder)))


def test_a_theme_that_could_not_be_tried_is_taken_with_a_warning(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "base.html").write_text(LAYOUT % "")
    look = theme.read(str(folder))
    monkeypatch.setenv("FEEDSERVER_SITE_TIMEZONE", "Nowhere")

    theme_trial.require_working(look)

    assert "the theme was not tried: feedserver.errors.SettingsError: site.timezone" in caplog.text


def test_so_is_one_where_no_process_can_be_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "base.html").write_text(LAYOUT % "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    theme_trial.require_working(theme.read(str(folder)))

    assert "the theme was not tried: [Errno 2]" in caplog.text
