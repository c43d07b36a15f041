"""Sends the POST of a ping to an endpoint. Both protocols send by this, and read the answers each in its way."""

from collections.abc import Callable
from typing import Final

from feedserver.net.exchange import Exchange, Request, Response
from feedserver.sending.answers import Endpoint
from feedserver.sending.meaning import refuse_own, refusing_own
from feedserver.urls import Urls

# Times `egress.timeout`: many receivers fetch our page before they answer.
PATIENCE: Final = 1.5
_MAX_ANSWER: Final = 64 * 1024  # bytes
_MAX_REDIRECTS: Final = 3
_PEER: Final = "the endpoint"
_ACCEPT: Final = "application/json, text/plain;q=0.9, */*;q=0.5"  # not HTML first: browsers are led to pages


def post(
    exchange: Exchange,
    endpoint: Endpoint,
    urls: Urls,
    content_type: str,
    body: bytes,
    *,
    timeout: float,
    wants_body: Callable[[Response], bool] | None = None,
    on_redirect: Callable[[str], None] | None = None,
) -> Response:
    """Returns the answer of an endpoint. Raises a FetchError, AddressForbidden if it is on this site or leads there.

    `timeout`, in seconds, is for everything; `on_redirect` is called before each further server is contacted.
    """
    refuse_own(endpoint.url, urls, _PEER)
    request = Request(
        endpoint.url,
        method="POST",
        accept=_ACCEPT,
        headers=(("Content-Type", content_type),),
        body=body,
        peer=_PEER,
        max_bytes=_MAX_ANSWER,
    )
    return exchange(
        request,
        redirects=_MAX_REDIRECTS,
        wants_body=wants_body,
        on_redirect=refusing_own(urls, _PEER, on_redirect),
        timeout=timeout,
    )
