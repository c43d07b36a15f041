"""The only way out of the server: the page at a stranger's URL, or one of the errors of `FetchError`.

The URL is a stranger's wish and the answer a stranger's bytes; redirects are followed by hand, each one a new
connection. Error texts are for that stranger to read. Leaves to others: which addresses (`address`), the connection and
its bounds (`line`), the body's codings (`body`), what the page says.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from feedserver.errors import AddressForbidden, BadStatus, ConnectionFailed, NotText, TooManyRedirects
from feedserver.net.body import read_body
from feedserver.net.connection import (
    MAX_HEAD,
    NOT_FOUND,
    PORTS,
    Deadline,
    GuardedSocket,
    Policy,
    Resolve,
    foreign_errors,
    look_up,
    opened,
)
from feedserver.urls import host_name, normalize_source, split_http

MAX_REDIRECTS = 5
MAX_VALIDATOR = 1000  # characters of an ETag or a Last-Modified that is worth keeping
_HTML = frozenset({"", "text/html", "application/xhtml+xml"})  # no type at all is let through


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What a fetch brought back."""

    url: str  # after redirects
    status: int  # 200, or 304 to a conditional request
    content_type: str  # as it was sent; empty when it was not
    body: bytes  # at most `max_bytes`; empty on 304
    truncated: bool  # the body was longer, this is its beginning
    etag: str | None
    last_modified: str | None


def fetch(
    url: str,
    policy: Policy,
    *,
    sender: str | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    on_redirect: Callable[[str], None] | None = None,
    patience: float | None = None,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve = look_up,
) -> FetchedPage:
    """The HTML page at `url`, after redirects; `sender` is the address of whoever asks for it.

    With `etag` or `last_modified` the request is conditional (RFC 9110 section 13.1) and may bring back a 304.
    `on_redirect` is asked about each further URL before it is contacted, and may raise. `patience` shortens the time
    that the policy gives. `tls` and `resolve` stand in for the system's trust store and resolver. Raises a FetchError.
    """
    budget = Deadline(policy.timeout if patience is None else min(patience, policy.timeout))
    conditions = _conditions(etag, last_modified)
    headers = [f"User-Agent: {policy.user_agent}", *_forwarded_for(sender), *conditions]
    seen: set[str] = set()
    for _ in range(MAX_REDIRECTS + 1):
        parts = split_http(url)
        if parts is None:
            raise AddressForbidden(NOT_FOUND)
        seen.add(normalize_source(url))
        with foreign_errors(budget), opened(parts, policy, budget, resolve, tls) as line:
            line.send(_request(parts, headers))
            answer = _Answer(cast(socket.socket, line), method="GET")
            answer.begin()
            if answer.status not in (301, 302, 303, 307, 308):
                return _page(url, answer, line, policy.max_bytes, conditional=bool(conditions))
            url = _next(url, answer)
        if normalize_source(url) in seen:
            raise TooManyRedirects("the source redirects in a circle")
        if on_redirect is not None:
            on_redirect(url)
    raise TooManyRedirects(f"the source redirects more than {MAX_REDIRECTS} times")


# --- the request ---


def _request(parts: SplitResult, headers: Sequence[str]) -> bytes:
    host = f"[{host_name(parts)}]" if ":" in host_name(parts) else host_name(parts)
    port = "" if parts.port in (None, PORTS[parts.scheme]) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    target = quote((parts.path or "/") + query, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}{port}",
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
    # The zone of an IPv6 address may hold anything, line breaks too.
    return [] if "%" in str(address) else [f"X-Pingback-Forwarded-For: {address}"]


def _conditions(etag: str | None, last_modified: str | None) -> list[str]:
    given = {"If-None-Match": _validator(etag), "If-Modified-Since": _validator(last_modified)}
    return [f"{name}: {value}" for name, value in given.items() if value]


def _validator(value: str | None) -> str | None:
    """`value` where it can stand in a header; a stranger chose it. A folded header brings line breaks."""
    return value if value and len(value) <= MAX_VALIDATOR and value.isprintable() else None


# --- the answer ---


class _Answer(http.client.HTTPResponse):
    """Skips every informational answer (RFC 9110 section 15.2); `http.client` knows 100 alone."""

    def begin(self) -> None:
        super().begin()
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment]  # or `begin` would think that it is done
            super().begin()


def _next(url: str, answer: _Answer) -> str:
    """Where a redirect leads."""
    location = answer.headers.get("Location", "").strip()
    try:
        # Raw UTF-8 is common there; `http.client` reads it as Latin-1.
        target = urljoin(url, location.encode("latin-1").decode("utf-8"))
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise ConnectionFailed("the source redirects to nowhere") from error
    if scheme not in PORTS:
        raise TooManyRedirects("the source redirects to something that is no web page")
    if not location or split_http(target) is None:
        raise ConnectionFailed("the source redirects to nowhere")
    return target


def _page(url: str, answer: _Answer, line: GuardedSocket, max_bytes: int, *, conditional: bool) -> FetchedPage:
    content_type = answer.headers.get("Content-Type", "")
    body, truncated = b"", False
    if answer.status != 304 or not conditional:
        if answer.status != 200:
            raise BadStatus(answer.status)
        if content_type.partition(";")[0].strip().lower() not in _HTML:
            raise NotText("the source is not an HTML page")
        # What chunks and TLS add to the body is the stranger's choice: bounded as well.
        line.allowance = 2 * max_bytes + MAX_HEAD
        body, truncated = read_body(answer, max_bytes)
    etag, last_modified = (_validator(answer.headers.get(name)) for name in ("ETag", "Last-Modified"))
    return FetchedPage(url, answer.status, content_type, body, truncated, etag, last_modified)
