"""Readers who subscribed get each new version of their feed, as a GET gives it, once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.feeds import versions
from feedserver.feeds.document import Document
from feedserver.feeds.scopes import POST, TAG, FeedAddress
from feedserver.jobs import store as jobs
from feedserver.jobs.model import SITE
from feedserver.net.exchange import Request, Response
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.websub import fan_out, leaving, topics, waiting
from feedserver.websub.delivery import Due, Result
from feedserver.websub.leaving import CHECK
from feedserver.websub.pushing import PUSH
from feedserver.websub.topics import Look
from tests.feeds.happenings import say
from tests.posts.builders import edit, publish
from tests.support.fixtures import Publish
from tests.support.moderating import moderate
from tests.support.outside import Clock
from tests.support.waiting import wait_until
from tests.websub.readers import SITE_ATOM, Readers, is_signed, path_of, stored, subscribe

FEEDS = [
    FeedAddress(scope, fmt, name)
    for scope, name in (("site", ""), ("tag", "sea"), ("author", "Ann Author"), ("thoughts", ""), ("post", "fog"))
    for fmt in ("rss", "atom", "json")
]


@pytest.fixture
def meet() -> Iterator[Callable[..., Readers]]:
    """Makes callbacks; they are closed after the test."""
    with ExitStack() as met:

        def make(host: str = "127.0.2.1", answer: Callable[[str], int] = lambda _: 204) -> Readers:
            readers = Readers(host, answer)
            met.callback(readers.close)
            return readers

        yield make


@pytest.fixture
def readers(meet: Callable[..., Readers]) -> Readers:
    return meet()


def test_a_push_has_the_bytes_the_type_the_links_and_the_version_that_a_get_has(
    client: FlaskClient, services: WebServices, publish: Publish, readers: Readers
) -> None:
    fog = publish("Fog", slug="fog", tags="[sea]")
    for number, address in enumerate(FEEDS):
        subscribe(services, f"{readers.url}/{number}?key=a", address)
    say(services, fog)
    edit(services, "fog", "Much fog", tags="[sea]")

    services.runner.run_due()

    pushed = {received.target: received for received in readers.take()}
    assert len(pushed) == len(FEEDS)
    for number, address in enumerate(FEEDS):
        push, path = pushed[f"/{number}?key=a"], path_of(address.url(services.urls))
        got = client.get(path)
        assert push.body == got.data
        for name in ("Content-Type", "Link", "ETag", "Last-Modified"):
            assert push.headers.get_all(name) == [got.headers[name]]
        by_etag = client.get(path, headers={"If-None-Match": push.headers["ETag"]})
        by_date = client.get(path, headers={"If-Modified-Since": push.headers["Last-Modified"]})
        assert (by_etag.status_code, by_date.status_code) == (304, 304)


def test_a_poll_asks_for_one_job_and_for_no_other_while_it_is_there(
    services: WebServices, publish: Publish, readers: Readers, clock: Clock
) -> None:
    subscribe(services, readers.url)
    publish("News")

    with services.database.write() as connection:
        assert waiting.is_job_needed(connection, PUSH, clock())
        jobs.ensure(connection, PUSH, SITE, clock(), clock())
        assert not waiting.is_job_needed(connection, PUSH, clock())


def test_a_push_is_signed_for_those_alone_who_gave_a_secret(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    subscribe(services, f"{readers.url}/secret", secret="mighty")
    subscribe(services, f"{readers.url}/plain")
    publish("News")

    services.runner.run_due()

    pushed = {received.target: received for received in readers.take()}
    assert is_signed(pushed["/secret"], "mighty")
    assert pushed["/plain"].headers.get_all("X-Hub-Signature") is None


def test_a_new_reader_is_pushed_nothing_before_the_feed_changes(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    publish("Old", tags="[sea]")
    of_site = subscribe(services, f"{readers.url}/site")
    subscribe(services, f"{readers.url}/sea", FeedAddress(TAG, "rss", "sea"))

    services.runner.run_due()
    assert readers.take() == []

    publish("News")
    services.runner.run_due()
    services.runner.run_due()
    assert readers.paths() == ["/site"]
    assert stored(services, of_site).pushed_etag == services.feed_documents.get(SITE_ATOM).validators.etag


def test_every_change_that_readers_see_is_pushed_whoever_made_it(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    fog = publish("Fog", slug="fog")
    subscribe(services, f"{readers.url}/posts")
    subscribe(services, f"{readers.url}/thoughts", FeedAddress(POST, "json", "fog"))

    def is_pushed(*paths: str) -> bool:
        services.runner.run_due()
        return sorted(received.path for received in readers.take()) == sorted(paths)

    publish("Mist", slug="mist")
    assert is_pushed("/posts")
    edit(services, "mist", "Haze")
    assert is_pushed("/posts")
    services.publisher.delete("mist")
    assert is_pushed("/posts")
    services.publisher.restore("mist")
    assert is_pushed("/posts")
    publish("Draft", draft="true")
    assert is_pushed()
    publish("Tomorrow", date=(clock.now + timedelta(days=1)).isoformat())
    assert is_pushed()
    clock.move(days=1)
    assert is_pushed("/posts")
    thought = say(services, fog)
    assert is_pushed("/posts", "/thoughts")
    moderate(services.database, thought.id, "hide", clock.now)
    assert is_pushed("/posts", "/thoughts")


def test_a_newer_version_replaces_one_that_waits(services: WebServices, publish: Publish, readers: Readers) -> None:
    readers.answer = lambda _: 503
    reader = subscribe(services, f"{readers.url}/")
    publish("First")
    services.runner.run_due()
    readers.answer = lambda _: 200
    publish("Second")

    services.runner.run_due()

    first, second = readers.take()
    assert b"Second" not in first.body
    assert b"First" in second.body
    assert b"Second" in second.body
    assert stored(services, reader).next_push_at is None


def test_a_change_while_pushes_are_under_way_reaches_each_reader_once(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    def change_once(_: str) -> int:
        readers.answer = lambda _: 200
        publish("Second")
        return 200

    readers.answer = change_once
    for number in range(5):
        subscribe(services, f"{readers.url}/{number}")
    publish("First")

    services.runner.run_due()

    first, *others = readers.take()
    assert b"Second" not in first.body
    assert all(b"Second" in push.body for push in others)
    assert sorted(push.path for push in others) == [f"/{number}" for number in range(5)]


def test_a_reader_gets_no_more_than_sixty_pushes_a_minute_and_the_newest_version_in_the_end(
    services: WebServices, publish: Publish, clock: Clock, monkeypatch: pytest.MonkeyPatch, readers: Readers
) -> None:
    monkeypatch.setattr(waiting, "MOST_A_MINUTE", 3)
    reader = subscribe(services, f"{readers.url}/")
    for number in range(6):
        publish(f"Post {number}")
        services.runner.run_due()
        clock.move(seconds=1)
    assert len(readers.take()) == 3

    clock.move(minutes=1)
    services.runner.run_due()

    assert b"Post 5" in readers.take()[0].body
    assert stored(services, reader).next_push_at is None


def test_the_feeds_of_the_site_do_not_wait_until_all_others_are_looked_at(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch, readers: Readers
) -> None:
    publish("Fog", tags="[a, b, c]")
    tags = [FeedAddress(TAG, "atom", name) for name in "abc"]
    for address in (SITE_ATOM, *tags):
        subscribe(services, f"{readers.url}/{address.name}", address)
    looked_at: list[FeedAddress] = []
    get = services.feed_documents.get

    def look(address: FeedAddress) -> Document:
        looked_at.append(address)
        document = get(address)
        if looked_at == [SITE_ATOM, tags[0]]:
            publish("News")
        return document

    monkeypatch.setattr(services.feed_documents, "get", look)
    monkeypatch.setattr(fan_out, "_TICK", 0.0)
    services.runner.run_due()

    assert looked_at[:6] == [SITE_ATOM, tags[0], SITE_ATOM, tags[1], tags[2], tags[0]], "nor does one wait for ever"


def test_readers_who_subscribe_use_up_no_pushes_of_the_minute(
    services: WebServices, client: FlaskClient, publish: Publish, monkeypatch: pytest.MonkeyPatch, readers: Readers
) -> None:
    """Or strangers who subscribe again and again would delay what is pushed to all."""
    monkeypatch.setattr(waiting, "MOST_A_MINUTE", 1)
    for number in range(3):
        form = {"hub.mode": "subscribe", "hub.topic": SITE_ATOM.url(services.urls)}
        assert client.post("/hub", data=form | {"hub.callback": f"{readers.url}/{number}"}).status_code == 202
        services.runner.run_due()

    publish("News")
    services.runner.run_due()

    assert sorted(readers.paths()) == ["/0", "/1", "/2"]


def test_a_change_that_is_taken_back_is_not_pushed_any_more(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    readers.answer = lambda _: 503
    tag = FeedAddress(TAG, "atom", "sea")
    publish("Fog", slug="fog", tags="[sea]")
    reader = subscribe(services, f"{readers.url}/", tag)
    publish("Mist", slug="mist", tags="[sea]")
    services.runner.run_due()
    assert stored(services, reader).waiting_etag is not None

    services.publisher.delete("mist")
    services.runner.run_due()

    assert stored(services, reader).waiting_etag is None
    assert len(readers.take()) == 1


def test_of_a_feed_that_is_gone_nothing_is_pushed(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    readers.answer = lambda _: 503
    publish("Fog", slug="fog", tags="[sea]")
    subscribe(services, f"{readers.url}/", FeedAddress(TAG, "atom", "sea"))
    edit(services, "fog", "Mist", tags="[sea]")
    services.runner.run_due()
    assert len(readers.take()) == 1

    services.publisher.delete("fog")
    clock.move(minutes=1)
    services.runner.run_due()

    assert readers.take() == []


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_what_is_not_taken_comes_again_within_thirty_seconds_and_is_counted(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers, status: int
) -> None:
    readers.answer = lambda _: status
    reader = subscribe(services, f"{readers.url}/")
    publish("News")
    services.runner.run_due()
    services.runner.run_due()
    assert len(readers.take()) == 1, "not before its pause is over"

    clock.move(seconds=30)
    services.runner.run_due()
    row = stored(services, reader)
    assert (row.failures, row.detail, row.state) == (2, f"the callback answered {status}", "active")
    assert len(readers.take()) == 1

    readers.answer = lambda _: 200
    clock.move(hours=1)
    services.runner.run_due()
    row = stored(services, reader)
    assert (row.failures, row.detail, row.pushed_at) == (0, "took the last push", clock.now)
    clock.move(hours=1)
    services.runner.run_due()
    assert len(readers.take()) == 1, "nothing is delivered twice"


def test_what_has_waited_long_for_its_first_try_is_tried_again_as_soon_as_any_other(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    """Its process was killed, say, and the next one came hours later."""
    readers.answer = lambda _: 500
    etag = services.feed_documents.get(SITE_ATOM).validators.etag
    reader = subscribe(services, f"{readers.url}/", pushed_etag=None, waiting_etag=etag, next_push_at=clock.now)
    clock.move(hours=3)
    services.runner.run_due()

    clock.move(seconds=20)
    services.runner.run_due()

    assert len(readers.take()) == 2
    assert stored(services, reader).failing_since == clock.now - timedelta(seconds=20)


def test_after_a_day_a_push_is_dropped_and_the_subscription_gets_the_next_one(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    readers.answer = lambda _: 500
    reader = subscribe(services, f"{readers.url}/")
    publish("News")
    for _ in range(9):
        services.runner.run_due()
        clock.move(hours=3)
    tries = len(readers.take())
    row = stored(services, reader)
    assert 3 < tries < 9
    assert (row.next_push_at, row.state, row.failures) == (None, "active", tries)

    readers.answer = lambda _: 200
    publish("More news")
    services.runner.run_due()

    assert len(readers.take()) == 1
    assert stored(services, reader).failures == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # quick there; the SQL runs below on both
def test_new_versions_do_not_shorten_the_pauses_of_a_callback_that_failed_twice(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    """Or whoever moves the name of a confirmed callback to another server could have that one flooded."""
    bodies: list[str] = []

    def fail_while_the_next_version_comes(_path: str) -> int:
        bodies.append(publish(f"During a try {len(bodies)}").slug)
        return 500

    readers.answer = fail_while_the_next_version_comes
    reader = subscribe(services, f"{readers.url}/")
    for number in range(8):
        publish(f"News {number}")
        services.runner.run_due()
        clock.move(seconds=30)
    assert 3 <= len(readers.take()) <= 6, "within four minutes"

    readers.answer = lambda _: 200
    clock.move(minutes=20)
    services.runner.run_due()
    (taken,) = readers.take()
    assert b"News 7" in taken.body
    assert stored(services, reader).failures == 0
    publish("At once again")
    services.runner.run_due()
    assert len(readers.take()) == 1


def test_a_clock_that_was_a_day_ahead_has_no_callback_tried_every_few_seconds_for_a_day(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    readers.answer = lambda _: 500
    subscribe(services, f"{readers.url}/")
    clock.move(days=1)
    publish("News")
    services.runner.run_due()
    clock.move(days=-1)
    for _ in range(30):
        services.runner.run_due()
        clock.move(minutes=2)

    assert len(readers.take()) < 12, "within an hour"


def test_410_ends_the_subscription(services: WebServices, publish: Publish, clock: Clock, readers: Readers) -> None:
    readers.answer = lambda _: 410
    reader = subscribe(services, f"{readers.url}/")
    publish("News")
    services.runner.run_due()
    publish("More news")
    clock.move(days=1)
    services.runner.run_due()

    row = stored(services, reader)
    assert (row.state, row.detail) == ("ended", "the callback answered 410: it wants no more")
    assert len(readers.take()) == 1


def test_what_changes_between_the_end_of_a_lease_and_its_renewal_is_pushed_then(
    services: WebServices, client: FlaskClient, publish: Publish, clock: Clock, readers: Readers
) -> None:
    callback = f"{readers.url}/"
    subscribe(services, callback, lease_until=clock.now + timedelta(minutes=1))
    form = {"hub.mode": "subscribe", "hub.callback": callback, "hub.topic": SITE_ATOM.url(services.urls)}
    assert client.post("/hub", data=form).status_code == 202
    clock.move(minutes=2)
    readers.before_confirming = lambda: publish("News") and services.runner.run_due()

    services.runner.run_due()

    assert [b"News" in push.body for push in readers.take()] == [True]


def test_a_lease_that_is_over_gets_no_more_pushes(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers
) -> None:
    subscribe(services, f"{readers.url}/", lease_until=clock.now + timedelta(minutes=1))
    clock.move(minutes=2)
    publish("News")

    services.runner.run_due()

    assert readers.take() == []


def test_a_callback_where_nobody_listens_is_told_of_in_words(services: WebServices, publish: Publish) -> None:
    reader = subscribe(services, "http://127.0.2.1:9/")
    publish("News")

    services.runner.run_due()

    assert stored(services, reader).detail == "the connection to the callback failed"
    assert stored(services, reader).failures == 1


def test_a_restored_site_pushes_nothing_until_it_is_the_real_one(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    subscribe(services, f"{readers.url}/")
    with services.database.write() as connection:
        revision.mark_restored(connection, services.clock())
        jobs.ensure(connection, PUSH, "site", services.clock(), services.clock())  # as it was in the backup
    publish("News")
    services.runner.run_due()
    assert readers.take() == []

    with services.database.write() as connection:
        revision.resume(connection)
    services.runner.run_due()

    assert len(readers.take()) == 1


def test_a_version_that_cannot_be_stored_is_not_pushed(
    services: WebServices, publish: Publish, clock: Clock, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(services, f"{readers.url}/")
    publish("News")
    with monkeypatch.context() as patched:
        patched.setattr(versions.Versions, "can_be_made", False)
        services.runner.run_due()
    assert readers.take() == []

    clock.move(seconds=2)
    services.runner.run_due()

    assert len(readers.take()) == 1


def test_eight_pushes_are_under_way_at_once_and_one_to_each_host(
    services: WebServices, publish: Publish, meet: Callable[..., Readers]
) -> None:
    """All hosts hold what they get until eight have something."""
    full, lock, count = threading.Event(), threading.Lock(), [0, 0]

    def hold(_: str) -> int:
        with lock:
            count[0] += 1
            count[1] = max(count)
            if count[0] == 8:
                full.set()
        full.wait(5)
        time.sleep(0.05)
        with lock:
            count[0] -= 1
        return 200

    hosts = [meet(f"127.0.2.{number}", hold) for number in range(1, 13)]
    for host in hosts:
        for number in range(3):
            subscribe(services, f"{host.url}/{number}")
    publish("News")

    services.runner.run_due()

    assert full.is_set()
    assert count == [0, 8]
    assert {host.most_at_once for host in hosts} == {1}
    assert all(sorted(host.paths()) == ["/0", "/1", "/2"] for host in hosts)


def test_callbacks_that_failed_come_last_and_leave_half_of_the_slots_to_others(
    services: WebServices, publish: Publish, meet: Callable[..., Readers]
) -> None:
    released = threading.Event()

    def hang(_: str) -> int:
        released.wait(5)
        return 500

    hanging = [meet(f"127.0.2.{number}", hang) for number in range(1, 9)]
    quick = [meet(f"127.0.2.{number}") for number in range(11, 31)]
    for host in hanging:
        subscribe(services, f"{host.url}/", failures=2)
    for number, host in enumerate(quick):
        subscribe(services, f"{host.url}/", push_seconds=0.01 if number % 2 else None)
    publish("News")
    pushing = threading.Thread(target=services.runner.run_due)
    pushing.start()
    end = time.monotonic() + 5
    while time.monotonic() < end and not all(host.received for host in quick):
        time.sleep(0.01)

    assert sum(len(host.received) for host in hanging) <= 4
    publish("More news")
    while time.monotonic() < end and not all(len(host.received) == 2 for host in quick):
        time.sleep(0.01)
    assert all(len(host.received) == 2 for host in quick), "they do not wait for those that hang"
    assert sum(host.at_once for host in hanging) <= 4
    released.set()
    pushing.join(20)


@pytest.mark.parametrize(
    ("readers_of", "hosts", "failures", "first"),
    [(8, 8, 0, 2.0), (100, 100, 0, 0.5), (4, 4, 1, 2.0), (100, 100, 1, 0.5), (4, 1, 0, 1.0)],
    ids=["a slot for each", "many", "a slot for each that failed", "many that failed", "some at one host"],
)
def test_a_callback_has_all_the_time_of_a_fetch_unless_others_wait_for_its_slot_or_its_host(
    settings: Settings, clock: Clock, readers_of: int, hosts: int, failures: int, first: float
) -> None:
    given: list[float] = []

    def exchange(request: Request, *, timeout: float | None = None, **_: object) -> Response:
        given.append(timeout or 0.0)
        return Response(request.url, 204, ())

    services = WebServices(settings, clock=clock, exchange=exchange)
    for number in range(readers_of):
        subscribe(services, f"http://127.0.2.{number % hosts + 1}/{number}", failures=failures)
    publish(services, "News")
    services.runner.run_due()
    services.waiting_slots.close()
    services.database.close()

    assert len(given) == readers_of
    assert given[0] == first, "a hundred share it: 50 ms are usual before anybody has answered"
    assert given[-1] == 2.0


def test_a_site_without_subscriptions_has_no_job(services: WebServices, publish: Publish) -> None:
    publish("News")

    assert services.runner.run_due() == 0


def test_a_process_that_is_to_end_begins_no_further_push_and_the_next_one_goes_on(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    subscribe(services, f"{readers.url}/")
    publish("News")
    services.runner.stopping.set()
    services.runner.run_due()
    assert readers.take() == []

    services.runner.stopping.clear()
    services.runner.run_due()

    assert len(readers.take()) == 1


@pytest.mark.parametrize(
    ("waiting_etag", "goes_on"),
    [("loaded", False), ("pushed", False), ("newer", True)],
    ids=["what was loaded", "what was pushed", "a newer version"],
)
def test_what_was_pushed_waits_no_more_even_if_it_was_newer_than_what_waited(
    services: WebServices, publish: Publish, clock: Clock, waiting_etag: str, goes_on: bool
) -> None:
    """Documents are rendered when a push begins: they may hold a change that was not looked for yet."""
    waits: Any = {"waiting_etag": waiting_etag, "next_push_at": clock.now}
    reader = subscribe(services, "http://127.0.2.1/", **waits)
    due = Due(reader, "site/.atom", "http://127.0.2.1/", "127.0.2.1", None, 0, None, "loaded", None)
    with services.database.write() as connection:
        waiting.take(connection, [Result(due, "pushed", "taken", "took the last push", 0.1)], clock.now)

    row = stored(services, reader)
    assert row.pushed_etag == "pushed"
    assert (row.next_push_at is not None) is goes_on


def test_quick_callbacks_come_first_then_unknown_ones_then_slow_ones_then_those_that_failed(
    services: WebServices, clock: Clock
) -> None:
    waits: Any = {"waiting_etag": "x", "next_push_at": clock.now}
    for name, failures, seconds in (("failed", 1, 0.1), ("slow", 0, 3.0), ("unknown", 0, None), ("quick", 0, 0.1)):
        subscribe(services, f"http://127.0.2.1/{name}", failures=failures, push_seconds=seconds, **waits)

    with services.database.read() as connection:
        found, number = waiting.due(connection, clock.now, set(), 3)

    assert [due.callback.rpartition("/")[2] for due in found] == ["quick", "unknown", "slow"]
    assert number == 4


def test_results_are_stored_before_more_is_loaded(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch, meet: Callable[..., Readers]
) -> None:
    monkeypatch.setattr(fan_out, "_LOADED", 2)
    monkeypatch.setattr(fan_out, "_TICK", 0.01)
    monkeypatch.setattr(fan_out, "_BATCH", 60.0)
    quick = meet("127.0.2.1")

    def after_the_others(_: str) -> int:
        """Has more loaded while a push is under way: when none is, results are stored anyway."""
        wait_until(lambda: len(quick.received) >= 4, 10)
        return 204

    hosts = [quick, meet("127.0.2.2", after_the_others)]
    for number in range(4):
        for host in hosts:
            subscribe(services, f"{host.url}/{number}", push_seconds=1.0)
    publish("News")

    services.runner.run_due()

    assert all(sorted(host.paths()) == ["/0", "/1", "/2", "/3"] for host in hosts)


def test_a_topic_that_gets_a_reader_while_it_is_looked_at_is_looked_at_again(
    services: WebServices, readers: Readers
) -> None:
    subscribe(services, f"{readers.url}/")
    with services.database.write() as connection:
        present = revision.load(connection).revision

        topics.confirm(connection, [Look(SITE_ATOM.key, present, "as it was before")])

        assert [topic.key for topic in topics.stale(connection, services.clock())] == [SITE_ATOM.key]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_heard_while_the_database_is_away_is_stored_when_it_is_back(
    services: WebServices, publish: Publish, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(services, f"{readers.url}/")
    real, left = Database.transact, iter(range(3))

    def transact(database: Database, *arguments: Any, **named: Any) -> Any:
        if readers.received and next(left, None) is not None:
            raise NoConnection("no connection was free")
        return real(database, *arguments, **named)

    monkeypatch.setattr(Database, "transact", transact)
    publish("News")
    services.runner.run_due()
    services.runner.run_due()

    assert next(left, None) is None
    assert len(readers.take()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pushes_that_are_under_way_when_a_look_fails_are_not_repeated(
    services: WebServices, publish: Publish, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(services, f"{readers.url}/")
    real, has_failed = topics.stale, threading.Event()

    def fail_while_one_is_under_way(*arguments: Any) -> Any:
        if readers.at_once and not has_failed.is_set():
            has_failed.set()
            raise NoConnection("no connection was free")
        return real(*arguments)

    monkeypatch.setattr(topics, "stale", fail_while_one_is_under_way)
    readers.answer = lambda _: 204 if has_failed.wait(5) else 500
    publish("News")
    services.runner.run_due()
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET leased_until = NULL, lease_token = NULL")
    services.runner.run_due()

    assert has_failed.is_set()
    assert len(readers.take()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_feed_that_cannot_be_made_keeps_no_other_from_its_readers(
    services: WebServices, publish: Publish, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("Rain", tags="[sea]")
    subscribe(services, f"{readers.url}/site")
    subscribe(services, f"{readers.url}/tag", FeedAddress(TAG, "atom", "sea"))
    documents, real = services.feed_documents, services.feed_documents.get
    is_broken = True

    def get(address: FeedAddress) -> Any:
        if is_broken and address == SITE_ATOM:
            raise ValueError("no such text can be in a feed")
        return real(address)

    monkeypatch.setattr(documents, "get", get)
    publish("Fog", tags="[sea]")
    services.runner.run_due()
    assert readers.paths() == ["/tag"]

    is_broken = False
    publish("Mist", tags="[sea]")
    services.runner.run_due()
    assert sorted(readers.paths()) == ["/site", "/tag", "/tag"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readers_of_a_feed_that_a_program_without_a_hub_took_away_are_told(
    services: WebServices, publish: Publish, readers: Readers
) -> None:
    publish("Fog", slug="fog")
    reader = subscribe(services, f"{readers.url}/", FeedAddress(POST, "atom", "fog"))
    services.publisher.delete("fog")
    services.database.transact(lambda connection: jobs.discard(connection, CHECK, "post/fog.atom"))

    services.runner.run_due()

    assert (stored(services, reader).state, stored(services, reader).detail) == ("ended", "its post was deleted")


@pytest.mark.parametrize("status", [204, 500])
def test_what_ends_while_a_push_is_under_way_keeps_the_reason_of_its_end(
    services: WebServices, publish: Publish, readers: Readers, status: int
) -> None:
    reader = subscribe(services, f"{readers.url}/")

    def drop(_path: str) -> int:
        services.database.transact(lambda connection: leaving.drop(connection, [reader], services.clock()))
        return status

    readers.answer = drop
    publish("News")
    services.runner.run_due()

    row = stored(services, reader)
    assert (row.state, row.failures, row.detail) == ("ended", 0, "the owner of the site has ended it")
