"""What happens on a site between two polls of a feed: thoughts that come, and a database that goes away."""

from itertools import count

from sqlalchemy import create_engine

from feedserver.posts.model import Post
from feedserver.services import Services
from feedserver.thoughts import store
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.lifecycle import Verdict
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.moderation import actions

_submissions = count()


def say(services: Services, post: Post, text: str = "Well said.", name: str = "Bob", state: State = "shown") -> Thought:
    """A comment on a post."""
    comment = Comment(text, name, "", "https://bob.example/", submission=f"test-{next(_submissions)}")
    with services.database.write() as connection:
        return actions.take_comment(connection, post.id, comment, Verdict(state, "for a test"), services.clock())


def link(services: Services, post: Post, source: str, excerpt: str = "[…] words around the link […]") -> Thought:
    """A verified pingback on a post, as if its source had been looked at."""
    with services.database.write() as connection:
        thought = store.add_ping(
            connection,
            post_id=post.id,
            post_slug=post.slug,
            source=source,
            source_key=source,
            target=services.urls.post(post.slug),
            host="other.example",
            sender="192.0.2.1",
            now=services.clock(),
        )
        words = {"author_name": "The Far Shore", "author_url": "https://other.example/", "title": "On that"}
        store._update(connection, thought.id, words | {"excerpt": excerpt})
    return actions.moderate(services.database, thought.id, "approve", services.clock())


def take_the_database_away(services: Services) -> None:
    """From now on nothing can be looked up or written."""
    services.database.close()
    services.changes.close()
    services.changes._watch_sqlite = lambda: False  # type: ignore[method-assign] # the watch finds nothing either
    services.database.engine = create_engine("sqlite:////nowhere/at/all.sqlite3")
