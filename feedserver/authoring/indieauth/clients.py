"""What an app says of itself at its own address: a name, and addresses to return to (IndieAuth section 4.2). Pure.

That is a stranger's page, or JSON. A page is read in tokens, without building a tree.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from turbohtml import Token

from feedserver.text import strangers_line
from feedserver.thoughts.source.encoding import decode
from feedserver.thoughts.source.link_header import links_in
from feedserver.thoughts.source.tokens import START, TEMPLATE, TEXT, TITLE, OpenElements, flagged_tokens
from feedserver.urls import MAX_URL, absolute_url

_REDIRECT: Final = "redirect_uri"  # a link relation
_APPS: Final = frozenset(("h-app", "h-x-app"))
_MAX_NAME: Final = 100  # characters
_MAX_READ: Final = 4 * _MAX_NAME  # characters of a name as it is written
_MOST: Final = 100  # addresses to return to


@dataclass(frozen=True, slots=True)
class Client:
    """An app. `name` is "" if nobody has told it. `redirect_uris` are those that the app lists, absolute."""

    client_id: str
    name: str = ""
    redirect_uris: frozenset[str] = frozenset()


def of_json(client_id: str, body: bytes) -> Client:
    """The app that its metadata describe; nothing is believed where they are of another one."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("client_id") != client_id:
        return Client(client_id)
    name, uris = said.get("client_name"), said.get("redirect_uris")
    listed = [uri for uri in uris if isinstance(uri, str)] if isinstance(uris, list) else []
    return Client(client_id, _name(name if isinstance(name, str) else ""), _bounded(listed))


def of_page(client_id: str, url: str, body: bytes, content_type: str, links: Iterable[str]) -> Client:
    """The app whose page was found at `url`; `links` are the fields `Link` of its header.

    Takes time and memory linear in the length of the page, and never raises.
    """
    reader = _Reader()
    for token, flags in flagged_tokens(decode(body, content_type), reader.open_elements):
        reader.take(token, flags)
    base = absolute_url(reader.base or "", url) or url
    in_header = [link.target for field in links for link in links_in(field) if _REDIRECT in link.relations]
    resolved = [absolute_url(uri, url) for uri in in_header] + [absolute_url(uri, base) for uri in reader.redirects]
    return Client(client_id, reader.name, _bounded([uri for uri in resolved if uri]))


class _Reader:
    """Takes the tokens of a page; finds the name of its first app, else its title, and its links."""

    def __init__(self) -> None:
        self.open_elements = OpenElements()
        self.base: str | None = None
        self.redirects: list[str] = []
        self._texts = {"p-name": "", "app": "", "title": ""}
        self._depths: dict[str, int] = {}  # of the open elements that hold the first two
        self._has_begun: set[str] = set()

    @property
    def name(self) -> str:
        return next(filter(None, map(_name, self._texts.values())), "")

    def take(self, token: Token, flags: int) -> None:
        """Takes the next token."""
        depth = len(self.open_elements.tags)
        self._depths = {part: opened for part, opened in self._depths.items() if depth >= opened}
        if flags & TEMPLATE:
            return
        if token.type is START:
            self._take_tag(token, depth)
        elif token.type is TEXT:
            for part in (*self._depths, *(["title"] if flags & TITLE else ())):
                if len(self._texts[part]) < _MAX_READ:
                    self._texts[part] += (token.data or "")[:_MAX_READ]

    def _take_tag(self, token: Token, depth: int) -> None:
        classes = (token.attr("class") or "").split()
        if not _APPS.isdisjoint(classes):
            self._begin("app", depth)
        elif "p-name" in classes and "app" in self._depths:
            self._begin("p-name", depth)
        href = token.attr("href")
        if token.tag == "base" and self.base is None:
            self.base = href
        relations = (token.attr("rel") or "").lower().split() if token.tag in ("a", "link") else ()
        if _REDIRECT in relations and href is not None and len(self.redirects) < _MOST:
            self.redirects.append(href)

    def _begin(self, part: str, depth: int) -> None:
        """Begins to read the first element of a kind."""
        if part not in self._has_begun:
            self._has_begun.add(part)
            self._depths[part] = depth


def _name(text: str) -> str:
    return strangers_line(text, _MAX_READ)[:_MAX_NAME].rstrip()


def _bounded(uris: list[str]) -> frozenset[str]:
    return frozenset(uri for uri in uris[:_MOST] if len(uri) <= MAX_URL)
