"""How texts are folded and cut into words, and which entries of the index follow."""

import sys
import time
import unicodedata

import pytest

from feedserver.search import words
from feedserver.search.words import entries, fold, is_inside, words_of

NO_CHARACTERS = ("Cn", "Co", "Cs")  # unassigned, private, surrogates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Straße STRASSE", "strasse strasse"),
        ("Café Ångström Việt", "cafe angstrom viet"),
        ("cafe\u0301", "cafe"),
        ("Øre, smørrebrød", "øre smørrebrød"),
        ("ﬁsh Ⅷ ＡＢＣ x²", "fish viii abc x2"),
        ("½ km", "1 2 km"),
        ("C++, e-mail; don’t", "c e mail don t"),
        ("snake_case", "snake case"),
        ("co\u00adoperate می\u200cخواهم", "cooperate میخواهم"),
        ("שָׁלוֹם", "שלום"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("İstanbul", "istanbul"),
        ("\u1112\u1161\u11ab 한", "한 한"),
        ("👩\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3 ok", "1 ok"),
        ("٣ ३ 7", "٣ ३ 7"),
        (" -- ‘’ \u0301 ", ""),
    ],
    ids=ascii,
)
def test_words_are_runs_of_letters_and_digits_without_case_and_marks(text: str, expected: str) -> None:
    assert words_of(text) == expected


def test_folding_twice_changes_nothing_more() -> None:
    known = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in NO_CHARACTERS)
    once = {char: fold(char) for char in known}

    assert {char: folded for char, folded in once.items() if fold(folded) != folded} == {}
    assert not any(unicodedata.category(char)[0] == "M" for folded in once.values() for char in folded)


def test_the_scripts_whose_words_are_found_inside_a_run() -> None:
    assert all(map(is_inside, "散〇々ひカー한ไລខမ"))
    assert not any(map(is_inside, "aøя1אع9हਕ"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("moon landing", {"moon", "landing", "moo·", "lan·", "(a pair)"}),
        ("to be to be", {"to", "be", "to·be", "be·to", "to·be·to", "be·to·be"}),
        ("in autumn", {"in", "autumn", "aut·", "(a pair)"}),
        ("散歩した", {"散", "歩", "し", "た", "散歩", "歩し", "した"}),
        ("生成ai の", {"生", "成", "生成", "ai", "の"}),
        ("of ai\ntag", {"of", "ai", "of·ai", "tag", "tag·"}),
        ("x" * 100, {"x" * 64, "xxx·"}),
        ("", set()),
    ],
    ids=["words", "short ones", "a long one", "Japanese", "mixed", "fields", "long", "nothing"],
)
def test_the_entries_are_words_characters_and_what_stands_beside_each_other(text: str, expected: set[str]) -> None:
    found = set((entries(text) or "").split())

    assert {"(a pair)" if unicodedata.category(entry[0]) == "Co" else entry for entry in found} == expected


def test_a_text_with_more_than_an_index_takes_has_no_entries() -> None:
    numbers = " ".join(map(str, range(100_000, 230_000)))

    assert entries(numbers) is None
    assert entries(numbers[:800_000]) is not None


def test_folding_takes_linear_time_for_a_run_of_marks() -> None:
    marks = "".join(char for char in map(chr, range(0x300, 0x340)) if unicodedata.combining(char))
    began = time.process_time()

    assert fold("a" + marks * 20_000 + "b") == "ab"

    assert time.process_time() - began < 2


def test_no_separator_is_in_an_entry() -> None:
    assert not words._WORD.search("·")
    assert not words._WORD.search("".join(map(chr, range(0xF0000, 0xF1000))))
