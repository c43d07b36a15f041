"""Webmention on the wire: which status tells a sender what, and in which form."""

import pytest

from feedserver.errors import AlreadyKnown, PingError, TooManyPings
from feedserver.thoughts import webmention
from feedserver.thoughts.webmention import FormError, fields, form_of_answer, only_value
from tests.thoughts.test_pingback import every_error


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_every_ping_error_has_its_status_and_is_told_in_plain_words(error: type[PingError]) -> None:
    assert error in webmention.STATUSES

    told = webmention.refused(error())

    assert told.status == webmention.STATUSES[error]
    assert told.state == "refused"
    assert error.__name__ not in told.line
    assert (told.retry_after is not None) == (told.status in (429, 503))


def test_who_pings_too_often_is_told_when_there_is_room_again() -> None:
    assert webmention.refused(TooManyPings(7)).retry_after == 7


@pytest.mark.parametrize("state", ["shown", "held", "spam", "deleted"])
def test_what_is_known_is_taken_with_its_state_and_receipt(state: str) -> None:
    told = webmention.refused(AlreadyKnown("https://blog.example/receipts/x", state))

    assert told.as_json == {"status": state, "summary": told.summary, "receipt": "https://blog.example/receipts/x"}
    assert ("looked at again" in told.summary) == (state in ("shown", "held"))
    assert told.line == f"{told.summary}. https://blog.example/receipts/x"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "text"),
        ("*/*", "text"),
        ("text/plain", "text"),
        ("text/*", "text"),
        ("image/png", "text"),
        ("application/json", "json"),
        ("application/json; charset=utf-8", "json"),
        ("application/json, text/plain, */*", "json"),
        ("application/json;q=0.9, text/html;q=0.8", "json"),
        ("text/plain, application/json", "text"),
        ("application/json;q=0, */*", "text"),
        ("application/json;q=0", "text"),
        ("text/html", "html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "html"),
        ("text/html, */*", "html"),
        ("*/*, text/html", "html"),
        ("text/html;q=0.1, */*", "text"),
        ("TEXT/HTML", "html"),
        ("text/html," * 1_000, "html"),
        (";=,/", "text"),
    ],
)
def test_the_form_of_an_answer_is_the_one_that_the_sender_prefers(accept: str, form: str) -> None:
    assert form_of_answer(accept) == form


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"source=http%3A%2F%2Fa.example%2F%3Fa%3Db%26c", "http://a.example/?a=b&c"),
        (b"source=http://a.example/", "http://a.example/"),
        (b"source=+http://a.example/%0A", "http://a.example/"),
        (b"a=b&source=http://a.example/&code=x&vouch=y&=&&z", "http://a.example/"),
        ("source=http://bücher.example/".encode(), "http://bücher.example/"),
        (b"source=http://b%C3%BCcher.example/", "http://bücher.example/"),
        (b"other=%FF&source=http://a.example/", "http://a.example/"),
    ],
)
def test_a_field_is_read_as_forms_send_it(body: bytes, value: str) -> None:
    assert only_value(fields(body), "source") == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"source",
        b"source=",
        b"source=%20",
        b"Source=http://a.example/",
        b"source=http://a.example/&source=http://a.example/",
        b"source=http://a.example/&source=",
        b"source=http://b%FCcher.example/",
        b"source=http://b\xfccher.example/",
        b"\xff\xfe\x00",
    ],
)
def test_a_field_that_is_missing_or_there_twice_or_garbled_is_named(body: bytes) -> None:
    with pytest.raises(FormError, match="the field “source”"):
        only_value(fields(body), "source")


def test_what_a_person_typed_can_be_shown_again_whatever_it_was() -> None:
    assert webmention.typed(fields(b"source=a%FFb"), "source") == "a?b"
    assert webmention.typed(fields(b""), "source") == ""
