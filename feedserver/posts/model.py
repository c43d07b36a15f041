"""The values that posts are made of. Pure: no clock, database, network or Flask."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import unquote

from feedserver.posts.references import ReferenceLine, lines
from feedserver.text import caseless, is_blank, shorten, strangers_line

# The version of what is made of a document: raise it with each change of `rendering`, and when a field becomes a
# column, and older posts are rendered anew.
RENDERING: Final = 4

MAX_SLUG: Final = 200  # characters
_MAX_NAME: Final = 80  # characters of the name of an untitled post
_MAX_FILE_NAME: Final = 200  # characters
_THEME_DETECTION: Final = "3bfe001a-32de-4114-a6b4-4005b770f6d7"  # in the titles that Open Live Writer gives such posts

PostState = Literal["draft", "published", "deleted"]
Via = Literal["cli", "desk", "xmlrpc", "micropub", "import"]  # through which door a text was saved
Status = Literal["draft", "scheduled", "published", "deleted"]
Format = Literal["markdown", "html"]  # of a body
Ids = tuple[str, str | None]  # of a post: `guid` and `atom_id`


@dataclass(frozen=True, slots=True)
class Writer:
    """Who saves a text: the name of an account, None for whoever has the command line, and through which door."""

    account: str | None = None
    via: Via = "cli"


CLI: Final = Writer()
IMPORT: Final = Writer(via="import")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a post: address, relative to the permalink or absolute, media type, length in bytes."""

    url: str
    type: str
    length: int

    @property
    def is_image(self) -> bool:
        return self.type.startswith("image/")

    @property
    def file_name(self) -> str:
        """What the file is called, for people: the last step of its address, decoded; “file” if that is nothing."""
        step = re.split("[?#]", self.url, maxsplit=1)[0].rpartition("/")[2]
        return strangers_line(unquote(step), _MAX_FILE_NAME) or "file"


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that stands before a text: its address, as that of an enclosure, and alternative text, "" if none."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class DraftText:
    """A document with front matter, read and checked, not yet rendered (docs/interface.md, “Posts”).

    `body` is text of this `format`. `page`: it is a page of the site, no post; `menu` is its name in the navigation.

    `slug` is made from the title unless `slug_is_given`. `date`, `updated` and `summary` (plain text) are None if not
    given. `draft` says also what other systems' fields say: those in `withheld_by` made it one. Readers are not to see
    the post from `until` on. `unknown_fields` are names in the front matter. Of the texts in `commented` a comment was
    left out. The addresses are those of a `Post`. `micropub` are properties that Micropub clients gave and that no
    field can hold (`authoring.micropub.properties`).
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
    until: datetime | None = None
    withheld_by: tuple[str, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    commented: tuple[str, ...] = ()
    slug_is_given: bool = False
    reply_to: tuple[str, ...] = ()
    like_of: tuple[str, ...] = ()
    repost_of: tuple[str, ...] = ()
    bookmark_of: tuple[str, ...] = ()
    tells: bool = True
    page: bool = False
    menu: str | None = None
    format: Format = "markdown"
    photos: tuple[Photo, ...] = ()
    micropub: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether readers would find nothing in it: no words, pictures, files or pages that it is about."""
        words = (self.title, self.summary or "", self.body)
        return all(map(is_blank, words)) and not (self.photos or self.enclosures or self.references)

    @property
    def references(self) -> tuple[ReferenceLine, ...]:
        """The pages elsewhere that it is about."""
        return lines(self.reply_to, self.like_of, self.repost_of, self.bookmark_of)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body as rendered.

    `html` is the author's HTML for the page; `feed_html` is sanitised, for feeds, with marked addresses
    (`addresses.absolute_html`); `excerpt` is its beginning as plain text, or says which pages the post is about where
    it has no words; `image` is the first image's address; `hosts` are the other hosts that it links to.
    """

    html: str
    feed_html: str
    excerpt: str
    image: str | None
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Post:
    """A post as stored. Moments are aware, UTC. `title` may be empty; `label` never is.

    The addresses in `feed_html`, `image` and `enclosures` may be relative to the permalink (`addresses.at`). Those in
    `reply_to`, `like_of`, `repost_of` and `bookmark_of` are absolute, in ASCII: the pages that the post answers, and so
    on. `tells`: the pages that it links to, these among them, are told of it. `page`: it is a page of the site, no
    post; `menu` is its name in the navigation. `guid` of an imported post may be any text; then `atom_id` is an IRI
    made of it. `revision` is the number of its text, which grows with each other one that is saved.
    """

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
    state: PostState
    published_at: datetime
    updated_at: datetime
    created_at: datetime
    pings_open: bool
    comments_open: bool
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    reply_to: tuple[str, ...] = ()
    like_of: tuple[str, ...] = ()
    repost_of: tuple[str, ...] = ()
    bookmark_of: tuple[str, ...] = ()
    tells: bool = True
    page: bool = False
    menu: str | None = None
    atom_id: str | None = None
    revision: int = 1
    deleted_at: datetime | None = None

    @property
    def references(self) -> tuple[ReferenceLine, ...]:
        """The pages elsewhere that the post is about: what stands above its text."""
        return lines(self.reply_to, self.like_of, self.repost_of, self.bookmark_of)

    @property
    def label(self) -> str:
        """A title that is never empty: the post's own, else its first words, else its slug."""
        return self.title or self.excerpt or self.slug

    @property
    def name(self) -> str:
        """The label as a heading: the post's title, else its first words, shortened."""
        return self.title or shorten(self.label, _MAX_NAME)

    @property
    def lede(self) -> str:
        """The summary, or the first words unless the name has them; may be empty."""
        return self.summary or (self.excerpt if self.title else "")

    def status(self, now: datetime) -> Status:
        """The state at `now`: a published post with a later date is scheduled."""
        return _status(self.state, self.published_at, now)

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left of a deleted post but its addresses."""
        return self.state == "deleted" and not self.source

    def visible(self, now: datetime) -> bool:
        """Whether readers see the post at `now`."""
        return self.status(now) == "published"

    @property
    def is_passing(self) -> bool:
        """Whether it was only made to see how the site looks (`passing`)."""
        return is_passing(self.title)


def is_passing(title: str) -> bool:
    """Whether a post of this title passes (`passing`)."""
    return _THEME_DETECTION in title


@dataclass(frozen=True, slots=True)
class Revision:
    """A text of a post that was saved: its document, `source`, with the title that it gives, when and by whom."""

    number: int
    at: datetime
    by: str | None
    via: Via
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class PostSummary:
    """What a list for the author tells of a post: no texts, which may have megabytes."""

    id: int
    guid: str
    slug: str
    title: str
    state: PostState
    published_at: datetime
    updated_at: datetime
    page: bool
    tags: tuple[str, ...]
    authors: tuple[str, ...]

    def status(self, now: datetime) -> Status:
        """The state at `now`, as that of a `Post`."""
        return _status(self.state, self.published_at, now)


def _status(state: PostState, published_at: datetime, now: datetime) -> Status:
    return "scheduled" if state == "published" and published_at > now else state


@dataclass(frozen=True, slots=True)
class PostLink:
    """A post as shown in a list of links."""

    slug: str
    label: str
    lang: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of posts: all of them, those with a tag, or those of an author; or all pages, or all posts that pass."""

    tag: str | None = None
    author: str | None = None
    pages: bool = False
    passing: bool = False

    @property
    def name(self) -> str:
        """The tag or author, as it was asked for; empty for all posts."""
        return self.tag or self.author or ""

    @property
    def key(self) -> str:
        """The name of the list in the table `listed`, the same in any spelling of the tag or author."""
        if self.pages or self.passing:
            return "pages" if self.pages else "passing"
        if self.tag is not None:
            return f"tag/{caseless(self.tag)}"
        return "site" if self.author is None else f"author/{caseless(self.author)}"


EVERYTHING = Listing()
PAGES = Listing(pages=True)
PASSING = Listing(passing=True)
