"""Which thoughts the inbox shows: the filters in its address, which are the flags of `thought list`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from feedserver.host_names import read_host
from feedserver.thoughts.listing import Filters
from feedserver.thoughts.model import STATES

ALL: Final = "all"  # in every state
_MAX_DIGITS: Final = 6
_LONGEST: Final = 300  # characters of a filter


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """The filters and the page. `state` is empty for what waits, one of STATES, or ALL; `host` includes subdomains."""

    state: str = ""
    host: str = ""
    post: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.state or self.host or self.post)

    def filters(self, post_id: int | None) -> Filters:
        """The filters of `listing`; `post_id` is that of `post`."""
        state = next((state for state in STATES if state == self.state), None)
        every = self.state == ALL
        return Filters(post_id=post_id, state=state, host=self.host or None, waits=not self.state, exactly=every)

    def on(self, page: int) -> "InboxQuery":
        return replace(self, page=page)

    def __str__(self) -> str:
        """The query of an address, with its question mark; empty where there is no filter."""
        values = {"state": self.state, "host": self.host, "post": self.post, "page": self.page if self.page > 1 else ""}
        query = urlencode({name: value for name, value in values.items() if value})
        return f"?{query}" if query else ""


def read(given: Mapping[str, str]) -> InboxQuery:
    """Reads a query; what it does not know counts as not given. Raises ValueError for what is no host."""
    state, host, post = (given.get(name, "").strip()[:_LONGEST] for name in ("state", "host", "post"))
    return InboxQuery(
        state if state in (*STATES, ALL) else "", read_host(host) if host else "", post, page_of(given.get("page", ""))
    )


def page_of(text: str) -> int:
    """Reads the number of a page, the first one where it is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
    return max(1, int(text)) if is_number else 1
