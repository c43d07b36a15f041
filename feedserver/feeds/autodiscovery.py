"""The feeds that a page links to in its head: title, media type and URL of each."""

from typing import Final

from feedserver.feeds.model import MEDIA_TYPES
from feedserver.feeds.scopes import POST, SCOPES, THOUGHTS, FeedAddress, Format
from feedserver.languages.messages import Message
from feedserver.posts.model import Post
from feedserver.services import services

FORMAT_NAMES: Final[dict[Format, str]] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

HeadLinks = list[tuple[str, str, str]]


def for_site() -> HeadLinks:
    """The feeds of the site as a whole: posts and thoughts."""
    return [feed for scope, row in SCOPES.items() if not row.has_names for feed in _named(scope, "", row.title)]


def for_thoughts() -> HeadLinks:
    """The same, the feed of thoughts first: programs take the first one."""
    first = _named(THOUGHTS, "", SCOPES[THOUGHTS].title)
    return first + [feed for feed in for_site() if feed not in first]


def for_list(scope: str, name: str) -> HeadLinks:
    """The feeds of a tag or an author, before those of the site."""
    return _named(scope, name, SCOPES[scope].title) + for_site()


def for_post(post: Post) -> HeadLinks:
    """The site's feeds, and the thoughts on this post."""
    return for_site() + _named(POST, post.slug, SCOPES[POST].short_title, post.label)


def _named(scope: str, name: str, title: Message, shown_name: str | None = None) -> HeadLinks:
    parts = services()
    text = parts.language.translated(title.of(name=shown_name or name, site=parts.settings.site.title))
    return [
        (f"{text} ({label})", MEDIA_TYPES[fmt], FeedAddress(scope, fmt, name).url(parts.urls))
        for fmt, label in FORMAT_NAMES.items()
    ]
