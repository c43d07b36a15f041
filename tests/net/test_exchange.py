"""Requests of any method to servers that strangers name, and what their answers tell."""

import socket
import threading
import time
from dataclasses import replace

import pytest

from feedserver.errors import (
    AddressForbidden,
    BudgetSpent,
    ConnectionFailed,
    NotText,
    RedirectRefused,
    TimedOut,
)
from feedserver.net.exchange import Request, exchange
from tests.hostile.answers import TOO_LATE, dripping


def answer(*headers, status="200 OK", body=b""):
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]).encode() + body


def post(url, body=b"source=a&target=b"):
    return Request(url, "POST", headers=(("Content-Type", "application/x-www-form-urlencoded"),), body=body)


def test_a_post_sends_its_body_with_length_and_type(serve, policy):
    server = serve(answer(body=b"thanks"))

    response = exchange(post(server.url), policy)

    assert (response.status, response.body) == (200, b"thanks")
    assert server.requests[0].decode().split("\r\n") == [
        "POST /page HTTP/1.1",
        f"Host: {server.address}:{server.port}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: feedserver/1 (+https://blog.example)",
        "Content-Length: 17",
        "Content-Type: application/x-www-form-urlencoded",
        "",
        "source=a&target=b",
    ]


def test_a_get_asks_for_what_its_caller_reads(serve, policy):
    server = serve()

    exchange(Request(server.url, accept="text/html", headers=(("X-One", "1"),)), policy)

    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /page HTTP/1.1"
    assert {"Accept: text/html", "X-One: 1"} < set(lines)
    assert not [line for line in lines if line.startswith("Content-Length")]


@pytest.mark.parametrize(
    ("end", "target"), [("", "/page?b=2&c=%263"), ("?", "/page?b=2&c=%263"), ("?a=%201", "/page?a=%201&b=2&c=%263")]
)
def test_what_is_added_to_the_query_stands_after_its_own(serve, policy, end, target):
    server = serve()

    exchange(Request(server.url + end, more_query="b=2&c=%263"), policy)

    assert server.requests[0].decode().split("\r\n")[0] == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("status", [200, 201, 206, 300, 304, 401, 404, 410, 429, 500, 503])
def test_any_status_and_type_is_an_answer_with_all_its_fields(serve, policy, status):
    body = b"" if status == 304 else b"\x89PNG"
    server = serve(answer("Content-Type: image/png", "LinK: <a>", "Link: <b>", status=f"{status} So", body=body))

    response = exchange(Request(server.url), policy)

    assert (response.status, response.body, response.url) == (status, body, server.url)
    assert response.get("content-type") == "image/png"
    assert response.get_all("link") == ["<a>", "<b>"]
    assert response.get("X-Pingback") == ""


def test_a_body_that_is_not_wanted_is_not_read(serve, policy):
    server = serve(dripping(b"HTTP/1.1 200 OK\r\nX-Pingback: http://127.0.2.1/\r\n\r\n"))

    response = exchange(Request(server.url), policy, wants_body=lambda head: head.get("X-Pingback") == "")

    assert (response.get("X-Pingback"), response.body, response.body_error) == ("http://127.0.2.1/", b"", None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_every_redirect(serve, policy, status):
    last = serve(answer(body=b"here"))
    first = serve(answer(f"Location: {last.url}", status=f"{status} Elsewhere"), address="127.0.2.2")

    response = exchange(Request(first.url), policy)

    assert (response.url, response.body) == (last.url, b"here")


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_is_repeated_with_its_body_where_the_redirect_says_so(serve, policy, status):
    last = serve(answer(status="202 Accepted"))
    first = serve(answer(f"Location: {last.url}", status=f"{status} Elsewhere"), address="127.0.2.2")
    asked: list[str] = []

    response = exchange(post(first.url), policy, on_redirect=asked.append)

    assert (response.url, response.status, asked) == (last.url, 202, [last.url])
    assert last.requests[0].endswith(b"\r\n\r\nsource=a&target=b")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_make_a_get_of_a_post_is_the_answer(serve, policy, status):
    last = serve()
    first = serve(answer(f"Location: {last.url}", status=f"{status} Elsewhere"), address="127.0.2.2")

    assert exchange(post(first.url), policy).status == status
    assert last.requests == []


def test_without_redirects_a_redirect_is_the_answer(serve, policy):
    last = serve()
    first = serve(answer(f"Location: {last.url}", status="307 Elsewhere"), address="127.0.2.2")

    response = exchange(Request(first.url), policy, redirects=0)

    assert (response.status, response.get("Location"), last.requests) == (307, last.url, [])


def test_as_many_redirects_are_followed_as_the_caller_allows(serve, policy):
    def further(request):
        return answer(f"Location: /{int(request.split()[1][1:]) + 1}", status="308 Further")

    server = serve(further)
    start = server.url.replace("/page", "/0")

    with pytest.raises(RedirectRefused, match=r"^the source redirects more than 3 times$"):
        exchange(post(start), policy, redirects=3)

    assert [request.split()[1] for request in server.requests] == [b"/0", b"/1", b"/2", b"/3"]


def test_a_redirect_of_a_post_to_a_forbidden_address_connects_to_nothing(serve, policy, forbid):
    inside = forbid("127.0.0.9")
    server = serve(answer(f"Location: {inside.url}", status="307 Inside"))

    with pytest.raises(AddressForbidden):
        exchange(post(server.url), policy)


def test_a_caller_may_stop_before_a_further_server_is_contacted(serve, policy):
    last = serve()
    first = serve(answer(f"Location: {last.url}", status="307 Elsewhere"), address="127.0.2.2")

    def refuse(_url):
        raise BudgetSpent("enough")

    with pytest.raises(BudgetSpent, match=r"^enough$"):
        exchange(post(first.url), policy, on_redirect=refuse)
    assert last.requests == []


@pytest.mark.parametrize(
    ("cut", "error", "words"),
    [
        (b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", NotText, "the endpoint has a content coding"),
        (b"Transfer-Encoding: gzip\r\n\r\nabc", ConnectionFailed, "the endpoint’s answer is broken"),
    ],
)
def test_a_body_that_cannot_be_read_leaves_the_status_and_the_fields(serve, policy, cut, error, words):
    server = serve(b"HTTP/1.1 201 Created\r\nLocation: /status\r\n" + cut)

    response = exchange(Request(server.url, "POST", peer="the endpoint"), policy)

    assert (response.status, response.get("Location"), response.body) == (201, "/status", b"")
    assert type(response.body_error) is error
    assert str(response.body_error).startswith(words)


def test_a_body_that_never_ends_leaves_the_status(serve, policy):
    server = serve(TOO_LATE["body drips"])

    response = exchange(Request(server.url, peer="the page"), policy, timeout=0.3)

    assert response.status == 200
    assert str(response.body_error) == "the page did not answer within 0.3 seconds"


def test_the_caller_s_time_counts_for_the_whole_exchange(serve, policy):
    server = serve(TOO_LATE["silence"])
    begun = time.monotonic()

    with pytest.raises(TimedOut, match=r"^the callback did not answer within 0.2 seconds$"):
        exchange(Request(server.url, peer="the callback"), policy, timeout=0.2)

    assert time.monotonic() - begun < policy.timeout


def test_what_is_longer_than_allowed_is_cut(serve, policy):
    server = serve(answer(body=b"x" * 100))

    response = exchange(Request(server.url), replace(policy, max_bytes=10))

    assert (response.body, response.truncated) == (b"x" * 10, True)


def test_an_answer_is_heard_although_the_server_did_not_read_the_whole_body(policy):
    with socket.create_server(("127.0.2.1", 0)) as server:

        def refuse():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer(status="410 Gone"))

        refusing = threading.Thread(target=refuse)
        refusing.start()
        port = server.getsockname()[1]

        response = exchange(post(f"http://127.0.2.1:{port}/", b"x" * 20_000_000), policy, redirects=0)

        refusing.join(10)
    assert response.status == 410


def test_errors_call_the_server_what_it_was_asked_as(policy):
    with pytest.raises(AddressForbidden, match=r"^the endpoint’s host cannot be found$"):
        exchange(Request("http://127.0.0.1:9/", peer="the endpoint"), policy)
