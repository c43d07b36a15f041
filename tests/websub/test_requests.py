"""What the hub is asked for (WebSub section 5.1): forms that are taken, and what is wrong with others."""

from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies

from feedserver.errors import SubscriptionUnusable
from feedserver.settings import EgressSettings
from feedserver.websub.requests import check_callback, parse

CALLBACK, TOPIC = "http://reader.example/a?x=1", "http://blog.example/feed.atom"
EGRESS = EgressSettings(allow=(ip_network("127.0.2.0/24"),), ports=frozenset({80, 443, 8080}))


def form(**fields: str | None) -> bytes:
    """The usual form with other fields; None leaves one out."""
    usual = {"callback": CALLBACK, "topic": TOPIC, "mode": "subscribe"} | fields
    return urlencode({f"hub.{name}": value for name, value in usual.items() if value is not None}).encode()


def test_three_fields_are_enough() -> None:
    request = parse(form())

    assert (request.callback, request.topic_url, request.asked.mode) == (CALLBACK, TOPIC, "subscribe")
    assert (request.asked.lease, request.asked.secret, request.asked.token) == (timedelta(days=10), None, None)


def test_all_fields_are_read() -> None:
    asked = parse(form(mode="unsubscribe", lease_seconds="172800", secret="ß" * 99, verify_token="t t")).asked

    assert (asked.mode, asked.lease, asked.secret, asked.token) == ("unsubscribe", timedelta(days=2), "ß" * 99, "t t")


@pytest.mark.parametrize(
    ("seconds", "days"),
    [("1", 1), ("86400", 1), ("0864000", 10), ("1296000", 15), ("1296001", 15), ("9" * 10_000, 15)],
)
def test_the_lease_is_bounded(seconds: str, days: int) -> None:
    assert parse(form(lease_seconds=seconds)).asked.lease == timedelta(days=days)


def test_an_empty_secret_and_an_empty_token_are_none() -> None:
    asked = parse(form(secret="", verify_token="")).asked

    assert (asked.secret, asked.token) == (None, None)


def test_unknown_fields_are_ignored_however_often() -> None:
    assert parse(form() + b"&foo=bar&foo=baz&hub.verify=sync&hub.verify=async&mode=x") == parse(form())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "hub.mode"),
        (form(mode=None), "hub.mode"),
        (form(mode="publish"), "hub.mode"),
        (form(mode="Subscribe"), "hub.mode"),
        (form(callback=None), "hub.callback"),
        (form(topic=""), "hub.topic"),
        (form(lease_seconds=""), "hub.lease_seconds"),
        (form(lease_seconds="0"), "hub.lease_seconds"),
        (form(lease_seconds="-86400"), "hub.lease_seconds"),
        (form(lease_seconds="86400.5"), "hub.lease_seconds"),
        (form(lease_seconds="a day"), "hub.lease_seconds"),
        (form(lease_seconds="٨٦٤٠٠"), "hub.lease_seconds"),
        (form(secret="s" * 200), "hub.secret"),
        (form(secret="ß" * 100), "hub.secret"),
        (form() + b"&hub.secret=%ff", "hub.secret"),
        (form() + b"&hub.secret=a%00b", "hub.secret"),
        (form(verify_token="t" * 256), "hub.verify_token"),
        (form() + b"&hub.callback=http://other.example/", "hub.callback"),
        (form() + b"&hub.topic=http://other.example/", "hub.topic"),
        (form() + b"&a=1" * 200, "the form"),
        (b"\xff\xfe\x00", "hub.mode"),
    ],
)
def test_an_unusable_field_is_named(body: bytes, field: str) -> None:
    with pytest.raises(SubscriptionUnusable, match=rf"^{field}: "):
        parse(body)


@given(strategies.binary(max_size=300))
def test_no_form_breaks_it(body: bytes) -> None:
    with suppress(SubscriptionUnusable):
        parse(body + b"&" + form())


@pytest.mark.parametrize(
    "callback",
    [
        CALLBACK,
        "https://reader.example",
        "https://reader.example:8080/ü?q=ü",
        "http://127.0.2.7:8080/a",
        "http://198.41.0.4/",
        "http://[2001:4860:4860::8888]/a",
        "http://reader.example/".ljust(2048, "x"),
    ],
)
def test_a_callback_that_may_be_contacted(callback: str) -> None:
    check_callback(callback, EGRESS)


@pytest.mark.parametrize(
    "callback",
    [
        "reader.example/a",
        "/a",
        "ftp://reader.example/a",
        "javascript:alert(1)",
        "http://ann@reader.example/a",
        "http://ann:secret@reader.example/a",
        "http://reader.example/a#b",
        "http://reader.example/a#",
        "http://reader.example/a b",
        "http://reader.example/a\r\nX: y",
        "http://reader.example\\@other.example/",
        "http://reader.example:0/",
        "http://reader.example:65536/",
        "http://reader.example:22/",
        "https://reader.example:6379/",
        "http:///a",
        "http://reader.example/".ljust(2049, "x"),
        "http://127.0.0.1/a",
        "http://127.1/a",
        "http://0x7f000001/a",
        "http://2130706433/a",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://224.0.0.1/",
    ],
)
def test_a_callback_that_is_never_contacted(callback: str) -> None:
    with pytest.raises(SubscriptionUnusable, match=r"^hub\.callback: "):
        check_callback(callback, EGRESS)
