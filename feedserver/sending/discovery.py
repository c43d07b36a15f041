"""Finds the endpoint of a page: one GET, and the best announcement decides (docs/interface.md, “Pings that go out”)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from feedserver.errors import FetchError, NotText
from feedserver.net.exchange import Exchange, Request, Response
from feedserver.sending.announcements import Announcement, in_header, in_text
from feedserver.sending.answers import Answer, Endpoint, Protocol
from feedserver.sending.meaning import is_trouble, refuse_own, refusing_own, retry_after, without_answer
from feedserver.settings import SendingSettings
from feedserver.urls import Urls

PROTOCOLS: Final[tuple[Protocol, ...]] = ("webmention", "pingback")  # the better one first
_PEER: Final = "the page"
_ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"

OnRedirect = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sight:
    """A page as it was seen: its response, and what it announces, best first."""

    response: Response
    announcements: tuple[Announcement, ...]


def enabled(settings: SendingSettings) -> tuple[Protocol, ...]:
    """The protocols that the settings leave on, the better one first."""
    switches: dict[Protocol, bool] = {"webmention": settings.webmentions, "pingback": settings.pingbacks}
    return tuple(protocol for protocol in PROTOCOLS if switches[protocol])


def discover(
    exchange: Exchange,
    target: str,
    urls: Urls,
    now: datetime,
    *,
    protocols: Collection[Protocol] = PROTOCOLS,
    on_redirect: OnRedirect | None = None,
) -> Endpoint | Answer:
    """Returns the endpoint of the page at `target`, or why there is none: an answer `again` or `none`.

    `on_redirect` is called before each further server is contacted; what it raises is raised, but for errors of
    fetching other than BudgetSpent. Once the header decides, the body is not read.
    """
    try:
        sight = look(exchange, target, urls, protocols=protocols, on_redirect=on_redirect)
    except FetchError as error:
        return without_answer(error, if_redirected="none")
    return choose(sight, urls, now, protocols)


def look(
    exchange: Exchange,
    target: str,
    urls: Urls,
    *,
    protocols: Collection[Protocol] = (),
    on_redirect: OnRedirect | None = None,
) -> Sight:
    """Reads the page at `target`. Raises a FetchError, AddressForbidden if it is on this site or leads there.

    The body is not read where the header decides for `protocols`.
    """
    refuse_own(target, urls, _PEER)
    response = exchange(
        Request(target, accept=_ACCEPT, peer=_PEER),
        wants_body=lambda head: head.may_be_html and not _is_decided(in_header(head), protocols),
        on_redirect=refusing_own(urls, _PEER, on_redirect),
    )
    found = (*in_header(response), *(in_text(response) if response.may_be_html else ()))
    # A stable sort: of one protocol, those of the header stay before those of the text.
    return Sight(response, tuple(sorted(found, key=lambda one: PROTOCOLS.index(one.protocol))))


def choose(sight: Sight, urls: Urls, now: datetime, protocols: Collection[Protocol]) -> Endpoint | Answer:
    """The endpoint that counts, or why there is none.

    Only the first one of `protocols` counts. No other one is tried, whether of the same protocol or not.
    """
    best = next((one for one in sight.announcements if one.protocol in protocols), None)
    if best is None:
        return _without_endpoint(sight, now)
    if best.url is None:
        return Answer("none", "the page announces an endpoint that is no absolute http or https URL")
    if urls.owns(best.url):
        return Answer("none", "the page announces an endpoint that is on this site")
    return Endpoint(best.protocol, best.url, best.found_in)


def _is_decided(announcements: Sequence[Announcement], protocols: Collection[Protocol]) -> bool:
    """Whether no text of the page can be better than what its header announces."""
    best_protocol = next((protocol for protocol in PROTOCOLS if protocol in protocols), None)
    return any(one.protocol == best_protocol for one in announcements)


def _without_endpoint(sight: Sight, now: datetime) -> Answer:
    """What a page without an endpoint means. One that did not come whole may have it in the rest."""
    response = sight.response
    if is_trouble(response.status):
        detail = f"the page answered {response.status}"
        return Answer("again", detail, retry_after=retry_after(response, now))
    if response.incomplete:
        return Answer("again", "the page broke off, and announces no endpoint before")
    if response.body_error is not None and not isinstance(response.body_error, NotText):
        return Answer("again", str(response.body_error))
    answered = "" if response.is_success else f"answered {response.status} and "
    what = "an endpoint of a protocol that is turned off" if sight.announcements else "no endpoint"
    return Answer("none", f"the page {answered}announces {what}")
