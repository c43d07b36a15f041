"""One look at a source: what it says about our posts, or why it could not be read.

Fetches outside any transaction; leaves what a look does to thoughts to `verification` and `deciding`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol
from urllib.parse import urlsplit

from feedserver import errors
from feedserver.net.fetch import FetchedPage
from feedserver.posts import store as posts
from feedserver.storage.engine import Database
from feedserver.text import clean, one_line, shorten
from feedserver.thoughts.lifecycle import Evidence, Missing, Trouble, Unlinked
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME, Content, is_blank
from feedserver.thoughts.source.encoding import decode
from feedserver.thoughts.source.excerpt import excerpts
from feedserver.thoughts.source.findings import Findings, Mention
from feedserver.thoughts.source.links import FoundLink, SourcePage, read
from feedserver.thoughts.verification import sources
from feedserver.thoughts.verification.sources import SourceRecord
from feedserver.urls import Urls, host_name, normalize_source

# Words are found for posts that were pinged, and for a few that may be pinged next. Who links to hundreds of posts
# keeps a list, and says nothing of its own on each.
MAX_EXCERPTS: Final = 200
MAX_MORE: Final = 20
# Some servers answer “not modified” to everything: now and then a page is read whole.
_BELIEVED: Final = timedelta(days=100)


class Fetch(Protocol):
    """The seam where a test may stand instead of the network."""

    def __call__(
        self,
        url: str,
        *,
        sender: str | None,
        etag: str | None = None,
        last_modified: str | None = None,
        on_redirect: Callable[[str], None] | None = None,
        timeout: float | None = None,
    ) -> FetchedPage: ...


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one look at a source brought: its findings, and what to say of the posts that it does not mention.

    `story` is for receipts. `kept` is what is worth keeping of it: None where nobody else's server was asked.
    """

    story: str
    findings: Findings
    otherwise: Evidence
    started_at: datetime
    kept: SourceRecord | None = None

    def evidence(self, post_id: int) -> Evidence:
        return self.findings.on(post_id) or self.otherwise


@dataclass(frozen=True, slots=True)
class Inspector:
    """Looks at sources. `site_title` names our own posts as sources."""

    database: Database
    urls: Urls
    site_title: str
    fetch: Fetch

    def look(self, source_key: str, sender: str | None, started_at: datetime) -> Inspection:
        """What `page`, a source as it is known, says now; `sender` is the address of whoever sent the ping."""
        if self.urls.owns(source_key):
            return self._look_inside(source_key, started_at)
        before = self._believed(source_key, started_at)
        etag, last_modified = (before.etag, before.last_modified) if before else (None, None)
        try:
            fetched = self.fetch(source_key, sender=sender, etag=etag, last_modified=last_modified)
        except errors.FetchError as error:
            asked = not isinstance(error, errors.AddressForbidden | errors.HostUnknown)
            kept = SourceRecord(started_at, Findings()) if asked else None
            return Inspection(f"not fetched: {error}", Findings(), _meaning(error), started_at, kept)
        if fetched.status == 304 and before:
            kept = replace(before, fetched_at=started_at)
            return Inspection("status 304, it has not changed", before.findings, Unlinked(), started_at, kept)
        return self._read(source_key, fetched, started_at)

    def _believed(self, source_key: str, now: datetime) -> SourceRecord | None:
        """What to ask a source about: whether this has changed. None where the answer could not be used."""
        with self.database.read() as connection:
            kept = sources.last(connection, source_key)
            if kept is None or kept.read_at is None or not (kept.etag or kept.last_modified):
                return None
            # Of posts that were pinged or published since, the findings say nothing.
            known = sources.posts_awaiting(connection, source_key) <= kept.findings.mentions.keys()
        return kept if known and now - kept.read_at < _BELIEVED else None

    def _read(self, source_key: str, fetched: FetchedPage, started_at: datetime) -> Inspection:
        if self.urls.owns(fetched.url):
            # A page that leads to one of ours says nothing of its own, though ours link to each other.
            kept = SourceRecord(started_at, Findings())
            return Inspection("it leads back to this site", Findings(), Missing(), started_at, kept)
        text = clean(decode(fetched.body, fetched.content_type))
        cut = f"; only the first {len(fetched.body)} bytes were read" if fetched.truncated else ""
        story = f"status {fetched.status}, {len(fetched.body)} bytes{cut}"
        redirected_to = fetched.url if normalize_source(fetched.url) != source_key else None
        findings = replace(self._findings(read(text, fetched.url), source_key), redirected_to=redirected_to)
        kept = SourceRecord(started_at, findings, fetched.etag, fetched.last_modified, read_at=started_at)
        return Inspection(story, findings, Unlinked(), started_at, kept)

    def _look_inside(self, source_key: str, started_at: datetime) -> Inspection:
        """One of our own posts as a source: read from the database, never over HTTP."""
        slug = self.urls.post_slug(source_key)
        with self.database.read() as connection:
            post = posts.by_slug(connection, slug) if slug else None
        if post is None or not post.visible(started_at):
            return Inspection("no post of this site", Findings(), Missing(), started_at)
        reading = read(post.html, self.urls.post(post.slug))
        named = replace(reading, name=self.site_title, title=post.label)
        return Inspection("read as a post of this site", self._findings(named, source_key), Unlinked(), started_at)

    def _findings(self, reading: SourcePage, source_key: str) -> Findings:
        """The words for the posts of ours that a page links to: all that it was pinged for, and a few more."""
        links, numbers = self._links_to_posts(reading)
        with self.database.read() as connection:
            owners = sources.posts_with(connection, list(links))
            pinged = sources.posts_pinged(connection, source_key)
        best: dict[int, FoundLink] = {}
        for slug, link in links.items():
            if slug in owners and _is_better(link, best.get(owners[slug])):
                best[owners[slug]] = link
        wanted = [post_id for post_id in best if post_id in pinged]
        wanted += islice((post_id for post_id in best if post_id not in pinged), MAX_MORE)
        found = excerpts(reading, [best[post_id] for post_id in wanted[:MAX_EXCERPTS]])
        found += [""] * (len(wanted) - len(found))
        mentions = {
            post_id: Mention(_words(reading, source_key, words), best[post_id].hidden)
            for post_id, words in zip(wanted, found, strict=True)
        }
        return Findings(mentions, sum(numbers[slug] for slug in owners))

    def _links_to_posts(self, reading: SourcePage) -> tuple[dict[str, FoundLink], Counter[str]]:
        """The best link for each slug, in the page's order, and how many there are."""
        links: dict[str, FoundLink] = {}
        numbers: Counter[str] = Counter()
        for link in reading.links:
            slug = self.urls.post_slug(link.url)
            if slug is None:
                continue
            numbers[slug] += 1
            if _is_better(link, links.get(slug)):
                links[slug] = link
        return links, numbers


def _words(reading: SourcePage, source_key: str, around_the_link: str) -> Content:
    parts = urlsplit(source_key)
    return Content(
        author_name=host_name(parts) if is_blank(reading.name) else shorten(one_line(reading.name), MAX_NAME),
        author_url=f"{parts.scheme}://{parts.netloc}/",
        title=shorten(one_line(reading.title), MAX_NAME),
        excerpt=shorten(one_line(around_the_link), MAX_EXCERPT),
    )


def _is_better(link: FoundLink, than: FoundLink | None) -> bool:
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
