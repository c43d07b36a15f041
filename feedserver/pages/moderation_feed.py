"""The private feed of the moderation queue. Pure: the entries of the queue are passed in."""

from collections.abc import Sequence
from html import escape
from uuid import UUID, uuid5

from feedserver.feeds.build import TTL, thought_author
from feedserver.feeds.model import Entry, Feed, Person
from feedserver.feeds.thought_texts import title_of
from feedserver.settings import SiteSettings
from feedserver.storage.revision import Site
from feedserver.thoughts.comments import as_html
from feedserver.thoughts.moderation.queue import QueueEntry
from feedserver.urls import Urls, ascii_url


def build(queue: Sequence[QueueEntry], site: Site, settings: SiteSettings, urls: Urls, key: str) -> Feed:
    """Returns the feed of `queue`, in its order; `key` is the secret part of the feed's address."""
    entries = tuple(_entry(waiting, urls) for waiting in queue)
    return Feed(
        id=uuid5(UUID(site.guid), "moderation").urn,
        title=f"Moderation queue – {settings.title}",
        description="Thoughts that wait for moderation",
        language=settings.language,
        author=Person(settings.author),
        page_url=urls.home(),
        self_url=urls.moderation_feed(key),
        updated=max((entry.updated for entry in entries), default=site.created_at),
        ttl=TTL,
        entries=entries,
    )


def _entry(waiting: QueueEntry, urls: Urls) -> Entry:
    thought, post = waiting.thought, waiting.post
    title = str(title_of(thought, post))
    return Entry(
        id=waiting.guid,
        url=ascii_url(thought.source) if thought.source else urls.thought(post.slug, thought.id, thought.page),
        title=f"{title} (changed)" if waiting.is_pending_content else title,
        summary=thought.reason or "",
        html=_html(waiting, urls),
        published=waiting.since,
        updated=waiting.since,
        authors=(thought_author(thought),),
        lang=post.lang,
    )


def _html(waiting: QueueEntry, urls: Urls) -> str:
    """The content, why it waits, and the commands to decide. Untrusted text is escaped."""
    thought, post = waiting.thought, waiting.post
    commands = "".join(
        f"<li><code>feedserver thought {action} {thought.id}</code></li>" for action in ("approve", "spam", "delete")
    )
    link = f'<a href="{escape(urls.post(post.slug))}">{escape(post.label)}</a>'
    source = f"<p>Source: {escape(ascii_url(thought.source))}</p>" if thought.source else ""
    number = f"Number {thought.id}, a {thought.response or thought.kind}"
    reason = f"<p>{number} on {link}: {escape(thought.reason or 'waits')}</p>"
    return f"<blockquote>{as_html(thought.words)}</blockquote>{reason}{source}<ul>{commands}</ul>"
