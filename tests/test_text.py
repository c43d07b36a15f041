"""Text that every format can carry: cleaning, folding, cutting, plain words out of HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedserver.text import clean, is_language_tag, one_line, plain, shorten

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
        ("a\u2028b\xa0c", "a b c"),
        ("cafe\u0301", "café"),
        ("a\x00\x01b", "ab"),
        (" \n ", ""),
    ],
    ids=["folded", "odd blanks", "composed", "control characters", "nothing"],
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
    ],
    ids=["fits", "between words", "no comma before the dots", "one long word", "a long word late"],
)
def test_a_text_is_cut_between_words_if_possible(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


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
