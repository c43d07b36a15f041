"""What an app asks of the author at the authorization endpoint (IndieAuth section 5.2). Pure.

A client or an address to return to that cannot be trusted is told to the author alone; all else is told to the app.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from feedserver.authoring.indieauth.clients import Client
from feedserver.domains import is_address
from feedserver.errors import FeedserverError
from feedserver.host_names import authority, host_name
from feedserver.urls import ascii_url, split_http

_MAX_STATE: Final = 4096  # bytes
_MAX_SCOPES: Final = 1000  # characters
_DOTTED: Final = re.compile(r"/\.\.?(?:/|\Z)")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # a SHA-256 in base64url (RFC 7636 section 4.2)
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 section 3.3
_FORMER: Final = {"post": "create"}  # what scopes were called before Micropub was a standard
# Schemes in which a browser would run or show what is named, instead of opening an app.
_NO_APPS: Final = frozenset("about blob chrome data file filesystem javascript vbscript view-source".split())
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)

Failure = Literal[
    "invalid_request", "unsupported_response_type", "invalid_scope", "access_denied", "unauthorized_client"
]


class Untrusted(FeedserverError):
    """An app that cannot be sent an answer: nobody knows whose the address to return to is. The author is told why."""


class Refused(FeedserverError):
    """A request that is refused; the app is told so. `failure` is for programs (RFC 6749 section 4.1.2.1)."""

    def __init__(self, failure: Failure, text: str) -> None:
        super().__init__(text)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to be shown to the author. `challenge` is that of PKCE (S256); None for apps that know none.

    Without `scopes` the app asks only who the author is.
    """

    client_id: str
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str | None


def check_client_id(client_id: str) -> None:
    """Raises Untrusted for what is no client identifier (IndieAuth section 3.3)."""
    parts = split_http(client_id)
    if parts is None or "#" in client_id or _DOTTED.search(parts.path):
        raise Untrusted("the app gives no usable address of its own (client_id)")
    host = host_name(parts)
    if is_address(host) and not ip_address(host).is_loopback:
        raise Untrusted("the app's own address (client_id) must have a name, not a number")


def check_redirect(redirect_uri: str, client: Client) -> None:
    """Raises Untrusted for an address to return to that is not the app's own (IndieAuth section 4.2.2).

    It is on the same scheme, host and port as the app's own address, or listed there.
    """
    if redirect_uri in client.redirect_uris and may_be_opened(redirect_uri):
        return
    theirs, own = split_http(redirect_uri), split_http(client.client_id)
    if theirs is None or own is None or "#" in redirect_uri:
        raise Untrusted("the address that the app wants to return to (redirect_uri) is not usable")
    if (theirs.scheme, authority(theirs)) != (own.scheme, authority(own)):
        raise Untrusted("the app wants to return to another site (redirect_uri) that it does not list as its own")


def may_be_opened(uri: str) -> bool:
    """Whether an address can be one that an app returns to: on the web, or of a scheme that opens an app."""
    scheme = _SCHEME.match(uri)
    is_plain = uri.isascii() and uri.isprintable() and not set(' #"<>') & set(uri)
    if scheme is None or not is_plain:
        return False
    if scheme[1].lower() in ("http", "https"):
        return split_http(uri) is not None
    return scheme[1].lower() not in _NO_APPS


def read(query: Mapping[str, str]) -> Asked:
    """The request whose client and address to return to have been checked. Raises Refused."""
    if query.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code")
    state = query.get("state", "")
    if not state or len(state.encode()) > _MAX_STATE:
        raise Refused("invalid_request", "state is missing, or too long")
    return Asked(query["client_id"], query["redirect_uri"], state, _scopes(query.get("scope", "")), _challenge(query))


def _challenge(query: Mapping[str, str]) -> str | None:
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
    if not challenge and not method:
        return None
    if method != "S256":
        raise Refused("invalid_request", "code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge or ""):
        raise Refused("invalid_request", "code_challenge must be a SHA-256 in base64url")
    return challenge


def _scopes(text: str) -> tuple[str, ...]:
    words = text.split()
    if len(text) > _MAX_SCOPES or not all(map(_SCOPE.fullmatch, words)):
        raise Refused("invalid_scope", "scope must be a list of words")
    return tuple(dict.fromkeys(_FORMER.get(word, word) for word in words))


def answer(redirect_uri: str, **parameters: str) -> str:
    """The address to return to, with these parameters in its query."""
    parts = urlsplit(redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def origin(redirect_uri: str) -> str:
    """What a page's policy calls the target of its form that leads there (CSP3 section 2.3.1): an app's is a scheme."""
    parts = urlsplit(ascii_url(redirect_uri))
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
