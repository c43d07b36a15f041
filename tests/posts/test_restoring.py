"""Deleted posts: brought back as they were, or erased for good."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from feedserver.errors import NotDeleted, PostErased, PostGone, SlugTaken
from feedserver.posts import store
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage.schema import listed, metadata, posts, related
from tests.posts.builders import everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock


def stored(services: WebServices, slug: str) -> Post:
    with services.database.read() as connection:
        found = store.by_slug(connection, slug)
    assert found is not None
    return found


def rows(services: WebServices, *tables: Any) -> list[list[tuple[Any, ...]]]:
    with services.database.read() as connection:
        return [sorted(map(tuple, connection.execute(select(table)))) for table in tables]


@pytest.mark.parametrize(
    ("front", "state"),
    [({}, "published"), ({"draft": "true"}, "draft"), ({"date": "2027-01-01"}, "scheduled")],
    ids=["published", "draft", "scheduled"],
)
@pytest.mark.parametrize("by_older_program", [False, True], ids=["now", "by an older program"])
def test_a_deleted_post_comes_back_as_it_was(
    publish: Publish, services: WebServices, clock: Clock, front: dict[str, str], state: str, by_older_program: bool
) -> None:
    publish("Neighbour of the sea", tags="[sea]", date="2026-01-01")
    publish("Words of the sea", "Sea words.", tags="[sea]", slug="sea", **front)
    services.publisher.rename("sea", "ocean")
    publish("Later", tags="[sea]")
    post, before = stored(services, "sea"), rows(services, listed, related, jobs_table())
    services.publisher.delete("ocean")
    if by_older_program:
        with services.database.write() as connection:
            connection.execute(update(posts).values(deleted_from=None))
    clock.move(days=1)
    publish("Meanwhile")

    restored = services.publisher.restore("sea")

    assert (restored, restored.status(clock())) == (post, state)
    after = rows(services, listed, related, jobs_table())
    assert {row[:2]: row for row in before[0]}.items() <= {row[:2]: row for row in after[0]}.items(), "its places"
    assert [row[:2] for row in after[1]] == [row[:2] for row in before[1]], "related posts"
    assert [row[1:4] for row in after[2]] == [row[1:4] for row in before[2]], "the job of a scheduled post"


def jobs_table() -> Any:
    return metadata.tables["jobs"]


def test_a_draft_that_was_withdrawn_in_its_document_comes_back_as_a_draft(
    publish: Publish, services: WebServices
) -> None:
    publish("Public", slug="a")
    document = services.publisher.read(b"---\ntitle: Public\ndraft: true\n---\n")
    services.publisher.edit("a", document, services.clock())
    services.publisher.delete("a")

    assert services.publisher.restore("a").state == "draft"


def test_what_is_not_deleted_is_neither_restored_nor_erased(publish: Publish, services: WebServices) -> None:
    publish("Here", slug="here")
    before = everything(services)

    for deed in (services.publisher.restore, services.publisher.erase):
        with pytest.raises(NotDeleted, match="not deleted"):
            deed("here")
    assert everything(services) == before


def test_the_slug_of_a_deleted_post_stays_taken_and_what_may_be_done_is_said(
    publish: Publish, services: WebServices
) -> None:
    publish("Hello", slug="hello")
    publish("Other", slug="other")
    services.publisher.delete("hello")

    for attempt in (lambda: publish("Hello", slug="hello"), lambda: services.publisher.rename("other", "hello")):
        with pytest.raises(SlugTaken, match="feedserver post restore hello"):
            attempt()
    with pytest.raises(PostGone, match="feedserver post restore hello"):
        services.publisher.rename("hello", "new")
    services.publisher.erase("hello")
    with pytest.raises(SlugTaken, match=r"choose another one$"):
        publish("Hello", slug="hello")


def test_of_an_erased_post_no_text_and_no_name_stays_and_its_address_answers_410(
    publish: Publish, services: WebServices, client: FlaskClient
) -> None:
    words = "secretword secretword secretword secretphrase"
    publish("Other", "Common words.", tags="[common]", slug="other")
    publish(
        *("Secrettitle", f"{words} ![](/secretimage.jpg) [l](http://secretlink.example/)"),
        tags="[common, Secrettag]",
        authors="[Secretname]",
        summary="Secretsummary",
        slug="plain",
        enclosures="[{url: /secretfile.mp3, type: audio/mpeg, length: 1}]",
    )
    for path in ("/tags/Secrettag/feed.atom", "/authors/Secretname/feed.rss", "/tags/common/feed.json"):
        assert client.get(path).status_code == 200
    before = stored(services, "plain")
    services.publisher.delete("plain")

    for _ in range(2):
        services.publisher.erase("plain")

    left = [f"{name}: {row}" for name, rows in everything(services).items() for row in rows]
    assert [row for row in left if "secret" in row.lower()] == []
    assert any("'common'" in row for row in left), "other posts have that tag"
    assert "/posts/other" in client.get("/tags/common").text
    erased = stored(services, "plain")
    assert (erased.id, erased.guid, erased.title, erased.state) == (before.id, before.guid, "", "deleted")
    assert client.get("/posts/plain").status_code == 410
    with pytest.raises(PostErased):
        services.publisher.restore("plain")
    with pytest.raises(PostErased):
        services.publisher.rename("plain", "new")
