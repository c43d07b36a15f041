"""Inspects one source, outside any transaction: what it says about our posts, or why it could not be read."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, Protocol
from urllib.parse import urlsplit

from feedserver import errors
from feedserver.domains import SHARED_BY_PATH
from feedserver.host_names import host_name
from feedserver.net.fetch import FetchedPage
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.redirects.model import keys_of
from feedserver.storage.engine import Database
from feedserver.text import is_blank, one_line, shorten
from feedserver.thoughts.lifecycle import Evidence, Missing, Trouble, Unlinked, Unread
from feedserver.thoughts.model import MAX_EXCERPT, MAX_NAME, Content, fingerprint_of
from feedserver.thoughts.source.encoding import decode
from feedserver.thoughts.source.excerpt import Excerpt, excerpts
from feedserver.thoughts.source.findings import Findings, Mention
from feedserver.thoughts.source.identity import linked_canonical, own_page_key, page_key, page_of
from feedserver.thoughts.source.links import FoundLink, SourcePage, read
from feedserver.thoughts.source.markup import as_clean_html
from feedserver.thoughts.source.responses import heard
from feedserver.thoughts.verification import sources
from feedserver.thoughts.verification.sources import SourceRecord
from feedserver.urls import MAX_URL, Urls, normalize_source

# Excerpts are made for posts that were pinged, and for a few that may be pinged next. A page that links to hundreds of
# posts is a list.
MAX_EXCERPTS: Final = 200
MAX_MORE: Final = 20
MAX_OLD_NAMES: Final = 1_000  # names of old addresses that are looked up for one page
_WHOLE: Final = frozenset({200, 203})  # statuses of the page itself (RFC 9110 section 15.3), which may lack a link


class Fetch(Protocol):
    """The fetcher, which tests replace. `timeout` (seconds) shortens the usual one."""

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
    """The findings of one inspection, and the evidence for posts that the source does not mention (`otherwise`).

    `summary` is for receipts. `record` is to be stored; None if no server was contacted.
    """

    summary: str
    findings: Findings
    otherwise: Evidence
    started_at: datetime
    record: SourceRecord | None = None

    def evidence(self, post_id: int) -> Evidence:
        return self.findings.on(post_id) or self.otherwise


@dataclass(frozen=True, slots=True)
class Inspector:
    """Inspects sources. `site_title` names our own posts as sources; `shared_by_path` is for `domains.source_site`."""

    database: Database
    urls: Urls
    site_title: str
    fetch: Fetch
    shared_by_path: Collection[str] = SHARED_BY_PATH

    def inspect(
        self, source_key: str, sender: str | None, believed: SourceRecord | None, started_at: datetime
    ) -> Inspection:
        """Inspects a source. `sender` is the address that sent the ping; a 304 confirms the record `believed`."""
        if self.urls.owns(source_key):
            return self._inspect_own_post(source_key, started_at)
        etag, last_modified = (believed.etag, believed.last_modified) if believed else (None, None)
        try:
            fetched = self.fetch(source_key, sender=sender, etag=etag, last_modified=last_modified)
        except errors.FetchError as error:
            contacted = not isinstance(error, errors.AddressForbidden | errors.HostUnknown)
            record = SourceRecord(started_at, Findings()) if contacted else None
            return Inspection(f"not fetched: {error}", Findings(), _meaning(error), started_at, record)
        if fetched.status == 304 and believed:
            record = replace(believed, fetched_at=started_at)
            return Inspection("status 304, it has not changed", believed.findings, Unlinked(), started_at, record)
        return self._read(source_key, fetched, started_at)

    def _read(self, source_key: str, fetched: FetchedPage, started_at: datetime) -> Inspection:
        if self.urls.owns(fetched.url):
            # Our own posts link to each other; a page that redirects to one has no content of its own.
            record = SourceRecord(started_at, Findings())
            return Inspection("it redirects to this site", Findings(), Missing(), started_at, record)
        final = normalize_source(fetched.url)
        if len(final) > MAX_URL:  # no index holds it
            record = SourceRecord(started_at, Findings())
            return Inspection("its address is too long", Findings(), Missing(), started_at, record)
        text = as_clean_html(decode(fetched.body, fetched.content_type), fetched.content_type)
        cut = f"; only the first {len(fetched.body)} bytes were read" if fetched.truncated else ""
        cut += "; the rest did not come" if fetched.incomplete else ""
        summary = f"status {fetched.status}, {len(fetched.body)} bytes{cut}"
        redirected_to = fetched.url if final != source_key else None
        reading = read(text, fetched.url)
        canonical = reading.canonical or linked_canonical(fetched.links, fetched.url)
        own_key = page_of(fetched.url, canonical, self.shared_by_path)
        found = self._findings(reading, source_key, fetched.url, own_key, started_at)
        findings = replace(found, redirected_to=redirected_to)
        record = SourceRecord(started_at, findings, fetched.etag, fetched.last_modified, read_at=started_at)
        whole = reading.is_whole and not fetched.truncated and fetched.status in _WHOLE
        otherwise = Trouble() if fetched.incomplete else Unlinked() if whole else Unread()
        return Inspection(summary, findings, otherwise, started_at, record)

    def _inspect_own_post(self, source_key: str, started_at: datetime) -> Inspection:
        """One of our own posts as a source: read from the database, never over HTTP."""
        slug = self.urls.post_slug(source_key)
        with self.database.read() as connection:
            post = posts.by_slug(connection, slug) if slug else None
        if post is None or not post.visible(started_at):
            certain = None if post is None else 410  # that it is gone needs no second look, as a 404 elsewhere does
            return Inspection("no post of this site", Findings(), Missing(certain), started_at)
        reading = read(_as_entry(post), self.urls.post(post.slug))
        named = replace(reading, name=one_line(self.site_title), title=post.label)
        findings = self._findings(named, source_key, source_key, own_page_key(post.id), started_at)
        return Inspection("read as a post of this site", findings, Unlinked(), started_at)

    def _findings(self, reading: SourcePage, source_key: str, url: str, own_key: str, started_at: datetime) -> Findings:
        """What the source says about our posts: those that it was pinged for, and a few more that it links to."""
        links = self._links_to_posts(reading)
        with self.database.read() as connection:
            found = sources.posts_linked(connection, source_key, list(links))
        best: dict[int, FoundLink] = {}
        for name, link in links.items():
            if name in found and _is_better(link, best.get(found[name][0])):
                best[found[name][0]] = link
        pinged = {post_id for post_id, is_pinged in found.values() if is_pinged}
        wanted = [post_id for post_id in best if post_id in pinged]
        wanted += islice((post_id for post_id in best if post_id not in pinged), MAX_MORE)
        texts = excerpts(reading, [best[post_id] for post_id in wanted[:MAX_EXCERPTS]])
        texts += [Excerpt()] * (len(wanted) - len(texts))
        post_at = partial(self._post_among, found)
        keys = {own_key, page_key(source_key), page_key(url)}
        said = heard(reading.microformats, {one: best[one] for one in wanted}, post_at, keys, started_at)
        mentions = {
            post_id: Mention(_content(reading, url, text), best[post_id].hidden, *said.responses.get(post_id, ()))
            for post_id, text in zip(wanted, texts, strict=True)
        }
        return Findings(mentions, len(best), page_key=own_key, entry=said.entry)

    def _post_among(self, found: Mapping[str, tuple[int, bool]], url: str) -> int | None:
        """The id of the post at a URL, None if it is none of those `found`."""
        return next((found[name][0] for name in self._names_of(url) if name in found), None)

    def _names_of(self, url: str) -> list[str]:
        """The slug in the URL of a post; of another address here the keys that old addresses have, with a slash."""
        slug = self.urls.post_slug(url)
        return [slug] if slug is not None else keys_of(self.urls, url)

    def _links_to_posts(self, reading: SourcePage) -> dict[str, FoundLink]:
        """The best link for each name of a post, in document order."""
        links: dict[str, FoundLink] = {}
        room = MAX_OLD_NAMES
        for link in reading.links:
            names = self._names_of(link.url)
            room -= len(names) if names and names[0].startswith("/") else 0
            for name in names if room >= 0 else ():
                if _is_better(link, links.get(name)):
                    links[name] = link
        return links


def _as_entry(post: Post) -> str:
    """What the page of one of our own posts says by itself: which pages it is about, and its text."""
    about = "".join(f"<p>{line.html()}</p>" for line in post.references)
    return f'<article class="h-entry">{about}<div class="e-content">{post.html}</div></article>'


def _content(reading: SourcePage, url: str, excerpt: Excerpt) -> Content:
    parts = urlsplit(normalize_source(url))
    return Content(
        author_name=host_name(parts) if is_blank(reading.name) else shorten(reading.name, MAX_NAME),
        author_url=f"{parts.scheme}://{parts.netloc}/",
        title=shorten(reading.title, MAX_NAME),
        excerpt=shorten(excerpt.text, MAX_EXCERPT),
        fingerprint=fingerprint_of(excerpt.around),
    )


def _is_better(link: FoundLink, than: FoundLink | None) -> bool:
    """Whether to prefer a link: the first visible one counts."""
    return than is None or (than.hidden and not link.hidden)


def _meaning(error: errors.FetchError) -> Evidence:
    """What a failed fetch says about a source: docs/interface.md, “pingback.ping”."""
    match error:
        case errors.BadStatus(status=401 | 403 | 404 | 410 as status):
            return Missing(status)
        case errors.AddressForbidden() | errors.HostUnknown() | errors.RedirectRefused():
            return Missing()
        case errors.NotText():
            return Unlinked("not a text")
        case _:
            return Trouble()
