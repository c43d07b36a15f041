"""The front matter: text as it stands in the document, tabs and line separators included."""

from datetime import UTC, datetime

import pytest

from feedserver.errors import InvalidDocument
from feedserver.posts.document import body_of, nearest_field, read
from feedserver.posts.model import DraftText, Enclosure


def document(front: str) -> DraftText:
    return read(f"---\n{front}\n---\nWords.\n".encode(), UTC)


# --- JSON's escapes ---


def test_characters_that_json_escapes_are_read() -> None:
    party = r'"Party \ud83d\ude00 time\ud83d"'

    found = document(f"title: {party}\nslug: p\ntags: [{party}]\nsummary: {party}\n{party}: x")

    assert found.title == found.summary == "Party \N{GRINNING FACE} time"
    assert found.tags == found.unknown_fields == (found.title,)
    assert found.title.encode()


# --- tabs ---


@pytest.mark.parametrize(
    "front",
    [
        "title:\tT\nslug: t\ntags: [a, b]",
        "title: T\t\nslug: t\t\t\ntags: [a, b]",
        "title\t:\tT\nslug:\t t\ntags: [a, b]",
        "title: T\t# a note\nslug: t\ntags: [a, b]",
        "\t\ntitle: T\n\t\n\t# a note\n \t # another\nslug: t\ntags: [a, b]",
        "title: T\nslug: t\ntags:\t\n-\ta\n-\tb\t",
        "title: T\nslug: t\ntags:\n  -\ta\n  -\t b",
        "title: T\nslug: t\ntags: [a,\tb\t]",
        "title: T\nslug: t\ntags: [\n\ta,\n\tb\n\t]",
        "title: T\nslug: t\ntags: [\n \ta\t,\n \tb ]",
        "{title:\tT,\n\tslug:\tt, tags:\t[a, b]}",
        "title: >\t\n  T\nslug: t\ntags: ['a', \"b\"\t]",
    ],
)
def test_a_tab_is_a_blank_wherever_yaml_allows_it(front: str) -> None:
    found = document(front)

    assert (found.title, found.slug, found.tags) == ("T", "t", ("a", "b"))


@pytest.mark.parametrize(
    "title", ["a\tb", "'a\tb'", '"a\tb"', "'a\n\tb'", "a\n \tb", "|\n  a\n  \tb", "|\t\n  a\tb", "[a\n\tb]"]
)
def test_a_tab_within_text_is_folded_into_a_blank(title: str) -> None:
    field = "tags" if title.startswith("[") else "title"

    assert getattr(document(f"slug: t\n{field}: {title}"), field) in ("a b", ("a b",))


@pytest.mark.parametrize("front", ["\ttitle: T", "title: T\ntags:\n\t- a", "title: T\nx:\n\ty: z"])
def test_a_tab_does_not_indent(front: str) -> None:
    with pytest.raises(InvalidDocument, match="front matter: is not YAML: line"):
        document(front)


# --- line separators ---

SEPARATORS = pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"], ids=ascii)


@SEPARATORS
@pytest.mark.parametrize(
    ("title", "read_as"),
    [
        ("Foo{}Bar", "Foo Bar"),
        ("Foo{}draft: true", "Foo draft: true"),
        ("Foo{}draft:", "Foo draft:"),
        ("Foo{0}draft:{0}true", "Foo draft: true"),
        ("Foo {} draft: true", "Foo draft: true"),
        ("Foo{}- Bar", "Foo - Bar"),
        ("Foo{0}# Bar{0}#1", "Foo # Bar #1"),
        ("Foo{} # a comment", "Foo"),
        ("{}Foo", "Foo"),
        ("Foo{}", "Foo"),
        ('"Foo{}Bar"', "Foo Bar"),
        ("'Foo{}draft: true'", "Foo draft: true"),
        ('"Foo\\LBar\\Pend\\N."', "Foo Bar end ."),
    ],
)
def test_a_separator_is_folded_and_begins_no_field(separator: str, title: str, read_as: str) -> None:
    found = document(f"title: {title.format(separator)}\nslug: q")

    assert (found.title, found.slug, found.draft) == (read_as, "q", False)


@SEPARATORS
def test_a_separator_begins_no_item_of_a_list(separator: str) -> None:
    found = document(f"title: T\ntags:\n- a{separator}- b\n- c{separator}draft: true\nauthors: [Ann{separator}Lee, Bo]")

    assert found.tags == ("a - b", "c draft: true")
    assert found.authors == ("Ann Lee", "Bo")
    assert not found.draft


@SEPARATORS
def test_a_separator_before_a_field_does_not_hide_it(separator: str) -> None:
    assert document(f"title: T\n{separator}draft: true").draft


# --- text ---

WORDS = [
    "Null",
    "null",
    "NULL",
    "~",
    "Yes",
    "no",
    "True",
    "off",
    "1.0",
    "012",
    "0x1F",
    "1_000",
    ".inf",
    ".NaN",
    "12:30",
]


@pytest.mark.parametrize("word", [*WORDS, "2024-01-01", "2024-01-05 10:00:00", "<<", "="])
def test_text_is_what_stands_in_the_document(word: str) -> None:
    found = document(f"title: {word}\nslug: n\nsummary: {word}\ntags: [{word}, a]\nauthors:\n- {word}\n- Ann")

    assert (found.title, found.summary) == (word, word)
    assert (found.tags, found.authors) == ((word, "a"), (word, "Ann"))
    assert document(f"slug: n\nauthors: {word}").authors == (word,)


@pytest.mark.parametrize("field", ["tags", "authors"])
def test_blank_names_are_left_out(field: str) -> None:
    assert getattr(document(f"title: x\n{field}:\n  - a\n  -\n  - ''\n  - '  '\n  - b"), field) == ("a", "b")


@pytest.mark.parametrize("field", ["tags", "authors"])
def test_names_that_differ_in_letter_case_or_unicode_form_are_one(field: str) -> None:
    found = document(f"title: x\n{field}: [Café, cafe\u0301, CAFÉ, Straße, STRASSE]")

    assert getattr(found, field) == ("Café", "Straße")


@pytest.mark.parametrize("nothing", ["", "~", "null", "''"])
@pytest.mark.parametrize("field", ["date", "updated", "lang", "draft", "pings", "comments"])
def test_a_field_that_is_no_text_may_be_left_empty(field: str, nothing: str) -> None:
    found = document(f"title: T\n{field}: {nothing}")

    assert (found.date, found.updated, found.lang) == (None, None, None)
    assert (found.draft, found.pings_open, found.comments_open) == (False, True, True)


# --- names of fields ---


def test_names_of_fields_may_be_in_any_letter_case() -> None:
    found = document(
        "TITLE: T\nSlug: s\nDate: 20240105\nTags: [a]\nAuthors: Ann, of Lee\nSUMMARY: S\nLang: de\nDraft: True\n"
        "Pings: Closed\nComments: FALSE\nEnclosures: [{URL: 'http://h/a', Type: audio/mpeg, LENGTH: 1}]"
    )

    assert (found.title, found.slug, found.summary, found.lang) == ("T", "s", "S", "de")
    assert (found.date, found.tags, found.authors) == (datetime(2024, 1, 5, tzinfo=UTC), ("a",), ("Ann, of Lee",))
    assert (found.draft, found.pings_open, found.comments_open) == (True, False, False)
    assert found.enclosures == (Enclosure("http://h/a", "audio/mpeg", 1),)
    assert found.unknown_fields == ()


@pytest.mark.parametrize("front", ["title: T\nTitle: U", "title: T\nDraft: no\ndraft: yes", 'title: T\n"TITLE ": U'])
def test_two_spellings_of_one_field_are_refused_in_a_line(front: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^front matter: line \d: the field “.*” is there twice$"):
        document(front)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tittle", "title"),
        ("Tag", "tags"),
        ("categories", "tags"),
        ("keywords", "tags"),
        ("author", "authors"),
        ("lastmod", "updated"),
        ("last_modified_at", "updated"),
        ("description", "summary"),
        ("sumary", "summary"),
        ("language", "lang"),
        ("permalink", "slug"),
        ("drafts", "draft"),
        ("enclosure", "enclosures"),
        ("publisehd", "published"),
        ("colour", None),
        ("output", None),
        ("release_on", "releasedate"),
    ],
)
def test_the_nearest_field_is_found_for_an_unknown_one(name: str, meant: str | None) -> None:
    assert document(f"title: T\n{name}: x").unknown_fields == (name,)
    assert nearest_field(name) == meant


@pytest.mark.parametrize("blank", ["\n", "\n\n", " \t\n", "\r\n"])
def test_blank_lines_before_the_front_matter_are_passed_over(blank: str) -> None:
    found = read(f"{blank}---\ntitle: T\n---\nWords.\n".encode(), UTC)

    assert (found.title, found.body) == ("T", "Words.\n")
    assert body_of(found.source) == found.body


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("---\ntitle: T\nx: [\n---\n", 4),
        ("\n\n---\ntitle: T\nx: [\n---\n", 6),
        ("\n\n---\ntitle: T\ntitle: U\n---\n", 5),
    ],
)
def test_a_fault_is_told_with_its_line_in_the_document(source: str, line: int) -> None:
    with pytest.raises(InvalidDocument, match=rf"^front matter: .*line {line}: "):
        read(source.encode(), UTC)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# Heading\n\nWords.\n",
        "Title: T\nDate: 2026-01-31\n\nWords.\n",
        " ---\ntitle: T\n---\n",
        "----\ntitle: T\n",
    ],
    ids=["empty", "plain Markdown", "Pelican", "indented", "four hyphens"],
)
def test_a_document_without_front_matter_is_told_how_it_must_begin(source: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^front matter: is missing; the first line must be ---, "):
        read(source.encode(), UTC)


def test_front_matter_without_end_and_that_in_toml_are_told_as_such() -> None:
    with pytest.raises(InvalidDocument, match=r"^front matter: has no closing line of three hyphens$"):
        read(b"\n---\ntitle: T\n", UTC)
    with pytest.raises(InvalidDocument, match=r"^front matter: is TOML, which is not read; .*---"):
        read(b'+++\ntitle = "T"\n+++\nWords.\n', UTC)


# --- question marks ---


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("[why?, b]", ("why?", "b")),
        ("[why ?, a?b, ?b]", ("why ?", "a?b", "?b")),
        ("['?', \"a?\"]", ("?", "a?")),
    ],
)
def test_a_question_mark_in_brackets_is_text(value: str, tags: tuple[str, ...]) -> None:
    assert document(f"title: T\ntags: {value}").tags == tags


@pytest.mark.parametrize("value", ["[? a : b]", '["\\?"]'])
def test_a_question_mark_that_is_none_of_a_text_is_read_as_yaml_says(value: str) -> None:
    with pytest.raises(InvalidDocument):
        document(f"title: T\ntags: {value}")
