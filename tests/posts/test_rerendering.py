"""Posts that an older program has rendered are rendered anew by an upgrade."""

import json
import logging
from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from feedserver.installation import upgrade
from feedserver.posts import rendering, rerendering, store
from feedserver.posts.model import Format, Photo, Rendered
from feedserver.posts.rendering import Showing
from feedserver.services import WebServices
from feedserver.storage.schema import posts
from tests.posts.builders import edit, everything, publish

OLD = {
    "html": "<p>old</p>",
    "feed_html": '<p><img src="http://before.example/posts/roof.jpg"></p>',
    "excerpt": "old",
    "image": "http://before.example/posts/roof.jpg",
    "rendering": 0,
}


def age(services: WebServices) -> None:
    """Makes all posts look as the first release stored them."""
    with services.database.write() as connection:
        connection.execute(update(posts).values(OLD))


def test_an_upgrade_renders_old_posts_anew(services: WebServices, client: FlaskClient) -> None:
    post = publish(services, "A roof", "![roof](roof.jpg) words", tags="[a]", summary="In short")
    before = everything(services)["posts"]
    age(services)

    assert upgrade(services) is True
    assert upgrade(services) is False

    assert everything(services)["posts"] == before
    feed = json.loads(client.get("/feed.json").data)
    assert feed["items"][0]["image"] == "http://blog.example/posts/roof.jpg"
    assert feed["items"][0]["id"] == post.guid


def test_fields_that_an_older_program_did_not_know_are_read_from_the_document(services: WebServices) -> None:
    publish(services, "A reply", "words", slug="reply", reply_to="https://a.example/", tell="false")
    publish(services, "None", "words", slug="none", like_of="https://b.example/")
    age(services)
    with services.database.write() as connection:  # as an older program that publishes beside a newer schema
        connection.execute(update(posts).values(reply_to=(), like_of=("https://before.example/",), tells=True))
        connection.execute(
            update(posts).where(posts.c.slug == "none").values(source="---\nslug: none\nreply_to: Ann\n---\nwords")
        )

    assert rerendering.rerender(services.database, services.urls) == 2

    with services.database.read() as connection:
        reply, none = (store.by_slug(connection, slug) for slug in ("reply", "none"))
    assert reply is not None
    assert none is not None
    assert (reply.reply_to, reply.like_of, reply.tells) == (("https://a.example/",), (), False)
    assert (none.reply_to, none.excerpt) == ((), "words")


def test_an_old_post_is_rendered_anew_in_its_own_language_and_keeps_its_id_and_dates(services: WebServices) -> None:
    post = publish(services, "Zitat", '"Ja"', slug="zitat", lang="de")
    publish(services, "Quote", '"Yes"', slug="quote")
    age(services)

    rerendering.rerender(services.database, services.urls)

    with services.database.read() as connection:
        found = {slug: store.by_slug(connection, slug) for slug in ("zitat", "quote")}
    assert [one.excerpt for one in found.values() if one] == ["„Ja“", "“Yes”"]
    assert found["zitat"] == post


def test_more_posts_than_one_transaction_writes_are_all_rendered_anew(
    services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerendering, "_AT_A_TIME", 2)
    for number in range(5):
        publish(services, f"Post {number}", "words")
    services.publisher.delete("post-3")
    age(services)

    assert rerendering.rerender(services.database, services.urls) == 5

    with services.database.read() as connection:
        assert set(connection.execute(select(posts.c.excerpt)).scalars()) == {"words"}


def test_an_edit_that_comes_between_is_kept(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(services, "A post", "before", slug="a-post")
    age(services)
    real = rendering.render

    def render_late(
        body: str, language: str, written_in: Format, showing: Showing, before: Sequence[Photo]
    ) -> Rendered:
        edit(services, "a-post", "A post", "after")
        return real(body, language, written_in, showing, before)

    monkeypatch.setattr(rerendering, "render", render_late)

    assert rerendering.rerender(services.database, services.urls) == 0

    with services.database.read() as connection:
        assert connection.execute(select(posts.c.excerpt)).scalar_one() == "after"


def test_a_post_that_is_refused_today_keeps_its_old_html(
    services: WebServices, caplog: pytest.LogCaptureFixture
) -> None:
    publish(services, "Deep", "words", slug="deep")
    publish(services, "Sound", "words", slug="sound")
    age(services)
    with services.database.write() as connection:
        deep = "---\nslug: deep\n---\n" + "<div>" * 200
        connection.execute(update(posts).where(posts.c.slug == "deep").values(source=deep))

    with caplog.at_level(logging.WARNING):
        assert rerendering.rerender(services.database, services.urls) == 1

    with services.database.read() as connection:
        found = {row.slug: row.excerpt for row in connection.execute(select(posts.c.slug, posts.c.excerpt))}
    assert found == {"deep": "old", "sound": "words"}
    assert "the post 'deep' keeps its old HTML: body: has elements nested" in caplog.text


def test_html_is_rendered_anew_as_html(services: WebServices) -> None:
    post = publish(services, "A post", "# *x* &mdash; <b>y</b>", format="html")
    with services.database.write() as connection:
        connection.execute(update(posts).values(html="old", rendering=0))

    assert rerendering.rerender(services.database, services.urls) == 1

    with services.database.read() as connection:
        found = store.by_id(connection, post.id)
    assert found is not None
    assert found.html.strip() == "# *x* &mdash; <b>y</b>"
