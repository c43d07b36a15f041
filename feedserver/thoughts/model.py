"""The values that thoughts are made of. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Kind = Literal["pingback", "comment"]
State = Literal["received", "shown", "held", "rejected", "gone", "spam", "deleted"]
STATES: tuple[State, ...] = get_args(State)

MAX_NAME = 500  # characters
MAX_EXCERPT = 1000  # characters
MOST_ALIKE = 20  # posts with the same excerpt that are counted
_DISTINCTIVE_LETTERS = 10  # letters and digits of a distinctive excerpt


@dataclass(frozen=True, slots=True)
class Content:
    """What a source says: its author, its title, and the excerpt around its link."""

    author_name: str
    author_url: str
    title: str
    excerpt: str

    @property
    def fingerprint(self) -> str | None:
        """A hash of the excerpt, ignoring letter case and blanks; None if it is empty."""
        said = " ".join(self.excerpt.casefold().split())
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest() if said else None

    @property
    def is_distinctive(self) -> bool:
        """Whether the excerpt is long enough to compare: many honest ones say “see this”."""
        return sum(map(str.isalnum, self.excerpt)) >= _DISTINCTIVE_LETTERS


@dataclass(frozen=True, slots=True)
class LinkSignals:
    """How a source links to a post: signs of spam.

    `links` counts its links to our posts; `hidden`: this one is invisible. `redirected_to` is the final URL after
    redirects, None without any.
    """

    links: int = 1
    hidden: bool = False
    redirected_to: str | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """A pingback or comment on one post. Texts are plain and clean, times aware UTC.

    `source` and `target` are as sent (None for comments); `source_key` is the normalized source
    (`urls.normalize_source`). `reason` explains the state. `restore` is the state to restore when the link is back.
    `received_at` and `updated_at`, when the content last changed, are whole seconds.
    `approved`: a moderator approved exactly this content; `pending_content` is what the source says since. `strikes`
    counts the 404s in a row, since `first_strike_at`.
    """

    id: int
    guid: str
    receipt_token: str | None  # comments have none
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
    updated_at: datetime
    checked_at: datetime | None
    decided_at: datetime | None
    next_check_at: datetime | None
    pending_content: Content | None = None

    @property
    def author_label(self) -> str:
        """A name to show for the author, never empty."""
        return self.author_name or self.host or "Somebody"

    @property
    def content(self) -> Content:
        return Content(self.author_name, self.author_url, self.title, self.excerpt)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a receipt's timeline."""

    at: datetime
    event: str
    detail: str


def decision_line(state: str, reason: str | None) -> str:
    """The detail of a timeline's line for a decision; `state_in` reads the state back."""
    return f"{state}: {reason}" if reason else state


def state_in(detail: str) -> str:
    """The state in a line that `decision_line` wrote."""
    return detail.partition(":")[0]


def is_blank(text: str) -> bool:
    """Whether a text has no visible character; some that are not blanks are invisible too."""
    return all(char.isspace() or not char.isprintable() for char in text)
