"""The values that thoughts are made of. Pure."""

import hashlib
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, get_args
from urllib.parse import urljoin

from feedserver.domains import SHARED_BY_PATH, source_site
from feedserver.thoughts.source.identity import page_key
from feedserver.urls import split_http

Protocol = Literal["pingback", "webmention"]
Kind = Literal["pingback", "webmention", "comment"]
# What a source is to the post, as its h-entry says.
Response = Literal["mention", "reply", "like", "repost", "bookmark", "rsvp"]
State = Literal["received", "shown", "held", "rejected", "gone", "spam", "deleted"]
STATES: tuple[State, ...] = get_args(State)
WITH_WORDS: Final[frozenset[Response | None]] = frozenset(("reply", "rsvp"))  # of its own; others have an excerpt
# What readers see as lines of names beside the numbered thoughts, in this order (storage/schema.IS_REACTION).
REACTIONS: Final[tuple[Response, ...]] = ("like", "repost", "bookmark")
_DEEDS: Final[dict[str | None, str]] = {"like": "liked", "repost": "reposted", "bookmark": "bookmarked"}

ON_A_PAGE = 100  # thoughts that a page of a post has room for
MAX_NAME = 500  # characters
MAX_EXCERPT = 1000  # characters
_HASH_DIGITS = 32  # 128 bits
_FEWEST_LETTERS = 40  # of words that are compared: many honest sources say “see this”


@dataclass(frozen=True, slots=True)
class Content:
    """What a source says: its author, its title, and the excerpt around its link, or a reply's own words.

    `fingerprint` is that of the words around the link or of a reply (`fingerprint_of`). `response` and `published_at`
    (aware UTC) are of webmentions alone.
    """

    author_name: str
    author_url: str
    title: str
    excerpt: str
    fingerprint: str | None = field(default=None, compare=False)
    response: Response | None = None
    published_at: datetime | None = None

    @property
    def size(self) -> int:
        """The bytes of its texts (UTF-8)."""
        texts = (self.author_name, self.author_url, self.title, self.excerpt)
        return sum(len(text.encode("utf-8", "replace")) for text in texts)

    def says_the_same(self, other: "Content") -> bool:
        """Whether readers are told the same. What a pingback says is a mention once a webmention has come."""
        return replace(self, response=self.response or "mention") == replace(
            other, response=other.response or "mention"
        )


def raised(kind: Kind, by: Protocol) -> Kind:
    """The kind of a ping after one more of the same pair: it is a webmention once one has come."""
    return "webmention" if by == "webmention" else kind


NOTHING: Final = Content("", "", "", "")  # of a ping that was never verified


def fingerprint_of(words: str) -> str | None:
    """A hash of the letters and digits of words, in any case and form; None if they are too few to be compared.

    Whatever else is strewn in makes no other words: blanks, punctuation, marks, invisible characters.
    """
    decomposed = unicodedata.normalize("NFKD", words).casefold()
    said = unicodedata.normalize("NFC", "".join(filter(str.isalnum, decomposed)))  # one letter is one character again
    if len(said) < _FEWEST_LETTERS:
        return None
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:_HASH_DIGITS]


def commenter_of(name: str, email: str) -> str | None:
    """A hash of a commenter's name (on one line) and email address, ignoring letter case; None without an address."""
    if not email:
        return None
    who = f"{unicodedata.normalize('NFC', name.casefold())}\0{email.lower()}"
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:_HASH_DIGITS]


def person_of(content: Content, source_key: str) -> str:
    """A hash of who wrote a source: of the author's address, else of the name and the source site.

    The root of its server is no author's address: it stands where a source names none.
    """
    root = page_key(urljoin(source_key, "/"))
    at = page_key(content.author_url) if split_http(content.author_url) else root
    name = unicodedata.normalize("NFC", content.author_name.casefold())
    who = at.rstrip("/") if at != root else f"{name}\0{source_site(source_key, SHARED_BY_PATH)}"
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:_HASH_DIGITS]


@dataclass(frozen=True, slots=True)
class LinkSignals:
    """How a source links to a post: signs of spam.

    `posts` counts our posts that it links to; `hidden`: this link is invisible. `redirected_to` is the final URL after
    redirects, None without any.
    """

    posts: int = 1
    hidden: bool = False
    redirected_to: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """The thought that another one answers, as far as readers see it. `page` is as that of a `Thought`."""

    id: int
    guid: str
    author_label: str
    page: int


@dataclass(frozen=True, slots=True)
class Thought:
    """A pingback, webmention or comment on one post. Texts are plain and clean, times aware UTC.

    `source` and `target` are as sent (None for comments); `source_key` is the normalized source
    (`urls.normalize_source`), and `page_key` that of its page once it was read (`source.identity`). `reason`
    explains the state. `restore` is the state to restore when the link is back. `received_at` and `updated_at`,
    when the content last changed, are whole seconds. `approved`: a moderator approved exactly this content;
    `pending_content` is what the source says since. `sender` is the address that sent the last ping, only its wide
    network once that is settled. `strikes` counts the 404s in a row, since `first_strike_at`. `position` counts the
    thoughts of its post in the order in which they were first shown; zero: that of a reaction, which takes none.
    `response` and `published_at` are those of its `content`. `first_shown_at` is null also where that was not noted: a
    `position` then says that it was shown. `parent_id` is the thought that it answers;
    `parent` is that one, where it is read for readers and they see it.
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
    fingerprint: str | None = None
    pending_content: Content | None = None
    page_key: str | None = None
    sender: str | None = None
    position: int | None = None
    response: Response | None = None
    published_at: datetime | None = None
    parent_id: int | None = None
    first_shown_at: datetime | None = None
    parent: Parent | None = None

    @property
    def is_reaction(self) -> bool:
        """Whether it is one of a line of names, and no numbered thought."""
        return self.response in REACTIONS

    @property
    def page(self) -> int:
        """The page of its post that it stands on, for good; the first one for a reaction, and if it was never shown."""
        return 1 if self.is_reaction else ((self.position or 1) - 1) // ON_A_PAGE + 1

    @property
    def author_label(self) -> str:
        """A name to show for the author, never empty."""
        return self.author_name or self.host or "Somebody"

    @property
    def date(self) -> datetime:
        """When its source was published, as it says itself; at latest when it was received."""
        return min(self.published_at or self.received_at, self.received_at)

    @property
    def deed(self) -> str | None:
        """What a reaction did, as a verb; None for others."""
        return _DEEDS.get(self.response)

    @property
    def has_own_words(self) -> bool:
        """Whether its excerpt is all that it says, in paragraphs, and no part of a longer text."""
        return self.kind == "comment" or self.response in WITH_WORDS

    @property
    def as_parent(self) -> Parent:
        return Parent(self.id, self.guid, self.author_label, self.page)

    @property
    def words(self) -> str:
        """What to read of it where it stands alone: its excerpt, or in words what a reaction did."""
        return f"{self.author_label} {self.deed} this." if self.deed else self.excerpt

    @property
    def content(self) -> Content:
        words = (self.author_name, self.author_url, self.title, self.excerpt)
        return Content(*words, self.fingerprint, self.response, self.published_at)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a receipt's timeline. `times` counts the equal ones that it stands for, `at` is the last of them."""

    at: datetime
    event: str
    detail: str
    times: int = 1


def decision_line(state: str, reason: str | None) -> str:
    """The detail of a timeline's line for a decision; `state_in` reads the state back."""
    return f"{state}: {reason}" if reason else state


def state_in(detail: str) -> str:
    """The state in a line that `decision_line` wrote."""
    return detail.partition(":")[0]
