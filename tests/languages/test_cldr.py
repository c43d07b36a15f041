"""Dates, numbers and lists in other languages than English."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from feedserver.languages.cldr import CldrLanguage
from feedserver.languages.locales import locale_of

THEN = datetime(2023, 3, 8, 14, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def language(tag: str) -> CldrLanguage:
    return CldrLanguage(tag, BERLIN)


@pytest.mark.parametrize(
    ("tag", "day", "moment", "month"),
    [
        ("de", "8. März 2023", "8. März 2023, 15:05 CET", "März"),
        ("pl", "8 marca 2023", "8 marca 2023 15:05 CET", "Marzec"),
        ("ar", "8 مارس 2023", "8 مارس 2023، 3:05 م CET", "مارس"),
        ("ja", "2023年3月8日", "2023年3月8日 15:05 CET", "3月"),
        ("sv", "8 mars 2023", "8 mars 2023 15:05 CET", "Mars"),
        ("en-GB", "8 March 2023", "8 March 2023, 15:05 CET", "March"),
    ],
)
def test_dates_are_those_of_the_cldr_in_the_sites_time_zone(tag: str, day: str, moment: str, month: str) -> None:
    assert (language(tag).day(THEN), language(tag).moment(THEN), language(tag).month(THEN)) == (day, moment, month)


def test_numbers_and_sizes_are_written_as_in_the_language() -> None:
    assert language("de").number(12_345) == "12.345"
    assert [language("fr").size(size) for size in (12, 12_345)] == ["12\xa0octets", "12,3\u202fko"]


@pytest.mark.parametrize(
    ("tag", "words", "directions"),
    [
        ("sv", "en", ("ltr", "ltr")),
        ("fa", "en", ("rtl", "ltr")),
        ("en-GB", "en-GB", ("ltr", "ltr")),
        ("zh-TW", "en", ("ltr", "ltr")),
    ],
)
def test_without_a_catalogue_words_and_lists_are_english(tag: str, words: str, directions: tuple[str, str]) -> None:
    found = language(tag)

    assert found.words == words
    assert (found.direction, found.words_direction) == directions
    assert found.listed(["<A>", "B"]) == "&lt;A&gt; and B"
    assert found.translations.gettext("Home") == "Home"


@pytest.mark.parametrize(
    ("tag", "known_as"), [("pt-BR", "pt"), ("de-1996", "de"), ("de-XX", "de"), ("he", "he"), ("iw", "he")]
)
def test_a_tag_is_known_by_its_language(tag: str, known_as: str) -> None:
    assert locale_of(tag).language == known_as


@pytest.mark.parametrize("tag", ["tlh", "xx", "x-klingon", "i-klingon"])
def test_a_language_that_the_cldr_does_not_know_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=tag):
        locale_of(tag)
