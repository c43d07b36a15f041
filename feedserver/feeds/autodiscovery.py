"""The feeds that a page names in its head: title, media type and URL of each."""

from feedserver.feeds.model import MEDIA_TYPES
from feedserver.feeds.scopes import FeedAddress, Format, Scope
from feedserver.posts.model import Post
from feedserver.services import services

_NAMES: dict[Format, str] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

Named = list[tuple[str, str, str]]


def for_site() -> Named:
    """The site's own feeds, and the thoughts on it."""
    title = services().settings.site.title
    return _named("site", "", title) + _named("thoughts", "", f"Thoughts – {title}")


def for_list(scope: Scope, name: str) -> Named:
    """The feeds of a tag or an author, before those of the site."""
    return _named(scope, name, f"{name} – {services().settings.site.title}") + for_site()


def for_post(post: Post) -> Named:
    """The site's feeds, and the thoughts on this post."""
    return for_site() + _named("post", post.slug, f"Thoughts on “{post.label}”")


def _named(scope: Scope, name: str, title: str) -> Named:
    urls = services().urls
    return [
        (f"{title} ({label})", MEDIA_TYPES[fmt], FeedAddress(scope, fmt, name).url(urls))
        for fmt, label in _NAMES.items()
    ]
