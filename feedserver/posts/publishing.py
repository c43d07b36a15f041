"""Publishes posts: adds, edits, renames, deletes, restores and erases them, each in one transaction.

Texts are rendered before the transaction, as it makes other writers wait.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.posts import store
from feedserver.posts.adding import Adder
from feedserver.posts.deleting import Deleter
from feedserver.posts.editing import Editor


@dataclass(frozen=True, slots=True)
class Publisher(Adder, Editor, Deleter):
    """Publishes on one site. A method that raises a PostError changes nothing."""

    def notify_due(self, job: Job) -> None:
        """Runs the job of a scheduled post: notifies listeners, unless another change has done so."""

        def operation(connection: Connection) -> None:
            self.revise(connection)
            post = store.by_id(connection, int(job.subject))
            if post is not None:
                self._notify_if_due(connection, post, self.clock())
            if post is None or post.visible(self.clock()):  # else the clock was set back: the job comes again
                jobs.finish(connection, job)

        self.database.transact(operation)
