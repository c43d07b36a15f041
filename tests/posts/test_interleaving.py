"""Changes that come between the rendering of a post and its transaction."""

from collections.abc import Callable
from typing import Any

import pytest

from feedserver.errors import PostNotFound
from feedserver.posts import preparing, rendering, store
from feedserver.posts.model import Post, Rendered
from feedserver.services import WebServices
from tests.posts.builders import edit
from tests.support.fixtures import Publish


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Callable[[], object]]], None]:
    """Makes one change after each rendering, before its transaction begins, as long as there are any."""

    def arrange(changes: list[Callable[[], object]]) -> None:
        real = rendering.render

        def render(*arguments: Any) -> Rendered:
            rendered = real(*arguments)
            if changes:
                changes.pop(0)()
            return rendered

        monkeypatch.setattr(preparing, "render", render)

    return arrange


def stored(services: WebServices, slug: str) -> Post:
    with services.database.read() as connection:
        post = store.by_slug(connection, slug)
    assert post is not None
    return post


def test_an_edit_follows_a_rename_that_comes_between(
    publish: Publish, services: WebServices, meanwhile: Callable[..., None]
) -> None:
    publish("First")
    meanwhile([lambda: services.publisher.rename("first", "second")])

    edited = edit(services, "first", "First", "New words.")

    assert edited.slug == "second"
    assert edited == stored(services, "first")
    assert "New words." in edited.html


def test_a_post_that_is_deleted_meanwhile_is_not_found(
    publish: Publish, services: WebServices, meanwhile: Callable[..., None]
) -> None:
    publish("First")
    meanwhile([lambda: services.publisher.delete("first")])

    with pytest.raises(PostNotFound):
        edit(services, "first", "First", "New words.")

    assert stored(services, "first").state == "deleted"
