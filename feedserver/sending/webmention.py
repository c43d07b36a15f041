"""Sends a Webmention, and says what the answer means (Webmention section 3.1.3)."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from feedserver.errors import FetchError
from feedserver.net.exchange import Exchange, Response
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.fields import resolved, utf_8
from feedserver.sending.meaning import meaning_of, retry_after, said, without_answer, words_of
from feedserver.sending.posting import post
from feedserver.urls import Urls

_FORM: Final = "application/x-www-form-urlencoded"


def send_webmention(
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
    form = urlencode({"source": source, "target": target}).encode()
    try:
        response = post(
            *(exchange, endpoint, urls, _FORM, form),
            timeout=timeout,
            wants_body=lambda head: meaning_of(head.status) != "told",
            on_redirect=on_redirect,
        )
    except FetchError as error:
        return without_answer(error, if_redirected="refused")
    return _meaning(response, now)


def _meaning(response: Response, now: datetime) -> Answer:
    meaning, detail = meaning_of(response.status), said(response.status, words_of(response))
    if meaning == "told":  # only a 201 has to name its status page, but others do too
        return Answer(meaning, detail, receipt=resolved(utf_8(response.get("Location")), response.url))
    return Answer(meaning, detail, retry_after=retry_after(response, now) if meaning == "again" else None)
