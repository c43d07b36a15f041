"""Posts that pass: Open Live Writer's, made to see how the site looks. Nobody is told of them, and they leave."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from feedserver.services import WebServices
from feedserver.storage.schema import outgoing_pings, related
from tests.posts.builders import edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

_IDS = "00000000-0000-4000-8000-000000000000 - 3bfe001a-32de-4114-a6b4-4005b770f6d7"
TITLE = f"Temporary Post Used For Theme Detection ({_IDS})"
SLUG = "temporary-post"


@pytest.fixture
def publish_passing(publish: Publish) -> Publish:
    def publish_it(**fields: object) -> object:
        publish("An ordinary post about larks", body="Larks [elsewhere](http://other.example/larks).", tags="[larks]")
        text = "An ordinary text about larks [elsewhere](http://other.example/x)."
        return publish(f'"{TITLE}"', body=text, slug=SLUG, tags="[larks]", **fields)

    return publish_it  # type: ignore[return-value]


def test_it_stands_on_the_home_page_and_at_its_address(publish_passing: Publish, client: FlaskClient) -> None:
    publish_passing()

    home = client.get("/").text
    assert home.index(f"/posts/{SLUG}") < home.index("/posts/an-ordinary-post-about-larks")
    assert TITLE in client.get(f"/posts/{SLUG}").text
    assert SLUG not in client.get("/?page=2").text


@pytest.mark.parametrize(
    "path",
    "/feed.rss /feed.atom /feed.json /tags/larks /tags/larks/feed.atom /authors/Ann%20Author /archive /archive/2026"
    " /sitemap.xml /posts/an-ordinary-post-about-larks /feeds".split(),
)
def test_it_stands_in_no_other_list(publish_passing: Publish, client: FlaskClient, path: str) -> None:
    publish_passing()

    answer = client.get(path)

    assert answer.status_code == 200
    assert SLUG not in answer.text


def test_a_feed_does_not_change(publish_passing: Publish, publish: Publish, client: FlaskClient) -> None:
    publish("First")
    before = client.get("/feed.atom")

    publish(f'"{TITLE}"', slug=SLUG)

    after = client.get("/feed.atom")
    assert (after.headers["ETag"], after.data) == (before.headers["ETag"], before.data)


def test_it_is_related_to_nothing_and_tells_nobody(publish_passing: Publish, services: WebServices) -> None:
    passing = publish_passing()

    with services.database.read() as connection:
        links = connection.execute(select(related.c.post_id, related.c.other_id)).all()
        pings = connection.execute(select(outgoing_pings.c.post_id)).scalars().all()
    assert all(passing.id not in pair for pair in links)
    assert passing.id not in pings


def test_it_goes_to_the_bin_after_ten_minutes(
    publish_passing: Publish, services: WebServices, clock: Clock, client: FlaskClient
) -> None:
    publish_passing()

    clock.move(minutes=9)
    services.runner.run_due()
    assert client.get(f"/posts/{SLUG}").status_code == 200

    clock.move(minutes=1, seconds=1)
    services.runner.run_due()
    assert client.get(f"/posts/{SLUG}").status_code == 410
    assert SLUG not in client.get("/").text
    assert services.publisher.restore(SLUG).state == "published"


def test_one_that_the_app_has_deleted_is_gone_at_once_and_its_job_finds_nothing_to_do(
    publish_passing: Publish, services: WebServices, clock: Clock, client: FlaskClient
) -> None:
    publish_passing()

    services.publisher.delete(SLUG)

    assert SLUG not in client.get("/").text
    clock.move(minutes=11)
    services.runner.run_due()


def test_one_that_becomes_a_post_is_one_from_then_on(
    publish_passing: Publish, services: WebServices, clock: Clock, client: FlaskClient
) -> None:
    publish_passing()

    edit(services, SLUG, "A real title", slug=SLUG)

    assert "A real title" in client.get("/feed.json").text
    clock.move(minutes=11)
    services.runner.run_due()
    assert client.get(f"/posts/{SLUG}").status_code == 200
    assert client.get("/").text.count(f'href="http://blog.example/posts/{SLUG}"') >= 1
