"""The direction of a text: that of its language, else that of most of its letters."""

from zoneinfo import ZoneInfo

import pytest

from feedserver.languages.choosing import language_of
from feedserver.languages.directions import direction_of
from feedserver.languages.english import ENGLISH

HEBREW, ENGLISH_WORDS = "Python היא שפת תכנות", "שלום is a word"


@pytest.mark.parametrize(
    ("tag", "direction"),
    [("he", "rtl"), ("ar-EG", "rtl"), ("pa-Arab", "rtl"), ("pa", "ltr"), ("en-GB", "ltr"), ("zh-Hant-TW", "ltr")],
)
@pytest.mark.parametrize("words", [HEBREW, ENGLISH_WORDS, ""])
def test_a_language_of_the_cldr_has_the_direction_of_its_script(tag: str, direction: str, words: str) -> None:
    assert direction_of(tag, ENGLISH, words) == direction


@pytest.mark.parametrize("tag", ["tlh", "he-Latn", "en"])
def test_most_letters_decide_where_the_language_is_unknown_or_may_be_another_one(tag: str) -> None:
    assert [direction_of(tag, ENGLISH, words) for words in (HEBREW, ENGLISH_WORDS, "")] == ["rtl", "ltr", "ltr"]


def test_posts_of_a_site_written_from_right_to_left_are_so() -> None:
    assert direction_of("he", language_of("he", ZoneInfo("UTC")), "Python 3.13") == "rtl"
