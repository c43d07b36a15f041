"""Other hubs are told of each feed of posts that has changed, once, when the new bytes are there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select

from feedserver.app import create_app
from feedserver.jobs import failures
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.services import WebServices
from feedserver.settings import Settings, WebSubSettings
from feedserver.storage import revision
from feedserver.storage.schema import jobs as jobs_table
from feedserver.websub.other_hubs import TELL_HUB
from tests.feeds.happenings import say
from tests.posts.builders import edit, publish
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.websub.readers import Readers

SITE = "http://blog.example"


@pytest.fixture
def hub() -> Iterator[Readers]:
    hub = Readers()
    yield hub
    hub.close()


@pytest.fixture
def telling(settings: Settings, assemble: Assemble, hub: Readers) -> WebServices:
    """A site that tells another hub, and names its own among the others by mistake."""
    return assemble(replace(settings, websub=WebSubSettings(hubs=(f"{hub.url}/hub", f"{SITE}/hub"))))


@pytest.fixture
def work(telling: WebServices, clock: Clock) -> Callable[..., None]:
    def work(**later: float) -> None:
        clock.move(**later)
        telling.runner.run_due()

    return work


def told(hub: Readers) -> list[str]:
    """The topics of which the hub was told since the last call."""
    topics = []
    for notice in hub.take():
        fields = dict(parse_qsl(notice.body.decode()))
        assert notice.path == "/hub"
        assert notice.headers.get_all("Content-Type") == ["application/x-www-form-urlencoded"]
        assert fields == {"hub.mode": "publish", "hub.url": fields["hub.topic"], "hub.topic": fields["hub.topic"]}
        topics.append(fields["hub.topic"].removeprefix(SITE))
    return sorted(topics)


def jobs_of(services: WebServices) -> list[Job]:
    with services.database.read() as connection:
        return [job for job in jobs.everything(connection) if job.kind == TELL_HUB]


def formats(*feeds: str) -> list[str]:
    return sorted(f"{feed}.{fmt}" for feed in feeds for fmt in ("rss", "atom", "json"))


OF_SITE, OF_SEA, OF_FOG = "/feed", "/tags/sea/feed", "/tags/fog/feed"
OF_ANN, OF_BO = "/authors/Ann%20Author/feed", "/authors/Bo/feed"


def test_a_hub_is_told_of_the_feeds_of_the_site_and_of_the_tags_and_authors_of_a_post(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    publish(telling, "Fog", slug="fog", tags="[sea]")
    work()
    assert told(hub) == [], "not before all processes serve it"

    work(seconds=1)
    assert told(hub) == formats(OF_SITE, OF_SEA, OF_ANN)
    edit(telling, "fog", "Fog", tags="[fog]", authors="[Bo]")
    publish(telling, "Mist", tags="[sea]")
    work(seconds=1)
    assert told(hub) == formats(OF_SITE, OF_SEA, OF_FOG, OF_ANN, OF_BO)
    work(days=1)
    assert told(hub) == []


def test_the_new_bytes_are_there_when_a_hub_is_told(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    client = create_app(services=telling).test_client()
    seen: list[bytes] = []

    def fetch(_: str) -> int:
        seen.append(client.get("/feed.rss").data)
        return 200

    hub.answer = fetch
    publish(telling, "News")
    work(seconds=1)

    assert seen
    assert all(b"News" in document for document in seen)


def test_many_changes_are_told_together(telling: WebServices, work: Callable[..., None], hub: Readers) -> None:
    publish(telling, "Fog", slug="fog")
    for number in range(5):
        edit(telling, "fog", f"Fog {number}")
    work(seconds=1)

    assert told(hub) == formats(OF_SITE, OF_ANN)


def test_changes_that_go_on_and_on_are_told_every_few_seconds(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    publish(telling, "Fog", slug="fog")
    told_after = []
    for number in range(1, 25):
        work(seconds=0.5)
        if told(hub):
            told_after.append(number / 2)
        edit(telling, "fog", f"Fog {number}")

    assert told_after == [5.0, 10.0]


def test_a_change_just_before_hubs_are_told_is_told_once_more_when_all_processes_serve_it(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    publish(telling, "Fog", slug="fog")
    for number in range(6):
        work(seconds=0.8)
        edit(telling, "fog", f"Fog {number}")
    assert told(hub) == []

    work(seconds=0.2)
    assert told(hub) == formats(OF_SITE, OF_ANN)
    work(seconds=0.8)
    assert told(hub) == []
    work(seconds=0.2)
    assert told(hub) == formats(OF_SITE, OF_ANN)
    work(hours=1)
    assert told(hub) == []


def test_a_scheduled_post_is_told_when_readers_see_it_and_a_draft_never(
    telling: WebServices, work: Callable[..., None], hub: Readers, clock: Clock
) -> None:
    publish(telling, "Tomorrow", date=(clock.now + timedelta(days=1)).isoformat())
    publish(telling, "Draft", draft="true")
    work(hours=1)
    assert told(hub) == []

    work(hours=23)
    work(seconds=1)
    assert told(hub) == formats(OF_SITE, OF_ANN)


def test_of_a_feed_that_is_gone_nothing_is_told(telling: WebServices, work: Callable[..., None], hub: Readers) -> None:
    publish(telling, "Fog", slug="fog", tags="[sea]")
    telling.publisher.delete("fog")
    work(seconds=1)

    assert told(hub) == formats(OF_SITE, OF_ANN)


def test_a_thought_changes_no_feed_of_posts_for_other_hubs(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    fog = publish(telling, "Fog")
    work(seconds=1)
    told(hub)
    say(telling, fog)
    work(seconds=5)

    assert told(hub) == []


def test_a_hub_that_fails_is_told_again_for_a_day(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    hub.answer = lambda _: 503
    publish(telling, "Fog")
    work(seconds=1)
    assert len(told(hub)) == 6
    work(seconds=30)
    assert len(told(hub)) == 6
    assert {job.last_error for job in jobs_of(telling)} == {"the hub answered 503"}

    hub.answer = lambda _: 202
    work(hours=1)
    assert len(told(hub)) == 6
    hub.answer = lambda _: 503
    publish(telling, "Mist")
    for _ in range(9):
        work(hours=3)
    assert jobs_of(telling) == []
    with telling.database.read() as connection:
        assert {(job.kind, job.last_error) for job, _ in failures.latest(connection, 9)} == {
            (TELL_HUB, "the hub answered 503")
        }


def test_a_change_while_a_hub_is_told_is_told_too(
    telling: WebServices, work: Callable[..., None], hub: Readers
) -> None:
    def change_once(_: str) -> int:
        hub.answer = lambda _: 200
        edit(telling, "fog", "More fog")
        return 200

    hub.answer = change_once
    publish(telling, "Fog", slug="fog")
    work(seconds=1)
    assert len(told(hub)) == 1

    work(seconds=1)
    assert told(hub) == formats(OF_SITE, OF_ANN)
    assert jobs_of(telling) == []


def test_a_change_while_a_hub_is_told_of_changes_that_go_on_is_told_once(
    telling: WebServices, work: Callable[..., None], hub: Readers, caplog: pytest.LogCaptureFixture
) -> None:
    publish(telling, "Fog", slug="fog")
    for number in range(6):
        work(seconds=0.8)
        edit(telling, "fog", f"Fog {number}")

    def change_once(_: str) -> int:
        hub.answer = lambda _: 200
        edit(telling, "fog", "More fog")
        return 200

    hub.answer = change_once
    work(seconds=0.2)
    assert told(hub) == formats(OF_SITE, OF_ANN)
    work(seconds=1)
    assert told(hub) == formats(OF_SITE, OF_ANN)
    assert (jobs_of(telling), caplog.records) == ([], [])


def test_a_restored_site_tells_no_hub_until_it_is_the_real_one(
    telling: WebServices, work: Callable[..., None], hub: Readers, clock: Clock
) -> None:
    with telling.database.write() as connection:
        revision.mark_restored(connection, clock.now)
    publish(telling, "Fog")
    work(seconds=1)
    assert told(hub) == []

    with telling.database.write() as connection:
        revision.resume(connection)
    work(minutes=1)

    assert told(hub) == formats(OF_SITE, OF_ANN)
    work(minutes=1)
    assert told(hub) == []


def test_a_page_that_is_no_post_changes_no_feed(telling: WebServices) -> None:
    publish(telling, "About", page="true", tags="[sea]")
    edit(telling, "about", "About us", page="true", tags="[sea]")
    telling.publisher.delete("about")

    with telling.database.read() as connection:
        assert not connection.execute(select(jobs_table.c.id)).all()
