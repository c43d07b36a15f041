"""Sends a Pingback, and says what the answer means (Pingback 1.0 sections 3 and 4)."""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from feedserver import xmlrpc
from feedserver.errors import FetchError
from feedserver.net.exchange import Exchange, Response
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.fields import usable
from feedserver.sending.meaning import meaning_of, one_short_line, retry_after, said, without_answer, words_of
from feedserver.sending.posting import post
from feedserver.thoughts.source.encoding import decode
from feedserver.urls import Urls
from feedserver.xmlrpc import ReceivedFault, UnreadableResponse

_XML: Final = "text/xml"
_REGISTERED_BEFORE: Final = 48
_FINAL: Final = frozenset({32, 33, 49})  # target missing, target unusable, denied
_NO_LINK: Final = frozenset({0, 16, 17})  # anything, source missing, source without the link
# A URL after the last sentence, as feedserver answers. Others end with words.
_MAX_END: Final = 4096  # characters
_RECEIPT: Final = re.compile(r"\.\s+(https?://\S+)\s*\Z")


def send_pingback(
    exchange: Exchange,
    endpoint: Endpoint,
    source: str,
    target: str,
    urls: Urls,
    now: datetime,
    *,
    timeout: float,
    on_redirect: Callable[[str], None] | None = None,
) -> Answer:
    """Tells `endpoint` that the post at `source` links, or linked, to the page at `target`.

    `timeout` is in seconds. `on_redirect` is called before each further server is contacted, and may raise BudgetSpent.
    """
    call = xmlrpc.call("pingback.ping", source, target)
    try:
        response = post(exchange, endpoint, urls, _XML, call, timeout=timeout, on_redirect=on_redirect)
    except FetchError as error:
        return without_answer(error, if_redirected="refused")
    returned = _returned(response)
    if (meaning := meaning_of(response.status)) != "told":
        words = one_short_line(returned.text) if isinstance(returned, ReceivedFault) else words_of(response)
        pause = retry_after(response, now) if meaning == "again" else None
        return Answer(meaning, said(response.status, words), retry_after=pause)
    match returned:
        case str():
            detail = one_short_line(returned) or said(response.status, "")
            return Answer("told", detail, receipt=_receipt(returned, {source, target}))
        case ReceivedFault():
            return _meaning_of(returned)
        case _ if response.body_error is not None:
            return Answer("again", str(response.body_error))
        case _:
            return Answer("again", "the endpoint’s answer is no string of XML-RPC")


def _returned(response: Response) -> object:
    """What an answer holds, whatever its status; None if it cannot be read."""
    try:
        return xmlrpc.parse_response(decode(response.body, response.get("Content-Type")))
    except UnreadableResponse:
        return None


def _meaning_of(fault: ReceivedFault) -> Answer:
    detail = said("a fault" if fault.code is None else f"fault {fault.code}", one_short_line(fault.text))
    if fault.code == _REGISTERED_BEFORE:
        return Answer("told", detail)
    return Answer("refused" if fault.code in _FINAL else "again", detail, misses_link=fault.code in _NO_LINK)


def _receipt(text: str, named: Collection[str]) -> str | None:
    """The receiver's status page at the end of its answer, which is none of the URLs `named` in the ping."""
    found = _RECEIPT.search(text[-_MAX_END:])
    return usable(found[1]) if found and found[1] not in named else None
