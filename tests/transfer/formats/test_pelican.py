"""Sites of Pelican."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import ImportDamaged
from feedserver.transfer.formats import pelican, restructured_text
from feedserver.transfer.formats.front_matters import Damaged
from feedserver.transfer.items import ImportedPost
from tests.support.exports import SAMPLES, Export, is_recognised, read
from tests.transfer.formats.folders import folder_of

CONF = """
import os
os.mkdir("run")  # nobody runs this
AUTHOR = 'Ann'
SITENAME = "Meadow"
SITEURL = ''
TIMEZONE = 'Europe/Helsinki'
DEFAULT_LANG = 'fi'
"""
PUBLISH = "from pelicanconf import *\nSITEURL = 'https://old.example'  # the real one\n"


def site(tmp_path: Path, files: dict[str, str | bytes], conf: str = CONF, *, forgiving: bool = False) -> Export:
    whole = folder_of(tmp_path, {"pelicanconf.py": conf, "publishconf.py": PUBLISH, **files})
    return read(pelican, whole, tmp_path, forgiving=forgiving)


def post(tmp_path: Path, text: str, name: str = "content/larks.md", conf: str = CONF) -> ImportedPost:
    (found,) = site(tmp_path, {name: text}, conf).posts
    return found


def test_samples(tmp_path: Path) -> None:
    export = read(pelican, SAMPLES / "pelican", tmp_path, url="https://old.example", zone=ZoneInfo("Europe/Helsinki"))

    spring = export.post("spring.md")
    assert (spring.title, spring.slug, spring.state) == ("Spring: in the meadow", "spring", "draft")
    assert (spring.authors, spring.tags) == (("Field, Mara", "Reader, Ann"), ("larks", "meadow", "Nature"))
    assert (spring.summary, spring.fields) == ("Two lines of summary", {"Status": "hidden"})
    assert spring.published_at == datetime(2023, 3, 4, 4, tzinfo=UTC)
    assert spring.updated_at == datetime(2023, 3, 5, 5, tzinfo=UTC)
    assert spring.text == (
        "See [other](https://old.example/other-post.html) and ![lark](https://old.example/images/lark.jpg).\n"
    )
    assert [(one.urls, one.file) for one in export.media] == [(("https://old.example/images/lark.jpg",), None)]
    html = export.post("html-post.html")
    assert (html.title, html.text, html.format, html.tags) == ("HTML post", "<p>Body.</p>", "html", ("x", "y"))
    assert html.published_at == datetime(2021, 1, 2, 1, 4, tzinfo=UTC)
    rst = export.post("other.rst")
    assert (rst.title, rst.format, rst.state, rst.tags) == ("Other post", "html", "draft", ("a", "b", "misc"))
    assert rst.text == '<p>Body with a <a class="reference external" href="/x">link</a>.</p>\n'
    assert not export.remarks


def test_settings_are_read_and_never_run(tmp_path: Path) -> None:
    export = site(tmp_path, {"content/larks.md": "Title: a\nDate: 2024-07-01\n\nText"})

    assert export.origin.url == "https://old.example"
    assert export.origin.settings == {
        "site.title": "Meadow",
        "site.author": "Ann",
        "site.language": "fi",
        "site.timezone": "Europe/Helsinki",
    }
    assert export.origin.feeds == {"https://old.example/feeds/all.atom.xml": "atom"}
    assert not list(tmp_path.rglob("run"))
    assert export.posts[0].published_at == datetime(2024, 6, 30, 21, tzinfo=UTC)
    assert export.posts[0].guid == "tag:old.example,2024-07-01:/a.html/"
    assert export.posts[0].lang == "fi"


@pytest.mark.parametrize(
    ("name", "header", "setting", "path"),
    [
        ("larks.md", "", "", "/the-larks-5.html"),
        ("larks.md", "Slug: two", "", "/two.html"),
        ("larks.md", "Url: a/b/", "", "/a/b/"),
        ("larks.md", "Lang: de", "", "/the-larks-5-de.html"),
        ("pages/larks.md", "", "", "/pages/the-larks-5.html"),
        ("larks.md", "", "ARTICLE_URL = 'posts/{date:%Y}/{date:%m}/{slug}/'", "/posts/2024/03/the-larks-5/"),
        ("birds/larks.md", "", "ARTICLE_URL = '{category}/{slug}'", "/birds/the-larks-5"),
    ],
)
def test_addresses_follow_settings_and_header(tmp_path: Path, name: str, header: str, setting: str, path: str) -> None:
    text = f"Title: The lärks, 5!\nDate: 2024-03-01\n{header}\n".rstrip() + "\n\nText"

    assert post(tmp_path, text, f"content/{name}", f"{CONF}{setting}\n").url == f"https://old.example{path}"


def test_a_translation_has_a_slug_of_its_own(tmp_path: Path) -> None:
    header = "Title: a\nDate: 2024-03-01\nSlug: larks\n"
    export = site(tmp_path, {"content/larks.md": f"{header}\n", "content/larks-de.md": f"{header}Lang: de\n\n"})

    assert {found.slug: found.lang for found in export.posts} == {"larks": "fi", "larks-de": "de"}


def test_a_saved_name_is_an_old_address_too(tmp_path: Path) -> None:
    found = post(tmp_path, "Title: a\nDate: 2024-03-01\nURL: x/\nSave_as: x/index.html\n\nText")

    assert (found.url, found.addresses) == ("https://old.example/x/", ("https://old.example/x/index.html",))


@pytest.mark.parametrize("status", ["draft", "hidden", "skip"])
def test_what_was_withheld_stays_private(tmp_path: Path, status: str) -> None:
    assert post(tmp_path, f"Title: a\nDate: 2024-03-01\nStatus: {status}\n\nText").state == "draft"


@pytest.mark.parametrize(
    ("setting", "header", "state"),
    [
        ("DEFAULT_METADATA = {'status': 'draft'}", "", "draft"),
        ("DEFAULT_METADATA = {'status': 'draft'}", "Status: published", "published"),
        ("DEFAULT_METADATA = {\n  # new ones\n  'status': 'hidden',  # for now }\n  'lang': 'fi',\n}\n", "", "draft"),
        ("DEFAULT_METADATA = (('status', 'draft'),)", "", "draft"),
        ("DEFAULT_METADATA = dict(\n  status='draft')", "", "draft"),
        ("DEFAULT_METADATA['status'] = 'draft'", "", "draft"),
        ("DEFAULT_METADATA = {'status': 'draft'}\nDEFAULT_METADATA['lang'] = 'fi'", "", "draft"),
        ("DEFAULT_METADATA = {'status': 'draft'}\nDEFAULT_METADATA = {}", "", "published"),
        ("DEFAULT_METADATA = OF_ALL", "", "draft"),
        ("DEFAULT_METADATA = {'status': 'published', 'category': '\\d'}", "", "published"),
        ("DEFAULT_METADATA = {'date': today()}\nSTATUS = 'status'", "", "published"),
        ("DEFAULT_METADATA = {}", "", "published"),
        ("EXTRA_PATH_METADATA = {'in': {'status': 'draft'}, 'x': {'path': 'y'}}", "", "draft"),
        ("EXTRA_PATH_METADATA = {'i': {'status': 'draft'}}", "", "published"),
        ("EXTRA_PATH_METADATA = {'in/larks.md': {'status': 'published'}, 'in': {'status': 'draft'}}", "", "published"),
        ("ARTICLE_SAVE_AS = ''", "", "draft"),
        ("ARTICLE_SAVE_AS = ''", "Save_as: a.html", "published"),
        ("PAGE_SAVE_AS = ''", "", "published"),
        ("", "Save_as:", "draft"),
    ],
)
def test_what_the_settings_withhold_stays_private(tmp_path: Path, setting: str, header: str, state: str) -> None:
    text = f"Title: a\nDate: 2024-03-01\n{header}".rstrip() + "\n\nText"

    assert post(tmp_path, text, "content/in/larks.md", f"{CONF}{setting}\n").state == state


@pytest.mark.parametrize(
    ("setting", "left_out"),
    [
        ("ARTICLE_EXCLUDES = ['in']", {"in/a.md", "in/sub/b.md"}),
        ("ARTICLE_EXCLUDES = ('in/sub/',)", {"in/sub/b.md"}),
        ("ARTICLE_EXCLUDES = ['i', 'pages']", set()),
        ("PAGE_EXCLUDES = ['pages/held']", {"pages/held/d.md"}),
        ("ARTICLE_PATHS = ['in']", {"e.md"}),
        ("ARTICLE_PATHS = [\n  'in/sub',\n]\nPAGE_PATHS = ['in']", {"e.md", "pages/c.md", "pages/held/d.md"}),
        ("IGNORE_FILES = ['b*']", {"in/sub/b.md"}),
        ("IGNORE_FILES = ['held']", {"pages/held/d.md"}),
        ("IGNORE_FILES = ['in/*.md']", {"in/a.md", "in/sub/b.md"}),
        ("ARTICLE_PATHS = folders()", set()),
    ],
)
def test_documents_that_the_settings_exclude_are_left_out_and_told(
    tmp_path: Path, setting: str, left_out: set[str]
) -> None:
    names = ("in/a.md", "in/sub/b.md", "pages/c.md", "pages/held/d.md", "e.md")
    files: dict[str, str | bytes] = {f"content/{name}": f"Title: {name}\nDate: 2024-03-01\n\n" for name in names}
    export = site(tmp_path, files, f"{CONF}{setting}\n")

    assert {found.title for found in export.posts} == set(names) - left_out
    assert {one.where for one in export.remarks} == {f"content/{name}" for name in left_out}
    assert {one.why for one in export.remarks} <= {"the settings exclude it"}


def test_pages_are_where_the_settings_say(tmp_path: Path) -> None:
    pages = f"{CONF}PAGE_PATHS = ['about']\n"

    assert post(tmp_path / "a", "Title: a\n\n", "content/about/a.md", pages).page
    assert not post(tmp_path / "b", "Title: a\n\n", "content/pages/a.md", pages).page


@pytest.mark.parametrize(
    "value",
    [
        "[" * 9000,
        "{" * 90 + "}" * 90,
        "(" * 5000 + ")" * 5000,
        "[" + "-" * 9000 + "1]",
        "['" * 4000,
        "[" + "1" * 9000 + "]",
    ],
)
@pytest.mark.timeout(20)
def test_hostile_settings_are_read_as_far_as_they_are_plain(tmp_path: Path, value: str) -> None:
    many = f"{CONF}IGNORE_FILES = {value}\n" + "IGNORE_FILES = [\n" * 5000

    assert post(tmp_path, "Title: a\nDate: 2024-03-01\n\n", conf=many).state == "published"


def test_an_article_without_a_date_was_not_published(tmp_path: Path) -> None:
    assert post(tmp_path, "Title: a\n\nText").state == "draft"
    assert post(tmp_path / "b", "Title: a\n\nText", "content/pages/a.md").state == "published"
    assert post(tmp_path / "c", "Title: a\n\nText", "content/2024-03-01-a.md").published_at == datetime(
        2024, 2, 29, 22, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("link", "made"),
    [
        ("[a]({filename}other.md)", "[a](https://old.example/other.html)"),
        ("[a]({filename}/birds/other.md#x)", "[a](https://old.example/other.html#x)"),
        ("[a](|filename|../birds/other.md)", "[a](https://old.example/other.html)"),
        ("![a]({static}/images/a%20b.jpg)", "![a](https://old.example/images/a%20b.jpg)"),
        ("![a]({attach}c.jpg)", "![a](https://old.example/birds/c.jpg)"),
        ("![a](/images/a%20b.jpg)", "![a](https://old.example/images/a%20b.jpg)"),
        ("[a]({tag}Two words)", "[a]({tag}Two words)"),
        ("[a]({tag}larks) [b]({index})", "[a](https://old.example/tag/larks.html) [b](https://old.example/)"),
        ('<a href="{filename}other.md">a</a>', '<a href="https://old.example/other.html">a</a>'),
        ("`{filename}other.md` `[a]({filename}other.md)`", "`{filename}other.md` `[a]({filename}other.md)`"),
    ],
)
def test_internal_links_lead_to_what_they_name(tmp_path: Path, link: str, made: str) -> None:
    files: dict[str, str | bytes] = {
        "content/birds/larks.md": f"Title: a\nDate: 2024-03-01\n\n{link}\n",
        "content/birds/other.md": "Title: Other\nDate: 2024-03-01\n\nText",
        "content/birds/c.jpg": b"...",
        "content/images/a b.jpg": b"...",
    }

    assert site(tmp_path, files).post("content/birds/larks.md").text == f"{made}\n"


def test_folders_are_categories_unless_the_header_names_one(tmp_path: Path) -> None:
    assert post(tmp_path, "Title: a\nTags: b\n\n", "content/birds/a.md").tags == ("b", "birds")
    assert post(tmp_path / "b", "Title: a\nCategory: C\n\n", "content/birds/a.md").tags == ("C",)


def test_a_header_may_be_yaml_or_stand_between_hyphens(tmp_path: Path) -> None:
    assert post(tmp_path, "---\ntitle: Re: bees\ntags: a; b, c\n---\nText").tags == ("a", "b, c")
    assert post(tmp_path / "b", "---\ntitle: a\ntags:\n  - b\n  - c\n---\nText").tags == ("b", "c")


def test_documents_without_a_title_are_told(tmp_path: Path) -> None:
    export = site(tmp_path, {"content/a.md": "Just text", "content/extra/b.html": "x", "README.md": "x"})

    assert [(remark.where, remark.why) for remark in export.remarks] == [("content/a.md", "it has no title")]


RST = """
The *Larks*
===========

:date: 2024-03-01
:tags: a, b
:authors: Ann; Ben
:my-field: kept

Intro with `a link`_ and ``code``.

Part
----

.. image:: {static}/images/lark.jpg
   :alt: A lark

.. image:: {static}/images/lark.jpg

.. code-block:: python

   print("x")

.. include:: /etc/passwd

.. raw:: html
   :file: /etc/passwd

.. _a link: {filename}other.rst
"""


def test_restructured_text_becomes_html(tmp_path: Path) -> None:
    other = "Other\n=====\n\n:date: 2024-03-01\n\nText\n"
    export = site(tmp_path, {"content/a.rst": RST, "content/other.rst": other, "content/images/lark.jpg": b"."})

    found = export.post("content/a.rst")
    assert (found.title, found.tags, found.authors) == ("The Larks", ("a", "b"), ("Ann", "Ben"))
    assert found.fields == {"my-field": "kept"}
    assert 'href="https://old.example/other.html"' in found.text
    assert 'src="https://old.example/images/lark.jpg"' in found.text
    assert "<h2>Part" in found.text
    assert found.text.count("alt=") == 2
    assert found.text.count('alt=""') == 1
    assert "root:" not in found.text
    assert "print" in found.text


def test_restructured_text_is_told_where_nothing_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docutils.core", None)
    export = site(tmp_path, {"content/a.rst": RST, "content/b.md": "Title: b\n\n[a]({filename}a.rst)"})

    assert [(remark.where, remark.why) for remark in export.remarks] == [
        ("content/a.rst", "reStructuredText is read with docutils alone: pip install feedserver[rst]")
    ]
    assert [found.key for found in export.posts] == ["content/b.md"]


@pytest.mark.parametrize(
    "text", ["::\n" * 800, "`" * 20_000, "* " * 2000, "+-+\n" * 2000, "|a|\n" * 800, ".. |a| " * 500]
)
@pytest.mark.timeout(30)
def test_hostile_restructured_text_is_read_or_told(text: str) -> None:
    try:
        restructured_text.read(text)
    except Damaged as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_restructured_text_that_is_too_long_is_damage(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"content/a.rst": "a\n=\n\n" + "b\n" * 200_000}

    with pytest.raises(ImportDamaged, match=r"^content/a\.rst: "):
        site(tmp_path, files)
    assert len(site(tmp_path, files, forgiving=True).told("mended")) == 1


@pytest.mark.parametrize(
    "files",
    [
        {"pelicanconf.py": ""},
        {"a.md": "Title: a\nDate: 2024-01-01\n\nText"},
        {"a.rst": "a\n=\n"},
        {"blog/pelicanconf.py": "", "blog/content/a.md": ""},
    ],
)
def test_a_site_is_recognised(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert is_recognised(pelican, folder_of(tmp_path, files), tmp_path)
