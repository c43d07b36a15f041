"""The answer to a request for a feed: a 304, the bytes, or a word to wait (INTERFACE section 7). No Flask.

The same for requests that the router has led here (`views`) and for those that need no router (`web.feed_fast_path`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from feedserver.feeds.conditional import coding, is_conditional, not_modified
from feedserver.feeds.documents import Document, FeedDocuments
from feedserver.feeds.download_limit import DownloadLimit
from feedserver.feeds.scopes import FeedAddress
from feedserver.readership.counting import Readership

LED_TO: Final = "feedserver.feed"  # where in a WSGI environment the view says which feed the router has led it to
_TOO_MANY: Final = b"Too many copies of this feed; ask with If-None-Match.\n"


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """What of a request an answer depends on: header fields as they were sent, None where they were not."""

    method: str  # GET or HEAD
    client: str  # the address
    user_agent: str | None
    if_none_match: str | None
    if_modified_since: str | None
    accept_encoding: str | None

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> "FeedRequest":
        """The request in a WSGI environment (PEP 3333)."""
        get = environ.get
        return cls(
            environ["REQUEST_METHOD"],
            get("REMOTE_ADDR", ""),
            get("HTTP_USER_AGENT"),
            get("HTTP_IF_NONE_MATCH"),
            get("HTTP_IF_MODIFIED_SINCE"),
            get("HTTP_ACCEPT_ENCODING"),
        )

    @property
    def is_for_a_copy(self) -> bool:
        """Whether it asks for all the bytes, whatever its sender has: no HEAD, and no condition, met or not."""
        return self.method == "GET" and not is_conditional(self.if_none_match, self.if_modified_since)


@dataclass(frozen=True, slots=True)
class FeedResponse:
    """A status, its line, header fields, and the body; a HEAD is answered alike, its body is not sent."""

    status: int
    line: str
    headers: list[tuple[str, str]]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class FeedResponder:
    """Answers requests for the feeds of one site, and counts who reads them."""

    feeds: FeedDocuments
    copies: DownloadLimit
    readers: Readership

    def answer(self, address: FeedAddress, document: Document, asked: FeedRequest) -> FeedResponse:
        """What to say to a reader who asked for the document at `address`."""
        return self._seen(address, asked, self._answer(address, document, asked))

    def _seen(self, address: FeedAddress, asked: FeedRequest, found: FeedResponse) -> FeedResponse:
        sent = len(found.body) if asked.method == "GET" else 0
        self.readers.saw(asked.user_agent, asked.client, address.newest().key, found.status, sent)
        return found

    def _answer(self, address: FeedAddress, document: Document, asked: FeedRequest) -> FeedResponse:
        if not_modified(document.version, asked.if_none_match, asked.if_modified_since):
            return _not_modified(document)
        if asked.is_for_a_copy and (wait := self.copies.refuses(asked.client, address.key)):
            return _too_many_copies(wait)
        return _whole(document, asked)


def _not_modified(document: Document) -> FeedResponse:
    return FeedResponse(304, "304 NOT MODIFIED", list(document.headers))


def _whole(document: Document, asked: FeedRequest) -> FeedResponse:
    """The bytes in the coding that the reader likes best."""
    chosen = coding(asked.accept_encoding)
    body = document.bodies[chosen]
    described = [("Content-Type", document.media_type), ("Content-Length", str(len(body)))]
    if chosen != "identity":
        described.append(("Content-Encoding", chosen))
    return FeedResponse(200, "200 OK", [*described, *document.headers], body)


def _too_many_copies(seconds: int) -> FeedResponse:
    """Nearly as small as a 304: whoever takes copy after copy seldom waits, or reads what it says."""
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(_TOO_MANY)),
        "Retry-After": str(seconds),
        "Cache-Control": "no-store",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    return FeedResponse(429, "429 TOO MANY REQUESTS", list(headers.items()), _TOO_MANY)
