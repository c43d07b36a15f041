"""One GET to a callback, for verifications and denials (WebSub sections 5.2 and 5.3), and what its answer means."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from feedserver.errors import ConnectionFailed, FetchError, TimedOut
from feedserver.net.exchange import Exchange, Request, Response

_MAX_BYTES: Final = 1_024  # of an answer: a challenge is shorter
_SECONDS: Final = 5.0
_PAUSES: Final = (timedelta(seconds=10), timedelta(seconds=60))  # before the second and third try


@dataclass(frozen=True, slots=True)
class Told:
    """What a GET came to: the answer, or in words why there is none, and whether it may be repeated."""

    answer: Response | None
    why_not: str = ""
    again: bool = False


def tell(exchange: Exchange, callback: str, fields: dict[str, str]) -> Told:
    """Sends a GET to the callback with these fields after its own query. Follows no redirect, waits five seconds."""
    query = urlencode({f"hub.{name}": value for name, value in fields.items()})
    request = Request(callback, peer="the callback", max_bytes=_MAX_BYTES, more_query=query)
    try:
        answer = exchange(request, redirects=0, wants_body=lambda head: head.is_success, timeout=_SECONDS)
    except FetchError as error:
        # A name that does not resolve, and an address that may not be contacted, are told in the same words.
        return Told(None, str(error), again=isinstance(error, (TimedOut, ConnectionFailed)))
    if answer.body_error is not None:
        return Told(None, str(answer.body_error), again=True)
    return Told(answer)


def pause_before_next(attempts: int) -> timedelta | None:
    """The pause after so many tries that nobody answered; None after the last one."""
    return _PAUSES[attempts - 1] if attempts <= len(_PAUSES) else None
