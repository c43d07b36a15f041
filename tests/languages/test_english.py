"""English words and dates, which are those of a site that says nothing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from feedserver.languages.choosing import language_of
from feedserver.languages.english import ENGLISH, Language
from feedserver.languages.messages import Message

BERLIN = Language("en", ZoneInfo("Europe/Berlin"))
LATE = datetime(2023, 3, 31, 22, 5, tzinfo=UTC)


def test_dates_are_those_of_the_sites_time_zone() -> None:
    assert BERLIN.day(LATE) == "April 1, 2023"
    assert BERLIN.moment(LATE) == "April 1, 2023, 00:05 CEST"
    assert BERLIN.month(LATE) == "April"


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, "0 Bytes"),
        (1, "1 Byte"),
        (999, "999 Bytes"),
        (12_345, "12.3 kB"),
        (3_400_000, "3.4 MB"),
        (2 * 10**12, "2.0 TB"),
    ],
)
def test_sizes_are_in_the_largest_unit_that_fits(size: int, written: str) -> None:
    assert ENGLISH.size(size) == written


def test_lists_have_their_and_and_no_markup_but_what_is_given_as_such() -> None:
    assert [ENGLISH.listed("ABC"[:length]) for length in (1, 2, 3)] == ["A", "A and B", "A, B and C"]
    assert ENGLISH.listed(["<A>", Markup("<b>B</b>")]) == "&lt;A&gt; and <b>B</b>"


def test_a_message_has_its_values_and_the_messages_within_it() -> None:
    message = Message("%(who)s sent %(count)s: %(what)s", {"who": "Ann", "count": 12_345, "what": Message("100 %%")})

    assert ENGLISH.translated(message) == "Ann sent 12,345: 100 %"
    assert str(Message("Hello, %(who)s").of(who="Bo")) == "Hello, Bo"


@pytest.mark.parametrize("tag", ["en", "en-US", "EN"])
def test_english_needs_nothing_of_the_cldr(tag: str) -> None:
    assert type(language_of(tag, BERLIN._zone)) is Language
