"""Snippets: what stands around the first match, and which characters of a text are marked."""

import sys
import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.search.query import parsed
from feedserver.search.snippets import marked
from feedserver.search.words import place_of_word, words_of, written_words


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("cafe", "Cafe\u0301!", "<mark>Cafe\u0301</mark>!"),
        ("strasse", "Eine Straße.", "Eine <mark>Straße</mark>."),
        ("str", "Eine Straße.", "Eine <mark>Straße</mark>."),
        ("cooperate", "to co\u00adoperate", "to <mark>co\u00adoperate</mark>"),
        ("1", "½ cup", "<mark>½</mark> cup"),
        ('"1 2 cup"', "½ cup", "<mark>½ cup</mark>"),
        ("c", "20℃", "20<mark>℃</mark>"),
        ("acmetm", "Acme™, Inc.", "<mark>Acme™</mark>, Inc."),
        ("cats", "😀cats😀", "😀<mark>cats</mark>😀"),
        ('"①"', "① and 1", "<mark>①</mark> and <mark>1</mark>"),
        ("散歩", "昨日は散歩した", "昨日は<mark>散歩</mark>した"),
        ("한", "\u1112\u1161\u11ab글", "<mark>\u1112\u1161\u11ab글</mark>"),
        ("a", "$a <a>", "$<mark>a</mark> &lt;<mark>a</mark>&gt;"),
    ],
    ids=ascii,
)
def test_what_was_looked_for_is_marked_as_it_was_written(typed: str, text: str, expected: str) -> None:
    assert marked(parsed(typed), text) == expected


def test_every_character_belongs_to_the_words_that_the_index_has() -> None:
    chars = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    changed = [char for char in chars if unicodedata.normalize("NFKC", char).casefold() != char]

    assert len(changed) > 5_000
    for char in changed:
        text = f"a{char}b {char}"
        assert [word.folded for word in written_words(text)] == words_of(text).split(), ascii(char)


@given(st.text())
def test_the_words_of_a_text_stand_in_it_one_after_another(text: str) -> None:
    found = list(written_words(text))

    assert [word.folded for word in found] == words_of(text).split()
    for word in found:
        assert len(word.starts) == len(word.ends) == len(word.folded)
        assert all(start < end for start, end in zip(word.starts, word.ends, strict=True))
    starts = [start for word in found for start in word.starts]
    assert starts == sorted(starts)
    assert [place_of_word(text, number) for number in range(len(found))] == [word.starts[0] for word in found]


def test_a_match_far_behind_in_a_long_text_is_found_in_little_time() -> None:
    text = "½ Слово и дело, ещё ™ раз. " * 20_000 + "иголка"
    began = process_time()
    words = words_of(text)
    folded = process_time() - began

    place = place_of_word(text, words.count(" "))

    assert text[place:] == "иголка"
    assert process_time() - began < folded * 4 + 0.05
