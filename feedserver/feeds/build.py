"""Makes a Feed value from posts or thoughts. Pure. The formats write the value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urldefrag
from uuid import UUID, uuid5

from feedserver.feeds import hubs
from feedserver.feeds.model import Category, Entry, Feed, InReplyTo, Person, Replies
from feedserver.feeds.pagination import Extent, links
from feedserver.feeds.scopes import POST, SITE, FeedAddress
from feedserver.feeds.thought_texts import deed_of, title_of
from feedserver.languages.english import ENGLISH, Language
from feedserver.languages.locales import primary
from feedserver.posts import addresses
from feedserver.posts.model import Ids, Post
from feedserver.posts.references import urls_in
from feedserver.settings import SiteSettings
from feedserver.storage.revision import Site
from feedserver.text import shorten
from feedserver.thoughts.comments import as_html
from feedserver.thoughts.model import Thought
from feedserver.urls import Urls, ascii_url

# Seconds between two polls, as `Cache-Control`, `ttl` and `sy:` say.
TTL = 300
ARCHIVE_TTL = 86_400  # an archive changes only when a post in it is edited or deleted
_TITLE = 80  # characters of a post's title within another title

Counts = Mapping[int, tuple[int, datetime]]


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the feeds of one site."""

    urls: Urls
    settings: SiteSettings
    site: Site
    hubs: tuple[str, ...] = ()  # that newest documents name
    language: Language = ENGLISH  # of our words in them

    def posts(
        self,
        address: FeedAddress,
        extent: Extent,
        posts: Sequence[Post],
        counts: Counts | None,
        ids: Mapping[str, Ids] | None = None,
    ) -> Feed:
        """A document of a feed of posts, newest first.

        `counts` holds, by id of each post with thoughts, their number and the newest's date; None leaves them out.
        `ids` holds those of posts that are answered here, by their slugs.
        """
        return self._feed(address, extent, self.entries(posts, counts, ids or {}))

    def entries(self, posts: Sequence[Post], counts: Counts | None, ids: Mapping[str, Ids]) -> tuple[Entry, ...]:
        """The entries of posts, and of pages, in their order; the rest as for `posts`."""
        return tuple(self._post(post, counts, ids) for post in posts)

    def thoughts(
        self, address: FeedAddress, extent: Extent, thoughts: Sequence[Thought], posts: Mapping[int, Post]
    ) -> Feed:
        """A document of a feed of thoughts, newest first; `posts` holds the posts they are on, by id."""
        post = next(iter(posts.values())) if address.row.of_one_post else None
        entries = tuple(self._thought(thought, posts[thought.post_id]) for thought in thoughts)
        return self._feed(address, extent, entries, post)

    def _feed(self, address: FeedAddress, extent: Extent, entries: tuple[Entry, ...], post: Post | None = None) -> Feed:
        born = post.published_at if post else self.site.created_at.replace(microsecond=0)
        return Feed(
            id=self._feed_id(address, post),
            title=self._title(address, post),
            description=self.settings.description or self.settings.title,
            language=post.lang if post else self.settings.language,
            author=self._person(self.settings.author),
            page_url=address.row.page_url(self.urls, address.name),
            self_url=address.url(self.urls),
            updated=max((entry.updated for entry in entries), default=born),
            ttl=ARCHIVE_TTL if address.part == "archive" else TTL,
            entries=entries,
            links=hubs.links(address, self.hubs) + links(address, extent, self.urls),
            archive=address.part == "archive",
            complete=address.part == "newest" and extent.pages == 1,
        )

    def _feed_id(self, address: FeedAddress, post: Post | None) -> str:
        """The site's own id, or one made from it: the same in all formats, and independent of the address."""
        if not address.row.id_of:
            return self.site.guid
        name = address.row.id_of.format(name=address.name, guid=post.guid if post else "")
        return uuid5(UUID(self.site.guid), name).urn

    def _title(self, address: FeedAddress, post: Post | None) -> str:
        name = shorten(post.label, _TITLE) if post else address.name
        return self.language.translated(address.row.titled(name, self.settings.title))

    def _post(self, post: Post, counts: Counts | None, ids: Mapping[str, Ids]) -> Entry:
        count, newest = (None, None) if counts is None else counts.get(post.id, (0, None))
        url = self.urls.permalink(post.slug, is_page=post.page)
        post = addresses.at(url, post)
        return Entry(
            id=post.guid,
            atom_id=post.atom_id,
            url=url,
            title=post.title,
            summary=post.summary or post.excerpt,
            html=self._references(post) + post.feed_html,
            published=post.published_at,
            updated=post.updated_at,
            authors=tuple(self._author(post, name) for name in post.authors or (self.settings.author,)),
            categories=tuple(Category(tag, self.urls.tag(tag)) for tag in post.tags),
            enclosures=post.enclosures,
            lang=post.lang,
            image=post.image,
            answers=tuple(self._answer(url, ids) for url in post.reply_to),
            external_url=_only_page(post),
            replies=None if post.page else self._replies(post, url, count, newest),
        )

    def _replies(self, post: Post, url: str, count: int | None, newest: datetime | None) -> Replies:
        return Replies(
            count=count,
            page_url=f"{url}#thoughts",
            rss_url=FeedAddress(POST, "rss", post.slug).url(self.urls),
            atom_url=FeedAddress(POST, "atom", post.slug).url(self.urls),
            updated=newest,
        )

    def _answer(self, url: str, ids: Mapping[str, Ids]) -> InReplyTo:
        found = ids.get(self.urls.post_slug(url) or "")
        return self._reply_to(found, url) if found else InReplyTo(url, url)

    def _reply_to(self, ids: Ids, url: str) -> InReplyTo:
        guid, atom_id = ids
        return InReplyTo(guid, url, FeedAddress(SITE, "atom").url(self.urls), atom_id)

    def _thought(self, thought: Thought, post: Post) -> Entry:
        parent, deed = thought.parent, deed_of(thought)
        words = self.language.translated(deed) if deed else thought.excerpt
        return Entry(
            id=thought.guid,
            url=self.urls.thought(post.slug, thought.id, thought.page),
            title=self.language.translated(title_of(thought, post)),
            summary=words,
            html=as_html(words),
            published=thought.date,
            updated=thought.updated_at,
            authors=(thought_author(thought),),
            lang=post.lang,
            in_reply_to=self._reply_to((post.guid, post.atom_id), self.urls.post(post.slug)),
            answers=(InReplyTo(parent.guid, self.urls.thought(post.slug, parent.id, parent.page)),) if parent else (),
            external_url=thought.source and ascii_url(thought.source),
            kind=thought.kind,
            response=thought.response,
        )

    def _references(self, post: Post) -> str:
        """What the post is about, before its text, as on its page."""
        words = self.language.words
        lang = "" if primary(post.lang) == primary(words) else f' lang="{words}"'
        return "".join(f"<p{lang}>{line.html(self.language)}</p>\n" for line in post.references)

    def _author(self, post: Post, name: str) -> Person:
        """An author; of a page, which stands in nobody's list, without an address that may lead nowhere."""
        return Person(name) if post.page and name != self.settings.author else self._person(name)

    def _person(self, name: str) -> Person:
        return Person(name, self.urls.author(name))


def _only_page(post: Post) -> str | None:
    """The page elsewhere that the post is about, if it is one."""
    urls = urls_in(post.references)
    return urls[0] if len({urldefrag(url).url for url in urls}) == 1 else None


def thought_author(thought: Thought) -> Person:
    """Returns the author of a thought, with a URI of their page if they named one."""
    return Person(thought.author_label, ascii_url(thought.author_url or "") or None)
