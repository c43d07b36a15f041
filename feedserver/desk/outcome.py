"""What became of a post: what others were told, hubs and subscribers, who has fetched it, its thoughts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import PostNotFound
from feedserver.feeds.scopes import feeds_of, newest_of
from feedserver.jobs.model import Job
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.readership import history
from feedserver.readership.history import FeedReader
from feedserver.sending import store as sending
from feedserver.sending.model import State as PingState
from feedserver.sending.store import ListedPing
from feedserver.thoughts import listing
from feedserver.thoughts.model import State
from feedserver.urls import Urls
from feedserver.websub import store as websub
from feedserver.websub.model import TopicReaders
from feedserver.websub.other_hubs import OtherHubs

MOST_PINGS: Final = 100  # pages that are told of a post
MOST_READERS: Final = 30
LOOKED_AT: Final = timedelta(days=6)  # after the day on which a post appeared: a week of readers
IN_WORDS: Final[Mapping[PingState, str]] = {
    "waiting": "is to be told",
    "told": "was told",
    "refused": "refused to hear of it",
    "none": "takes no pings",
    "failed": "could not be told, and was given up",
}


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Who subscribes at the hub of this site to a feed that a post stands in; `url` is the feed's."""

    url: str
    readers: TopicReaders


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a post until now.

    `hubs`: other hubs, each with the jobs that are still to tell it. `readers`: those who asked for one of its feeds in
    the week after it appeared, at most MOST_READERS, and `other_readers` how many more there are; None before readers
    can see it.
    """

    post: Post
    pings: Sequence[ListedPing]
    subscribers: Sequence[Subscribers]
    hubs: Mapping[str, Sequence[Job]]
    readers: Sequence[FeedReader] | None
    other_readers: int
    thoughts: Mapping[State, int]


def load(connection: Connection, slug: str, other_hubs: OtherHubs, urls: Urls, now: datetime) -> Outcome:
    """Reads what became of the post with a present or former slug. Raises PostNotFound."""
    post = posts.by_slug(connection, slug)
    if post is None:
        raise PostNotFound(slug)
    readers = _readers(connection, post, other_hubs.site_author, now)
    return Outcome(
        post,
        list(sending.listed(connection, post_id=post.id, most=MOST_PINGS)),
        _subscribers(connection, post, other_hubs.site_author, urls, now),
        other_hubs.waiting(connection, post),
        readers if readers is None else readers[:MOST_READERS],
        max(0, len(readers or ()) - MOST_READERS),
        listing.by_state(connection, post.id),
    )


def _subscribers(
    connection: Connection, post: Post, site_author: str, urls: Urls, now: datetime
) -> Sequence[Subscribers]:
    keys = [address.key for address in feeds_of(post, site_author)]
    found = websub.by_topic(connection, keys, now)
    return [Subscribers(newest_of(readers.topic).url(urls), readers) for readers in found]


def _readers(connection: Connection, post: Post, site_author: str, now: datetime) -> list[FeedReader] | None:
    if not post.visible(now) or post.page:
        return None
    keys = [address.key for address in feeds_of(post, site_author)]
    first = post.published_at.date()
    return history.of_feeds(connection, keys, first, first + LOOKED_AT)
