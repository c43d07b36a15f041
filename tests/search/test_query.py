"""What a visitor types is read as words, phrases and exclusions, and is never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.search.query import MOST_WORDS, Query, Term, parsed


def as_text(query: Query) -> list[str]:
    """Each term as it might be typed: phrases in quotes, `*` where the last word may go on, exclusions with a minus."""
    terms = [("", term) for term in query.wanted] + [("-", term) for term in query.excluded]
    return [f"{sign}{' '.join(term.words)}{'*' if term.goes_on else ''}" for sign, term in terms]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Moon landing", ["moon*", "landing*"]),
        ("go on", ["go", "on"]),
        ('"Moon landing"', ["moon landing"]),
        ("“Moon landing” „go“", ["moon landing", "go"]),
        ("e-mail C++", ["e mail*", "c"]),
        ("example.com/a", ["example com a"]),
        ("moon -landing", ["moon*", "-landing*"]),
        ('moon -"first landing"', ["moon*", "-first landing"]),
        ("moon -e-mail", ["moon*", "-e mail*"]),
        ("moon - landing", ["moon*", "landing*"]),
        ("--moon", ["-moon*"]),
        ("－moon", ["-moon*"]),
        ("moon-landing", ["moon landing*"]),
        ('"moon', ["moon"]),
        ('moon"first landing"go', ["moon*", "go", "first landing"]),
        ("moon\u3000MOON", ["moon*"]),
        ("title:moon", ["title moon*"]),
        ("moon AND NOT* (x OR y)", ["moon*", "and*", "not*", "x", "or", "y"]),
        ("散歩", ["散歩"]),
        ("½", ["1 2"]),
    ],
    ids=ascii,
)
def test_words_phrases_and_exclusions(typed: str, expected: list[str]) -> None:
    assert sorted(as_text(parsed(typed))) == sorted(expected)


@pytest.mark.parametrize("typed", ["", " ", '"', '""', "-", '-"', "+++", "-moon", '-"a b" -c', "\x00", "🌙", "*", "'"])
def test_without_a_word_to_find_nothing_is_meant(typed: str) -> None:
    assert parsed(typed).wanted == ()


def test_two_hundred_characters_count() -> None:
    assert as_text(parsed("x" * 199 + "y" + " z")) == ["x" * 199 + "y*"]
    assert as_text(parsed("x" * 200 + " z")) == ["x" * 200 + "*"]


def test_sixteen_words_count_in_phrases_too() -> None:
    query = parsed("a b c d e f g h i j " + '"k l m n o p q r" -s')

    assert query.wanted[-1] == Term(tuple("klmnop"), goes_on=False)
    assert query.excluded == ()
    assert sum(len(term.words) for term in query.wanted) == MOST_WORDS


@given(st.text(max_size=300))
def test_nothing_is_an_error(typed: str) -> None:
    query = parsed(typed)

    for term in (*query.wanted, *query.excluded):
        for entry in term.entries():
            assert entry.text
            assert not set(entry.text) & set(" \n\"'\\*&|!()")  # what the databases' own questions are made of
    query.matches("moon landing\n散歩")
