"""The values that posts are made of. Pure: no clock, database, network or Flask."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

# Feed readers and the validator take an earlier date for a mistake; nothing was published on the web before.
WEB_BEGAN = datetime(1990, 1, 1, tzinfo=UTC)

Stored = Literal["draft", "published", "deleted"]
Status = Literal["draft", "scheduled", "published", "deleted"]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a post: absolute URL, media type, length in bytes."""

    url: str
    type: str
    length: int

    @property
    def is_image(self) -> bool:
        return self.type.startswith("image/")


@dataclass(frozen=True, slots=True)
class DraftText:
    """A Markdown document with front matter, read and checked, not yet rendered (docs/interface.md, “Posts”).

    `slug` is made from the title where the author gave none. `date` and `updated` are None where not given.
    `summary` is the author's own, plain text, or None. `left_out` names front matter fields we do not know.
    """

    source: str
    body: str
    title: str
    slug: str
    date: datetime | None
    updated: datetime | None
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    summary: str | None
    lang: str | None
    draft: bool
    pings_open: bool
    comments_open: bool
    enclosures: tuple[Enclosure, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body as rendered.

    `html` is the author's HTML for the page; `feed_html` is sanitised, with absolute URLs, for feeds; `excerpt` is
    its beginning as plain text; `image` is the first image's absolute URL; `hosts` are the hosts that it links to.
    """

    html: str
    feed_html: str
    excerpt: str
    image: str | None
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Post:
    """A post as stored. Moments are aware, UTC. `title` may be empty; `label` never is."""

    id: int
    guid: str
    slug: str
    title: str
    source: str
    html: str
    feed_html: str
    excerpt: str
    summary: str | None
    image: str | None
    lang: str
    state: Stored
    published_at: datetime
    updated_at: datetime
    created_at: datetime
    pings_open: bool
    comments_open: bool
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()

    @property
    def label(self) -> str:
        """The title to show where one is needed: its title, else its first words, else its slug."""
        return self.title or self.excerpt or self.slug

    def status(self, now: datetime) -> Status:
        """The state as a person calls it: a published post with a date to come is scheduled."""
        if self.state == "published" and self.published_at > now:
            return "scheduled"
        return self.state

    def visible(self, now: datetime) -> bool:
        """Whether readers see it."""
        return self.status(now) == "published"


@dataclass(frozen=True, slots=True)
class PostLink:
    """A post as a list of links shows it."""

    slug: str
    label: str
    published_at: datetime
