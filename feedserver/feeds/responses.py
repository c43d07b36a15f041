"""The response to a request for a feed: 304, 200 or 429 (docs/interface.md, “Feeds over HTTP”). Without Flask.

Called by `web.feed_fast_path` before the router, and by `views`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from feedserver.content_coding import coding
from feedserver.feeds.conditional import is_conditional, not_modified
from feedserver.feeds.document import Document, FeedResponse
from feedserver.feeds.documents import FeedDocuments
from feedserver.feeds.download_limit import DownloadLimit
from feedserver.feeds.scopes import FeedAddress

_TOO_MANY: Final = b"Too many copies of this feed; ask with If-None-Match.\n"
_TOO_MANY_HEADERS: Final = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(_TOO_MANY))),
    ("Cache-Control", "no-store"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Content-Type-Options", "nosniff"),
)


class FeedRequest(NamedTuple):
    """What a response depends on: method, client address, and header fields as sent, None if missing."""

    method: str  # GET or HEAD
    client: str
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
    def is_full_download(self) -> bool:
        """Whether it is a GET without a condition."""
        return self.method == "GET" and not is_conditional(self.if_none_match, self.if_modified_since)


class ResponseListener(Protocol):
    """Called after each response to a request for a feed, from many threads. Must neither block nor raise."""

    def __call__(self, user_agent: str | None, address: str | None, feed_key: str, status: int, sent: int) -> None:
        """`address` is the client's, `sent` the bytes of the body."""


@dataclass(frozen=True, slots=True)
class FeedResponder:
    """Answers requests for the feeds of one site."""

    documents: FeedDocuments
    download_limit: DownloadLimit
    listener: ResponseListener

    def respond(self, address: FeedAddress, request: FeedRequest) -> FeedResponse:
        """The response for the document at `address`. Raises what `FeedDocuments.get` raises."""
        return self._respond(self.documents.get(address), request)

    def respond_from_cache(self, address: FeedAddress, request: FeedRequest) -> FeedResponse | None:
        """The same if the document is cached and current, else None."""
        document = self.documents.cached(address)
        return None if document is None else self._respond(document, request)

    def _respond(self, document: Document, request: FeedRequest) -> FeedResponse:
        response = self._choose(document, request)
        sent = len(response.body) if request.method == "GET" else 0
        self.listener(request.user_agent, request.client, document.feed_key, response.status, sent)
        return response

    def _choose(self, document: Document, request: FeedRequest) -> FeedResponse:
        if not_modified(document.validators, request.if_none_match, request.if_modified_since):
            return document.not_modified
        if request.is_full_download and (wait := self.download_limit.refuses(request.client, document.key)):
            return _too_many_downloads(wait)
        return document.full[coding(request.accept_encoding)]


def _too_many_downloads(seconds: int) -> FeedResponse:
    """A 429 nearly as small as a 304, and as cheap: such clients seldom wait or read the text."""
    headers = (*_TOO_MANY_HEADERS, ("Retry-After", str(seconds)))
    return FeedResponse(429, "429 TOO MANY REQUESTS", headers, _TOO_MANY)
