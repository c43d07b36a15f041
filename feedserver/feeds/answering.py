"""The answer to a request for a feed: a 304, what is new, or the bytes (INTERFACE section 7). No Flask here.

The same for requests that the router has led here (`views`) and for those that need no router (`door`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from feedserver.feeds import deltas
from feedserver.feeds.address import FeedAddress
from feedserver.feeds.conditional import coding, not_modified
from feedserver.feeds.headers import VARY, Headers
from feedserver.feeds.versions import Bodies, Document, Feeds

LED_TO: Final = "feedserver.feed"  # where in a WSGI environment the view says which feed the router has led it to


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request an answer depends on: header fields as they were sent, None where they were not."""

    if_none_match: str | None
    if_modified_since: str | None
    a_im: str | None
    accept_encoding: str | None

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> "Asked":
        """The request in a WSGI environment (PEP 3333)."""
        return cls(
            environ.get("HTTP_IF_NONE_MATCH"),
            environ.get("HTTP_IF_MODIFIED_SINCE"),
            environ.get("HTTP_A_IM"),
            environ.get("HTTP_ACCEPT_ENCODING"),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A status line, header fields, and the body; a HEAD is answered alike, its body is not sent."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes = b""


def answer(feeds: Feeds, address: FeedAddress, document: Document, asked: Asked) -> Answer:
    """What to say to a reader who asked for the document at `address`."""
    if not_modified(document.version, asked.if_none_match, asked.if_modified_since):
        return Answer("304 NOT MODIFIED", list(document.headers))
    if asked.if_none_match and deltas.asked_for(asked.a_im):
        delta = feeds.delta(address, document, asked.if_none_match)
        if delta is not None:
            return _delta(document, delta, asked)
    return _coded("200 OK", document, document.bodies, document.headers, asked)


def _delta(document: Document, bodies: Bodies, asked: Asked) -> Answer:
    """A 226 (RFC 3229 section 10.4.1). Caches that do not know it must not keep it for the whole."""
    changed = {"Cache-Control": "no-store", "Vary": f"{VARY}, If-None-Match"}
    headers = tuple((name, changed.get(name, value)) for name, value in document.headers)
    return _coded("226 IM USED", document, bodies, (("IM", "feed"), *headers), asked)


def _coded(status: str, document: Document, bodies: Bodies, headers: Headers, asked: Asked) -> Answer:
    """The bytes in the coding that the reader likes best."""
    chosen = coding(asked.accept_encoding)
    body = bodies[chosen]
    described = [("Content-Type", document.media_type), ("Content-Length", str(len(body)))]
    if chosen != "identity":
        described.append(("Content-Encoding", chosen))
    return Answer(status, [*described, *headers], body)
