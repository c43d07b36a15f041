"""Webmention on the wire: the fields of a request, and the status and words of each answer. Pure.

W3C Recommendation Webmention, section 3.2, and docs/interface.md, “Webmentions that come in”.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from feedserver import errors
from feedserver.thoughts.model import State

FIELDS: Final = ("source", "target")
REFUSED: Final = "refused"  # the status, in JSON, of what no thought tells of

STATUSES: Final[dict[type[errors.PingError], int]] = {
    errors.PingToItself: 400,
    errors.SourceUnusable: 400,
    errors.SourceMissing: 400,
    errors.LinkMissing: 400,
    errors.TargetMissing: 400,
    errors.TargetUnusable: 400,
    errors.PingsClosed: 400,
    errors.SourceBlocked: 400,
    errors.AlreadyKnown: 201,
    errors.TooManyPings: 429,
    errors.TooMuchWaiting: 503,
    errors.Unavailable: 503,
}
_RETRY_AFTER: Final[dict[type[errors.PingError], int]] = {errors.TooMuchWaiting: 300, errors.Unavailable: 30}  # seconds

_SUMMARIES: Final[dict[State, str]] = {
    "received": "the webmention was accepted, and will be verified",
    "shown": "the webmention was verified, and is shown with the post",
    "held": "the webmention was verified, and waits for the author’s approval",
}
_OF_KNOWN: Final[dict[str, str]] = {
    "shown": "the webmention is known, and shown with the post; its source will be looked at again",
    "held": "the webmention is known, and waits for the author’s approval; its source will be looked at again",
}
_NOT_SHOWN: Final = "the webmention is known, and not shown"

_LONGEST: Final = 300  # characters of Accept: Werkzeug's parser takes 60 ms for the 8 KiB that may be sent
# What is sent to those who accept these types, the first where several are meant.
_FORMS: Final[dict[str, "Form"]] = {
    "text/plain": "text",
    "application/json": "json",
    "text/html": "html",
    "application/xhtml+xml": "html",
}

Form = Literal["text", "json", "html"]
Fields = Mapping[str, Sequence[str]]  # the values of each field


class FormError(errors.FeedserverError):
    """The form lacks a field, or has it twice or garbled. Its text names the field."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a sender: HTTP `status`, the thought's `state` or `refused`, and the receipt's URL if there is one.

    `retry_after` is in seconds.
    """

    status: int
    state: str
    summary: str
    receipt: str | None = None
    retry_after: int | None = None

    @property
    def line(self) -> str:
        return f"{self.summary}. {self.receipt}" if self.receipt else self.summary

    @property
    def as_json(self) -> Mapping[str, str | None]:
        return {"status": self.state, "summary": self.summary, "receipt": self.receipt}


def fields(body: bytes) -> Fields:
    """The values of `source` and `target` in a form, trimmed; bytes that are not UTF-8 as surrogates (PEP 383)."""
    text = body.decode("utf-8", "surrogateescape")
    sent = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    return {field: [value.strip() for name, value in sent if name == field] for field in FIELDS}


def only_value(sent: Fields, field: str) -> str:
    """The one value of a field. Raises FormError."""
    values = sent[field]
    if len(values) > 1:
        raise FormError(f"the field “{field}” is there {len(values)} times; send it once")
    if not values or not values[0]:
        raise FormError(f"the field “{field}” is missing or empty")
    try:
        values[0].encode()
    except UnicodeEncodeError:
        raise FormError(f"the field “{field}” is not UTF-8") from None
    return values[0]


def typed(sent: Fields, field: str) -> str:
    """What a person typed into a field, to be shown again."""
    return next(iter(sent[field]), "").encode("utf-8", "replace").decode()


def taken(state: State, receipt: str) -> Answer:
    """The answer to a webmention that is stored."""
    return Answer(201, state, _SUMMARIES[state], receipt)


def refused(error: errors.PingError) -> Answer:
    """The answer for `error`, which may tell of a thought that is known."""
    status, state = STATUSES[type(error)], error.state or REFUSED
    seconds = error.seconds if isinstance(error, errors.TooManyPings) else _RETRY_AFTER.get(type(error))
    summary = _OF_KNOWN.get(state, _NOT_SHOWN) if isinstance(error, errors.AlreadyKnown) else error.text
    return Answer(status, state, summary, error.receipt, seconds)


def internal_error() -> Answer:
    """The answer to an internal error, without details."""
    return Answer(500, REFUSED, "the server failed; try again later")


def form_of_answer(accept: str) -> Form:
    """The form of the body that the header field `accept` prefers (RFC 9110 section 12.5.1), by default a line of text.

    Of types that are wanted equally, the more specific one counts, then the first.
    """
    ranges = parse_accept_header(accept[:_LONGEST], MIMEAccept)  # the more specific ones first
    for wanted, quality in sorted(ranges, key=lambda one: -one[1]):
        found = next((form for media_type, form in _FORMS.items() if _covers(wanted, media_type)), None)
        if found is not None and quality > 0:
            return found
    return "text"


def _covers(wanted: str, media_type: str) -> bool:
    name = wanted.partition(";")[0].strip().lower()
    return name in (media_type, "*/*", f"{media_type.partition('/')[0]}/*")
