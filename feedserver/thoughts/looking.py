"""One look at a source: what it says about our posts, or why it could not be read.

Fetches outside any transaction; leaves what a look does to thoughts to `verification` and `deciding`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final, Protocol
from urllib.parse import urlsplit

from feedserver import errors
from feedserver.net.fetch import Page
from feedserver.posts import store as posts
from feedserver.storage.engine import Database
from feedserver.text import clean, one_line, shorten
from feedserver.thoughts import sources
from feedserver.thoughts.charset import decode
from feedserver.thoughts.deciding import Evidence, Linked, Missing, Trouble, Unlinked
from feedserver.thoughts.excerpt import excerpts
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME, Words, is_blank
from feedserver.thoughts.reading import Link, Reading, read
from feedserver.urls import Urls, host_name

# Words are found for posts that were pinged, and for a few that may be pinged next. Who links to hundreds of posts
# keeps a list, and says nothing of its own on each.
MAX_EXCERPTS: Final = 200
MAX_MORE: Final = 20


class Fetch(Protocol):
    """The seam where a test may stand instead of the network."""

    def __call__(
        self,
        url: str,
        *,
        sender: str | None,
        on_redirect: Callable[[str], None] | None = None,
        patience: float | None = None,
    ) -> Page: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a source brought: the words for each post it mentions, and what to say of all others.

    `story` is for receipts. `asked` is whether somebody else's server was asked, who is to be spared for a while.
    """

    started_at: datetime
    story: str
    mentions: dict[int, Words]
    otherwise: Evidence
    asked: bool

    def evidence(self, post_id: int) -> Evidence:
        words = self.mentions.get(post_id)
        return self.otherwise if words is None else Linked(words)


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at sources. `site_title` names our own posts as sources."""

    database: Database
    urls: Urls
    site_title: str
    fetch: Fetch

    def look(self, page: str, sender: str | None, started_at: datetime) -> Look:
        """What `page`, a source as it is known, says now; `sender` is the address of whoever sent the ping."""
        if self.urls.owns(page):
            return self._look_inside(page, started_at)
        try:
            fetched = self.fetch(page, sender=sender)
        except errors.FetchError as error:
            asked = not isinstance(error, errors.AddressForbidden | errors.HostUnknown)
            return Look(started_at, f"not fetched: {error}", {}, _meaning(error), asked)
        if self.urls.owns(fetched.url):
            # A page that leads to one of ours says nothing of its own, though ours link to each other.
            return Look(started_at, "it leads back to this site", {}, Missing(), asked=True)
        text = clean(decode(fetched.body, fetched.content_type))
        cut = f"; only the first {len(fetched.body)} bytes were read" if fetched.truncated else ""
        story = f"status {fetched.status}, {len(fetched.body)} bytes{cut}"
        return Look(started_at, story, self._mentions(read(text, fetched.url), page), Unlinked(), asked=True)

    def _look_inside(self, page: str, started_at: datetime) -> Look:
        """One of our own posts as a source: read from the database, never over HTTP."""
        slug = self.urls.post_slug(page)
        with self.database.read() as connection:
            post = posts.by_slug(connection, slug) if slug else None
        if post is None or not post.visible(started_at):
            return Look(started_at, "no post of this site", {}, Missing(), asked=False)
        reading = read(post.html, self.urls.post(post.slug))
        named = replace(reading, name=self.site_title, title=post.label)
        return Look(started_at, "read as a post of this site", self._mentions(named, page), Unlinked(), asked=False)

    def _mentions(self, reading: Reading, page: str) -> dict[int, Words]:
        """The words for the posts of ours that a page links to: all that it was pinged for, and a few more."""
        links = self._links_to_posts(reading)
        with self.database.read() as connection:
            owners = sources.posts_with(connection, list(links))
            pinged = sources.posts_pinged(connection, page)
        best: dict[int, Link] = {}
        for slug, link in links.items():
            if slug in owners and _is_better(link, best.get(owners[slug])):
                best[owners[slug]] = link
        wanted = [post_id for post_id in best if post_id in pinged]
        wanted += islice((post_id for post_id in best if post_id not in pinged), MAX_MORE)
        found = excerpts(reading, [best[post_id] for post_id in wanted[:MAX_EXCERPTS]])
        found += [""] * (len(wanted) - len(found))
        return {post_id: _words(reading, page, words) for post_id, words in zip(wanted, found, strict=True)}

    def _links_to_posts(self, reading: Reading) -> dict[str, Link]:
        """The best link for each slug, in the page's order."""
        links: dict[str, Link] = {}
        for link in reading.links:
            slug = self.urls.post_slug(link.url)
            if slug is not None and _is_better(link, links.get(slug)):
                links[slug] = link
        return links


def _words(reading: Reading, page: str, around_the_link: str) -> Words:
    parts = urlsplit(page)
    return Words(
        author_name=host_name(parts) if is_blank(reading.name) else shorten(one_line(reading.name), MAX_NAME),
        author_url=f"{parts.scheme}://{parts.netloc}/",
        title=shorten(one_line(reading.title), MAX_NAME),
        excerpt=shorten(one_line(around_the_link), MAX_EXCERPT),
    )


def _is_better(link: Link, than: Link | None) -> bool:
    """The first link that can be seen counts."""
    return than is None or (than.hidden and not link.hidden)


def _meaning(error: errors.FetchError) -> Evidence:
    """What a failed fetch says about a source: the table for INTERFACE's “source missing” and “in trouble”."""
    match error:
        case errors.BadStatus(status=401 | 403 | 404 | 410 as status):
            return Missing(status)
        case errors.AddressForbidden() | errors.HostUnknown() | errors.TooManyRedirects():
            return Missing()
        case errors.NotText():
            return Unlinked("not a text")
        case _:
            return Trouble()
