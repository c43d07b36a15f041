"""Dates: read as people mean them, and refused where nobody can know."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedserver.posts.dates import UnreadableDate, read

TEN = datetime(2024, 1, 5, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("GMT+0100", 1),
        ("GMT+1", 1),
        ("GMT-1", -1),
        ("GMT +1", 1),
        ("GMT + 1", 1),
        ("GMT+01:00", 1),
        ("UTC+01:00", 1),
        ("UTC +01:00", 1),
        ("UTC-5", -5),
        ("UTC+5:30", 5.5),
        ("utc+01:00", 1),
        ("gmt", 0),
        ("UT", 0),
        ("Z", 0),
        ("Z+1", 1),
        ("\N{MINUS SIGN}05:00", -5),
        ("GMT+0100 (Central European Standard Time)", 1),
        ("CET", 1),
        ("CEST", 2),
        ("AEST", 10),
        ("PDT", -7),
        ("CET+1", 1),
        ("CET+0100", 1),
        ("EST-0500", -5),
        ("BRST-3", -3),
        ("IST+0530", 5.5),
        ("+0530 (IST)", 5.5),
    ],
)
@pytest.mark.parametrize("form", ["2024-01-05 10:00 {}", "Fri Jan 05 2024 10:00:00 {}", "5 January 2024 10am {}"])
def test_an_offset_is_ahead_of_utc_where_it_has_a_plus_whatever_stands_before_it(
    form: str, zone: str, hours: float
) -> None:
    assert read(form.format(zone), BERLIN) == TEN - timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["-13:99", "+1399", "+01:60", "+1:75", "UTC-12:75", "GMT+0175", "+15:00", "-1430"])
@pytest.mark.parametrize("form", ["2024-01-05 10:00 {}", "2024-01-05T10:00:00{}", "5-Jan-2024 10am {}"])
def test_an_offset_that_no_zone_has_is_refused_with_what_to_write(form: str, zone: str) -> None:
    with pytest.raises(UnreadableDate, match=r"^is not a date: .*; write it as 2026-01-31 18:00$"):
        read(form.format(zone), UTC)


def test_the_offsets_furthest_from_utc_are_read_and_years_are_no_offsets() -> None:
    assert read("2024-01-05 10:00 +14:00", UTC) == TEN - timedelta(hours=14)
    assert read("2024-01-05 10:00 -12:00", UTC) == TEN + timedelta(hours=12)
    assert read("5-Jan-1999 10:00 +05:45", UTC) == datetime(1999, 1, 5, 4, 15, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["GMT+1", "UTC-05:00", "CET+1", "Z"])
def test_a_zone_may_stand_close_to_the_time(zone: str) -> None:
    assert read(f"2024-01-05 10:00{zone}", BERLIN) == read(f"2024-01-05 10:00 {zone}", BERLIN)


@pytest.mark.parametrize("zone", ["IST", "CST", "EST", "BST", "PST", "MST", "CDT", "AST", "XYZ", "EST+5", "PST-0700"])
def test_letters_that_mean_several_zones_are_refused_with_what_to_write(zone: str) -> None:
    with pytest.raises(UnreadableDate, match=r"write it as \+01:00|write the offset alone|write it as 2026"):
        read(f"2024-01-05 10:00 {zone}", UTC)


@pytest.mark.parametrize(("zone", "hours"), [("EST", -5), ("CDT", -5), ("PST", -8), ("GMT", 0)])
def test_in_dates_of_rfc_5322_its_zones_mean_what_section_4_3_says(zone: str, hours: int) -> None:
    assert read(f"Fri, 05 Jan 2024 10:00:00 {zone}", BERLIN) == TEN - timedelta(hours=hours)
    assert read(f"5 Jan 24 10:00 {zone}", BERLIN) == TEN - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05.06.2024", (2024, 6, 5)),
        ("5.6.2024", (2024, 6, 5)),
        ("5. 6. 2024", (2024, 6, 5)),
        ("05.06.24", (2024, 6, 5)),
        ("13/06/2024", (2024, 6, 13)),
        ("06/13/2024", (2024, 6, 13)),
        ("13-06-2024", (2024, 6, 13)),
        ("05/05/2024", (2024, 5, 5)),
        ("12/31/99", (1999, 12, 31)),
        ("2024-05-06", (2024, 5, 6)),
        ("2024/05/06", (2024, 5, 6)),
        ("2024.05.06", (2024, 5, 6)),
        ("2024 5 6", (2024, 5, 6)),
        ("99-05-06", (1999, 5, 6)),
        ("99 - 05 - 06", (1999, 5, 6)),
        ("99. 05. 06.", (1999, 5, 6)),
        ("5 . 6 . 2024", (2024, 6, 5)),
        ("2024,05,06", (2024, 5, 6)),
        ("13,06,2024", (2024, 6, 13)),
        ("June 5,2024", (2024, 6, 5)),
        ("20240506", (2024, 5, 6)),
        ("20240506T0000", (2024, 5, 6)),
        ("2024", (2024, 1, 1)),
        ("2024-05", (2024, 5, 1)),
        ("05/2024", (2024, 5, 1)),
        ("June 2024", (2024, 6, 1)),
        ("June of 2024", (2024, 6, 1)),
        ("June 5, 2024", (2024, 6, 5)),
        ("5-Jun-2024", (2024, 6, 5)),
        ("Wed, 5th of June 2024", (2024, 6, 5)),
        ("6/13/2024, 12:00:00\u202fAM", (2024, 6, 13)),
    ],
)
def test_a_day_is_read(text: str, day: tuple[int, int, int]) -> None:
    assert read(text, UTC) == datetime(*day, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2024. 06. 05.", "2024. 6. 5", "2024 . 6 . 5", "2024 - 06 - 05", "2024 / 06 / 05"])
@pytest.mark.parametrize("form", ["{} 10:00", "{} 10:00:00", "Wed {} 10am"])
def test_a_year_that_comes_first_is_the_first_figure_whatever_stands_between(form: str, day: str) -> None:
    assert read(form.format(day), UTC) == datetime(2024, 6, 5, 10, tzinfo=UTC)


def test_a_time_that_comes_before_the_year_is_no_figure_of_the_day() -> None:
    assert read("10:00 2024. 6. 5.", UTC) == read("10am 2024 / 06 / 05", UTC) == datetime(2024, 6, 5, 10, tzinfo=UTC)
    assert read("10:45. 5. 6. 2024", UTC) == datetime(2024, 6, 5, 10, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "05/06/2024",
        "5/6/2024",
        "05-06-2024",
        "05 06 2024",
        "05/06/24",
        "10/11/12",
        "240506",
        "05/06/2024 10:00",
        "05,06,2024",
    ],
)
def test_figures_that_can_be_read_in_two_orders_are_refused_with_both_days(text: str) -> None:
    with pytest.raises(UnreadableDate, match=r"can be read as \d{4}-\d\d-\d\d or \d{4}-\d\d-\d\d.*write the one"):
        read(text, UTC)


@pytest.mark.parametrize("text", ["5 June", "05.06.", "Friday", "10:00", "June", "05/06"])
def test_a_date_without_a_year_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UnreadableDate, match=r"write it as 2026-01-31 18:00"):
        read(text, UTC)


@pytest.mark.parametrize("text", ["Monday 2024", "2024 10:00", "2024-06 10:00", "May June 2024"])
def test_figures_without_a_day_are_no_date_with_one(text: str) -> None:
    with pytest.raises(UnreadableDate, match=r"^(has no day|is not a date): .*; write it as 2026-01-31 18:00$"):
        read(text, UTC)


@pytest.mark.parametrize("text", ["2024-01-05 10:00:00,25", "20240105T100000,25", "2024-01-05,10:00:00"])
def test_a_comma_is_a_fraction_after_seconds_alone(text: str) -> None:
    assert read(text, UTC) == TEN


@pytest.mark.parametrize(
    ("text", "when"), [("9999-12-31", "later"), ("0001-01-01", "earlier"), ("1-Jan-0001", "earlier")]
)
def test_the_first_and_last_days_of_all_are_refused_with_the_reason(text: str, when: str) -> None:
    with pytest.raises(UnreadableDate, match=rf"^is {when} than any date of a post can be: "):
        read(text, UTC)


@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2200, 1, 1)),  # noqa: DTZ001 - times in a zone of their own
    st.integers(-14 * 4, 14 * 4),
    st.sampled_from(["", " ", " GMT", "GMT", " UTC ", " CXT", " (CXT) "]),
    st.sampled_from(["", ":"]),
)
def test_any_offset_means_the_same_after_any_name(moment: datetime, quarters: int, name: str, colon: str) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    offset = f"{aware:%z}"[:3] + colon + f"{aware:%z}"[3:]
    before, after = ("", f" {name.strip()}") if "(" in name else (name, "")

    assert read(f"{aware:%Y-%m-%d %H:%M:%S}{before}{offset}{after}", BERLIN) == aware


@given(st.text(st.sampled_from("0123456789./-: +TZUCGMTaemnJunJan(),"), max_size=30))
@example("2024-01-05 10:00 GMT+99999999999999")
@example("1e400")
@example("2024-01-05 nan")
def test_any_text_is_a_time_in_utc_or_refused(text: str) -> None:
    try:
        found = read(text, UTC)
    except UnreadableDate:
        return

    assert (found.tzinfo, found.microsecond) == (UTC, 0)
    assert found.year > 1
