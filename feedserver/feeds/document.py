"""One document of a feed as sent: its responses, made once for all requests. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from feedserver.content_coding import Bodies
from feedserver.feeds.conditional import Validators
from feedserver.feeds.headers import Headers, common, full
from feedserver.feeds.model import Feed
from feedserver.feeds.scopes import FeedAddress
from feedserver.storage.changes import SiteState


class FeedResponse(NamedTuple):
    """A response to GET; a HEAD gets the same without the body. `line` is the status with its phrase."""

    status: int
    line: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered document. `state` is that of the site; `full` holds the 200 for each content coding.

    It has no Last-Modified if its version could not be stored.
    """

    key: str  # of the document
    feed_key: str  # of the feed it belongs to: that of its newest document
    validators: Validators
    state: SiteState
    not_modified: FeedResponse
    full: Mapping[str, FeedResponse]

    @property
    def bodies(self) -> Bodies:
        return {coding: response.body for coding, response in self.full.items()}

    @property
    def size(self) -> int:
        """Bytes of all bodies."""
        return sum(len(response.body) for response in self.full.values())


def make_document(
    address: FeedAddress, feed: Feed, validators: Validators, state: SiteState, bodies: Bodies
) -> Document:
    """The document of `feed` at `address`."""
    headers = common(address, feed, validators)
    return Document(
        address.key,
        address.newest().key,
        validators,
        state,
        FeedResponse(304, "304 NOT MODIFIED", headers),
        {
            coding: FeedResponse(200, "200 OK", full(address.fmt, coding, len(body)) + headers, body)
            for coding, body in bodies.items()
        },
    )
