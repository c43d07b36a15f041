"""Addresses that last: renamed posts answer 301, deleted ones 410, and no slug is given twice."""

import pytest
from flask.testing import FlaskClient

from feedserver.errors import InvalidDocument, PostNotFound, SlugTaken
from feedserver.services import WebServices
from tests.posts.builders import edit, everything
from tests.support.fixtures import Publish


def test_a_renamed_post_is_found_under_every_slug_it_had(
    publish: Publish, services: WebServices, client: FlaskClient
) -> None:
    made = publish("First")
    services.publisher.rename("first", "second")
    renamed = services.publisher.rename("second", "third")

    assert (renamed.id, renamed.guid, renamed.slug) == (made.id, made.guid, "third")
    for former in ("first", "second"):
        answer = client.get(f"/posts/{former}")
        assert (answer.status_code, answer.location) == (301, "http://blog.example/posts/third")
    assert client.get("/posts/third").status_code == 200


def test_a_post_may_go_back_to_its_own_former_slug(
    publish: Publish, services: WebServices, client: FlaskClient
) -> None:
    publish("First")
    services.publisher.rename("first", "second")

    assert services.publisher.rename("second", "first").slug == "first"
    assert client.get("/posts/first").status_code == 200
    assert client.get("/posts/second").location == "http://blog.example/posts/first"


def test_a_rename_to_the_same_slug_is_harmless(publish: Publish, services: WebServices) -> None:
    made = publish("First")

    assert services.publisher.rename("first", "first") == made


def test_a_rename_works_under_a_former_slug_too(publish: Publish, services: WebServices) -> None:
    publish("First")
    services.publisher.rename("first", "second")

    assert services.publisher.rename("first", "third").slug == "third"


def test_links_of_a_post_to_itself_follow_it(publish: Publish, services: WebServices, client: FlaskClient) -> None:
    publish("First", "[down](#part) [note][^1]\n\n[^1]: Text.")
    assert 'href=\\"http://blog.example/posts/first#part\\"' in client.get("/feed.json").text

    services.publisher.rename("first", "second")

    html = client.get("/feed.json").text.replace("\\", "")
    assert 'href="http://blog.example/posts/second#part"' in html
    assert 'href="http://blog.example/posts/second#fn1"' in html
    assert "first" not in html


def test_a_rename_changes_neither_text_nor_dates(publish: Publish, services: WebServices) -> None:
    made = publish("First", "Body.", tags="[a]", date="2026-01-01")

    renamed = services.publisher.rename("first", "second")

    assert (renamed.title, renamed.html, renamed.source, renamed.tags) == (made.title, made.html, made.source, ("a",))
    assert (renamed.published_at, renamed.updated_at) == (made.published_at, made.updated_at)


@pytest.mark.parametrize("new", ["", "a b", "a/b", "..", "-x", "x" * 201, "a\x00?"])
def test_a_rename_needs_a_slug_that_can_be_taken(publish: Publish, services: WebServices, new: str) -> None:
    publish("First")
    before = everything(services)

    with pytest.raises(InvalidDocument, match=r"^slug: "):
        services.publisher.rename("first", new)

    assert everything(services) == before


@pytest.mark.parametrize("taken", ["present", "former", "draft", "scheduled", "deleted", "deleted-former"])
def test_a_slug_is_never_given_to_another_post(publish: Publish, services: WebServices, taken: str) -> None:
    publish("Present")
    publish("Former")
    services.publisher.rename("former", "latter")
    publish("Draft", draft="true")
    publish("Scheduled", date="2030-01-01")
    publish("Deleted Former")
    services.publisher.rename("deleted-former", "deleted")
    services.publisher.delete("deleted")
    publish("Another")
    before = everything(services)

    with pytest.raises(SlugTaken, match=rf"^slug: “{taken}” is taken"):
        publish("New", slug=taken)
    with pytest.raises(SlugTaken):
        services.publisher.rename("another", taken)

    assert everything(services) == before


def test_a_deleted_post_is_gone_for_ever_under_every_slug(
    publish: Publish, services: WebServices, client: FlaskClient
) -> None:
    publish("First", "Words.", tags="[a]")
    services.publisher.rename("first", "second")

    deleted = services.publisher.delete("second")

    assert deleted.state == "deleted"
    assert "Words." in deleted.source
    assert [client.get(f"/posts/{slug}").status_code for slug in ("first", "second")] == [410, 410]
    assert client.get("/tags/a").status_code == 404
    assert b"second" not in client.get("/feed.atom").data


def test_a_deleted_post_cannot_be_changed(publish: Publish, services: WebServices) -> None:
    publish("First")
    services.publisher.delete("first")
    before = everything(services)

    for change in (
        lambda: edit(services, "first"),
        lambda: services.publisher.rename("first", "second"),
        lambda: services.publisher.delete("first"),
    ):
        with pytest.raises(PostNotFound):
            change()

    assert everything(services) == before
