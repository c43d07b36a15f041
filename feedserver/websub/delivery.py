"""What is pushed, what an answer to it means, and how long and how often a push is tried (WebSub section 7). Pure."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from feedserver.net.exchange import Header, Request

if TYPE_CHECKING:
    from feedserver.feeds.document import Document

_CARRIED: Final = ("Content-Type", "Link", "ETag", "Last-Modified")  # header fields of a GET that a push has too
_GONE: Final = 410
_NOTIFICATION: Final = timedelta(days=1)  # after which it is dropped
_SHORTEST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=6)

# Seconds for one try. Those who wait share a time, or a hundred callbacks that hang would hold all slots for minutes;
# but each has at least a few times what the others need.
_SHARED: Final = 20.0
_SHARED_AT_SITE: Final = 3.0  # by the others of its site, which come one at a time
_LEAST_AT_SITE: Final = 1.0  # whoever takes a push a little later gets it once more
_LEAST: Final = 0.4
_TIMES_USUAL: Final = 10
_TIMES_KNOWN: Final = 2
_SLOW: Final = 1.0

Reception = Literal["taken", "again", "ended"]


@dataclass(frozen=True, slots=True)
class Push:
    """One version of a feed as a callback gets it: the bytes that a GET gives, and the fields that say what they are.

    `etag` and the date are those of the version, so that a reader that polls next may ask for what is newer.
    """

    etag: str
    headers: tuple[Header, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Due:
    """A subscription that the version `waiting_etag`, or by now a newer one, waits for.

    `push_seconds` is how long its callback took to take the last push, `failing_since` when a push of this version
    failed first; None before that.
    """

    id: int
    topic: str
    callback: str
    callback_site: str
    secret: str | None = field(repr=False)
    failures: int
    push_seconds: float | None
    waiting_etag: str
    failing_since: datetime | None

    @property
    def is_slow(self) -> bool:
        """Whether its callback may hold a slot for long, as it failed or was slow the last time."""
        return self.failures > 0 or (self.push_seconds or 0.0) > _SLOW


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one try to push the version `etag`, after so many `seconds`."""

    due: Due
    etag: str
    reception: Reception
    detail: str
    seconds: float


def push_of(document: "Document") -> Push | None:
    """The push of a document; None while its version is not stored: a reader could not ask for what is newer."""
    if document.validators.last_modified is None:
        return None
    response = document.full["identity"]
    carried = tuple(field for field in response.headers if field[0] in _CARRIED)
    return Push(document.validators.etag, carried, response.body)


def request_of(push: Push, due: Due) -> Request:
    """The request that carries a push; signed if the reader gave a secret (WebSub section 7.1)."""
    signature = () if due.secret is None else (("X-Hub-Signature", f"sha256={_signature(due.secret, push.body)}"),)
    return Request(due.callback, "POST", headers=push.headers + signature, body=push.body, peer="the callback")


def meaning(status: int) -> tuple[Reception, str]:
    """What the status of an answer means, and that in words."""
    if 200 <= status < 300:
        return "taken", "took the last push"
    if status == _GONE:
        return "ended", "the callback answered 410: it wants no more"
    return "again", f"the callback answered {status}"


def pause_after_wait(failing: timedelta, jitter: float) -> timedelta | None:
    """The pause after a try that failed so long after the first one that did; None: the notification is dropped.

    It doubles that time: 15 seconds at first, six hours at last. `jitter` from 0 to 1 shortens it by up to a quarter.
    """
    pause = min(max(failing, _SHORTEST_PAUSE), LONGEST_PAUSE) * (1 - jitter / 4)
    return pause if failing + pause <= _NOTIFICATION else None


def patience(waiting: int, behind: int, usual: float, known: float | None, most: float) -> float:
    """Seconds for one try while so many are `waiting` for slots, this one included; at most `most`.

    `behind` are others whose site must be free. `usual` is what answers took on average of late, `known` what this
    callback took the last time.
    """
    at_site = max(_LEAST_AT_SITE, _SHARED_AT_SITE / behind) if behind else most
    shared = min(_SHARED / waiting, at_site)
    return min(most, max(_LEAST, shared, _TIMES_USUAL * usual, _TIMES_KNOWN * (known or 0.0)))


def _signature(secret: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()
