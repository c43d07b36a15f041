"""The answers of `pingback.ping` that are given at once: docs/interface.md, “pingback.ping”, in its order.

Each through HTTP; nothing is fetched for any of them. The rows of pings that are known or stored: `test_answers`.
"""

import pytest

from tests.support.pinging import call_body, ping_body
from tests.thoughts.site import SOURCE, Site, SiteWith, assert_is_an_answer

# What never gets as far as the database is told apart on one of them.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# --- what is no ping at all ---


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ping",
        b"<methodCall>",
        ping_body("http://a.example/", "b")[:-10],
        b'<?xml version="1.0"?><!DOCTYPE methodCall><methodCall><methodName>pingback.ping</methodName></methodCall>',
        b"<a>" * 500 + b"</a>" * 500,
        b"<methodCall><methodName>\xff\xfe</methodName></methodCall>",
        b'<?xml version="1.0" encoding="utf-7"?><methodCall/>',
    ],
    ids=["nothing", "words", "unclosed", "cut short", "doctype", "too deep", "undecodable", "exotic encoding"],
)
def test_not_well_formed_or_unreasonable_xml_is_32700(site: Site, body: bytes) -> None:
    answer = site.call(body)

    assert_is_an_answer(answer)
    assert answer.fault == -32700


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>hello</body></html>",
        b"<methodCall/>",
        b"<methodCall><methodName> </methodName></methodCall>",
        b"<methodResponse><params><param><value>x</value></param></params></methodResponse>",
    ],
    ids=["another document", "no name", "blank name", "a response"],
)
def test_well_formed_but_no_call_is_32600(site: Site, body: bytes) -> None:
    answer = site.call(body)

    assert_is_an_answer(answer)
    assert answer.fault == -32600


@on_sqlite
@pytest.mark.parametrize("method", ["pingback", "system.multicall", "PINGBACK.PING", "__class__"])
def test_an_unknown_method_is_32601(site: Site, method: str) -> None:
    answer = site.call(call_body(method, SOURCE, "http://blog.example/posts/a-post"))

    assert_is_an_answer(answer)
    assert answer.fault == -32601


@on_sqlite
@pytest.mark.parametrize(
    "params",
    [
        (),
        (SOURCE,),
        (SOURCE, 3),
        (None, SOURCE),
        (SOURCE, b"x"),
        ([SOURCE, SOURCE],),
        (SOURCE, {"a": "b"}),
        ("", "", ""),
    ],
    ids=["none", "one", "a number", "nil", "base64", "an array", "a struct", "three"],
)
def test_anything_but_two_strings_is_32602(site: Site, params: tuple[object, ...]) -> None:
    answer = site.call(call_body("pingback.ping", *params))

    assert_is_an_answer(answer)
    assert answer.fault == -32602


# --- what is refused at once ---


BAD_URLS = {
    "empty": "",
    "relative": "/2026/hello",
    "another scheme": "ftp://other.example/",
    "javascript": "javascript:alert(1)",
    "user": "http://user:secret@other.example/",
    "a blank": "http://other.example/a b",
    "a tab in the host": "http://other\t.example/",
    "a backslash": "http://other.example\\@evil.example/",
    "port 0": "http://other.example:0/",
    "port too high": "http://other.example:65536/",
    "no host": "http:///posts/a-post",
    "too long": "http://other.example/" + "a" * 2048,
    "too long in ASCII": "http://" + "ü." * 400 + "example/",
}


@on_sqlite
@pytest.mark.parametrize("source", BAD_URLS.values(), ids=BAD_URLS.keys())
def test_a_source_that_is_no_absolute_http_url_is_16(site: Site, target: str, source: str) -> None:
    answer = site.ping(source, target)

    assert_is_an_answer(answer)
    assert answer.fault == 16
    assert site.web.fetched == []
    assert site.thoughts() == []


@on_sqlite
@pytest.mark.parametrize(
    "target",
    [
        *[url for name, url in BAD_URLS.items() if name != "too long in ASCII"],
        "http://other.example/posts/a-post",
        "http://blog.example:8080/posts/a-post",
        "http://blog.example/",
        "http://blog.example/posts",
        "http://blog.example/tags/x",
        "http://blog.example/feed.rss",
        "http://blog.example/posts/a-post/thoughts.rss",
        "http://blog.example/postsa-post",
        "http://blog.example/posts/a-post/more",
        "http://user@blog.example/posts/a-post",
    ],
)
@pytest.mark.usefixtures("post")
def test_a_target_that_is_no_post_of_this_site_is_33(site: Site, target: str) -> None:
    answer = site.ping(SOURCE, target)

    assert_is_an_answer(answer)
    assert answer.fault == 33
    assert site.web.fetched == []


def test_a_target_that_no_reader_can_see_is_32_with_the_same_bytes_whatever_it_is(site: Site) -> None:
    site.publish("Draft", slug="draft", draft="true")
    site.publish("Scheduled", slug="scheduled", date="2027-01-01")
    site.publish("Deleted", slug="deleted")
    site.services.publisher.delete("deleted")

    names = ["draft", "scheduled", "deleted", "unknown", "%00", "%ED%A0%80"]
    answers = [site.ping(SOURCE, f"http://blog.example/posts/{name}") for name in names]

    for answer in answers:
        assert_is_an_answer(answer)
        assert answer.fault == 32
    assert len({answer.response.data for answer in answers}) == 1
    assert site.web.fetched == []


def test_a_post_closed_to_pings_is_33(site: Site) -> None:
    closed = site.publish("Closed", pings="closed")

    answer = site.ping(SOURCE, site.url(closed))

    assert_is_an_answer(answer)
    assert answer.fault == 33
    assert site.web.fetched == []


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{}?a=b#c", "https://BLOG.example:443/posts/a-post", "old"])
def test_a_post_that_pings_itself_is_0(site: Site, target: str, spelling: str) -> None:
    site.services.publisher.rename("a-post", "new-name")
    source = target if spelling == "old" else spelling.format("http://blog.example/posts/new-name")

    answer = site.ping(source, target)

    assert_is_an_answer(answer)
    assert answer.fault == 0
    assert site.web.fetched == []


@pytest.mark.parametrize("source", ["http://spam.example/x", "https://www.SPAM.example:8443/x"])
def test_a_blocked_source_host_is_49(site: Site, target: str, source: str) -> None:
    site.rule("spam.example", "block")

    answer = site.ping(source, target)

    assert_is_an_answer(answer)
    assert answer.fault == 49
    assert site.web.fetched == []
    assert site.ping("http://notspam.example/x", target).outcome != 49


def test_a_sender_beyond_its_rate_is_49(site_with: SiteWith) -> None:
    site = site_with(limits_sender=2)
    target = site.url(site.publish())
    outcomes = [site.ping(f"http://other.example/{number}", target).fault for number in range(3)]

    assert outcomes == [16, 16, 49]
