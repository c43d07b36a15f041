"""The values that thoughts are made of. Pure: no clock, database, network or Flask."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Kind = Literal["pingback", "comment"]
State = Literal["received", "shown", "held", "rejected", "gone", "spam", "deleted"]
STATES: tuple[State, ...] = get_args(State)

MAX_NAME = 500  # characters
MAX_EXCERPT = 1000  # characters
MOST_ALIKE = 20  # posts about which the same words are said, as far as they are counted
_SAYS_SOMETHING = 10  # letters of an excerpt, from which on it is somebody's own words


@dataclass(frozen=True, slots=True)
class Content:
    """What a source says: who, under which title, and the words around its link."""

    author_name: str
    author_url: str
    title: str
    excerpt: str

    @property
    def fingerprint(self) -> str | None:
        """The same for excerpts that say the same; None for one that says nothing."""
        said = " ".join(self.excerpt.casefold().split())
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest() if said else None

    @property
    def is_telling(self) -> bool:
        """Whether the excerpt says something of its own: many who mean no harm say “see this”."""
        return sum(map(str.isalnum, self.excerpt)) >= _SAYS_SOMETHING


@dataclass(frozen=True, slots=True)
class LinkSignals:
    """How a page links to a post, beyond its words: what tells spam from a thought.

    `links` counts the page's links to our posts, `hidden` says that this one cannot be seen. `led_to` is where
    redirects ended, None without one.
    """

    links: int = 1
    hidden: bool = False
    redirected_to: str | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """What others say on one post. Text is plain and clean. Moments are aware, UTC.

    `source` and `target` are as they were sent (None for comments); `page` is the source in the form under which
    it is known (`urls.same_page`). `reason` says in plain words why the state is what it is. `restore` is the
    state that a link which comes back restores. `approved` is true once a person approved these very words;
    `new_words` are what the source says now, and wait beside them. `strikes` counts the 404s in a row,
    `first_strike_at` is when they began.
    """

    id: int
    guid: str
    receipt_token: str
    post_id: int
    post_slug: str
    kind: Kind
    state: State
    reason: str | None
    source: str | None
    source_key: str | None
    target: str | None
    host: str | None
    author_name: str
    author_url: str
    title: str
    excerpt: str
    approved: bool
    restore: State | None
    strikes: int
    first_strike_at: datetime | None
    received_at: datetime
    checked_at: datetime | None
    decided_at: datetime | None
    next_check_at: datetime | None
    pending_content: Content | None = None

    @property
    def content(self) -> Content:
        return Content(self.author_name, self.author_url, self.title, self.excerpt)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a receipt's timeline."""

    at: datetime
    event: str
    detail: str


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen: some characters are neither blanks nor visible."""
    return all(char.isspace() or not char.isprintable() for char in text)
