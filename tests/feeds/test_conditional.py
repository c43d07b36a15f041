"""Conditional requests and the choice of a content coding."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver.content_coding import coding
from feedserver.feeds.conditional import Validators, not_modified

HASH = "0123456789abcdef0123456789abcdef"
MOMENT = datetime(2026, 3, 8, 12, 0, 0, tzinfo=UTC)
VALIDATORS = Validators(f'W/"{HASH}"', MOMENT)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    "sent",
    [
        f'W/"{HASH}"',
        f'"{HASH}"',
        f'"other", W/"{HASH}"',
        f'W/"a",W/"b,c" ,W/"{HASH}"',
        "*",
        " * ",
        HASH,
        f"W/{HASH}",
        f'W/"{HASH}-gzip"',
        f'"{HASH}-br"',
        f"{HASH}-gzip",
    ],
)
def test_our_tag_matches_in_every_form_that_readers_and_proxies_send(sent: str) -> None:
    assert not_modified(VALIDATORS, sent, None)


@pytest.mark.parametrize(
    "sent",
    ["", '""', '"other"', f'W/"{HASH[:-1]}"', f'"{HASH}0"', f'"x, {HASH}"', '"*"', "W/", ",,,", '"'],
)
def test_other_tags_do_not_match(sent: str) -> None:
    assert not not_modified(VALIDATORS, sent, None)


@pytest.mark.parametrize(
    ("since", "has_it"),
    [
        (http_date(MOMENT), True),
        (http_date(MOMENT + timedelta(seconds=1)), True),
        (http_date(MOMENT + timedelta(days=3650)), True),
        (http_date(MOMENT - timedelta(seconds=1)), False),
        ("Sunday, 08-Mar-26 12:00:00 GMT", True),
        ("Sun Mar  8 12:00:00 2026", True),
        ("Sun Mar  8 11:59:59 2026", False),
        ("Sun, 08 Mar 2026 13:00:00 +0100", True),
        ("Sun, 08 Mar 2026 12:59:59 +0100", False),
    ],
)
def test_a_date_matches_when_it_is_ours_or_later(since: str, has_it: bool) -> None:
    assert not_modified(VALIDATORS, None, since) is has_it


@pytest.mark.parametrize(
    "since",
    [
        "",
        "0",
        "yesterday",
        "2026-03-08T12:00:00Z",
        "Sun, 99 Mar 2026 12:00:00 GMT",
        "1 Jan 99999999999999999999 1:2 GMT",
    ],
)
def test_an_invalid_date_is_no_condition(since: str) -> None:
    assert not not_modified(VALIDATORS, None, since)


@settings(deadline=None)  # the speed of the machine does not matter
@given(st.text(st.sampled_from('09:+-, GMTSunMar2026()"\\\t'), max_size=40))
def test_no_date_however_mangled_is_an_error(since: str) -> None:
    assert not_modified(VALIDATORS, None, since) in (True, False)


@settings(deadline=None)
@given(st.text(st.sampled_from('W/"*,; -gzip0123\t\x80'), max_size=40))
def test_no_list_of_tags_however_mangled_is_an_error(tags: str) -> None:
    assert not_modified(VALIDATORS, tags, None) in (True, False)


@pytest.mark.parametrize(
    ("tag", "since", "has_it"),
    [
        ('"other"', http_date(MOMENT), False),
        (VALIDATORS.etag, http_date(MOMENT - timedelta(days=1)), True),
        ("", http_date(MOMENT), False),
        (VALIDATORS.etag, "garbage", True),
    ],
)
def test_if_none_match_wins_where_both_are_sent(tag: str, since: str, has_it: bool) -> None:
    assert not_modified(VALIDATORS, tag, since) is has_it


def test_a_request_without_conditions_gets_the_feed() -> None:
    assert not not_modified(VALIDATORS, None, None)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br; q=0.5 , gzip ; q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("identity", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", "identity"),
        ("deflate, zstd", "identity"),
        ("gzip;q=..", "identity"),
        (",;,q=1,", "identity"),
        ("gzip" + ",x" * 4000, "gzip"),
        ("x," * 4000 + "gzip", "identity"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_coding_with_the_highest_quality_is_chosen(accepted: str | None, chosen: str) -> None:
    assert coding(accepted) == chosen


@settings(deadline=None)
@given(st.text(st.sampled_from("gzipbr*;q=.01, "), max_size=30))
def test_no_accept_encoding_however_mangled_is_an_error(accepted: str) -> None:
    assert coding(accepted) in ("br", "gzip", "identity")


def test_a_long_accept_encoding_is_read_up_to_its_last_whole_element() -> None:
    assert coding("x" * 283 + ", gzip;q=0, br;q=0") == "identity"
