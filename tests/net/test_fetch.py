"""Fetches from honest servers: requests, responses, redirects, codings."""

import gzip
import zlib
from dataclasses import replace

import pytest

from feedserver.errors import BadStatus, BudgetSpent, ConnectionFailed, FetchError, NotText, RedirectRefused, TimedOut
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


@pytest.mark.parametrize("status", [101, 204, 205, 300, 304, 305, 306, 400, 401, 404, 410, 429, 500, 999])
def test_any_other_status_is_an_error_that_carries_it(serve, policy, status):
    server = serve(answer("Content-Type: text/html", status=str(status)))

    with pytest.raises(BadStatus) as caught:
        fetch(server.url, policy)

    assert caught.value.status == status


@pytest.mark.parametrize("status", [201, 202, 203, 206, 226, 299])
def test_any_2xx_with_a_body_is_a_page(serve, policy, status):
    server = serve(answer("Content-Type: text/html", status=str(status), body=b"hello"))

    page = fetch(server.url, policy)

    assert (page.status, page.body) == (status, b"hello")


def test_a_page_has_the_links_of_its_header(serve, policy):
    server = serve(answer("Content-Type: text/html", "Link: </a>; rel=canonical", "link: </b>", body=b"hello"))

    assert fetch(server.url, policy).links == "</a>; rel=canonical, </b>"


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


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        (b"/a b", b"/a%20b"),
        (b" \t/a\tb \x1f ", b"/ab"),
        (b"/a\r\n b", b"/a%20b"),
        ("/é".encode(), b"/%C3%A9"),
        ("/é".encode("latin-1"), b"/%E9"),
        (b"\\a\\..\\b?c=\\d", b"/b?c=%5Cd"),
        (b"b/./c/%2e%2E/d?../e", b"/b/d?../e"),
        (b"?q=%20'", b"/page?q=%20'"),
        (b"1:b", b"/1:b"),
    ],
)
def test_a_redirect_leads_where_browsers_go(serve, policy, page, location, asked):
    """The URL Standard, section 4.4; bytes outside ASCII are percent-encoded one by one, as browsers do."""
    moved = b"HTTP/1.1 301 Moved\r\nLocation: " + location + b"\r\n\r\n"
    server = serve(lambda request: moved if request.startswith(b"GET /page ") else page)

    found = fetch(server.url, policy)

    assert server.requests[1].split()[1] == asked
    assert found.url == f"http://{server.address}:{server.port}{asked.decode()}"


def test_lines_of_location_that_say_the_same_are_one(serve, policy, page):
    moved = answer("Location: /b", "Location: /b", status="302")
    server = serve(lambda request: page if b"GET /b " in request else moved)

    assert fetch(server.url, policy).url.endswith("/b")


def test_five_redirects_are_followed_and_not_six(serve, policy, page):
    def reply(request):
        step = int(request.split()[1][1:])
        return answer(f"Location: /{step - 1}", status="302") if step else page

    server = serve(reply)
    base = f"http://{server.address}:{server.port}"

    assert fetch(f"{base}/5", policy).url == f"{base}/0"
    with pytest.raises(RedirectRefused):
        fetch(f"{base}/6", policy)


def test_a_redirect_loop_is_recognised_at_once(serve, policy):
    server = serve(lambda request: answer(f"Location: {'/a' if b'/page' in request else '/page#again'}", status="301"))

    with pytest.raises(RedirectRefused):
        fetch(server.url, policy)

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "location",
    [
        "ftp://x/",
        "file:///etc/passwd",
        "java\tscript:1",
        "data:text/html,x",
        "gopher://x",
        "http://u@h/",
        "//u:p@h/",
        "\\\\@h/",
        "http://h:0/",
        "/" + "x" * 2048,
        "#part",
        *("http://[", "http://h:99999/", "//", "http://", "https:\\\\", "//[::1", "http://a b/", "//a<b/"),
    ],
    ids=lambda location: location[:20],
)
def test_a_redirect_that_is_never_followed_is_refused(serve, policy, location):
    server = serve(answer(f"Location: {location}", status="302"))

    with pytest.raises(RedirectRefused):
        fetch(server.url, policy)


@pytest.mark.parametrize("location", ["", " ", "/a\r\nLocation: /b"], ids=lambda location: location or "empty")
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


@pytest.mark.parametrize(
    "coding",
    [
        "",
        "none",
        "compress",
        "x-compress",
        "utf-8",
        "binary",
        "8bit",
        "text/html",
        "identity, none",
        ",",
        "chunked",
        "UTF-8, gzip",
    ],
)
def test_words_that_are_no_content_coding_mean_nothing(serve, policy, coding):
    body = gzip.compress(b"hello") if "gzip" in coding else b"hello"

    page = fetch(serve(answer(f"Content-Encoding: {coding}", body=body)).url, policy)

    assert (page.body, page.truncated, page.incomplete) == (b"hello", False, False)


@pytest.mark.parametrize("headers", [["Content-Encoding: gzip, x-gzip"], ["Content-Encoding: gzip"] * 2])
def test_codings_within_each_other_are_undone(serve, policy, headers):
    server = serve(answer(*headers, body=gzip.compress(gzip.compress(b"hello"))))

    assert fetch(server.url, policy).body == b"hello"


PACKED = gzip.compress(b"hello" * 9999)
FORGIVEN = {
    "NUL padding": PACKED + b"\0" * 99,
    "trailing garbage": PACKED + b"garbage",
    "no trailer": PACKED[:-8],
    "half a trailer": PACKED[:-4],
    "wrong trailer": PACKED[:-8] + b"\xff" * 8,
    "wrong trailer and padding": PACKED[:-8] + b"\xff" * 8 + b"\0" * 512,
    "name, comment, extra field, sum": b"\x1f\x8b\x08\x1e\0\0\0\0\0\3\5\0extraname\0comment\0su" + PACKED[10:],
    "gzip's magic": PACKED + b"\x1f\x8b",
    "garbage after gzip's magic": PACKED + b"\x1f\x8bgarbage that is no member of gzip",
    "an unknown method": PACKED + b"\x1f\x8b\x07\0" + PACKED[4:],
    "unknown flags": PACKED + b"\x1f\x8b\x08\x20" + PACKED[4:],
    "deflate with a wrong sum": zlib.compress(b"hello" * 9999)[:-4] + b"\0" * 4,
    "deflate with a tail": zlib.compress(b"hello" * 9999) + b"tail",
    "bare deflate with a tail": bare_deflate(b"hello" * 9999) + b"tail",
}


@pytest.mark.parametrize("size", [1, 7, 99_999])
@pytest.mark.parametrize("body", FORGIVEN.values(), ids=FORGIVEN)
def test_what_follows_compressed_data_is_ignored(serve, policy, body, size):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    server = serve(answer("Content-Encoding: gzip", "Transfer-Encoding: chunked", body=chunked(*pieces), length=False))

    page = fetch(server.url, policy)

    assert (page.body, page.truncated, page.incomplete) == (b"hello" * 9999, False, False)


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_that_ends_early_is_a_part_without_validators(serve, policy, framing):
    lines = {"length": ["Content-Length: 1000"], "chunks": ["Transfer-Encoding: chunked"]}[framing]
    body = {"length": b"hello", "chunks": b"5\r\nhello\r\n"}[framing]
    server = serve(answer(*lines, 'ETag: "1"', "Last-Modified: Sat, 31 Jan 2026 12:00:00 GMT", body=body, length=False))

    page = fetch(server.url, policy)

    assert (page.body, page.truncated, page.incomplete) == (b"hello", False, True)
    assert (page.etag, page.last_modified) == (None, None), "a 304 would say that the part has not changed"


def test_compressed_data_that_ends_early_gives_what_came(serve, policy):
    whole = bytes(range(256)) * 100
    packer = zlib.compressobj(wbits=31)
    sent = packer.compress(whole) + packer.flush(zlib.Z_SYNC_FLUSH)
    server = serve(answer("Content-Encoding: gzip", body=sent))

    page = fetch(server.url, policy)

    assert (page.body, page.truncated, page.incomplete) == (whole, False, True)


FIRST = gzip.compress(b"hello")
CUT = {
    "the deflated data": (FIRST + PACKED, len(FIRST) - 8),
    "half the trailer": (FIRST + PACKED, len(FIRST) - 4),
    "the trailer": (FIRST + PACKED, len(FIRST)),
    "a byte of the next member": (FIRST + PACKED, len(FIRST) + 1),
    "the next member's magic": (FIRST + PACKED, len(FIRST) + 2),
    "the next member's header": (FIRST + PACKED, len(FIRST) + 10),
    "ignored bytes": (FIRST + b"\0" * 99, len(FIRST) + 50),
    "zlib's data": (zlib.compress(b"hello"), -4),
    "two codings": (gzip.compress(FIRST + PACKED), -8),
}


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize(("body", "end"), CUT.values(), ids=CUT)
def test_compressed_data_on_a_connection_that_ends_early_is_never_whole(serve, policy, framing, body, end):
    lines = {"length": f"Content-Length: {len(body)}", "chunks": "Transfer-Encoding: chunked"}
    sent = {"length": body[:end], "chunks": chunked(body[:end]).removesuffix(b"0\r\n\r\n")}[framing]

    page = fetch(serve(answer("Content-Encoding: gzip", lines[framing], body=sent, length=False)).url, policy)

    assert page.incomplete


@pytest.mark.parametrize("second", [PACKED[:12], PACKED[:12] + b"\xff" * 99], ids=["cut", "broken"])
def test_a_further_member_that_breaks_is_missing(serve, policy, second):
    page = fetch(serve(answer("Content-Encoding: gzip", body=FIRST + second)).url, policy)

    assert (page.body[:5], page.incomplete) == (b"hello", True)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "dcz", ", ".join(["gzip"] * 6)])
def test_a_coding_that_cannot_be_undone_is_no_text(serve, policy, coding):
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
        answer("Content-Encoding: gzip", body=b"nonsense"),
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
