"""Fetches from honest servers: requests, responses, redirects, codings."""

import gzip
import zlib
from dataclasses import replace

import pytest

from feedserver.errors import BadStatus, BudgetSpent, ConnectionFailed, FetchError, NotText, TimedOut, TooManyRedirects
from feedserver.net.fetch import FetchedPage, fetch
from tests.hostile.answers import TOO_LATE
from tests.support.waiting import SECONDS, ends_in_time


def answer(*headers, status="200 OK", body=b"", length=True):
    fixed = [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, *fixed, "", ""]).encode() + body


def chunked(*chunks):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def test_a_page_is_returned_with_its_metadata(serve, policy):
    validators = ('ETag: W/"7"', "Last-Modified: Sat, 31 Jan 2026 12:00:00 GMT")
    server = serve(answer("Content-Type: text/html; charset=x", *validators, body=b"<p>hello"))

    page = fetch(server.url, policy)

    expected = ("text/html; charset=x", b"<p>hello", False, 'W/"7"', "Sat, 31 Jan 2026 12:00:00 GMT")
    assert page == FetchedPage(server.url, 200, *expected)


def test_the_request_names_us_and_the_sender_and_asks_for_plain_html(serve, policy):
    server = serve()

    fetch(f"{server.url}?a=1#part", policy, sender="192.0.2.7")

    assert server.requests[0].decode().split("\r\n") == [
        "GET /page?a=1 HTTP/1.1",
        f"Host: {server.address}:{server.port}",
        "Accept: text/html, application/xhtml+xml;q=0.9",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: feedserver/1 (+https://blog.example)",
        "X-Pingback-Forwarded-For: 192.0.2.7",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/é/ü?ö=ß", b"/%C3%A9/%C3%BC?%C3%B6=%C3%9F"),
        ("/%E9%2f?q=%20", b"/%E9%2f?q=%20"),
        ("", b"/"),
        ("?q", b"/?q"),
        ("//twice//", b"//twice//"),
        ('/"<>^`{|}', b"/%22%3C%3E%5E%60%7B%7C%7D"),
        ("/\ud800", b"/?"),
    ],
)
def test_a_path_is_sent_in_ascii(serve, policy, asked, sent):
    server = serve()

    fetch(f"http://{server.address}:{server.port}{asked}", policy)

    assert server.requests[0].split()[1] == sent


@pytest.mark.parametrize(
    "sender", ["", "unknown", "1.2.3.4\r\nX-Evil: 1", "fe80::1%x\r\nX-Evil: 1", "2001:db8::1%eth0"]
)
def test_a_sender_that_is_no_address_is_not_forwarded(serve, policy, sender):
    server = serve()

    fetch(server.url, policy, sender=sender)

    assert b"Forwarded" not in server.requests[0]
    assert b"Evil" not in server.requests[0]


def test_proxies_of_the_environment_are_ignored(serve, policy, monkeypatch, forbid):
    server, proxy = serve(), forbid("127.0.3.1")
    monkeypatch.setenv("http_proxy", proxy.url)

    assert fetch(server.url, policy).body == b"hello"


def test_a_conditional_request_may_bring_back_a_304(serve, policy):
    server = serve(answer('ETag: "1"', status="304 Not Modified", length=False))

    page = fetch(server.url, policy, etag='"1"', last_modified="Sat, 31 Jan 2026 12:00:00 GMT")

    assert (page.status, page.body, page.truncated, page.etag) == (304, b"", False, '"1"')
    assert b'If-None-Match: "1"\r\nIf-Modified-Since: Sat, 31 Jan 2026 12:00:00 GMT\r\n' in server.requests[0]


@pytest.mark.parametrize("etag", ['"\r\nX-Evil: 1', '"\n"', '"\x00"', '"' + "x" * 1000 + '"'])
def test_a_validator_that_fits_no_header_is_not_sent(serve, policy, etag):
    server = serve()

    fetch(server.url, policy, etag=etag, last_modified=etag)

    assert b"If-" not in server.requests[0]
    assert b"Evil" not in server.requests[0]


def test_a_folded_validator_is_not_believed(serve, policy):
    server = serve(answer('ETag: "1\r\n 2"', "Last-Modified: " + "x" * 1001))

    page = fetch(server.url, policy)

    assert (page.etag, page.last_modified) == (None, None)


@pytest.mark.parametrize(
    "status", [101, 201, 204, 205, 206, 226, 300, 304, 305, 306, 400, 401, 404, 410, 429, 500, 999]
)
def test_any_other_status_is_an_error_that_carries_it(serve, policy, status):
    server = serve(answer("Content-Type: text/html", status=str(status)))

    with pytest.raises(BadStatus) as caught:
        fetch(server.url, policy)

    assert caught.value.status == status


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_informational_answers_are_skipped(serve, policy, page, interim):
    server = serve(answer("Link: </style.css>", status=interim, length=False) * 2 + page)

    assert fetch(server.url, policy).body == b"hello"


@pytest.mark.parametrize(
    "content_type", ["text/html", "TEXT/HTML ; charset=utf-8", "application/xhtml+xml", "", "text/html\r\n ;charset=x"]
)
def test_html_and_xhtml_are_read(serve, policy, content_type):
    server = serve(answer(f"Content-Type: {content_type}", body=b"x"))

    assert fetch(server.url, policy).body == b"x"


def test_a_page_without_a_type_is_read(serve, policy):
    assert fetch(serve(answer(body=b"x")).url, policy).content_type == ""


@pytest.mark.parametrize("content_type", ["text/plain", "application/pdf", "image/svg+xml", "text/html5", "html"])
def test_another_type_is_refused_before_its_body_is_read(serve, policy, content_type):
    server = serve(answer(f"Content-Type: {content_type}x", "Content-Length: 1000000", length=False))

    with pytest.raises(NotText):
        fetch(server.url, policy)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/b?c=1", "b?c=1", "//{host}/b?c=1", "http://{host}/b?c=1", " /b?c=1#d "])
def test_a_redirect_is_followed(serve, policy, page, status, location):
    def reply(request):
        if request.startswith(b"GET /b?c=1 "):
            return page
        return answer(f"Location: {location.format(host=f'{server.address}:{server.port}')}", status=str(status))

    server = serve(reply)

    assert fetch(server.url, policy).url.partition("#")[0] == f"http://{server.address}:{server.port}/b?c=1"


def test_a_redirect_may_hold_raw_utf_8(serve, policy, page):
    server = serve(lambda request: page if b"GET /%C3%A9 " in request else answer("Location: /é", status="301"))

    assert fetch(server.url, policy).url.endswith("/é")


def test_five_redirects_are_followed_and_not_six(serve, policy, page):
    def reply(request):
        step = int(request.split()[1][1:])
        return answer(f"Location: /{step - 1}", status="302") if step else page

    server = serve(reply)
    base = f"http://{server.address}:{server.port}"

    assert fetch(f"{base}/5", policy).url == f"{base}/0"
    with pytest.raises(TooManyRedirects):
        fetch(f"{base}/6", policy)


def test_a_redirect_loop_is_recognised_at_once(serve, policy):
    server = serve(lambda request: answer(f"Location: {'/a' if b'/page' in request else '/page#again'}", status="301"))

    with pytest.raises(TooManyRedirects):
        fetch(server.url, policy)

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "location", ["ftp://x/", "file:///etc/passwd", "javascript:1", "data:text/html,x", "gopher://x"]
)
def test_a_redirect_to_another_scheme_is_refused(serve, policy, location):
    server = serve(answer(f"Location: {location}", status="302"))

    with pytest.raises(TooManyRedirects):
        fetch(server.url, policy)


@pytest.mark.parametrize(
    "location",
    ["", " ", "http://[", "http://u@h/", "http://h:0/", "http://h:99999/", "/a b", "/\\b", "/" + "x" * 2048],
    ids=lambda location: location[:20] or "empty",
)
def test_a_redirect_to_nowhere_is_a_failure(serve, policy, location):
    server = serve(answer(f"Location: {location}", status="302"))

    with pytest.raises(ConnectionFailed):
        fetch(server.url, policy)


def test_a_redirect_without_location_is_a_failure(serve, policy):
    with pytest.raises(ConnectionFailed):
        fetch(serve(answer(status="302")).url, policy)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("identity", b"hello" * 9999),
        ("gzip", gzip.compress(b"hello" * 9999)),
        ("X-GZip", gzip.compress(b"hello" * 9) + gzip.compress(b"hello" * 9990)),
        ("deflate", zlib.compress(b"hello" * 9999)),
        ("deflate", bare_deflate(b"hello" * 9999)),
    ],
    ids=["identity", "gzip", "two gzip members", "deflate", "bare deflate"],
)
@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
def test_codings_and_framings_are_undone(serve, policy, coding, body, framing):
    headers = ["Content-Type: text/html", f"Content-Encoding: {coding}"]
    if framing == "chunks":
        headers.append("Transfer-Encoding: Chunked")
        body = chunked(*(body[at : at + 77] for at in range(0, len(body), 77)))
    server = serve(answer(*headers, body=body, length=framing == "length"))

    page = fetch(server.url, policy)

    assert (page.body, page.truncated) == (b"hello" * 9999, False)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress"])
def test_an_unknown_coding_is_no_text(serve, policy, coding):
    with pytest.raises(NotText):
        fetch(serve(answer(f"Content-Encoding: {coding}", body=b"x")).url, policy)


@pytest.mark.parametrize(("size", "truncated"), [(99, False), (100, False), (101, True), (100_000, True)])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_longer_body_is_cut_and_says_so(serve, policy, size, truncated, coding):
    body = b"x" * size
    server = serve(answer(f"Content-Encoding: {coding}", body=gzip.compress(body) if coding == "gzip" else body))

    page = fetch(server.url, replace(policy, max_bytes=100))

    assert (page.body, page.truncated) == (body[:100], truncated)


def test_error_texts_are_plain_words(serve, policy):
    server = serve(TOO_LATE["silence"])

    with pytest.raises(TimedOut) as caught:
        fetch(server.url, replace(policy, timeout=0.2))

    assert str(caught.value) == "the source did not answer within 0.2 seconds"


@pytest.mark.parametrize(
    "reply",
    [
        b"nonsense\r\n\r\n",
        answer("Transfer-Encoding: chunked", body=b"nonsense"),
        answer("Content-Type: image/png", body=b"x"),
        answer("Location: ftp://x/", status="301"),
        answer(status="500"),
    ],
    ids=["head", "body", "type", "redirect", "status"],
)
def test_the_connection_is_closed_whatever_happens(serve, policy, reply):
    server = serve(reply)

    with pytest.raises(FetchError) as caught:
        fetch(server.url, policy)

    assert caught, "the error keeps every frame of the fetch alive, so nothing was closed by being forgotten"
    assert server.hung_up.acquire(timeout=SECONDS)


def test_a_timeout_shortens_that_of_the_policy_and_never_lengthens_it(serve, policy):
    server = serve(TOO_LATE["silence"])

    for given, timeout in ((12, 0.2), (0.2, 12)):
        with ends_in_time(), pytest.raises(TimedOut):
            fetch(server.url, replace(policy, timeout=given), timeout=timeout)


def test_on_redirect_is_called_before_each_redirect_is_followed(serve, policy):
    last = serve()
    first = serve(f"HTTP/1.1 302 x\r\nLocation: {last.url}\r\n\r\n".encode())
    asked = []

    def refuse(url):
        asked.append(url)
        raise BudgetSpent("enough")

    assert fetch(first.url, policy, on_redirect=asked.append).url == last.url
    with pytest.raises(BudgetSpent):
        fetch(first.url, policy, on_redirect=refuse)

    assert asked == [last.url] * 2
    assert len(last.requests) == 1
