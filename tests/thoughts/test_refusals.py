"""The answers of `pingback.ping` that are given at once: docs/interface.md, “pingback.ping”, in its order.

Each through HTTP; nothing is fetched for any of them. The rows of pings that are known or stored: `test_answers`.
"""

from functools import partial

import pytest

from feedserver.errors import SourceMissing
from tests.support.pinging import call_body, ping_body
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

# What never gets as far as the database is told apart on one of them.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# --- what is no ping at all ---


PING = call_body("pingback.ping", SOURCE, SOURCE)
NO_PINGS = {
    "nothing": (b"", -32700),
    "words": (b"ping", -32700),
    "unclosed": (b"<methodCall>", -32700),
    "cut short": (ping_body("http://a.example/", "b")[:-10], -32700),
    "doctype": (PING.replace(b"<methodCall>", b"<!DOCTYPE methodCall><methodCall>"), -32700),
    "too deep": (b"<a>" * 500 + b"</a>" * 500, -32700),
    "undecodable": (b"<methodCall><methodName>\xff\xfe</methodName></methodCall>", -32700),
    "exotic encoding": (b'<?xml version="1.0" encoding="utf-7"?><methodCall/>', -32700),
    "another document": (b"<html><body>hello</body></html>", -32600),
    "no name": (b"<methodCall/>", -32600),
    "blank name": (b"<methodCall><methodName> </methodName></methodCall>", -32600),
    "a response": (PING.replace(b"methodCall", b"methodResponse"), -32600),
    "no method": (call_body("pingback", SOURCE, SOURCE), -32601),
    "multicall": (call_body("system.multicall", SOURCE, SOURCE), -32601),
    "a method in capitals": (call_body("PINGBACK.PING", SOURCE, SOURCE), -32601),
    "an attribute of Python": (call_body("__class__", SOURCE, SOURCE), -32601),
    "no parameter": (call_body("pingback.ping"), -32602),
    "one parameter": (call_body("pingback.ping", SOURCE), -32602),
    "a number": (call_body("pingback.ping", SOURCE, 3), -32602),
    "nil": (call_body("pingback.ping", None, SOURCE), -32602),
    "base64": (call_body("pingback.ping", SOURCE, b"x"), -32602),
    "an array": (call_body("pingback.ping", [SOURCE, SOURCE]), -32602),
    "a struct": (call_body("pingback.ping", SOURCE, {"a": "b"}), -32602),
    "three parameters": (call_body("pingback.ping", "", "", ""), -32602),
}


@on_sqlite
@pytest.mark.parametrize(("body", "code"), NO_PINGS.values(), ids=NO_PINGS)
def test_what_is_no_ping_is_answered_with_the_code_of_xml_rpc(site: Site, body: bytes, code: int) -> None:
    assert site.call(body).outcome == code


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
    assert site.ping(source, target).outcome == 16
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
    assert site.ping(SOURCE, target).outcome == 33
    assert site.web.fetched == []


def test_a_target_that_no_reader_can_see_is_32_with_the_same_bytes_whatever_it_is(site: Site) -> None:
    site.publish("Draft", slug="draft", draft="true")
    site.publish("Scheduled", slug="scheduled", date="2027-01-01")
    site.publish("Deleted", slug="deleted")
    site.services.publisher.delete("deleted")

    names = ["draft", "scheduled", "deleted", "unknown", "%00", "%ED%A0%80"]
    answers = [site.ping(SOURCE, f"http://blog.example/posts/{name}") for name in names]

    for answer in answers:
        assert answer.outcome == 32
    assert len({answer.response.data for answer in answers}) == 1
    assert site.web.fetched == []


def test_a_post_closed_to_pings_is_33(site: Site) -> None:
    closed = site.publish("Closed", pings="closed")

    assert site.ping(SOURCE, site.url(closed)).outcome == 33
    assert site.web.fetched == []


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{}?a=b#c", "https://BLOG.example:443/posts/a-post", "old"])
def test_a_post_that_pings_itself_is_0(site: Site, target: str, spelling: str) -> None:
    site.services.publisher.rename("a-post", "new-name")
    source = target if spelling == "old" else spelling.format("http://blog.example/posts/new-name")

    assert site.ping(source, target).outcome == 0
    assert site.web.fetched == []


@pytest.mark.parametrize("source", ["http://spam.example/x", "https://www.SPAM.example:8443/x"])
def test_a_blocked_source_host_is_49(site: Site, target: str, source: str) -> None:
    site.rule("spam.example", "block")

    assert site.ping(source, target).outcome == 49
    assert site.web.fetched == []
    assert site.ping("http://notspam.example/x", target).outcome != 49


def test_a_sender_beyond_its_rate_is_49(site_with: SiteWith) -> None:
    site = site_with(limits_sender=2)
    outcomes = [site.ping(f"http://other.example/{number}", site.target).outcome for number in range(3)]

    assert outcomes == [16, 16, 49]


OWN_PLACES = [
    "/",
    "/?page=2",
    "/feed.rss",
    "/feed.atom/",
    "/tags/x",
    "/authors/Ann%20Author",
    "/pingback",
    "/posts",
    "/posts/draft",
    "/posts/unknown",
    "/posts/deleted",
    "/posts/a-post/thoughts.rss",
    "/posts/a-post/comments",
    "/receipts/{token}",
    "/receipts/{token}.json",
    "/healthz",
    "/nowhere",
]


@pytest.mark.parametrize("base", ["http://blog.example", "HTTPS://Blog.example.:443"])
def test_a_source_on_this_site_that_is_no_post_for_readers_is_16_and_leaves_nothing(
    site: Site, target: str, base: str
) -> None:
    site.publish("Draft", slug="draft", body=f"[x]({target})", draft="true")
    site.publish("Deleted", slug="deleted", body=f"[x]({target})")
    site.services.publisher.delete("deleted")
    token = site.mention(target).receipt.rpartition("/")[2]
    (before,), jobs = site.thoughts(), site.jobs()

    for place in OWN_PLACES:
        source = base + place.format(token=token)
        for mentioned in (target, "http://blog.example/", "http://blog.example/posts/unknown", "no URL"):
            assert (source, site.ping(source, mentioned).outcome) == (source, 16)
    assert (site.thoughts(), site.jobs()) == ([before], jobs)
    assert site.web.fetched == [SOURCE]


def test_a_place_beside_the_path_of_this_site_is_another_site(site_with: SiteWith) -> None:
    site = site_with(site_url="http://shared.example/~ann")
    target = site.url(site.publish("A post", slug="a-post"))
    receive = partial(site.services.receiver.receive, target=target, sender="198.51.100.7")

    assert receive(site.web.put("http://shared.example/~bob/feed.rss", linking(target))).outcome == "registered"
    for source in ("http://shared.example/~ann/feed.rss", "http://shared.example/%7Eann"):
        with pytest.raises(SourceMissing):
            receive(source)
