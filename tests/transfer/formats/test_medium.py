import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.formats import medium
from tests.support.exports import SAMPLES, Export, is_recognised, read

MEDIUM = SAMPLES / "medium"
POST, RESPONSE, DRAFT, UNDATED = "efefef12121212", "a1b2c3d4e5f6", "ababab12121212", "efefef121212"


def export_of(tmp_path: Path, body: str, title: str = "Title") -> Export:
    file = tmp_path / "x.html"
    file.write_text(
        f'<article class="h-entry"><h1 class="p-name">{title}</h1>'
        f'<section data-field="body" class="e-content">{body}</section>'
        '<a href="https://blog.example/x-0123456789ab" class="p-canonical">x</a></article>'
    )
    return read(medium, file, tmp_path)


def test_posts_drafts_and_responses(tmp_path: Path) -> None:
    export = read(medium, MEDIUM, tmp_path)

    assert (export.origin.name, export.origin.url) == ("https://medium.com/@JoeBloggs", "https://medium.com/")
    assert {post.key: (post.title, post.state) for post in export.posts} == {
        POST: ("Advanced Post Title", "published"),
        RESPONSE: ("", "draft"),
        DRAFT: ("Draft Post Title", "draft"),
        UNDATED: ("No Date Post", "published"),
    }
    post = export.post(POST)
    assert post.url == "https://medium.com/@JoeBloggs/testpost-efefef12121212"
    assert (post.slug, post.guid, post.addresses) == (
        "testpost",
        "https://medium.com/p/abcd1234",
        ("https://medium.com/p/abcd1234",),
    )
    assert post.published_at == datetime(2018, 8, 11, 11, 23, 34, tzinfo=UTC)
    assert (post.tags, post.authors, post.summary) == (
        ("Things", "Stuff"),
        ("Joe Bloggs",),
        "This is a subtitle of some sort",
    )
    assert export.told("changed") == ["a response", "a post without a date"]
    assert export.post(UNDATED).published_at is None


def test_a_text_repeats_neither_title_nor_subtitle_and_shows_no_empty_boxes(tmp_path: Path) -> None:
    export = read(medium, MEDIUM / "advanced-post.html", tmp_path)

    text = export.post(POST).text
    assert "graf--title" not in text
    assert text.count("This is a subtitle of some sort") == 1
    assert "aspectRatioPlaceholder-fill" not in text
    assert text.count("<hr") == 1
    assert [(one.name, one.alt) for one in export.media][:2] == [
        ("abc123.jpeg", "This is image alt text"),
        ("def123.jpeg", ""),
    ]


def test_of_a_zip_only_the_texts_are_read(tmp_path: Path) -> None:
    file = tmp_path / "medium-export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(MEDIUM / "advanced-post.html", "posts/2018-08-11_Advanced-Post-Title-efefef12121212.html")
        archive.write(MEDIUM / "no-date-post.html", "posts/draft_No-Date-efefef121212.html")
        archive.writestr("profile/profile.html", "<p>me@example.org</p>")
        archive.writestr("README.html", "<p>Read me</p>")

    export = read(medium, file, tmp_path)

    assert {post.key: post.state for post in export.posts} == {POST: "published", UNDATED: "draft"}
    assert export.told("left out") == []
    assert is_recognised(medium, file, tmp_path)


def test_a_site_with_an_address_of_its_own(tmp_path: Path) -> None:
    export = export_of(tmp_path, '<p>Words</p><img src="https://miro.medium.com/v2/1*a%20b.png">')

    assert (export.origin.name, export.origin.url) == ("https://blog.example/", "https://blog.example/")
    assert [one.name for one in export.media] == ["a b.png"]


@pytest.mark.parametrize(
    ("body", "title", "is_one"),
    [
        ("<p>Just some words, and more</p>", "Just some words…", True),
        ("<p>Just some words, and more</p>", "A title", False),
        ("<h3>Just some words</h3><p>more</p>", "Just some words", False),
        ("<p>x</p>", "", False),
    ],
)
def test_a_response_is_called_by_its_own_words(body: str, title: str, is_one: bool, tmp_path: Path) -> None:
    export = export_of(tmp_path, body, title)

    assert ("a response" in export.told("changed")) == is_one


@pytest.mark.parametrize("body", ["<b>" * 200, "x" * 5_000_000, "<i><p>" * 5_000], ids=["deep", "long", "reopened"])
def test_a_hostile_text_is_told_and_the_others_are_read(body: str, tmp_path: Path) -> None:
    export = export_of(tmp_path, body)

    assert (export.posts, export.told("left out")) == ([], ["a file"])


def test_bytes_of_another_encoding_are_damage(tmp_path: Path) -> None:
    file = tmp_path / "x.html"
    file.write_bytes((MEDIUM / "no-date-post.html").read_bytes().replace(b"First", b"F\xe4rst"))

    with pytest.raises(ImportDamaged, match=r"x\.html: bytes that are no UTF-8"):
        read(medium, file, tmp_path)
    assert read(medium, file, tmp_path, forgiving=True).told("mended") == ["bytes are replaced"]


def test_a_folder_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="holds no texts of Medium"):
        read(medium, tmp_path, tmp_path)
    assert not is_recognised(medium, tmp_path, tmp_path)
