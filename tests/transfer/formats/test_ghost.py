import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import ghost, ghost_redirects
from tests.support.exports import SAMPLES, Export, is_recognised, read

GHOST = SAMPLES / "ghost"
FIRST, PAID, UNTITLED, SOON, ABOUT, MAIL = (f"60000000000000000000000{number}" for number in range(1, 7))


def export_of(tmp_path: Path, *posts: dict[str, Any], **tables: list[dict[str, Any]]) -> Export:
    file = tmp_path / "export.json"
    rows = [{"id": f"p{number}", "status": "published", **post} for number, post in enumerate(posts)]
    data = {"posts": rows, **tables}
    file.write_text(json.dumps({"db": [{"meta": {"exported_on": 1, "version": "5.0"}, "data": data}]}))
    return read(ghost, file, tmp_path)


def test_an_export_of_ghost(tmp_path: Path) -> None:
    export = read(ghost, GHOST / "own-ghost-5.json", tmp_path, url="https://old.example/blog/")

    assert export.origin.settings == {"site.title": "Old Meadow", "site.timezone": "Europe/Helsinki"}
    assert export.origin.feeds == {"/rss/": "rss"}
    post = export.post(FIRST)
    assert (post.title, post.slug, post.guid, post.url) == (
        "Spring in the meadow",
        "spring",
        FIRST,
        "https://old.example/blog/spring/",
    )
    assert post.published_at == datetime(2023, 3, 4, 6, tzinfo=UTC)
    assert post.updated_at == datetime(2023, 3, 5, 10, tzinfo=UTC)
    assert (post.tags, post.authors, post.summary) == (("Larks & swallows",), ("Mara Field",), "Larks.")
    assert post.text.startswith(
        '<figure><img src="https://old.example/blog/content/images/2023/03/lark.jpg" alt="A lark over the meadow">'
        "<figcaption>Photo: <b>me</b></figcaption></figure>\n"
        '<p>Larks <a href="https://old.example/blog/other/">here</a>.</p>'
    )
    assert "__GHOST_URL__" not in post.text
    assert "size/w600" not in post.text
    assert [(one.key, one.urls, one.file, one.alt) for one in export.media] == [
        (
            "content/images/2023/03/lark.jpg",
            ("https://old.example/blog/content/images/2023/03/lark.jpg",),
            None,
            "A lark over the meadow",
        )
    ]
    assert export.told("left out") == ["codeinjection_head", "its tag #internal"]


def test_lists_of_tags_and_authors_of_public_posts_lead_to_ours(tmp_path: Path) -> None:
    export = export_of(
        tmp_path,
        {"id": "1", "title": "A"},
        {"id": "2", "title": "B", "status": "draft"},
        tags=[
            {"id": 1, "name": "Larks & co", "slug": "larks"},
            {"id": "t2", "name": "Secret", "slug": "secret"},
            {"id": "t3", "name": "half \ud800", "slug": "half"},
        ],
        users=[{"id": 1, "name": "Mara Field", "slug": "mara"}],
        posts_tags=[{"post_id": post, "tag_id": tag} for post, tag in (("1", 1), ("1", "t3"), ("2", "t2"))],
        posts_authors=[{"post_id": "1", "author_id": 1}],
    )

    assert export.redirects == {
        "/tag/larks/": "/tags/Larks%20%26%20co",
        "/tag/larks/rss/": "/tags/Larks%20%26%20co/feed.rss",
        "/tag/half/": "/tags/half%20%3F",
        "/tag/half/rss/": "/tags/half%20%3F/feed.rss",
        "/author/mara/": "/authors/Mara%20Field",
        "/author/mara/rss/": "/authors/Mara%20Field/feed.rss",
    }


def test_what_was_not_for_all_is_not_published(tmp_path: Path) -> None:
    export = read(ghost, GHOST / "own-ghost-5.json", tmp_path)

    assert {post.key: post.state for post in export.posts} == {
        FIRST: "published",
        PAID: "draft",
        UNTITLED: "draft",
        SOON: "published",
        ABOUT: "published",
        MAIL: "draft",
    }
    assert export.post(SOON).published_at == datetime(2099, 1, 1, tzinfo=UTC)
    assert export.post(PAID).published_at == datetime(2022, 4, 15, 5, 20, tzinfo=UTC)
    assert (export.post(UNTITLED).title, export.post(UNTITLED).published_at) == ("", None)
    assert [post.key for post in export.posts if post.page] == [ABOUT]
    assert "For members" not in export.post(FIRST).text
    assert export.post(FIRST).fields["members_only"] == "<p>For members.</p>"
    assert export.told("changed") == ["a part for members", "for paid", "sent as mail"]


def test_a_part_that_only_members_saw_is_not_published(tmp_path: Path) -> None:
    part = '<!--kg-gated-block:begin nonMember:{} memberSegment:"status:free" --><p>{}</p><!--kg-gated-block:end-->'
    html = part.format("false", "Secret") + part.format("true", "Open")

    (post,) = export_of(tmp_path, {"html": html}).posts

    assert "Secret" not in post.text
    assert "<p>Open</p>" in post.text
    assert post.fields["members_only"] == "<p>Secret</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<!--kg-gated-block:begin nonMember:false-->" * 50_000,
        ' srcset="/content/images/' * 50_000,
        "__GHOST_URL__/content/images/" * 50_000,
        "<!--members-only-->" * 50_000,
    ],
    ids=lambda html: html[:20],
)
def test_hostile_html_takes_linear_time(html: str, tmp_path: Path) -> None:
    before = time.process_time()

    export_of(tmp_path, {"html": html})

    assert time.process_time() - before < 3


def test_a_part_for_members_that_does_not_end_is_not_published(tmp_path: Path) -> None:
    (post,) = export_of(tmp_path, {"html": "Open<!--kg-gated-block:begin nonMember:false -->Secret"}).posts

    assert (post.text, post.fields["members_only"]) == ("Open", "Secret")


@pytest.mark.parametrize("sample", ["ghost-migrate-flat.json", "ghost-migrate-assetscraper.json"])
def test_an_export_with_and_without_its_list(sample: str, tmp_path: Path) -> None:
    export = read(ghost, GHOST / sample, tmp_path)

    assert {post.state for post in export.posts} == {"published"}
    assert all(post.text and post.slug and post.published_at for post in export.posts)
    assert is_recognised(ghost, GHOST / sample, tmp_path)


def test_a_picture_is_found_in_either_unicode_form(tmp_path: Path) -> None:
    name = f"content/images/{normalize('NFD', 'Möwe')}.jpg"
    (tmp_path / "site/content/images").mkdir(parents=True)
    (tmp_path / "site" / name).write_bytes(b"x")
    export_of(tmp_path / "site", {"html": '<img src="__GHOST_URL__/content/images/M%C3%B6we.jpg">'})

    assert [one.file for one in read(ghost, tmp_path / "site", tmp_path).media] == [name]


def test_pictures_are_found_in_a_content_folder(tmp_path: Path) -> None:
    site = tmp_path / "site"
    picture = site / "ghost/content/images/2023/03/a lark.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    (site / "redirects.json").write_bytes((GHOST / "own-redirects.json").read_bytes())
    html = '<img src="__GHOST_URL__/content/images/size/w1000/2023/03/a%20lark.jpg?v=1" srcset="/content/images/x 1w">'
    export_of(site, {"html": html})

    export = read(ghost, site, tmp_path)

    assert [(one.file, one.name) for one in export.media] == [("ghost/content/images/2023/03/a lark.jpg", "a lark.jpg")]
    assert export.posts[0].text == '<img src="/content/images/2023/03/a%20lark.jpg?v=1">'
    assert export.redirects == {"/old-path/": "/spring/"}
    assert export.told("left out") == ["/tag/(.*)/rss → /tag/$1/"]


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("^/old-path/?$", "/old-path/"),
        ("/old", "/old"),
        (r"^\/2019\/a\.html$", "/2019/a.html"),
        ("/^\\/blog\\/?$/i", "/blog/"),
        (r"^/\?p=12$", "/?p=12"),
        ("/tag/(.*)/rss", None),
        ("^/a|/b$", None),
        (r"^/\d+/$", None),
        ("/a.*", None),
        ("elsewhere", None),
        ("", None),
    ],
)
def test_a_redirect_is_taken_if_it_is_from_one_address(pattern: str, address: str | None) -> None:
    assert ghost_redirects.address_of(pattern) == address


def test_redirects_alone(tmp_path: Path) -> None:
    export = read(ghost, GHOST / "own-redirects.json", tmp_path)

    assert export.redirects == {"/old-path/": "/spring/"}
    assert is_recognised(ghost, GHOST / "own-redirects.json", tmp_path)


LEXICAL = {
    "root": {
        "type": "root",
        "children": [
            {"type": "heading", "tag": "h2", "children": [{"type": "extended-text", "text": "5 < 7", "format": 0}]},
            {
                "type": "paragraph",
                "children": [
                    {"type": "extended-text", "text": "Larks", "format": 3},
                    {"type": "linebreak"},
                    {"type": "link", "url": "https://a.example/?b&c", "children": [{"type": "text", "text": "here"}]},
                ],
            },
            {"type": "list", "listType": "number", "children": [{"type": "listitem", "children": []}]},
            {"type": "image", "src": "__GHOST_URL__/content/images/a.jpg", "alt": 'A "lark"', "caption": "<b>Me</b>"},
            {"type": "codeblock", "code": "a < b", "language": "c"},
            {"type": "markdown", "markdown": "Some *words*."},
            {"type": "callout", "calloutEmoji": "💡", "calloutText": "Mind it"},
            {"type": "horizontalrule"},
            {"type": "signup"},
            {"type": "new-card", "secret": "?"},
        ],
    }
}


def test_a_text_without_html_is_read_from_its_document(tmp_path: Path) -> None:
    export = export_of(tmp_path, {"html": None, "lexical": json.dumps(LEXICAL)})

    assert export.posts[0].text == (
        "<h2>5 &lt; 7</h2>"
        "<p><em><strong>Larks</strong></em><br>"
        '<a href="https://a.example/?b&amp;c">here</a></p>'
        "<ol><li></li></ol>"
        '<figure><img src="/content/images/a.jpg" alt="A &quot;lark&quot;"><figcaption><b>Me</b></figcaption></figure>'
        '<figure><pre><code class="language-c">a &lt; b</code></pre></figure>'
        "<p>Some <em>words</em>.</p>\n"
        "<blockquote>💡 Mind it</blockquote>"
        "<hr>"
    )
    assert export.told("left out") == ["a card: new-card"]
    assert [one.key for one in export.media] == ["content/images/a.jpg"]


def test_an_older_document_is_read_too(tmp_path: Path) -> None:
    mobiledoc = {
        "version": "0.3.1",
        "atoms": [["soft-return", "", {}]],
        "cards": [["card-markdown", {"markdown": "# Words"}], ["image", {"src": "/a.jpg"}]],
        "markups": [["strong"], ["a", ["href", "https://a.example/"]]],
        "sections": [
            [1, "p", [[0, [0, 1], 1, "Larks"], [1, [], 0, 0], [0, [], 1, " <here>"]]],
            [3, "ul", [[[0, [], 0, "one"]]]],
            [10, 0],
            [10, 1],
        ],
    }

    export = export_of(tmp_path, {"html": None, "mobiledoc": json.dumps(mobiledoc)})

    assert export.posts[0].text == (
        '<p><strong><a href="https://a.example/">Larks</a><br> &lt;here&gt;</strong></p>\n'
        "<ul><li>one</li></ul>\n<h1>Words</h1>\n\n"
        '<figure><img src="/a.jpg" alt=""></figure>'
    )


@pytest.mark.parametrize(
    "document", ["{", '{"root":' + '{"type":"x","children":[' * 10_000, "[" * 100_000, '{"sections": [5]}', "7"]
)
def test_a_document_that_cannot_be_read_is_told(document: str, tmp_path: Path) -> None:
    export = export_of(tmp_path, {"html": None, "mobiledoc": document})

    assert (export.posts[0].text, export.told("left out")) == ("", ["its text"])


def test_older_exports_have_other_names(tmp_path: Path) -> None:
    export = export_of(
        tmp_path,
        {"id": 12, "uuid": "u-1", "slug": "x", "html": "", "page": 1, "author_id": 1, "published_at": 1650000000000},
        users=[{"id": 1, "name": "Mara"}],
        settings=[{"key": "navigation", "value": '[{"label": "Me", "url": "/x/"}, 5]'}],
    )

    (post,) = export.posts
    assert (post.key, post.guid, post.page, post.menu, post.authors) == ("12", "u-1", True, "Me", ("Mara",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"comments": []}', "x.json: this is no export of Ghost"),
        ("[", "x.json, line 1: this is no valid JSON; is the file complete?"),
        ('{"db": [{"data": {"posts": [5', "x.json, line 1: this is no valid JSON; is the file complete?"),
    ],
)
def test_what_is_no_export_of_ghost_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)

    with pytest.raises(ImportRefused) as refused:
        read(ghost, file, tmp_path)

    assert str(refused.value) == problem
    assert not is_recognised(ghost, file, tmp_path)


def test_of_several_exports_one_is_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"holds several exports, .*; name one of them"):
        read(ghost, GHOST, tmp_path)


def test_rows_of_other_types_are_passed_over(tmp_path: Path) -> None:
    export = export_of(tmp_path, {"id": None}, {"id": 5, "title": [], "html": {}, "published_at": {}, "slug": 7})

    assert [post.key for post in export.posts] == ["5"]
    assert export.told("left out") == ["a post"]
