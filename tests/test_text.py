"""Text that every format can carry: cleaning, folding, cutting, plain words out of HTML."""

import time
import unicodedata
from collections.abc import Callable
from itertools import groupby

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedserver.text import (
    MAX_MARKS,
    clean,
    cluster_end,
    cluster_start,
    is_blank,
    is_language_tag,
    one_line,
    plain,
    printable,
    shorten,
    strangers_line,
    strangers_text,
    without_open_bidi,
)
from tests.support.clusters import CLUSTERS

Read = Callable[[str, int], str]

any_text = st.text(alphabet=st.characters(codec=None))


@pytest.mark.parametrize(
    "character",
    list("\x00\x08\x0b\x1f\x7f\x85\x9f\ud800\udfff\ufdd0\ufffd\ufffe\uffff\U0001fffe\U0010ffff"),
    ids=lambda c: f"U+{ord(c):04X}",
)
def test_characters_that_feeds_must_not_hold_are_dropped(character: str) -> None:
    assert clean(f"a{character}b") == "ab"


@pytest.mark.parametrize("character", ["\t", "\n", "\xa0", "é", "語", "\ufdcf", "\ufffc", "😀", "\U0010fffd"])
def test_ordinary_characters_stay(character: str) -> None:
    assert clean(f"a{character}b") == f"a{character}b"


@pytest.mark.parametrize(
    "text", ["", " \n", "\u200b\u3164", "\u115f\u1160\uffa0", "\u2800", "\u0301", "\ufe0f\u20e3", "\x00"]
)
def test_nobody_sees_a_text_of_blanks_and_fillers(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize(
    "text", ["a", "-", "\u200bé", "\U0001f469\u200d\U0001f4bb", "\u1100\u1161", "क\u094d", "\u2801", "。"]
)
def test_a_text_with_one_character_that_is_seen_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_line_ends_become_line_feeds() -> None:
    assert clean("a\r\nb\rc\n") == "a\nb\nc\n"


@given(any_text)
def test_clean_text_is_valid_xml_and_cleaning_is_idempotent(text: str) -> None:
    cleaned = clean(text)

    element = etree.Element("p")
    element.text = cleaned
    etree.tostring(element, encoding="utf-8")
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a \n\t b\r\nc  ", "a b c"),
        ("a\u2028b\u2029c\x85d", "a b cd"),
        ("\xa0a\xa0b\u3000c", "\xa0a\xa0b\u3000c"),
        ("cafe\u0301", "café"),
        ("a\x00\x01b", "ab"),
        (" \n ", ""),
        (" \xa0\u3000 ", ""),
    ],
    ids=["folded", "odd breaks", "other blanks", "composed", "control characters", "nothing", "other blanks alone"],
)
def test_one_line_folds_blanks_and_breaks(text: str, line: str) -> None:
    assert one_line(text) == line


@given(any_text, st.integers(min_value=2, max_value=50))
def test_a_shortened_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("one two", 7, "one two"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("incomprehensibilities", 10, "incompreh…"),
        ("a incomprehensibilities", 12, "a incompreh…"),
        ("a \u2067one two\u2069 \u202bthree four\u202c", 20, "a \u2067one two\u2069 three…"),
    ],
    ids=["fits", "between words", "no comma before the dots", "one long word", "a long word late", "bidi control"],
)
def test_a_text_is_cut_between_words_if_possible(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
@pytest.mark.parametrize("limit", [24, 25, 26, 279, 280, 1000])
def test_a_text_is_cut_between_grapheme_clusters(cluster: str, limit: int) -> None:
    short = shorten("x" + cluster * 1000, limit)

    whole = (limit - 2) // len(cluster)
    assert short == "x" + cluster * whole + "…"


def test_a_grapheme_cluster_without_end_is_cut_at_the_limit() -> None:
    assert shorten("x" + "ᄀ" * 1000, 500) == "x" + "ᄀ" * 498 + "…"


@given(
    st.text(alphabet=st.one_of(st.sampled_from("".join(CLUSTERS.values())), st.characters()), max_size=150), st.data()
)
def test_the_start_and_the_end_of_a_cluster_are_those_of_its_text(text: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(text)))
    boundaries = [0, *(match.end() for match in regex.finditer(r"\X", text))]

    assert cluster_start(text, index) == max(place for place in boundaries if place <= index)
    assert cluster_end(text, index) == min(place for place in boundaries if place >= index)


def test_flags_are_cut_between_their_letters_in_linear_time() -> None:
    text = "x" + "🇩🇪" * 1_000_000

    assert [cluster_start(text, index) for index in (999_999, 1_000_000, 1_000_001)] == [999_999, 999_999, 1_000_001]
    assert seconds_of(lambda: cluster_end(text, 1_000_000)) < 0.1


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>one</p><p>two</p>", "one two"),
        ("o<b>n</b>e", "one"),
        ("a<br>b", "a b"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("a<script>if (x<y) alert('z')</script>b<style>p{}</style>", "ab"),
        ("a<!-- no -->b<template>c</template>", "ab"),
        ("<p>a&#x1f;&#0;b", "ab"),
        ("a</script>b", "ab"),
    ],
    ids=["blocks", "inside a word", "line break", "entities", "unseen", "comment", "references", "stray end tag"],
)
def test_plain_returns_the_visible_text(html: str, words: str) -> None:
    assert plain(html) == words


@pytest.mark.parametrize("tag", ["en", "pt-BR", "x-klingon", "zh-Hans-CN", "de-1996", "abcdefgh-12345678"])
def test_a_language_tag_has_subtags_of_letters_and_digits(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize("text", ["", "-", "en-", "-en", "en--US", "en_US", "1996", "4e", "abcdefghi", "é", "en\n"])
def test_other_text_is_no_language_tag(text: str) -> None:
    assert not is_language_tag(text)


BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # UAX #9, Bidi_Control
MARKS = ["\u0301", "\u0903", "\u20dd", "\u0344", "\u0e31", "\ufe0f", "\U000e0101", "\U000e0041", "\u200d"]


@pytest.mark.parametrize("control", BIDI_CONTROLS, ids=lambda c: f"U+{ord(c):04X}")
def test_no_bidi_control_of_a_stranger_stays(control: str) -> None:
    assert strangers_text(f"a{control}b", 10) == strangers_line(f"a{control}b", 10) == "ab"


@pytest.mark.parametrize("mark", MARKS, ids=lambda c: f"U+{ord(c):04X}")
@pytest.mark.parametrize("read", [strangers_text, strangers_line])
def test_of_a_strangers_marks_in_a_row_the_first_thirty_stay(read: Read, mark: str) -> None:
    said = read(f"xq{mark * 40}yq{mark * 30}z", 1000)

    runs = ["".join(run) for is_mark, run in groupby(said, _is_mark) if is_mark]
    assert [len(run) for run in runs] == [MAX_MARKS, MAX_MARKS]
    assert said[0] + said[-1] == "xz"


@pytest.mark.parametrize(
    "between", ["\u200d", "\u200c", "\u2060", "\u00ad", "\x00", "\u202e"], ids=lambda c: f"U+{ord(c):04X}"
)
def test_a_character_that_nobody_sees_does_not_end_a_row_of_marks(between: str) -> None:
    said = strangers_text("q" + ("\u0323" * 20 + between) * 3, 1000)

    assert len(said) == 1 + MAX_MARKS


@given(st.text(alphabet=st.one_of(st.sampled_from(MARKS), st.characters(codec=None)), max_size=200))
def test_a_strangers_line_is_clean_in_nfc_and_has_few_marks_in_a_row(text: str) -> None:
    line = strangers_line(text, 1000)

    assert line == one_line(line) == strangers_line(line, 1000)
    assert all(len(list(run)) <= MAX_MARKS for is_mark, run in groupby(line, _is_mark) if is_mark)
    assert not set(line) & set(BIDI_CONTROLS)


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم",
        "👨‍👩‍👧‍👦",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "क्‍ष",
        "e" + "\u0323" * 30,
        "1️⃣",
    ],
)
def test_honest_sequences_of_marks_and_joiners_stay(text: str) -> None:
    assert strangers_text(text, 100) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u0301\u0316", "\u0f73", "\u0344\u0316", "\u1100", "\U0001f1e9", "\u200d"])
def test_marks_take_linear_time(mark: str) -> None:
    short, long = ("a" + mark * (length // len(mark)) for length in (2_000, 128_000))

    assert (
        seconds_of(lambda: strangers_line(long, 128_000))
        < 300 * seconds_of(lambda: strangers_line(short, 2_000)) + 0.02
    )


@pytest.mark.parametrize(
    "text",
    [
        "\u202babc\u202c",
        "\u202eabc\u202c d",
        "\u2067שלום\u2069",
        "\u2067a\u202eb\u2069c",
        "\u202aa\u2066b\u2069c\u202c",
        "a\u200fb\u200e",
    ],
    ids=["embedding", "override", "isolate", "the end of an isolate ends what is in it", "nested", "marks"],
)
def test_bidi_controls_that_are_closed_stay_as_the_author_wrote_them(text: str) -> None:
    assert without_open_bidi(text) == text


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("a\u202eb", "ab"),
        ("\u202aa\u202eb\u202cc", "a\u202eb\u202cc"),
        ("\u2067a\u202cb", "ab"),
        ("\u202ea\u2067b\u202cc", "abc"),
        ("\u202eabc\u2069d\u202c", "\u202eabcd\u202c"),
        ("a\u202cb\u2069c", "abc"),
        ("\u2066a\u2067b\u2069c", "a\u2067b\u2069c"),
    ],
    ids=[
        "override",
        "outer one",
        "isolate",
        "no partner beyond an isolate",
        "stray end",
        "ends alone",
        "outer isolate",
    ],
)
def test_bidi_controls_that_stay_open_are_dropped(text: str, closed: str) -> None:
    assert without_open_bidi(text) == closed


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")


def seconds_of(call: Callable[[], object]) -> float:
    """The CPU time of a call, the best of three."""
    best = 1e9
    for _ in range(3):
        start = time.thread_time()
        call()
        best = min(best, time.thread_time() - start)
    return best


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße, 世界 👨‍👩‍👧", "Grüße, 世界 👨‍👩‍👧"),
        ("a\x1b[31m\x85b\nc\x7f", r"a\u001b[31m\u0085b\u000ac\u007f"),
        ("a\u202eb\u2066c\u200f", r"a\u202eb\u2066c\u200f"),
        ("a\u2028b\udc80\ufeff", r"a\u2028b\udc80\ufeff"),
    ],
)
def test_what_changes_a_terminal_is_escaped_and_nothing_else(text: str, shown: str) -> None:
    assert printable(text) == shown
