"""Documents that a program writes: what is read of them is what was to be written, whoever chose the texts."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedserver.posts import document
from feedserver.posts.document import check_slug, slug_from
from feedserver.posts.field_values import line
from feedserver.posts.model import DraftText, Enclosure
from feedserver.posts.writing import compose
from feedserver.text import caseless
from tests.support.serving import LONG

# Texts of strangers: what YAML, front matter and terminals give a meaning stands in them more often than by chance.
_TRAPS = "--- \n\r\t\x00\x07\x85\u2028\u2029\ufeff\u202e\u200b\ud800\ufffe:#'\"\\{}[]|>&*!%@`?,~=<"
TEXTS = st.text(st.one_of(st.sampled_from(_TRAPS), st.characters()), max_size=40)
BODIES = st.lists(st.one_of(st.sampled_from(["---", "---\n", "\n", "title: x\n", "...", "\ufeff", "\r\n"]), TEXTS)).map(
    "".join
)
NAMES = st.lists(TEXTS, max_size=3)
MOMENTS = st.integers(-(10**10), 10**10).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
FLAGS = st.booleans()


def read(text: str, **fields: Any) -> DraftText:
    return document.read(compose(text, **fields).encode(), UTC)


def kept(names: list[str]) -> tuple[str, ...]:
    """Names as any document holds them: on a line each, without repetition, no blank ones."""
    found: dict[str, str] = {}
    for name in filter(None, map(line, names)):
        found.setdefault(caseless(name), name)
    return tuple(found.values())


@settings(max_examples=1000 if LONG else 50, deadline=None)
@given(BODIES, TEXTS, NAMES, NAMES, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3))
@example("---\ntitle: other\n---\n", "---", ["---"], ["a: b # c"], "...", {"draft": "true", "Draft": "no"})
@example("\ufeff", '"', ["?", "[x"], ["Ann\u2028draft: true"], "\x85x", {"<<": "*a"})
@example("", "\U0001f600\ufeff\xad", ["\tx"], ["\\"], "{{ x }}", {"x" * 2000: ""})
def test_texts_of_strangers_come_back_and_mean_nothing_else(
    text: str, title: str, tags: list[str], authors: list[str], summary: str, imported: dict[str, str]
) -> None:
    tags, authors = ([name for name in names if line(name) not in (".", "..")] for names in (tags, authors))

    found = read(text, title=title, slug="a", tags=tags, authors=authors, summary=summary, imported=imported)

    assert found.body == document.cleaned(text)
    assert (found.title, found.summary) == (line(title), line(summary) or None)
    assert found.slug == "a"
    assert (found.tags, found.authors) == (kept(tags), kept(authors))
    assert not any((found.draft, found.page, found.date, found.until, found.unknown_fields, found.commented))


@settings(max_examples=30, deadline=None)
@given(MOMENTS, MOMENTS, *[FLAGS] * 5, st.sampled_from(["markdown", "html"]))
def test_dates_and_flags_come_back(
    date: datetime, updated: datetime, draft: bool, pings: bool, comments: bool, tells: bool, page: bool, format_: Any
) -> None:
    flags = {"draft": draft, "pings_open": pings, "comments_open": comments, "tells": tells, "page": page}

    found = read("", title="T", date=date, updated=updated, format=format_, **flags)

    assert (found.date, found.updated) == (date.replace(microsecond=0), updated.replace(microsecond=0))
    taken = {"pings_open": pings and not page, "comments_open": comments and not page}
    assert {name: getattr(found, name) for name in flags} == flags | taken
    assert found.format == format_


def test_each_field_comes_back() -> None:
    files = (Enclosure("http://h/a.mp3?b=c#d", "audio/mpeg", 7), Enclosure("../media/x.png", "image/png", 0))
    pages = {"reply_to": ("http://h/?a[]=1",), "like_of": ("http://h/{x}", "https://i/"), "repost_of": ("http://h/r",)}

    found = read("x", title="T", slug="über", lang="pt-BR", enclosures=files, page=True, menu="Yes: no", **pages)

    assert (found.slug, found.slug_is_given, found.lang, found.menu) == ("über", True, "pt-BR", "Yes: no")
    assert found.enclosures == files
    assert (found.reply_to, found.repost_of, found.bookmark_of) == (pages["reply_to"], pages["repost_of"], ())
    assert found.like_of == ("http://h/%7Bx%7D", "https://i/")


def test_people_can_read_a_document() -> None:
    written = compose("Words.\n", title="Äpfel & Birnen", date=datetime(2024, 5, 6, tzinfo=UTC), tags=["a"], draft=True)

    assert (
        written == '---\ntitle: "Äpfel & Birnen"\ndate: 2024-05-06T00:00:00Z\ntags: ["a"]\ndraft: true\n---\nWords.\n'
    )


@pytest.mark.parametrize(
    ("slug", "number", "expected"),
    [
        ("spring", 2, "spring-2"),
        ("a" * 200, 10, f"{'a' * 197}-10"),
        ("日" * 111, 2, f"{'日' * 110}-2"),
        ("a." * 99 + "bc", 2, f"{'a.' * 98}a-2"),
    ],
    ids=["short", "long", "long when encoded", "ends in a mark"],
)
def test_a_numbered_slug_still_is_one(slug: str, number: int, expected: str) -> None:
    assert document.numbered(slug, number) == check_slug(expected)


@given(TEXTS.map(slug_from).filter(bool), st.integers(2, 10**6))
def test_any_slug_can_have_any_number(slug: str, number: int) -> None:
    assert check_slug(document.numbered(slug, number)).endswith(f"-{number}")
