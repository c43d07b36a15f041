"""The private feed of what waits for a moderator's word. Pure: what waits is handed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from uuid import UUID, uuid5

from feedserver.feeds.build import TTL
from feedserver.feeds.model import Entry, Feed, Person
from feedserver.posts.model import Post
from feedserver.settings import SiteSettings
from feedserver.storage.revision import Site
from feedserver.text import shorten
from feedserver.thoughts.comments import as_html
from feedserver.thoughts.model import Thought
from feedserver.urls import Urls

MOST: Final = 100  # entries
_TITLE: Final = 80  # characters of a post's title


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """Makes the feed of one site."""

    urls: Urls
    settings: SiteSettings
    site: Site

    def feed(self, key: str, waiting: Iterable[tuple[Thought, datetime]], posts: Mapping[int, Post]) -> Feed:
        """What waits, with since when, in the order given; `posts` holds the posts by id, `key` opens the feed."""
        entries = tuple(self._entry(thought, since, posts[thought.post_id]) for thought, since in waiting)
        return Feed(
            id=uuid5(UUID(self.site.guid), "moderation").urn,
            title=f"To be decided – {self.settings.title}",
            description="Thoughts that wait for a moderator’s word",
            language=self.settings.language,
            author=Person(self.settings.author),
            page_url=self.urls.home(),
            self_url=self.urls.moderation_feed(key),
            updated=max((entry.updated for entry in entries), default=self.site.created_at),
            ttl=TTL,
            entries=entries,
        )

    def _entry(self, thought: Thought, since: datetime, post: Post) -> Entry:
        pending_content = thought.approved  # words that a person approved stand; these wait beside them
        name = thought.author_name or thought.host or "Somebody"
        return Entry(
            id=uuid5(UUID(thought.guid), thought.content.fingerprint or "").urn if pending_content else thought.guid,
            url=thought.source or self.urls.thought(post.slug, thought.id),
            title=f"{name} on “{shorten(post.label, _TITLE)}”" + (" (new words)" if pending_content else ""),
            summary=thought.reason or "",
            html=self._html(thought, post),
            published=since,
            updated=since,
            authors=(Person(name, thought.author_url or None),),
            lang=post.lang,
        )

    def _html(self, thought: Thought, post: Post) -> str:
        """The words, why they wait, and the commands that decide. All of it is text of strangers, so it is escaped."""
        commands = "".join(
            f"<li><code>feedserver thought {act} {thought.id}</code></li>" for act in ("approve", "spam", "delete")
        )
        where = f'<a href="{escape(self.urls.post(post.slug))}">{escape(post.label)}</a>'
        source = f"<p>Source: {escape(thought.source)}</p>" if thought.source else ""
        why = f"<p>Number {thought.id} on {where}: {escape(thought.reason or 'it waits')}</p>"
        return f"<blockquote>{as_html(thought.excerpt)}</blockquote>{why}{source}<ul>{commands}</ul>"
