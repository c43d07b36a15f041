"""Events between two polls of a feed: new thoughts, and a database that goes away."""

from datetime import datetime
from itertools import count
from urllib.parse import urlsplit

from sqlalchemy import create_engine, make_url

from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage import revision
from feedserver.thoughts import comments, store
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.lifecycle import Linked, Verdict, decide
from feedserver.thoughts.model import Content, Response, State, Thought
from tests.support.moderating import moderate

_submissions = count()


def say(
    services: WebServices,
    post: Post,
    text: str = "Well said.",
    name: str = "Bob",
    state: State = "shown",
    website: str = "https://bob.example/",
) -> Thought:
    """A comment on a post."""
    comment = Comment(text, name, "", website, submission=f"test-{next(_submissions)}")
    with services.database.write() as connection:
        return comments.add(connection, post.id, comment, Verdict(state, "for a test"), services.clock())


def say_much(services: WebServices, post: Post, number: int) -> None:
    """So many comments at once: “Comment 1.” and so on."""
    with services.database.write() as connection:
        for place in range(1, number + 1):
            comment = Comment(f"Comment {place}.", "Bob", "", "", submission=f"test-{next(_submissions)}")
            comments.add(connection, post.id, comment, Verdict("shown", "for a test"), services.clock())


def link(services: WebServices, post: Post, source: str, excerpt: str = "[…] words around the link […]") -> Thought:
    """A verified pingback on a post, as if its source had been inspected."""
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
        content = Content("The Far Shore", "https://other.example/", "On that", excerpt)
        decision = decide(thought, Linked(content), Verdict("shown", "for a test"), services.clock())
        store.settle(connection, thought, decision, services.clock())
    return moderate(services.database, thought.id, "approve", services.clock())


def respond(
    services: WebServices,
    post: Post,
    response: Response,
    name: str = "Ann",
    words: str = "",
    *,
    at: str | None = None,
    url: str | None = None,
    published_at: datetime | None = None,
    state: State = "shown",
) -> Thought:
    """A verified webmention, as if its source, at `at`, had been inspected. `url` is its author's address."""
    source = at or f"https://{name.lower()}.example/{next(_submissions)}"
    with services.database.write() as connection:
        thought = store.add_ping(
            connection,
            post_id=post.id,
            post_slug=post.slug,
            source=source,
            source_key=source,
            target=services.urls.post(post.slug),
            host=str(urlsplit(source).hostname),
            sender="192.0.2.1",
            now=services.clock(),
            kind="webmention",
        )
    url = f"https://{name.lower()}.example/about" if url is None else url
    says(services, thought, Content(name, url, "", words, response=response, published_at=published_at), state)
    return of_id(services, thought.id)


def says(services: WebServices, thought: Thought, content: Content, state: State = "shown") -> None:
    """An inspection has found that the source says this."""
    decision = decide(thought, Linked(content), Verdict(state, "for a test"), services.clock())
    with services.database.write() as connection:
        revision.revise(connection)
        store.settle(connection, thought, decision, services.clock())


def of_id(services: WebServices, thought_id: int) -> Thought:
    with services.database.read() as connection:
        found = store.by_id(connection, thought_id)
    assert found is not None
    return found


def take_the_database_away(services: WebServices) -> None:
    """From now on every query and write fails."""
    services.database.close()
    services.database.url = make_url("sqlite:////dev")  # a directory
    services.database.engine = create_engine(services.database.url)
