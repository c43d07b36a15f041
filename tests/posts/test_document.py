"""Documents: every field of the front matter, read as the author meant it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import InvalidDocument
from feedserver.posts.document import body_of, format_of, read
from feedserver.posts.model import DraftText, Enclosure

BERLIN = ZoneInfo("Europe/Berlin")


def document(*lines: str, body: str = "Words.\n") -> DraftText:
    """A document with these lines of front matter, read in Berlin; the title is “T” unless a line says otherwise."""
    titled = any(line.startswith(("title:", "slug:")) for line in lines)
    front = "\n".join(lines if titled else ("title: T", *lines))
    return read(f"---\n{front}\n---\n{body}".encode(), BERLIN)


def test_a_document_with_a_title_alone_has_the_defaults() -> None:
    found = document("title: A Plain Post")

    assert found == DraftText(
        source="---\ntitle: A Plain Post\n---\nWords.\n",
        body="Words.\n",
        title="A Plain Post",
        slug="a-plain-post",
        date=None,
        updated=None,
        tags=(),
        authors=(),
        summary=None,
        lang=None,
        draft=False,
        pings_open=True,
        comments_open=True,
        enclosures=(),
        unknown_fields=(),
    )


def test_every_field_is_read() -> None:
    found = document(
        "title: Everything",
        "slug: all-of-it",
        "date: 2026-01-31 18:00",
        "updated: 2026-02-01T12:00:00Z",
        "tags: [one, Two words]",
        "authors: [Ann, Bob]",
        "summary: In short.",
        "lang: pt-BR",
        "draft: true",
        "pings: closed",
        "comments: closed",
        "enclosures: [{url: 'https://cdn.example/a.mp3', type: audio/mpeg, length: 1234}]",
    )

    assert (found.title, found.slug, found.summary, found.lang) == ("Everything", "all-of-it", "In short.", "pt-BR")
    assert found.date == datetime(2026, 1, 31, 17, 0, tzinfo=UTC)
    assert found.updated == datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
    assert (found.tags, found.authors) == (("one", "Two words"), ("Ann", "Bob"))
    assert (found.draft, found.pings_open, found.comments_open) == (True, False, False)
    assert found.enclosures == (Enclosure("https://cdn.example/a.mp3", "audio/mpeg", 1234),)


TITLES = {
    "time": ("title: 12:30", "12:30"),
    "no date": ("title: 2026-02-30", "2026-02-30"),
    "word": ("title: yes", "yes"),
    "number": ("title: 1_000", "1_000"),
    "controls": ('title: "a \\x01\\0\\uFFFE\\uD800 b"', "a b"),
    "block": ("title: |\n  two\n  lines", "two lines"),
    "folded": ("title: >-\n  folded\n  here", "folded here"),
    "breaks": ('title: "tab\\tand\\nbreak\\u2028end"', "tab and break end"),
    "markup": ("title: '<b>Bold</b> &amp; plain'", "<b>Bold</b> &amp; plain"),
    "composed": ("title: cafe\u0301", "café"),
    "references": ("title: '&#0;&#x1f;'\nslug: x", "&#0;&#x1f;"),
    "closed override": ('title: "a \\u202eb\\u202c c"', "a \u202eb\u202c c"),
    "open override": ('title: "a \\u202eb c"', "a b c"),
}


@pytest.mark.parametrize(("line", "title"), TITLES.values(), ids=TITLES)
def test_a_title_is_one_line_of_clean_plain_text(line: str, title: str) -> None:
    assert document(line).title == title


@pytest.mark.parametrize("line", ["slug: no-title", "title:\nslug: no-title", "title: ''\nslug: no-title"])
def test_a_title_may_be_missing_where_a_slug_is_given(line: str) -> None:
    found = document(line)

    assert (found.title, found.slug) == ("", "no-title")


@pytest.mark.parametrize("field", ["tags", "authors"])
@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("[a, b]", ("a", "b")),
        ("single", ("single",)),
        ("[a \u202eb, \u2067c\u2069]", ("a b", "\u2067c\u2069")),
        ("[a, a, b, a]", ("a", "b")),
        ('["a\\x00b", "c\\nd", "  e  "]', ("ab", "c d", "e")),
        ('["", " ", "\\x01"]', ()),
        ("['one, two']", ("one, two",)),
        ("[2026, true, 1.5]", ("2026", "true", "1.5")),
        ("['a/b', 'C#', '100%', '語']", ("a/b", "C#", "100%", "語")),
        ("", ()),
        ("[]", ()),
    ],
)
def test_names_are_clean_plain_and_without_repetition(field: str, value: str, names: tuple[str, ...]) -> None:
    assert getattr(document(f"{field}: {value}"), field) == names


def test_one_line_of_text_is_one_author_or_tags_with_commas() -> None:
    found = document("authors: Lee, Ann", "tags: one, two")

    assert (found.authors, found.tags) == (("Lee, Ann",), ("one", "two"))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 30, 23, 0, tzinfo=UTC)),
        ("2026-07-31 12:00", datetime(2026, 7, 31, 10, 0, tzinfo=UTC)),
        ("31 January 2026 at 6pm", datetime(2026, 1, 31, 17, 0, tzinfo=UTC)),
        ("January 2026", datetime(2025, 12, 31, 23, 0, tzinfo=UTC)),
        ("2026-01-31T18:00:00.999Z", datetime(2026, 1, 31, 18, 0, tzinfo=UTC)),
        ("2026-01-31 18:00 -0800", datetime(2026, 2, 1, 2, 0, tzinfo=UTC)),
        ("Sat, 31 Jan 2026 18:00:00 GMT", datetime(2026, 1, 31, 18, 0, tzinfo=UTC)),
        ("Sat, 31 Jan 2026 18:00:00 PST", datetime(2026, 2, 1, 2, 0, tzinfo=UTC)),
        ("1905-06-30", datetime(1905, 6, 29, 23, 0, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("field", ["date", "updated"])
def test_dates_are_read_in_the_zone_they_name_or_the_sites(field: str, value: str, moment: datetime) -> None:
    assert getattr(document(f"{field}: {value}"), field) == moment


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("draft: true", "draft", True),
        ("draft: YES", "draft", True),
        ("draft: false", "draft", False),
        ("draft:", "draft", False),
        ("pings: closed", "pings_open", False),
        ("pings: open", "pings_open", True),
        ("comments: no", "comments_open", False),
        ("comments: Open", "comments_open", True),
    ],
)
def test_flags_are_read(line: str, field: str, value: bool) -> None:
    assert getattr(document(line), field) is value


def test_a_single_enclosure_needs_no_list() -> None:
    found = document("enclosures: {url: 'http://h/a;b.ogg?x', type: 'audio/ogg; codecs=opus', length: 0}")

    assert found.enclosures == (Enclosure("http://h/a;b.ogg?x", "audio/ogg; codecs=opus", 0),)


@pytest.mark.parametrize(
    "line",
    ["enclosures:\n-", "enclosures: ~", "enclosures: null", "enclosures: [~, '']", "enclosures: [{url: , type: }]"],
)
def test_blank_enclosures_are_left_out(line: str) -> None:
    assert document(line).enclosures == ()


@pytest.mark.parametrize("unseen", ["\u200b", "\u3164", "\u2060", "\u2800", "\u00ad\u115f", "\u0301"])
def test_names_and_texts_of_which_nobody_sees_anything_are_left_out(unseen: str) -> None:
    found = document(f"tags: [bees, '{unseen}']", f"authors: ['{unseen}', Ann]", f"summary: '{unseen}'")

    assert (found.tags, found.authors, found.summary) == (("bees",), ("Ann",), None)


def test_enclosures_hold_no_control_characters() -> None:
    found = document('enclosures: [{url: "http://h/\\uFFFEa", type: "audio/ogg;\\x01 a=b", length: "7"}]')

    assert found.enclosures == (Enclosure("http://h/a", "audio/ogg; a=b", 7),)


def test_fields_that_no_post_has_are_named() -> None:
    assert document("Colour: red", "Tags: [a]", "_id: x").unknown_fields == ("Colour", "_id")


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"---\ntitle: T\n---\n", ""),
        (b"---\ntitle: T\n---", ""),
        (b"---  \r\ntitle: T\r\n---\t\r\nWords.\r\n", "Words.\n"),
        (b"\xef\xbb\xbf---\ntitle: T\n---\nWords.", "Words."),
        (b"---\ntitle: T\n---\nA\n---\nB", "A\n---\nB"),
        (b"---\ntitle: T\n---\na\x00\x01\x7fb\xef\xbf\xbe", "ab"),
    ],
    ids=["empty", "no line end", "windows", "byte order mark", "rule in the body", "control characters"],
)
def test_the_body_is_what_follows_the_front_matter(content: bytes, body: str) -> None:
    found = read(content, UTC)

    assert found.body == body
    assert body_of(found.source) == body


def test_a_page_and_a_text_of_html_say_so_and_posts_of_markdown_need_not() -> None:
    page = document("Page: yes", "menu: About  us", "format: HTML")

    assert (page.page, page.menu, page.format, page.unknown_fields) == (True, "About us", "html", ())
    plain = document("page: false", "format: ~")
    assert (plain.page, plain.menu, plain.format, plain.unknown_fields) == (False, None, "markdown", ())


def test_only_pages_stand_in_a_menu() -> None:
    assert document("menu: {main: {weight: 10}}").unknown_fields == ("menu",)
    assert document("menu: main", "page: false").menu is None


def test_what_says_nothing_here_does_not_withhold_within_the_fields_that_were_imported() -> None:
    found = document("imported: {draft: true, published: no}")

    assert (found.draft, found.unknown_fields) == (False, ())


@pytest.mark.parametrize(
    "line",
    ["format: rst", "format: [html]", "page: perhaps", "page: true\nmenu: [a]", f"page: true\nmenu: {'x' * 201}"],
)
def test_what_a_page_or_format_cannot_be_is_refused(line: str) -> None:
    field = "menu" if "menu" in line else line.partition(":")[0]

    with pytest.raises(InvalidDocument, match=f"^{field}: "):
        document(line)


def test_the_format_of_a_stored_document_is_markdown_where_it_is_none() -> None:
    assert format_of("---\ntitle: T\nformat: html\n---\n") == "html"
    assert format_of("---\ntitle: T\nformat: gallery\n---\n") == format_of("no front matter") == "markdown"
