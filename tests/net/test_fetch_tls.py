"""TLS: a good certificate is accepted; one with a wrong name, an expired or a self-signed one is not."""

import shutil
import ssl
import subprocess
from dataclasses import replace

import pytest

from feedserver.errors import ConnectionFailed, TimedOut
from feedserver.net.fetch import fetch
from tests.hostile.answers import dripping
from tests.hostile.authority import Authority
from tests.support.waiting import ends_in_time


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("the openssl command, which makes the certificates, is not installed")
    return Authority(tmp_path_factory.mktemp("tls"))


def expired(authority):
    try:
        return authority.expired("expired", "DNS:blog.example")
    except subprocess.CalledProcessError:
        pytest.skip("this openssl command makes no expired certificate")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_good_certificate_is_accepted_for_its_name(authority, serve, policy, version):
    tls = authority.server("good", "DNS:blog.example")
    tls.minimum_version = tls.maximum_version = version
    body = b"x" * 300_000
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), tls=tls)

    page = fetch(f"https://Blog.Example:{server.port}/", policy, tls=authority.trusted(), resolve=server.resolve)

    assert page.body == body
    assert f"Host: blog.example:{server.port}\r\n".encode() in server.requests[0]


def test_a_good_certificate_is_accepted_for_an_address(authority, serve, policy, page):
    server = serve(tls=authority.server("address", "IP:127.0.2.1"))

    assert fetch(server.url, policy, tls=authority.trusted()).body == b"hello"


def test_the_name_is_told_to_the_server(authority, serve, policy):
    tls, told = authority.server("sni", "DNS:blog.example"), []
    tls.sni_callback = lambda sock, name, context: told.append(name)
    server = serve(tls=tls)

    fetch(f"https://blog.example:{server.port}/", policy, tls=authority.trusted(), resolve=server.resolve)

    assert told == ["blog.example"]


def test_a_body_ends_where_the_connection_does(authority, serve, policy):
    server = serve(b"HTTP/1.1 200 OK\r\n\r\nhello", tls=authority.server("ragged", "IP:127.0.2.1"))

    assert fetch(server.url, policy, tls=authority.trusted()).body == b"hello"


@pytest.mark.parametrize(
    "certificate",
    [
        lambda authority: authority.server("other", "DNS:other.example"),
        lambda authority: authority.self_signed("alone", "DNS:blog.example"),
        expired,
    ],
    ids=["wrong name", "self-signed", "expired"],
)
def test_a_bad_certificate_is_refused_before_anything_is_asked(authority, serve, policy, certificate):
    server = serve(tls=certificate(authority))

    with pytest.raises(ConnectionFailed, match="certificate"):
        fetch(f"https://blog.example:{server.port}/", policy, tls=authority.trusted(), resolve=server.resolve)

    assert server.requests == []


def test_the_system_trusts_no_authority_of_ours(authority, serve, policy):
    server = serve(tls=authority.server("unknown", "DNS:blog.example"))

    with pytest.raises(ConnectionFailed, match="certificate"):
        fetch(f"https://blog.example:{server.port}/", policy, resolve=server.resolve)


def test_a_redirect_may_lead_from_http_to_https_and_back(authority, serve, policy):
    last = serve()
    middle = serve(
        f"HTTP/1.1 301 x\r\nLocation: {last.url}\r\n\r\n".encode(), tls=authority.server("middle", "IP:127.0.2.1")
    )
    first = serve(f"HTTP/1.1 301 x\r\nLocation: {middle.url}\r\n\r\n".encode())

    assert fetch(first.url, policy, tls=authority.trusted()).url == last.url


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x16\x03\x03\xff\xff", b""]
)
def test_another_protocol_where_tls_should_be_is_a_failure(serve, policy, greeting):
    server = serve(greeting, speaks_first=True)

    with pytest.raises(ConnectionFailed):
        fetch(f"https://127.0.2.1:{server.port}/", policy)


def test_the_deadline_holds_while_the_handshake_drips(serve, policy):
    server = serve(dripping(b"\x16\x03\x03\x40\x00", b"\x02"), speaks_first=True)

    with ends_in_time(), pytest.raises((TimedOut, ConnectionFailed)):
        fetch(f"https://127.0.2.1:{server.port}/", replace(policy, timeout=0.4))


def test_records_without_content_are_counted(authority, serve, policy):
    tls = authority.server("tickets", "IP:127.0.2.1")
    tls.num_tickets = 20_000
    server = serve(tls=tls)

    with pytest.raises(ConnectionFailed, match="too long"):
        fetch(server.url, policy, tls=authority.trusted())


def test_a_name_that_tls_cannot_carry_is_a_failure(serve, policy):
    server = serve()

    with pytest.raises(ConnectionFailed):
        fetch(f"https://.example:{server.port}/", policy, resolve=server.resolve)


def test_the_deadline_holds_while_the_body_drips_through_tls(authority, serve, policy):
    server = serve(dripping(b"HTTP/1.1 200 OK\r\n\r\n"), tls=authority.server("drip", "IP:127.0.2.1"))

    with ends_in_time(), pytest.raises(TimedOut):
        fetch(server.url, replace(policy, timeout=0.4), tls=authority.trusted())
