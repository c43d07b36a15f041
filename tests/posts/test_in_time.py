"""Drafts and scheduled posts: when readers see them, and the job that tells of a scheduled post."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from feedserver.jobs import store as jobs
from feedserver.posts import store
from feedserver.posts.scheduling import PUBLISH
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.posts.builders import document, edit, everything
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

TOMORROW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


def waiting(services: WebServices) -> list[tuple[str, str, datetime]]:
    with services.database.read() as connection:
        return [(job.kind, job.subject, job.run_at) for job in jobs.everything(connection)]


def seen(services: WebServices) -> list[str]:
    with services.database.read() as connection:
        return [post.slug for post in store.latest(connection, services.clock(), 10)]


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2030-01-01"}], ids=["draft", "scheduled"])
def test_what_is_not_published_yet_is_seen_nowhere(
    publish: Publish, services: WebServices, client: FlaskClient, front: dict[str, str]
) -> None:
    publish("Seen", tags="[a, b]")
    publish("Whispered", tags="[a, hidden]", authors="[Nobody]", **front)

    assert seen(services) == ["seen"]
    for path in ("/posts/whispered", "/tags/hidden", "/authors/Nobody"):
        assert client.get(path).status_code == 404
    for path in ("/", "/feed.rss", "/feed.atom", "/feed.json", "/tags/a", "/tags/a/feed.rss", "/posts/seen"):
        assert b"whispered" not in client.get(path).data.lower()


def test_a_draft_is_dated_when_it_appears(publish: Publish, services: WebServices, clock: Clock) -> None:
    draft = publish("Draft", draft="true")
    assert draft.status(clock()) == "draft"
    clock.move(days=2)

    still = edit(services, "draft", "Draft", "Better.", draft="true")
    clock.move(days=2)
    published = edit(services, "draft", "Draft", "Best.")

    assert not still.visible(clock())
    assert (published.id, published.guid) == (draft.id, draft.guid)
    assert published.published_at == published.updated_at == clock()
    assert seen(services) == ["draft"]


def test_a_drafts_own_date_is_kept(publish: Publish, services: WebServices, clock: Clock) -> None:
    publish("Draft", draft="true", date="2026-01-01")
    clock.move(days=1)

    published = edit(services, "draft", "Draft", date="2026-01-01")

    assert published.published_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert published.updated_at == clock()


def test_a_published_post_can_become_a_draft_again(
    publish: Publish, services: WebServices, client: FlaskClient
) -> None:
    publish("First")

    edit(services, "first", "First", draft="true")

    assert seen(services) == []
    assert client.get("/posts/first").status_code == 410


def test_a_scheduled_post_appears_when_the_clock_passes_its_date(
    publish: Publish, services: WebServices, client: FlaskClient, clock: Clock
) -> None:
    made = publish("Later", date="2026-03-09T12:00:00Z")
    assert made.status(clock()) == "scheduled"
    assert made.updated_at == made.published_at == TOMORROW

    clock.now = datetime(2026, 3, 9, 11, 59, 59, tzinfo=UTC)
    assert client.get("/posts/later").status_code == 404

    clock.move(seconds=1)
    assert client.get("/posts/later").status_code == 200
    assert seen(services) == ["later"]


def test_a_scheduled_post_has_a_job_that_tells_of_it(publish: Publish, services: WebServices, clock: Clock) -> None:
    made = publish("Later", date="2026-03-09T12:00:00Z")
    publish("Now")
    publish("Draft", draft="true", date="2026-03-09T12:00:00Z")
    assert waiting(services) == [(PUBLISH, str(made.id), TOMORROW)]
    before = everything(services)["site"][0][2]

    assert services.runner.run_due() == 0
    clock.now = TOMORROW
    assert services.runner.run_due() == 1

    assert waiting(services) == []
    assert everything(services)["site"][0][2] > before


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ({"date": "2026-03-10T00:00:00Z"}, datetime(2026, 3, 10, tzinfo=UTC)),
        ({}, TOMORROW),
        ({"date": "2026-01-01"}, None),
        ({"date": "2026-03-09T12:00:00Z", "draft": "true"}, None),
    ],
    ids=["another date", "no date", "a date that has passed", "a draft"],
)
def test_an_edit_moves_the_job_with_the_date(
    publish: Publish, services: WebServices, front: dict[str, str], expected: datetime | None
) -> None:
    made = publish("Later", date="2026-03-09T12:00:00Z")

    edit(services, "later", "Later", **front)

    assert waiting(services) == ([(PUBLISH, str(made.id), expected)] if expected else [])


def test_a_deletion_discards_the_job(publish: Publish, services: WebServices) -> None:
    publish("Later", date="2026-03-09T12:00:00Z")

    services.publisher.delete("later")

    assert waiting(services) == []


def test_a_rename_keeps_the_job(publish: Publish, services: WebServices) -> None:
    publish("Later", date="2026-03-09T12:00:00Z")

    services.publisher.rename("later", "much-later")

    assert len(waiting(services)) == 1


def test_a_seen_post_can_be_put_off(publish: Publish, services: WebServices, clock: Clock) -> None:
    publish("First")

    put_off = edit(services, "first", "First", date="2026-03-09T12:00:00Z")

    assert put_off.status(clock()) == "scheduled"
    assert seen(services) == []
    assert len(waiting(services)) == 1


def test_dates_without_a_zone_are_in_the_sites(settings: Settings, assemble: Assemble) -> None:
    tokyo = assemble(replace(settings, site=replace(settings.site, timezone="Asia/Tokyo")))

    made = tokyo.publisher.add(tokyo.publisher.read(document(date="2026-03-09 21:00")), tokyo.clock())

    assert made.published_at == TOMORROW
