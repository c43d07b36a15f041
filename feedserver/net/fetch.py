"""Fetches the HTML page at an untrusted URL: the source of a ping. `exchange` sends the request."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from feedserver.errors import BadStatus, NotText
from feedserver.net.connection import Policy, Resolve, look_up
from feedserver.net.exchange import Header, Request, Response, exchange

MAX_VALIDATOR: Final = 1000  # characters of an ETag or Last-Modified; longer ones are not stored
_ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9"
_PAGES: Final = frozenset(range(200, 300)) - {204, 205}  # statuses of pages in browsers; 204 and 205 have no body


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
    conditions = _conditions(etag, last_modified)
    response = exchange(
        Request(url, accept=_ACCEPT, headers=(*_forwarded_for(sender), *conditions)),
        policy,
        wants_body=_is_page,
        on_redirect=on_redirect,
        timeout=policy.timeout if timeout is None else min(timeout, policy.timeout),
        tls=tls,
        resolve=resolve,
    )
    if response.status != 304 or not conditions:
        if response.status not in _PAGES:
            raise BadStatus(response.status)
        if not _is_page(response):
            raise NotText("{peer} is not an HTML page")
        if response.body_error is not None:
            raise response.body_error
    return _page(response)


# --- the request ---


def _forwarded_for(sender: str | None) -> list[Header]:
    try:
        address = ip_address(sender or "")
    except ValueError:
        return []
    # The zone of an IPv6 address may hold any characters, line breaks too.
    return [] if "%" in str(address) else [("X-Pingback-Forwarded-For", str(address))]


def _conditions(etag: str | None, last_modified: str | None) -> list[Header]:
    given = {"If-None-Match": _validator(etag), "If-Modified-Since": _validator(last_modified)}
    return [(name, value) for name, value in given.items() if value]


def _validator(value: str | None) -> str | None:
    """`value` if it is safe in a header field: it is untrusted, and a folded field holds line breaks."""
    return value if value and len(value) <= MAX_VALIDATOR and value.isprintable() else None


# --- the response ---


def _is_page(response: Response) -> bool:
    return response.status in _PAGES and response.may_be_html


def _page(response: Response) -> FetchedPage:
    etag, last_modified = (_validator(response.get(name)) for name in ("ETag", "Last-Modified"))
    if response.incomplete:  # a later 304 would confirm a page that was never read
        etag = last_modified = None
    return FetchedPage(
        response.url,
        response.status,
        response.get("Content-Type"),
        response.body,
        response.truncated,
        etag,
        last_modified,
        response.incomplete,
        ", ".join(response.get_all("Link")),
    )
