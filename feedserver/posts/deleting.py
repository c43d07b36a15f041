"""Deletes posts, restores them from the bin, and erases what is in it for good."""

from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.errors import InvalidDocument, PostErased
from feedserver.posts import bin as post_bin
from feedserver.posts import conditions, erasing, recording, states, store
from feedserver.posts.model import Post, PostState
from feedserver.posts.site_posts import SitePosts


@dataclass(frozen=True, slots=True)
class Deleter(SitePosts):
    """Deletes, restores and erases the posts of one site. A method that raises a PostError changes nothing."""

    def delete(self, slug: str) -> Post:
        """Deletes a post: its address answers 410, its text stays in the database."""

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            now = self.clock()
            post = conditions.undeleted_post(connection, slug)
            self._notify_if_due(connection, post, now)
            recording.mark_deleted(connection, post, now.replace(microsecond=0))
            return self._follow_up(connection, post, now)

        return self.database.transact(operation)

    def restore(self, slug: str) -> Post:
        """Brings a deleted post back as it was: its state, id, addresses, positions in archives, and thoughts.

        Raises PostErased when its time in the bin is over, though no job has erased it yet.
        """

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = conditions.deleted_post(connection, slug, "restored")
            if post.is_erased or post_bin.is_over(post, self.clock()):
                raise PostErased(slug)
            state = store.state_to_restore(connection, post.id) or self._state_of_document(post)
            recording.mark_restored(connection, post.id, state)
            return self._follow_up(connection, post, self.clock())

        return self.database.transact(operation)

    def deleted(self, slug: str) -> Post:
        """A post that can be erased. Raises PostNotFound, or NotDeleted."""
        with self.database.read() as connection:
            return conditions.deleted_post(connection, slug, "erased")

    def erase(self, slug: str) -> Post:
        """Erases the texts and names of a deleted post, for good; its addresses answer 410 for ever.

        `post_bin` erases its thoughts too.
        """

        def operation(connection: Connection) -> Post:
            self.revise(connection)
            post = conditions.deleted_post(connection, slug, "erased")
            erasing.erase(connection, post.id)
            return post

        return self.database.transact(operation)

    def _state_of_document(self, post: Post) -> PostState:
        """The state of a post that an older program has deleted: its document says it."""
        try:
            return states.of_document(self.read_unnamed(post.source.encode()), post.updated_at)
        except InvalidDocument:  # by today's rules
            return "draft"
