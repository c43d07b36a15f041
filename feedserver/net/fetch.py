"""Fetches the HTML page at an untrusted URL.

Follows redirects, each with its own connection and address check. Senders of pings see the texts of errors.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import cast
from urllib.parse import SplitResult, quote, urldefrag

from feedserver.errors import AddressForbidden, BadStatus, ConnectionFailed, NotText, RedirectRefused
from feedserver.host_names import netloc
from feedserver.net.body import Body, read_body
from feedserver.net.connection import NOT_FOUND, Policy, Resolve, connection, look_up
from feedserver.net.guarded_socket import MAX_HEAD, Deadline, GuardedSocket, translated_errors
from feedserver.net.location import KEPT_IN_TARGETS, redirect_target
from feedserver.urls import split_http

MAX_REDIRECTS = 5
MAX_VALIDATOR = 1000  # characters of an ETag or Last-Modified; longer ones are not stored
_PAGES = frozenset(range(200, 300)) - {204, 205}  # statuses of pages in browsers; 204 and 205 have no body
_HTML = frozenset({"", "text/html", "application/xhtml+xml"})  # "": no Content-Type


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The final response of a fetch."""

    url: str  # after redirects
    status: int  # 2xx with a body, or 304 to a conditional request
    content_type: str  # as sent, empty if missing
    body: bytes  # at most `max_bytes`; empty on 304
    truncated: bool  # the body is longer than `max_bytes`
    etag: str | None
    last_modified: str | None
    incomplete: bool = False  # the body ended before its announced end
    links: str = ""  # the fields `Link` (RFC 8288), as sent


def fetch(
    url: str,
    policy: Policy,
    *,
    sender: str | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    on_redirect: Callable[[str], None] | None = None,
    timeout: float | None = None,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve = look_up,
) -> FetchedPage:
    """Returns the HTML page at `url`, after at most five redirects. Raises a FetchError.

    `sender` is the address of the client that sent the ping, forwarded to the source. With `etag` or `last_modified`
    the request is conditional (RFC 9110 section 13.1) and may return a 304. `on_redirect` is called with each further
    URL before it is contacted, and may raise. `timeout` (seconds) may shorten that of the policy. `tls` and `resolve`
    replace the system's trust store and resolver.
    """
    deadline = Deadline(policy.timeout if timeout is None else min(timeout, policy.timeout))
    conditions = _conditions(etag, last_modified)
    headers = [f"User-Agent: {policy.user_agent}", *_forwarded_for(sender), *conditions]
    seen: set[str] = set()
    for _ in range(MAX_REDIRECTS + 1):
        parts = split_http(url)
        if parts is None:
            raise AddressForbidden(NOT_FOUND)
        seen.add(urldefrag(url).url)
        with translated_errors(deadline), connection(parts, policy, deadline, resolve, tls) as sock:
            sock.send(_request(parts, headers))
            response = _Response(cast(socket.socket, sock), method="GET")
            response.begin()
            if response.status not in (301, 302, 303, 307, 308):
                return _page(url, response, sock, policy.max_bytes, conditional=bool(conditions))
            url = _redirect_target(url, response)
        if url in seen:
            raise RedirectRefused("the source redirects in a circle")
        if on_redirect is not None:
            on_redirect(url)
    raise RedirectRefused(f"the source redirects more than {MAX_REDIRECTS} times")


# --- the request ---


def _request(parts: SplitResult, headers: Sequence[str]) -> bytes:
    query = f"?{parts.query}" if parts.query else ""
    target = quote((parts.path or "/") + query, safe=KEPT_IN_TARGETS, errors="replace")
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {netloc(parts)}",
        "Accept: text/html, application/xhtml+xml;q=0.9",
        "Accept-Encoding: identity",
        "Connection: close",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _forwarded_for(sender: str | None) -> list[str]:
    try:
        address = ip_address(sender or "")
    except ValueError:
        return []
    # The zone of an IPv6 address may hold any characters, line breaks too.
    return [] if "%" in str(address) else [f"X-Pingback-Forwarded-For: {address}"]


def _conditions(etag: str | None, last_modified: str | None) -> list[str]:
    given = {"If-None-Match": _validator(etag), "If-Modified-Since": _validator(last_modified)}
    return [f"{name}: {value}" for name, value in given.items() if value]


def _validator(value: str | None) -> str | None:
    """`value` if it is safe in a header field: it is untrusted, and a folded field holds line breaks."""
    return value if value and len(value) <= MAX_VALIDATOR and value.isprintable() else None


# --- the response ---


class _Response(http.client.HTTPResponse):
    """Skips all informational responses (RFC 9110 section 15.2); `http.client` skips 100 only."""

    def begin(self) -> None:
        super().begin()
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment]  # else `begin` returns at once
            super().begin()


def _redirect_target(url: str, response: _Response) -> str:
    locations = set(response.headers.get_all("Location", []))
    if len(locations) > 1:  # as browsers do: it may be another's line in this answer
        raise ConnectionFailed("the source redirects to several URLs")
    location = "".join(locations)
    if not location.strip():
        raise ConnectionFailed("the source redirects, and does not say where")
    return redirect_target(url, location)


def _page(url: str, response: _Response, sock: GuardedSocket, max_bytes: int, *, conditional: bool) -> FetchedPage:
    content_type = response.headers.get("Content-Type", "")
    body = Body()
    if response.status != 304 or not conditional:
        if response.status not in _PAGES:
            raise BadStatus(response.status)
        if content_type.partition(";")[0].strip().lower() not in _HTML:
            raise NotText("the source is not an HTML page")
        # More than `max_bytes`: chunked coding and TLS add bytes.
        sock.allowance = 2 * max_bytes + MAX_HEAD
        body = read_body(response, max_bytes)
    etag, last_modified = (_validator(response.headers.get(name)) for name in ("ETag", "Last-Modified"))
    if body.incomplete:  # a later 304 would confirm a page that was never read
        etag = last_modified = None
    return FetchedPage(
        url,
        response.status,
        content_type,
        body.data,
        body.truncated,
        etag,
        last_modified,
        body.incomplete,
        ", ".join(response.headers.get_all("Link", [])),
    )
