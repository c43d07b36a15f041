"""Asks an app's own address what it says of itself: one request of a few seconds, by the rules of all fetches."""

import logging
from typing import Final
from urllib.parse import urlsplit

from feedserver.authoring.indieauth import clients
from feedserver.authoring.indieauth.clients import Client
from feedserver.errors import FetchError
from feedserver.host_names import host_name
from feedserver.net.exchange import Exchange, Request, Response
from feedserver.urls import Urls

_log = logging.getLogger(__name__)

_ACCEPT: Final = "application/json, text/html;q=0.9, application/xhtml+xml;q=0.8"
_JSON: Final = "application/json"
_SECONDS: Final = 5.0
_MAX_BYTES: Final = 262_144


def learn(exchange: Exchange, client_id: str, urls: Urls) -> Client:
    """The app at `client_id`; only its address where nothing can be learned there, or the address is on this site.

    What another host says, to which that address redirects, counts for nothing: anybody may use an open redirect.
    """
    if urls.owns(client_id):
        return Client(client_id)
    asked = Request(client_id, accept=_ACCEPT, peer="the app", max_bytes=_MAX_BYTES)
    try:
        response = exchange(asked, wants_body=_is_told, timeout=_SECONDS)
    except FetchError as error:
        _log.info("an app asks for a token, and its page cannot be read: %s", error)
        return Client(client_id)
    is_own = host_name(urlsplit(response.url)) == host_name(urlsplit(client_id))
    return _read(client_id, response) if is_own and _is_told(response) else Client(client_id)


def _is_told(response: Response) -> bool:
    """Whether an answer may say what the app is."""
    return response.is_success and (response.media_type == _JSON or response.may_be_html)


def _read(client_id: str, response: Response) -> Client:
    if response.media_type == _JSON:
        return clients.of_json(client_id, response.body)
    content_type, links = response.get("Content-Type"), response.get_all("Link")
    return clients.of_page(client_id, response.url, response.body, content_type, links)
