"""Documents that cannot be taken: one line that names the field."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.errors import InvalidDocument
from feedserver.posts.document import MAX_BYTES, read

ANCHORS = "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))


def refusal(content: bytes) -> InvalidDocument:
    with pytest.raises(InvalidDocument) as refused:
        read(content, UTC)
    return refused.value


@pytest.mark.parametrize(
    ("front", "field"),
    [
        ("tags: [a]", "title"),
        ("title: ''", "title"),
        ('title: "\\x00 \\n"', "title"),
        ("title: [a, b]", "title"),
        ("title: {a: b}", "title"),
        ("title: " + "a" * 10_001, "title"),
        ("title: '!!!'", "slug"),
        ("title: T\nslug: ''", "slug"),
        ("title: T\nslug: a/b", "slug"),
        ("title: T\nslug: a b", "slug"),
        ("title: T\nslug: ..", "slug"),
        ("title: T\nslug: .hidden", "slug"),
        ("title: T\nslug: a%2Fb", "slug"),
        ("title: T\nslug: a?b", "slug"),
        ("title: T\nslug: [a]", "slug"),
        ("title: T\nslug: " + "a" * 201, "slug"),
        ("title: T\nslug: " + "\U00020000" * 84, "slug"),
        ("title: T\ndate: yesterday", "date"),
        ("title: T\ndate: 2026-02-30", "date"),
        ("title: T\ndate: 2026-01-31 25:00", "date"),
        ("title: T\ndate: 5 March", "date"),
        ("title: T\ndate: Tuesday", "date"),
        ("title: T\ndate: '12:30'", "date"),
        ("title: T\ndate: 2026-01-31 12:00 XYZ", "date"),
        ("title: T\ndate: 0001-01-01", "date"),
        ("title: T\ndate: 9999-12-31", "date"),
        ("title: T\ndate: [2026-01-31]", "date"),
        (f"title: T\ndate: '2026-01-31{' ' * 100}'", "date"),
        ("title: T\nupdated: never", "updated"),
        ("title: T\ntags: [[a]]", "tags"),
        ("title: T\ntags: {a: b}", "tags"),
        ("title: T\ntags: [..]", "tags"),
        ("title: T\ntags: [" + "a" * 201 + "]", "tags"),
        ("title: T\ntags: [" + ", ".join(map(str, range(101))) + "]", "tags"),
        ("title: T\ntags: " + ", ".join(map(str, range(101))), "tags"),
        ("title: T\nauthors: [{name: Ann}]", "authors"),
        ("title: T\nauthors: [.]", "authors"),
        ("title: T\nsummary: [a]", "summary"),
        ("title: T\nlang: en_US", "lang"),
        ("title: T\nlang: english language", "lang"),
        ("title: T\ndraft: perhaps", "draft"),
        ("title: T\ndraft: [true]", "draft"),
        ("title: T\npings: never", "pings"),
        ("title: T\ncomments: 0", "comments"),
        ("title: T\nenclosures: a.mp3", "enclosures"),
        ("title: T\nenclosures: [{url: 'mailto:a@h.example', type: audio/mpeg, length: 1}]", "enclosures"),
        ("title: T\nenclosures: [{url: 'http://h/a', type: mp3, length: 1}]", "enclosures"),
        ("title: T\nenclosures: [{url: 'http://h/a', type: audio/mpeg}]", "enclosures"),
        ("title: T\nenclosures: [{url: 'http://h/a', type: audio/mpeg, length: -1}]", "enclosures"),
        ("title: T\nenclosures: [{url: 'http://h/a', type: audio/mpeg, length: 1 MB}]", "enclosures"),
        ("title: T\nenclosures: [{url: ['http://h/a'], type: audio/mpeg, length: 1}]", "enclosures"),
        ("title: T\nenclosures: [{url: 'http://h/a', type: audio/mpeg, length: " + "9" * 17 + "}]", "enclosures"),
        ("title: a: b", "front matter"),
        ("title: 'open", "front matter"),
        ("title: [", "front matter"),
        ("\ttitle: T", "front matter"),
        ("title: T\ntitle: U", "front matter"),
        ("title: *nothing", "front matter"),
        ("title: !!timestamp soon", "front matter"),
        ("title: !!python/object:os.system x", "front matter"),
        ("title: T\n? [a]\n: b", "front matter"),
        ("title: T\n!!merge <<: {a: b}", "front matter"),
        ("title: T\nx: " + "[" * 500, "front matter"),
        ("- title", "front matter"),
        ("just text", "front matter"),
    ],
    ids=lambda value: value if len(value) < 70 else f"{value[:40]}…",
)
def test_a_refusal_names_the_field_in_one_line(front: str, field: str) -> None:
    refused = refusal(f"---\n{front}\n---\nWords.\n".encode())

    assert refused.field == field
    assert str(refused).startswith(f"{field}: ")
    assert "\n" not in str(refused)
    assert len(str(refused)) < 400


def test_front_matter_needs_a_closing_line() -> None:
    assert refusal(b"---\ntitle: T\n\nWords.").field == "front matter"


def test_a_line_number_counts_from_the_documents_first_line() -> None:
    assert "line 4:" in str(refusal(b"---\ntitle: T\ntags: [a]\nlang: e: n\n---\n"))


def test_a_slug_that_cannot_be_taken_comes_with_one_that_can() -> None:
    assert "such as “my-own-post”" in str(refusal(b"---\ntitle: T\nslug: My own post!\n---\n"))


@pytest.mark.parametrize("content", [b"---\n---\n", b"---\ndraft: true\n---\nWords.\n"])
def test_a_document_needs_a_title_or_a_slug(content: bytes) -> None:
    assert refusal(content).field == "title"


@pytest.mark.parametrize(
    "content",
    [b"---\ntitle: caf\xe9\n---\n", b"\xff\xfe-\x00", b"\xed\xa0\x80", b"---\ntitle: T\n---\n\x89PNG\r\n\x1a\n"],
    ids=["Latin-1", "UTF-16", "surrogate", "picture"],
)
def test_what_is_not_utf_8_is_refused(content: bytes) -> None:
    refused = refusal(content)

    assert refused.field == "document"
    assert "UTF-8" in str(refused)


def test_a_mebibyte_is_taken_and_a_byte_more_is_not() -> None:
    head = b"---\ntitle: T\n---\n"
    whole = head + b"a" * (MAX_BYTES - len(head))

    assert len(read(whole, UTC).body) == MAX_BYTES - len(head)
    assert "1 MiB" in str(refusal(whole + b"a"))


def test_merged_mappings_cannot_grow() -> None:
    front = f"title: T\na0: &a0 {{k: v}}\n{ANCHORS}"

    assert read(f"---\n{front}---\n".encode(), UTC).title == "T"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for whole in (content, b"---\n" + content + b"\n---\nWords."):
        try:
            read(whole, UTC)
        except InvalidDocument as refused:
            assert "\n" not in str(refused)  # noqa: PT017 - most bytes are refused


@given(
    st.lists(st.sampled_from("2026 1 31 Jan - / : . , T Z +01:00 EST GMT+3 12:30 pm Mon 0 h e5 NaN ² of at".split())),
    st.sampled_from(["", " "]),
)
def test_any_date_is_read_or_refused(words: list[str], between: str) -> None:
    try:
        read(f"---\ntitle: T\ndate: '{between.join(words)}'\n---\n".encode(), UTC)
    except InvalidDocument as refused:
        assert refused.field == "date"  # noqa: PT017 - many dates are refused
