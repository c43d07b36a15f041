"""Erases deleted posts for good, with all that was said of them: at once by a command, or when their time is over."""

from datetime import datetime
from functools import partial

from feedserver.posts import bin as post_bin
from feedserver.posts.model import Post
from feedserver.services import Services
from feedserver.thoughts.moderation import erase


def erase_post(services: Services, slug: str) -> tuple[Post, int]:
    """Erases a deleted post and its thoughts; returns the post, and how many thoughts. Raises a PostError.

    Thoughts go first: whatever interrupts this, the post is in the bin still, and all is erased the next time. After it
    comes `Database.forget_deleted`.
    """
    post = services.publisher.deleted(slug)
    with services.database.read() as connection:
        ids = erase.ids_of_post(connection, post.id)
    erased = erase.erase(services.database, ids, services.clock())
    services.outbox.forget(post.id)
    return services.publisher.erase(slug), len(erased)


def empty(services: Services, now: datetime) -> None:
    """Erases the posts that were deleted 30 days ago. A task of housekeeping."""
    services.database.transact(partial(post_bin.note_times, now=now))
    has_erased = False
    while slug := _next(services, now):
        erase_post(services, slug)
        has_erased = True
    if has_erased:
        services.database.forget_deleted()


def _next(services: Services, now: datetime) -> str | None:
    with services.database.read() as connection:
        return post_bin.next_over(connection, now)
