"""Changes that come between the rendering of a post and its transaction."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy.exc import OperationalError

from feedserver.errors import PostNotFound
from feedserver.posts import document as documents
from feedserver.posts import publishing, rendering, store
from feedserver.posts.model import Post, Rendered
from feedserver.services import WebServices
from feedserver.storage import revision
from tests.posts.builders import edit
from tests.support.fixtures import Publish

LINK = "See [below](#below)."


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Callable[[], object]]], None]:
    """Makes one change after each rendering, before its transaction begins, as long as there are any."""

    def arrange(changes: list[Callable[[], object]]) -> None:
        real = rendering.render

        def render(body: str, permalink: str) -> Rendered:
            rendered = real(body, permalink)
            if changes:
                changes.pop(0)()
            return rendered

        monkeypatch.setattr(publishing, "render", render)

    return arrange


def stored(services: WebServices, slug: str) -> Post:
    with services.database.read() as connection:
        post = store.by_slug(connection, slug)
    assert post is not None
    return post


def test_a_rename_keeps_an_edit_that_comes_between(
    publish: Publish, services: WebServices, meanwhile: Callable[..., None]
) -> None:
    publish("First", "Old words.")
    meanwhile([lambda: edit(services, "first", "First", f"New words. {LINK}"), lambda: None])

    services.publisher.rename("first", "second")

    post = stored(services, "second")
    assert "New words." in post.source
    assert "New words." in post.html
    assert 'href="http://blog.example/posts/second#below"' in post.feed_html


def test_an_edit_links_to_the_permalink_of_a_rename_that_comes_between(
    publish: Publish, services: WebServices, meanwhile: Callable[..., None]
) -> None:
    publish("First")
    meanwhile([lambda: services.publisher.rename("first", "second"), lambda: None])

    edited = edit(services, "first", "First", LINK)

    assert edited.slug == "second"
    assert edited == stored(services, "first")
    assert 'href="http://blog.example/posts/second#below"' in edited.feed_html


def test_a_rename_ends_however_many_edits_want_to_come_between(
    publish: Publish, services: WebServices, meanwhile: Callable[..., None]
) -> None:
    publish("First")
    edits: list[Callable[[], object]] = [partial(overtake, services, number) for number in range(50)]
    meanwhile(edits)

    services.publisher.rename("first", "second")

    post = stored(services, "second")
    assert len(edits) > 40
    assert "Words" in post.source
    assert post.html.strip() == f"<p>{documents.body_of(post.source).strip()}</p>"


def overtake(services: WebServices, number: int) -> None:
    """An edit of another process, which waits for no transaction that is open."""
    document = services.publisher.read(f"---\ntitle: First\n---\nWords {number}.\n".encode())
    rendered = Rendered(f"<p>Words {number}.</p>", "", "", None, frozenset())
    with suppress(OperationalError), services.database.write(0.05) as connection:
        revision.revise(connection)
        post = store.by_slug(connection, "first")
        assert post is not None
        store.change(connection, post.id, document, rendered, {})


def test_a_post_that_is_deleted_meanwhile_is_not_found(
    publish: Publish, services: WebServices, meanwhile: Callable[..., None]
) -> None:
    publish("First")
    meanwhile([lambda: services.publisher.delete("first")])

    with pytest.raises(PostNotFound):
        edit(services, "first", "First", "New words.")

    assert stored(services, "first").state == "deleted"
