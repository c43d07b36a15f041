"""Folders of Markdown that no system has made."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import ImportDamaged
from feedserver.posts import document
from feedserver.posts.model import Enclosure
from feedserver.transfer.formats import markdown
from feedserver.transfer.items import ImportedPost
from feedserver.transfer.options import Options
from feedserver.transfer.source import opened
from tests.support.exports import NOW, SAMPLES, Export, is_recognised, read
from tests.transfer.formats.folders import folder_of


def folder(tmp_path: Path, files: dict[str, str | bytes], *, forgiving: bool = False) -> Export:
    return read(markdown, folder_of(tmp_path, files), tmp_path, zone=ZoneInfo("Europe/Helsinki"), forgiving=forgiving)


def post(tmp_path: Path, text: str | bytes, name: str = "larks.md", *, forgiving: bool = False) -> ImportedPost:
    (found,) = folder(tmp_path, {name: text}, forgiving=forgiving).posts
    return found


def test_our_own_front_matter_means_what_it_means_to_post_add(tmp_path: Path) -> None:
    text = (
        "---\ntitle: 'Larks: a song'\nslug: larks\ndate: 2024-07-01 08:00\nupdated: 2024-07-02\ntags: a, b\n"
        "authors: [Ann, Ben]\nsummary: Short\nlang: de\npings: closed\ncomments: closed\nmood: no\n"
        "enclosures: [{url: a.mp3, type: audio/mpeg, length: 5}]\nreply_to: https://other.example/\n---\n\nText\n"
    )

    found, own = post(tmp_path, text), document.read(text.encode(), ZoneInfo("Europe/Helsinki"))

    assert (found.title, found.slug, found.tags, found.authors) == (own.title, own.slug, own.tags, own.authors)
    assert (found.published_at, found.updated_at, found.lang) == (own.date, own.updated, own.lang)
    assert (found.pings_open, found.comments_open, found.summary) == (False, False, "Short")
    assert found.enclosures == (Enclosure("/a.mp3", "audio/mpeg", 5),)
    assert found.reply_to == ("https://other.example/",)
    assert (found.text, found.state, found.fields) == ("\nText\n", "published", {"mood": "no"})


@pytest.mark.parametrize(
    ("name", "text", "title", "rest"),
    [
        ("a.md", "# The larks #\n\nSing.\n", "The larks", "Sing.\n"),
        ("a.md", "The larks\n=========\nSing.\n", "The larks", "Sing.\n"),
        ("2024-03-01-the-larks.md", "Sing.\n", "The larks", "Sing.\n"),
        ("a.md", "---\ntitle: The larks\n---\n# Heading\n", "The larks", "# Heading\n"),
        ("the larks.md", "## Heading\n", "The larks", "## Heading\n"),
    ],
)
def test_a_title_is_that_of_the_front_matter_the_first_heading_or_the_file(
    tmp_path: Path, name: str, text: str, title: str, rest: str
) -> None:
    found = post(tmp_path, text, name)

    assert (found.title, found.text) == (title, rest)


@pytest.mark.parametrize(
    ("name", "text", "slug"),
    [
        ("a.md", "---\ntitle: The Larks\nslug: two\n---\n", "two"),
        ("a.md", "---\ntitle: The Larks\n---\n", "the-larks"),
        ("2024-03-01-the larks.md", "# Other\n", "the-larks"),
    ],
)
def test_a_slug_is_that_of_the_front_matter_its_title_or_the_file(
    tmp_path: Path, name: str, text: str, slug: str
) -> None:
    assert post(tmp_path, text, name).slug == slug


def test_a_date_may_be_in_the_name(tmp_path: Path) -> None:
    assert post(tmp_path, "Text", "2024-3-1-a.md").published_at == datetime(2024, 2, 29, 22, tzinfo=UTC)
    assert post(tmp_path / "other", "Text", "2024-3-32-a.md").published_at is None


def test_links_between_documents_and_pictures_beside_them_are_known(tmp_path: Path) -> None:
    export = folder(
        tmp_path,
        {
            "notes/a.md": "[b](../b%20c.md#end) ![](img/x.jpg 'Lark') [other](https://other.example/a.md) `[b](b.md)`",
            "b c.md": "![](/notes/img/x.jpg) ![](none.png) ![](../../../etc/x.jpg)",
            "notes/img/x.jpg": b"...",
        },
    )

    a, b = export.post("notes/a.md"), export.post("b c.md")
    assert a.text == ("[b](/b%20c.md#end) ![](/notes/img/x.jpg 'Lark') [other](https://other.example/a.md) `[b](b.md)`")
    assert b.url == "/b%20c.md"
    assert [(one.urls, one.file) for one in export.media] == [
        (("/notes/img/x.jpg",), "notes/img/x.jpg"),
        (("/none.png",), None),
        (("/etc/x.jpg",), None),
    ]


def test_files_that_the_front_matter_names_come(tmp_path: Path) -> None:
    front = "cover: {image: img/c d.jpg}\nimages: [e.png]\nenclosures: {url: f.mp3, type: audio/mpeg, length: 1}\n"
    files: dict[str, str | bytes] = {"n/img/c d.jpg": b".", "n/e.png": b".", "n/f.mp3": b"."}
    export = folder(tmp_path, {**files, "n/a.md": f"---\ntitle: a\n{front}---\n"})

    assert {one.file for one in export.media} == set(files)
    assert export.posts[0].enclosures == (Enclosure("/n/f.mp3", "audio/mpeg", 1),)


def test_pages_and_html_are_as_their_fields_say(tmp_path: Path) -> None:
    found = post(tmp_path, "---\ntitle: a\npage: true\nmenu: About\nformat: html\n---\n<p>[[x]]</p>")

    assert (found.page, found.menu, found.format, found.fields) == (True, "About", "html", {})


@pytest.mark.parametrize(
    "field",
    ["draft: true", "draft: yes", "published: false", "status: private", "expiryDate: 2020-01-01", "draft: maybe"],
)
def test_what_was_withheld_stays_private(tmp_path: Path, field: str) -> None:
    assert post(tmp_path, f"---\ntitle: a\ndate: 2019-01-01\n{field}\n---\n").state == "draft"


def test_a_later_date_is_that_of_a_scheduled_post(tmp_path: Path) -> None:
    found = post(tmp_path, "---\ntitle: a\ndate: 2020-01-01\npublishDate: 2099-01-01T00:00:00Z\n---\n")

    assert (found.state, found.published_at) == ("published", datetime(2099, 1, 1, tzinfo=UTC))


def test_a_date_that_cannot_be_read_is_told_and_kept(tmp_path: Path) -> None:
    export = folder(tmp_path, {"a.md": "---\ntitle: a\ndate: 05/06/2024\n---\n"})

    assert (export.posts[0].published_at, export.posts[0].fields) == (None, {"date": "05/06/2024"})
    assert export.told("changed")[0].startswith("date can be read as")


def test_tags_and_people_that_no_post_can_have_are_dropped(tmp_path: Path) -> None:
    found = post(tmp_path, f"---\ntags: [a, A, '', .., {'x' * 300}, 5 < 7]\nauthor: {{name: Ann}}\n---\n")

    assert (found.tags, found.authors) == (("a", "5 < 7"), ("Ann",))


@pytest.mark.parametrize("name", ["enclosures", "reply_to", "tags", "authors", "title"])
@pytest.mark.timeout(20)
def test_a_bomb_in_any_field_is_dropped(tmp_path: Path, name: str) -> None:
    laughs = "a0: &a0 {x: , y: }\n" + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 40))

    found = post(tmp_path, f"---\n{laughs}{name}: [{{url: *a39, name: *a39}}]\n---\nText")

    assert (found.title, found.enclosures, found.reply_to, found.tags) == ("Larks", (), (), ())
    assert "a39" not in found.fields


DAMAGED: dict[str, tuple[bytes, str]] = {
    "latin": ("---\ntitle: Bäume\n---\nStraße".encode("latin-1"), "Bäume"),
    "yaml": (b"---\ntitle: Re: bees\n---\nText", "Re: bees"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_refuses_a_strict_import_and_is_told_by_a_forgiving_one(tmp_path: Path, name: str) -> None:
    content, title = DAMAGED[name]

    with pytest.raises(ImportDamaged, match=r"^a\.md: "):
        folder(tmp_path, {"a.md": content})
    export = folder(tmp_path, {"a.md": content}, forgiving=True)
    assert [found.title for found in export.posts] == [title]
    assert len(export.told("mended")) == 1


def test_utf_16_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    text = "---\r\ntitle: Bäume\r\n---\r\nText\r\n"

    for number, encoding in enumerate(("utf-16", "utf-8-sig")):
        found = post(tmp_path / str(number), text.encode(encoding))
        assert (found.title, found.text) == ("Bäume", "Text\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"a" * 1_100_000, "it is over 1 MiB"), (b"\0\1\2", "it is no text")],
)
def test_what_is_no_document_is_left_out_in_a_line(tmp_path: Path, content: bytes, why: str) -> None:
    export = folder(tmp_path, {"a.md": content, "b.md": "Text"})

    assert [(remark.where, remark.why) for remark in export.remarks] == [("a.md", why)]
    assert [found.key for found in export.posts] == ["b.md"]


def test_a_file_that_is_gone_is_left_out_in_a_line(tmp_path: Path) -> None:
    path = folder_of(tmp_path, {"a.md": "Text", "b.md": "Text"})
    with opened(path, tmp_path) as source:
        (path / "a.md").unlink()
        export = Export(markdown.read(source, Options(zone=UTC, now=NOW)))

    assert [remark.why for remark in export.remarks] == ["it cannot be read: No such file or directory"]
    assert [found.key for found in export.posts] == ["b.md"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    path = folder_of(tmp_path, {"a.md": "![](secret.jpg)"})
    (path / "b.md").symlink_to(tmp_path / "secret.md")
    (path / "secret.jpg").symlink_to(tmp_path / "secret.md")

    export = read(markdown, path, tmp_path)
    assert [found.key for found in export.posts] == ["a.md"]
    assert [one.file for one in export.media] == [None]


def test_other_documents_are_told(tmp_path: Path) -> None:
    export = folder(tmp_path, {"a.md": "Text", "b.rst": "Text", "c.org": "Text", "d.txt": "Text"})

    assert [(remark.where, remark.why) for remark in export.remarks] == [
        ("b.rst", ".rst files are not read"),
        ("c.org", ".org files are not read"),
    ]


def test_a_folder_or_a_document_is_recognised(tmp_path: Path) -> None:
    path = folder_of(tmp_path, {"a.md": "Text"})

    assert is_recognised(markdown, path, tmp_path)
    assert is_recognised(markdown, path / "a.md", tmp_path)
    assert not is_recognised(markdown, SAMPLES / "ghost", tmp_path)


def test_one_document_is_read(tmp_path: Path) -> None:
    path = folder_of(tmp_path, {"a.md": "# A\n", "b.md": "# B\n"})

    assert [found.title for found in read(markdown, path / "a.md", tmp_path).posts] == ["A"]
