"""Feeds and entries with a default for everything that a test does not care about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from feedserver.feeds.model import Category, Entry, Feed, InReplyTo, Person, Replies
from feedserver.posts.model import Enclosure
from feedserver.urls import Urls

SITE = "https://blog.example"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def a_feed(*entries: Entry, **given: Any) -> Feed:
    fields: dict[str, Any] = {
        "id": "tag:blog.example,2026:feed",
        "title": "A blog",
        "description": "Posts on one thing and another",
        "language": "en",
        "author": Person("Ada", f"{SITE}/authors/Ada"),
        "page_url": f"{SITE}/",
        "self_url": f"{SITE}/feed.atom",
        "updated": NOON,
        "ttl": 900,
        "entries": entries,
    }
    return Feed(**fields | given)


def an_entry(number: int = 1, **given: Any) -> Entry:
    """The post with this number: the higher, the newer."""
    fields: dict[str, Any] = {
        "id": f"tag:blog.example,2026:post-{number}",
        "url": f"{SITE}/posts/post-{number}",
        "title": f"Post {number}",
        "summary": f"The first words of post {number}",
        "html": f"<p>The first words of post {number}, and all the others.</p>",
        "published": NOON + timedelta(hours=number),
        "updated": NOON + timedelta(hours=number),
        "authors": (Person("Ada", f"{SITE}/authors/Ada"),),
    }
    return Entry(**fields | given)


def a_full_entry(number: int = 1, **given: Any) -> Entry:
    """A post with everything that a post can have."""
    fields: dict[str, Any] = {
        "updated": NOON + timedelta(hours=number, minutes=30),
        "categories": (a_category("feeds"), a_category("old web")),
        "enclosures": (
            Enclosure("https://media.example/talk.mp3", "audio/mpeg", 1234),
            Enclosure("https://media.example/cover.png", "image/png", 99),
        ),
        "replies": some_replies(number),
    }
    return an_entry(number, **fields | given)


def a_thought(number: int = 1, **given: Any) -> Entry:
    """A pingback, unless `kind` says otherwise."""
    fields: dict[str, Any] = {
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "url": f"{SITE}/posts/post-1#thought-{number}",
        "title": "Bob on “Post 1”",
        "summary": "[…] as Ada wrote, feeds last […]",
        "html": "",
        "authors": (Person("Bob", "https://bob.example/"),),
        "external_url": f"https://bob.example/{number}",
        "kind": "pingback",
        "in_reply_to": InReplyTo("tag:blog.example,2026:post-1", f"{SITE}/posts/post-1", f"{SITE}/feed.atom"),
    }
    return an_entry(number, **fields | given)


def a_category(name: str) -> Category:
    return Category(name, Urls(SITE).tag(name))


def some_replies(number: int = 1, count: int = 2) -> Replies:
    page = f"{SITE}/posts/post-{number}"
    newest = NOON + timedelta(days=1) if count else None
    return Replies(count, f"{page}#thoughts", f"{page}/thoughts.rss", f"{page}/thoughts.atom", newest)
