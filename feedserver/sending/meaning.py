"""What the answers of others mean, as far as it is the same for pages and for endpoints of both protocols. Pure."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from feedserver.errors import AddressForbidden, BudgetSpent, FetchError, RedirectRefused
from feedserver.net.exchange import Response
from feedserver.sending.answers import Answer, Meaning
from feedserver.text import plain, shorten, strangers_line
from feedserver.thoughts.source.encoding import decode
from feedserver.urls import Urls

MAX_WORDS: Final = 200  # characters
_DAY: Final = 86_400.0  # seconds
_LONGEST_DATE: Final = 100  # characters
_TOO_EARLY: Final = frozenset({408, 425, 429})  # the statuses 4xx of a trouble that passes
_MESSAGES: Final = ("error_description", "message", "summary", "error", "detail")  # names of words in JSON


def is_trouble(status: int) -> bool:
    """Whether a status tells of a trouble that may pass."""
    return status in _TOO_EARLY or 500 <= status < 600


def meaning_of(status: int) -> Meaning:
    """What the status of an answer to a ping means."""
    if 200 <= status < 300:
        return "told"
    return "refused" if 300 <= status < 500 and not is_trouble(status) else "again"


def without_answer(error: FetchError, *, if_redirected: Meaning) -> Answer:
    """What it means that no server answered. `if_redirected`: where redirects lead nowhere. Raises a BudgetSpent."""
    match error:
        case BudgetSpent():
            raise error
        case AddressForbidden():
            return Answer("none", error.for_owner())
        case RedirectRefused():
            return Answer(if_redirected, str(error))
        case _:
            return Answer("again", str(error))


def refuse_own(url: str, urls: Urls, peer: str) -> None:
    """Raises AddressForbidden for a URL of this site, which is never asked over the network."""
    if urls.owns(url):
        raise AddressForbidden(f"{peer} is on this site, or leads to it")


def refusing_own(urls: Urls, peer: str, on_redirect: Callable[[str], None] | None) -> Callable[[str], None]:
    """Returns an `on_redirect` that does `refuse_own` before it calls the given one."""

    def check(url: str) -> None:
        refuse_own(url, urls, peer)
        if on_redirect is not None:
            on_redirect(url)

    return check


def retry_after(response: Response, now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for (RFC 9110 section 10.2.3), at most a day; None if it asks for none."""
    value = response.get("Retry-After").strip()[:_LONGEST_DATE]
    if value.isascii() and value.isdecimal():
        return min(float(value), _DAY)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), _DAY)


def said(what: object, words: str) -> str:
    """The detail of an answer: a status or fault, and the receiver's words."""
    return f"the endpoint answered {what}" + (f": {words}" if words else "")


def words_of(response: Response) -> str:
    """The body as one clean line of at most 200 characters: the text of HTML, the message in JSON, "" if no text."""
    kind = response.media_type
    if kind and not (kind.startswith("text/") or kind.endswith(("json", "xml"))):
        return ""
    text = decode(response.body, response.get("Content-Type"))
    if kind.endswith("json"):
        text = _message(text)
    elif kind.endswith(("html", "xml")) or not kind:
        text = plain(text)
    return one_short_line(text)


def one_short_line(text: str) -> str:
    """A stranger's text as one clean line of at most 200 characters."""
    return shorten(strangers_line(text.strip(), 4 * MAX_WORDS), MAX_WORDS)


def _message(text: str) -> str:
    """The words in a JSON object, by the names that receivers give them; else the JSON itself."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(found, str):
        return found
    named = [found[name] for name in _MESSAGES if name in found] if isinstance(found, dict) else []
    return next((value for value in named if isinstance(value, str) and value.strip()), text)
