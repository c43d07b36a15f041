"""The moderation feed: the moderation queue, at a secret address."""

from collections.abc import Callable
from dataclasses import replace

import feedparser
import pytest
from flask.testing import FlaskClient

from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage import revision
from feedserver.thoughts import store
from feedserver.thoughts.lifecycle import Linked, Verdict, decide
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import actions
from tests.feeds.happenings import link, respond, say
from tests.support.fixtures import Publish
from tests.support.moderating import moderate
from tests.support.outside import Clock

Read = Callable[[], feedparser.FeedParserDict]


@pytest.fixture
def post(publish: Publish) -> Post:
    return publish("Fog & <sea>", slug="fog")


@pytest.fixture
def path(services: WebServices) -> str:
    return f"/moderation/{services.moderation_key}.atom"


@pytest.fixture
def read(client: FlaskClient, path: str) -> Read:
    def parsed() -> feedparser.FeedParserDict:
        found = feedparser.parse(client.get(path).data)
        assert not found.bozo, found.get("bozo_exception")
        return found

    return parsed


def says_something_else(services: WebServices, thought: Thought, excerpt: str) -> None:
    """The source of an approved thought has changed."""
    words = replace(thought.content, excerpt=excerpt)
    decision = decide(thought, Linked(words), Verdict("shown", ""), services.clock())
    with services.database.write() as connection:
        store.settle(connection, thought, decision, services.clock())


def test_held_thoughts_and_pending_content_are_listed_newest_first(
    services: WebServices, clock: Clock, post: Post, read: Read
) -> None:
    approved = link(services, post, "https://other.example/a?b=1&c=<2>")
    clock.move(hours=1)
    say(services, post, "A held comment", state="held", website="https://bücher.example/ü")
    say(services, post, "A shown comment", name="Shown", state="shown")
    clock.move(hours=1)
    says_something_else(services, approved, "[…] new <b>words</b> & more […]")

    pending_content, comment = read().entries

    assert pending_content.title == "The Far Shore on “Fog & <sea>” (changed)"
    assert pending_content.link == "https://other.example/a?b=1&c=%3C2%3E"
    assert pending_content.updated == "2026-03-08T14:00:00+00:00"
    content = pending_content.content[0].value
    assert "new &lt;b&gt;words&lt;/b&gt; &amp; more" in content
    assert f"feedserver thought approve {approved.id}" in content
    assert "Fog &amp; &lt;sea&gt;" in content
    assert comment.title == "Bob on “Fog & <sea>”"
    assert comment.author_detail.href == "https://xn--bcher-kva.example/%C3%BC"
    assert "A held comment" in comment.content[0].value
    assert comment.updated == "2026-03-08T13:00:00+00:00"


def test_a_reaction_that_waits_says_what_was_done(services: WebServices, post: Post, read: Read) -> None:
    respond(services, post, "repost", "Ann", state="held")

    (entry,) = read().entries

    assert entry.title == "Ann reposted “Fog & <sea>”"
    assert "<blockquote><p>Ann reposted this.</p></blockquote>" in entry.content[0].value
    assert "a repost on <a" in entry.content[0].value


def test_a_decided_thought_leaves_the_queue(services: WebServices, clock: Clock, post: Post, read: Read) -> None:
    thought = say(services, post, state="held")
    assert len(read().entries) == 1

    moderate(services.database, thought.id, "approve", clock())

    assert read().entries == []
    actions.undo(services.database, clock())
    assert len(read().entries) == 1


def test_each_pending_content_is_an_entry_of_its_own(
    services: WebServices, clock: Clock, post: Post, read: Read
) -> None:
    def approved() -> Thought:
        with services.database.read() as connection:
            found = store.by_id(connection, thought.id)
        assert found is not None
        return found

    thought = link(services, post, "https://other.example/")
    ids = []
    for words in ("second", "second", "third"):
        clock.move(days=30)
        says_something_else(services, approved(), words)
        ids.append((read().entries[0].id, read().entries[0].updated))

    assert ids[0] == ids[1]
    assert ids[1][0] != ids[2][0] != thought.guid


def test_thoughts_on_a_deleted_post_are_not_in_the_queue(services: WebServices, post: Post, read: Read) -> None:
    say(services, post, state="held")
    services.publisher.delete("fog")

    assert read().entries == []


def test_the_feed_is_private(client: FlaskClient, services: WebServices, post: Post, path: str, read: Read) -> None:
    say(services, post, state="held")

    headers = client.get(path).headers

    assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "Access-Control-Allow-Origin" not in headers
    (self_link,) = (one.href for one in read().feed.links if one.rel == "self")
    assert self_link == f"http://blog.example{path}"
    for public in ("/", "/posts/fog", "/feed.atom", "/thoughts.atom"):
        assert services.moderation_key not in client.get(public).text


def test_a_renewed_address_ends_the_old_one_at_once(client: FlaskClient, services: WebServices) -> None:
    old = services.moderation_key
    assert client.get(f"/moderation/{old}.atom").status_code == 200

    with services.database.write() as connection:
        revision.renew_moderation_salt(connection)

    assert client.get(f"/moderation/{old}.atom").status_code == 404
    assert client.get(f"/moderation/{services.moderation_key}.atom").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("wrong", ["", "x", "%00", "%ff", "é", "None", "a" * 43, "a" * 5_000])
def test_a_wrong_key_finds_nothing(client: FlaskClient, services: WebServices, wrong: str) -> None:
    key = services.moderation_key

    for guess in (wrong, key[:-1], key + "x", key.swapcase()):
        assert client.get(f"/moderation/{guess}.atom").status_code == 404
    assert client.get(f"/moderation/{key}").status_code == 404
    assert client.post(f"/moderation/{key}.atom").status_code == 405
