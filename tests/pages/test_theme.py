"""A theme: its templates win, its stylesheet comes after ours, its icon is the icon; or it is told what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedserver import server, worker_settings
from feedserver.app import compile_templates, create_app
from feedserver.errors import SettingsError
from feedserver.pages import theme
from feedserver.settings import Settings
from tests.pages.builders import hrefs, texts
from tests.support.fixtures import Assemble, Publish

pytestmark = pytest.mark.one_database
BASE = "http://blog.example"
MOTTO = '{% extends "feedserver/base.html" %}{% block title %}Motto – {{ site.title }}{% endblock %}'
ICON = b"<svg xmlns='http://www.w3.org/2000/svg'/>"

Themed = Callable[..., FlaskClient]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "theme"
    path.mkdir()
    return path


@pytest.fixture
def themed(settings: Settings, assemble: Assemble, folder: Path) -> Themed:
    """A site whose theme has these files."""

    def make(**files: bytes | str) -> FlaskClient:
        for name, content in files.items():
            path = folder / name.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        app = create_app(services=assemble(replace(settings, site=replace(settings.site, theme=str(folder)))))
        compile_templates(app)
        return app.test_client()

    return make


def faults(folder: Path, **files: str) -> list[str]:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        theme.read(str(folder))
    return [fault.replace(str(folder), "FOLDER") for fault in caught.value.faults]


def test_its_templates_win_over_ours_and_may_extend_them(themed: Themed, publish: Publish) -> None:
    publish("Fog", slug="fog")
    client = themed(base_html=MOTTO, error_html='{% extends "base.html" %}{% block main %}<p>Oh.</p>{% endblock %}')

    assert texts(client.get("/feeds").text, "h1") == ["Subscribe"]
    assert texts(client.get("/nothing").text, "main, title") == ["Motto – Example Blog", "Oh."]
    assert "Leave a Comment" in client.get("/posts/fog").text


def test_the_authors_own_pages_have_none(themed: Themed) -> None:
    client = themed(base_html=MOTTO, style_css="a{}")

    page = client.get("/desk/sign-in").text

    assert "Motto" not in page
    assert "theme.css" not in page


def test_its_stylesheet_comes_after_ours_at_an_address_that_changes_with_its_bytes(themed: Themed) -> None:
    client = themed(style_css="a { color: red }")
    ours, theirs = hrefs(client.get("/").text, "link[rel=stylesheet]")
    sent = client.get(theirs.removeprefix(BASE), headers={"Accept-Encoding": "br"})
    policy = client.get("/").headers["Content-Security-Policy"]

    assert ours.startswith(f"{BASE}/static/style.css?v=")
    assert theirs.startswith(f"{BASE}/static/theme.css?v=")
    assert client.get(theirs.removeprefix(BASE)).text == "a { color: red }"
    assert (sent.content_type, sent.headers["Content-Encoding"]) == ("text/css; charset=utf-8", "br")
    assert sent.headers["Cache-Control"] == "public, max-age=31536000"
    assert f"style-src 'self' {BASE};" in policy
    assert hrefs(themed(style_css="a { color: blue }").get("/").text, "link[rel=stylesheet]")[1] != theirs


def test_its_icon_is_the_icon_and_runs_no_script(themed: Themed) -> None:
    icon = themed(icon_svg=ICON).get("/favicon.ico")

    assert (icon.data, icon.mimetype) == (ICON, "image/svg+xml")
    assert icon.headers["Content-Security-Policy"] == "sandbox"


def test_what_is_no_template_is_nobodys_business(themed: Themed) -> None:
    assert themed(README_md="# Mine", LICENSE="MIT").get("/").status_code == 200


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            {"post_html": "{% if %}"},
            "post.html, line 1: Expected an expression, got 'end of statement block'",
        ),
        ({"post_html": "\n{{ post|shout }}"}, "post.html, line 2: No filter named 'shout'."),
        ({"post_html": '{% extends "bsae.html" %}'}, "post.html, line 1: there is no template “bsae.html”"),
        ({"post_html": '{% include "x.html" %}'}, "post.html, line 1: there is no template “x.html”"),
        (
            {"a_html": '{% from "macros.html" import x with context %}'},
            "macros.html has no “x”, which a.html takes from it",
        ),
        (
            {"post_html": '{% extends "post.html" %}'},
            "post.html extends itself; to change ours, extend “feedserver/post.html”",
        ),
        (
            {"desk__base_html": ""},
            "desk/base.html would change the author's own pages, which have no theme; take it out",
        ),
        (
            {"icon_bmp": ""},
            "icon.bmp is no icon that browsers know; it may be .ico, .png, .svg, .gif, .jpg, .jpeg, .webp",
        ),
        ({"icon_png": "", "icon_ico": ""}, "icon.ico, icon.png are several icons; keep one"),
    ],
    ids=["syntax", "filter", "extends", "include", "import", "circle", "desk", "icon", "icons"],
)
def test_a_broken_theme_is_told_in_a_line(folder: Path, files: dict[str, str], fault: str) -> None:
    assert faults(folder, **files) == [f"site.theme: {fault}"]


def test_a_theme_that_changes_the_macros_needs_all_that_our_templates_take(folder: Path) -> None:
    found = faults(folder, macros_html="{% macro byline(post, authors) %}{% endmacro %}")

    assert "site.theme: macros.html has no “tag_list”, which post.html takes from it" in found


def test_a_folder_that_is_not_there_or_holds_other_bytes_is_told(folder: Path) -> None:
    (folder / "list.html").write_bytes(b"\xff")

    assert faults(folder) == ["site.theme: a template of FOLDER is not UTF-8"]
    assert faults(folder / "none") == ["site.theme: FOLDER cannot be read: it is no folder"]


def test_a_stylesheet_that_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "style.css").mkdir()

    assert faults(folder) == ["site.theme: FOLDER/style.css cannot be read: Is a directory"]


def test_optional_includes_may_be_missing(folder: Path) -> None:
    (folder / "a.html").write_text('{% include "x.html" ignore missing %}')

    assert set(theme.read(str(folder)).templates) == {"a.html"}


def test_a_reload_keeps_the_theme_of_before_where_the_new_one_is_broken(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_settings, "_read", [])
    for name, value in {"SITE_URL": BASE, "DATA_DIR": str(tmp_path), "SITE_THEME": str(folder)}.items():
        monkeypatch.setenv(f"FEEDSERVER_{name}", value)
    (folder / "style.css").write_text("a {}")
    worker_settings.read_anew()

    (folder / "post.html").write_text('{% extends "post.html" %}')
    with pytest.raises(SettingsError):
        worker_settings.read_anew()

    assert worker_settings.theme_in_force() == theme.Theme(style=b"a {}")


def test_a_broken_theme_stops_the_start(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSERVER_SITE_THEME", str(folder))
    monkeypatch.setenv("FEEDSERVER_DATA_DIR", str(tmp_path / "new"))
    (folder / "icon.bmp").touch()

    with pytest.raises(SettingsError):
        server.prepare([])

    assert not (tmp_path / "new").exists()
