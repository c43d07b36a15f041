"""Deleted posts wait for 30 days, then nothing is left of them but their addresses."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from feedserver import post_bin
from feedserver.errors import PostErased
from feedserver.posts import bin as posts_bin
from feedserver.services import WebServices
from feedserver.storage import schema
from tests.posts.builders import everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock


def slugs_in_bin(services: WebServices) -> list[str]:
    with services.database.read() as connection:
        return [post.slug for post in posts_bin.contents(connection, services.clock())]


def test_a_deleted_post_can_be_restored_for_thirty_days(services: WebServices, publish: Publish, clock: Clock) -> None:
    for slug in ("one", "two"):
        publish(slug, slug=slug)
        services.publisher.delete(slug)
        clock.move(days=29, hours=23)
        post_bin.empty(services, clock())
        assert slugs_in_bin(services) == [slug]
        if slug == "one":
            assert services.publisher.restore(slug).deleted_at is None

    clock.move(hours=1)

    assert slugs_in_bin(services) == []
    with pytest.raises(PostErased):
        services.publisher.restore("two")  # by the clock, before any job has run


def test_then_all_its_texts_and_names_go_with_the_words_of_its_thoughts(
    services: WebServices, client: FlaskClient, publish: Publish, clock: Clock
) -> None:
    publish("Private-title", "Private-words.", slug="p", tags="[private-tag]")
    services.publisher.delete("p")
    publish("Other", slug="other")
    clock.move(days=30)

    post_bin.empty(services, clock())

    assert "rivate-" not in str(everything(services))
    assert (client.get("/posts/p").status_code, client.get("/posts/other").status_code) == (410, 200)
    assert services.publisher.deleted("p").title == ""


@pytest.mark.parametrize("days", [None, 400], ids=["by an older program", "by a clock that was wrong"])
def test_of_a_post_that_was_deleted_nobody_knows_when_the_time_begins_now(
    services: WebServices, publish: Publish, clock: Clock, days: int | None
) -> None:
    publish("A post", slug="p")
    services.publisher.delete("p")
    later = None if days is None else clock.move(days=days)
    clock.move(days=-(days or 0))
    with services.database.write() as connection:
        connection.execute(update(schema.posts).values(deleted_at=later))

    post_bin.empty(services, clock())
    with services.database.read() as connection:
        noted = connection.execute(select(schema.posts.c.deleted_at)).scalar_one()
    assert (noted, slugs_in_bin(services)) == (clock(), ["p"])
    clock.move(days=30)
    post_bin.empty(services, clock())

    assert slugs_in_bin(services) == []


def test_what_interrupts_an_erasing_leaves_the_post_in_the_bin(
    services: WebServices, publish: Publish, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("A post", slug="p")
    services.publisher.delete("p")
    clock.move(days=31)
    with monkeypatch.context() as patched:
        patched.setattr(type(services.outbox), "forget", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            post_bin.empty(services, clock())

    post_bin.empty(services, clock())

    assert "A post" not in str(everything(services))
