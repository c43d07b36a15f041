"""Bare addresses that become links: `https://…`, `http://…`, `ftp://…`, `www.…` and email addresses. Pure.

Other names are no links: `README.md` and `setup.py` would lead to Moldova and Paraguay.
"""

import re
from functools import cache

from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it.rules_inline import StateInline

from feedserver.urls import MAX_URL

_SCHEME = re.compile(r"(?<![a-z0-9.+-])(?:https?|ftp)\Z", re.IGNORECASE)
_LONGEST_SCHEME = len("https")
_WWW = "www."
# What ends an address in a text, and stands in few: quotation marks of all languages, the punctuation of CJK.
_END = re.compile("[“”„«»‹›「」『』《》〈〉【】（），。、；：！？…]")


class Addresses(LinkifyIt):  # type: ignore[misc] # published without type information
    """Finds addresses as linkify-it does, and ends them before quotation marks and the punctuation of CJK."""

    def __init__(self) -> None:
        super().__init__(options={"fuzzy_link": False})
        self.add("//", None)
        self.add(_WWW, {"validate": self.length_after_www, "normalize": self.normalize})

    def length_after_www(self, text: str, position: int) -> int:
        """The length of what follows `www.` in an address; 0 if there is none, or if it is part of a path."""
        if text[: position - len(_WWW)].endswith((".", "/", "\\", ":", "@", "_", "-")):
            return 0
        found = super().match_at_start(f"http://{text[position - len(_WWW) : position + MAX_URL]}")
        return found.last_index - len(f"http://{_WWW}") if found else 0

    def normalize(self, match: Match) -> None:
        """Gives the address that was found its scheme."""
        super().normalize(match)
        if match.schema == _WWW:
            match.url = f"http://{match.url}"

    def match(self, text: str) -> list[Match] | None:
        """The addresses in a text that are no longer than addresses may be; None if there are none."""
        found = super().match(text) or []
        return [self._ended(match) for match in found if len(match.raw) <= MAX_URL] or None

    def match_at_start(self, text: str) -> Match | None:
        """The address that a text begins with, if it is no longer than addresses may be."""
        found = super().match_at_start(text[: MAX_URL + 1])
        return self._ended(found) if found and found.last_index <= MAX_URL else None

    def _ended(self, match: Match) -> Match:
        if end := _END.search(match.raw):
            match.raw = match.text = match.url = match.raw[: end.start()].rstrip(".,;:!?'\"")
            match.last_index = match.index + len(match.raw)
            self.normalize(match)
        return match


@cache
def addresses() -> Addresses:
    """What finds addresses, made once."""
    return Addresses()


def link(state: StateInline, silent: bool) -> bool:
    """The rule of markdown-it for `scheme://…`, in linear time: what precedes the colon is looked at but for a scheme.

    Unlike text, an address holds no emphasis.
    """
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.src, max(0, state.pos - _LONGEST_SCHEME), state.pos)
    if scheme is None or not state.pending.endswith(scheme[0]):
        return False
    found = addresses().match_at_start(state.src[scheme.start() : scheme.start() + MAX_URL + 1])
    shown = found.url.rstrip("*") if found else ""  # which ends emphasis around it
    address = state.md.normalizeLink(shown)
    if not shown or not state.md.validateLink(address):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": address}
        state.push("text", "", 0).content = shown
        closing = state.push("link_close", "a", -1)
        opening.info = closing.info = "auto"
        opening.markup = closing.markup = "linkify"
    state.pos += len(shown) - len(scheme[0])
    return True
