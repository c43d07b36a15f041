"""What looking for an endpoint and sending a ping come to. Pure values: others decide what follows."""

from dataclasses import dataclass
from typing import Literal

Protocol = Literal["webmention", "pingback"]
Meaning = Literal["told", "refused", "again", "none"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a page takes pings. `url` is absolute, http(s); `found_in` says in words where the page names it."""

    protocol: Protocol
    url: str
    found_in: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try to tell a page.

    `told`: the receiver has taken the ping. `refused`: it never will. `again`: it may take it later. `none`: the page
    names no endpoint that may be contacted.

    `detail` is one clean line for people, in part the receiver's words. `receipt` is the receiver's status page, an
    absolute http(s) URL. `retry_after` is the pause in seconds, at most a day, that the server asks for. `misses_link`:
    the receiver may have looked, and found no link.
    """

    meaning: Meaning
    detail: str
    receipt: str | None = None
    retry_after: float | None = None
    misses_link: bool = False
