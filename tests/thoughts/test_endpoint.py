"""The endpoint over HTTP: what it takes besides pings, and what it refuses before it reads."""

import gzip
from ipaddress import ip_network

import pytest
from sqlalchemy import select

from feedserver.errors import TimedOut
from feedserver.posts.model import Post
from feedserver.request_body import MAX_BODY
from feedserver.storage.schema import thoughts
from tests.support.pinging import call_body, ping_body, read_answer
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

pytestmark = pytest.mark.one_database

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# The bytes that WordPress 6.1 sends, headers and all, but for the addresses.
WORDPRESS_BODY = b"""<?xml version="1.0"?>
<methodCall>
<methodName>pingback.ping</methodName>
<params>
<param><value><string>http://other.example/2026/11/22/hello-friends/?p=1&amp;q=2</string></value></param>
<param><value><string>http://blog.example/posts/a-post#more</string></value></param>
</params></methodCall>
"""


def test_the_very_request_that_wordpress_sends_is_answered_as_it_expects(site: Site, target: str) -> None:
    source = "http://other.example/2026/11/22/hello-friends/?p=1&q=2"
    site.web.put(source, linking(target))
    headers = {
        "Host": "127.0.0.1:8090",
        "User-Agent": "The Incutio XML-RPC PHP Library -- WordPress/6.1.9",
        "Accept": "*/*",
        "Accept-Encoding": "deflate, gzip, br, zstd",
        "Referer": "http://127.0.0.1:8090/xmlrpc",
        "Content-Type": "text/xml",
        "Connection": "close",
        "Content-Length": str(len(WORDPRESS_BODY)),
    }

    response = site.client.post("/pingback", data=WORDPRESS_BODY, headers=headers)

    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers
    told = read_answer(response.data)
    assert str(told).startswith(f"Pingback from {source} to {target}#more registered. http://blog.example/receipts/")


@on_sqlite
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_post_is_taken(site: Site, method: str) -> None:
    response = site.client.open("/pingback", method=method)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@on_sqlite
def test_a_body_over_64_kib_is_413(site: Site) -> None:
    largest = ping_body(SOURCE, "http://blog.example/posts/a-post").ljust(MAX_BODY)

    assert site.call(largest).response.status_code == 200
    assert site.call(largest + b" ").response.status_code == 413
    assert site.call(largest * 4).response.status_code == 413


@on_sqlite
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_415(site: Site, target: str, coding: str) -> None:
    body = gzip.compress(ping_body(SOURCE, target))

    assert site.call(body, headers={"Content-Encoding": coding}).response.status_code == 415
    assert site.web.fetched == []


@on_sqlite
def test_a_body_that_says_it_is_not_compressed_is_taken(site: Site, target: str) -> None:
    assert site.ping(SOURCE, target, Content_Encoding="identity").outcome == 16


@on_sqlite
def test_system_methods_tell_of_all_methods_and_there_is_no_multicall(site: Site) -> None:
    listed = read_answer(site.call(call_body("system.listMethods")).response.data)

    assert listed == [
        "pingback.ping",
        "pingback.extensions.getPingbacks",
        "system.listMethods",
        "system.methodSignature",
        "system.methodHelp",
    ]
    for method in listed:
        signatures = read_answer(site.call(call_body("system.methodSignature", method)).response.data)
        assert isinstance(signatures, list)
        assert all(
            isinstance(signature, list) and all(isinstance(kind, str) for kind in signature) for signature in signatures
        )
        assert read_answer(site.call(call_body("system.methodHelp", method)).response.data)


@on_sqlite
@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("system.listMethods", ("x",), -32602),
        ("system.methodHelp", (), -32602),
        ("system.methodHelp", (1,), -32602),
        ("system.methodHelp", ("system.multicall",), -32601),
        ("system.methodSignature", ("no such thing",), -32601),
        ("system.multicall", ([],), -32601),
        ("pingback.extensions.getPingbacks", (), -32602),
        ("pingback.extensions.getPingbacks", ("a", "b"), -32602),
    ],
)
def test_other_methods_check_their_parameters_too(
    site: Site, method: str, params: tuple[object, ...], code: int
) -> None:
    assert site.call(call_body(method, *params)).outcome == code


def test_pingbacks_of_a_post_are_those_that_everybody_can_see(site: Site, post: Post, target: str) -> None:
    sources = [site.web.put(f"http://other.example/{number}", linking(target)) for number in range(4)]
    for source in sources:
        site.ping(source, target)
        site.clock.move(seconds=1)
    site.ping("http://gone.example/", target)
    site.moderate("hide", sources[1])
    site.moderate("spam", sources[2])

    told = read_answer(site.call(call_body("pingback.extensions.getPingbacks", target)).response.data)

    assert told == [sources[0], sources[3]]


def test_pingbacks_of_a_draft_and_of_nothing_are_told_alike(site: Site) -> None:
    site.publish("Draft", slug="draft", draft="true")
    site.publish("Scheduled", slug="scheduled", date="2027-01-01")

    names = ["draft", "scheduled", "unknown"]
    bodies = {
        site.call(call_body("pingback.extensions.getPingbacks", f"http://blog.example/posts/{name}")).response.data
        for name in names
    }
    other = site.call(call_body("pingback.extensions.getPingbacks", "http://blog.example/"))

    assert {read_answer(body) for body in bodies} == {32}
    assert len(bodies) == 1
    assert other.outcome == 33


# --- whose ping it is ---


def test_a_forwarded_sender_is_believed_from_a_trusted_proxy_alone(site_with: SiteWith) -> None:
    site = site_with(server_trusted_proxies=(ip_network("10.0.0.0/8"),), limits_sender=1)

    def outcome(number: int, sender: str, forwarded: str) -> str | int:
        source = site.web.put(f"http://other.example/{number}", linking(site.target))
        return site.ping(source, site.target, sender=sender, X_Forwarded_For=forwarded).outcome

    assert outcome(1, "10.0.0.1", "203.0.113.5") == "registered"
    assert outcome(2, "10.0.0.1", "203.0.113.5") == 49
    assert outcome(3, "10.0.0.2", "1.2.3.4, 203.0.113.5") == 49, (
        "what stands further left is the sender's own invention"
    )
    assert outcome(4, "10.0.0.1", "203.0.113.6") == "registered"
    assert outcome(5, "198.51.100.9", "203.0.113.77") == "registered", "not a proxy of ours: it is the sender itself"
    assert outcome(6, "198.51.100.9", "203.0.113.78") == 49
    assert site.web.senders == ["203.0.113.5", "203.0.113.6", "198.51.100.9"]


@pytest.mark.parametrize(
    "html", [linking("http://blog.example/posts/a-post"), "<p>No link."], ids=["shown", "rejected"]
)
def test_of_the_address_of_a_sender_only_the_network_is_stored_when_its_ping_is_settled(
    site: Site, target: str, html: str
) -> None:
    def stored() -> list[str | None]:
        with site.services.database.read() as connection:
            return list(connection.execute(select(thoughts.c.sender)).scalars())

    for sender in ("203.0.113.5", "203.0.113.6"):  # another sender has a known source looked at again
        site.web.fail(SOURCE, TimedOut("late"))
        site.ping(SOURCE, target, sender=sender)
        assert stored() == [sender]
        site.web.put(SOURCE, html)
        site.clock.move(hours=1)
        site.run_jobs()
        assert stored() == ["203.0.113.0/24"]
    assert set(site.web.senders) == {"203.0.113.5", "203.0.113.6"}


def test_a_sender_without_an_address_is_served_too(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))

    assert site.ping(SOURCE, target, sender="").outcome == "registered"
