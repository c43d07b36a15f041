"""Subscriptions that end before their readers want it: denials (WebSub section 5.2), dropped ones, ended leases."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from feedserver.installation import init
from feedserver.storage import revision
from feedserver.websub import leaving
from tests.posts.builders import everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.subscribers import Reader, say
from tests.websub.conftest import Site

OF_POST = "http://blog.example/posts/a-post/thoughts.atom"
OF_TAG = "http://blog.example/tags/sea/feed.rss"


def delete(site: Site, slug: str = "a-post") -> None:
    site.services.publisher.delete(slug)
    site.work()


def test_readers_of_a_post_that_goes_are_told(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a?key=1", OF_POST, secret="s")
    delete(site)

    found, call = site.find(reader.url + "/a?key=1", OF_POST), reader.requests[-1]
    assert (found.state, found.secret, found.detail) == ("ended", None, "its post was deleted")
    assert call.method == "GET"
    assert call.asked == {
        "key": "1",
        "hub.mode": "denied",
        "hub.topic": OF_POST,
        "hub.reason": "its post was deleted",
    }
    assert site.jobs() == []


def test_readers_of_a_tag_without_posts_are_told_and_others_are_not(
    site: Site, reader: Reader, publish: Publish
) -> None:
    site.subscribe(reader.url + "/tag", OF_TAG)
    site.subscribe(reader.url + "/site")
    site.subscribe(reader.url + "/author", "http://blog.example/authors/Ann%20Author/feed.json")
    publish("Another", slug="another", tags="[sea]")

    delete(site)
    while_one_is_left = site.find(reader.url + "/tag", OF_TAG).state
    delete(site, "another")

    assert while_one_is_left == "active"
    assert [(one.callback.rpartition("/")[2], one.state) for one in site.all()] == [
        ("author", "active"),
        ("site", "active"),
        ("tag", "ended"),
    ]
    assert [call.path for call in reader.requests if call.asked.get("hub.mode") == "denied"] == ["/tag"]


def test_readers_of_an_author_who_has_left_are_told(site: Site, reader: Reader, publish: Publish) -> None:
    publish("Guest", slug="guest", authors="[Bo]")
    site.subscribe(reader.url + "/a", "http://blog.example/authors/Bo/feed.rss")

    delete(site, "guest")

    assert reader.requests[-1].asked["hub.reason"] == "there is no such feed any more"


def test_readers_of_the_former_author_of_the_site_are_told(
    site: Site, site_with: Callable[..., Site], reader: Reader
) -> None:
    init(site.services, example=False)
    site.subscribe(reader.url + "/a", "http://blog.example/authors/Ann%20Author/feed.rss")

    later = site_with(site_author="Bo")
    init(later.services, example=False)
    later.work()

    assert reader.requests[-1].asked["hub.reason"] == "there is no such feed any more"


def test_readers_of_a_renamed_post_are_told_where_its_thoughts_are(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", OF_POST)

    site.services.publisher.rename("a-post", "another-name")
    site.work()

    new = "http://blog.example/posts/another-name/thoughts.atom"
    assert reader.requests[-1].asked["hub.reason"] == f"the feed has moved to {new}"
    assert site.subscribe(reader.url + "/a", new).state == "active"


def test_a_post_that_becomes_a_draft_takes_its_feeds_along(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", OF_POST)
    publisher = site.services.publisher

    publisher.edit("a-post", publisher.read(b"---\ntitle: A post\ndraft: true\n---\nText"), site.clock())
    site.work()

    assert site.find(reader.url + "/a", OF_POST).state == "ended"


def test_an_edit_that_takes_no_feed_away_ends_nothing(site: Site, reader: Reader) -> None:
    for name, topic in {"/a": OF_POST, "/b": OF_TAG}.items():
        site.subscribe(reader.url + name, topic)
    publisher = site.services.publisher

    publisher.edit("a-post", publisher.read(b"---\ntitle: New\ntags: [sea]\n---\nText"), site.clock())
    site.work()

    assert {one.state for one in site.all()} == {"active"}


def test_one_that_waits_for_its_callback_ends_too(site: Site, reader: Reader) -> None:
    site.ask(reader.url + "/a", OF_POST)

    delete(site)

    assert [call.asked["hub.mode"] for call in reader.requests] in (["denied"], ["subscribe", "denied"])
    assert site.find(reader.url + "/a", OF_POST).state == "ended"
    assert site.jobs() == []


def test_many_readers_are_told_in_small_transactions(
    site: Site, reader: Reader, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "_AT_ONCE", 2)
    for name in "abcde":
        site.subscribe(f"{reader.url}/{name}", OF_POST)

    delete(site)

    assert {one.state for one in site.all()} == {"ended"}
    assert {call.path for call in reader.requests if call.asked["hub.mode"] == "denied"} == {
        f"/{name}" for name in "abcde"
    }


def test_whatever_the_callback_answers_it_is_told_once(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", OF_POST)
    reader.answers["/a"] = say(500)

    delete(site)

    assert [call.asked["hub.mode"] for call in reader.requests] == ["subscribe", "denied"]
    assert site.jobs() == []


def test_who_does_not_answer_is_told_twice_more(site: Site, reader: Reader, clock: Clock) -> None:
    site.subscribe(reader.url + "/a", OF_POST)
    reader.close()
    delete(site)
    left = [site.jobs()]
    for seconds in (10, 60):
        clock.move(seconds=seconds)
        site.work()
        left.append(site.jobs())

    assert left == [["deny subscription"], ["deny subscription"], []]


def test_who_has_subscribed_again_is_not_told(site: Site, reader: Reader) -> None:
    known = site.subscribe(reader.url + "/a", OF_POST)
    site.services.publisher.delete("a-post")
    with site.services.database.write() as connection:
        leaving.end_all(connection, [known], "its post was deleted", site.clock())
    site.services.publisher.restore("a-post")

    site.subscribe(reader.url + "/a", OF_POST)

    assert [call.asked["hub.mode"] for call in reader.requests] == ["subscribe", "subscribe"]


def test_a_restored_post_has_its_feeds_again(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", OF_POST)
    delete(site)
    site.services.publisher.restore("a-post")

    assert site.subscribe(reader.url + "/a", OF_POST).state == "active"


def test_who_leaves_a_feed_that_has_gone_is_understood(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", OF_POST)
    delete(site)

    assert site.ask(reader.url + "/a", OF_POST, mode="unsubscribe").status_code == 202


# --- leases ---


def test_a_lease_ends_by_the_clock_and_its_row_goes_a_month_later(site: Site, reader: Reader, clock: Clock) -> None:
    site.subscribe(reader.url + "/a", secret="s")
    clock.move(days=10)
    by_the_clock = site.find(reader.url + "/a").state_at(clock())

    leaving.clean(site.services.database, clock())
    ended = site.find(reader.url + "/a")
    leaving.clean(site.services.database, clock.move(days=30, seconds=1))

    assert by_the_clock == "ended"
    assert (ended.state, ended.secret, ended.detail) == ("ended", None, "its lease has ended, and was not renewed")
    assert site.all() == []
    assert len(reader.requests) == 1


def test_the_row_of_one_that_was_never_confirmed_goes_a_day_later(site: Site, reader: Reader, clock: Clock) -> None:
    reader.answers["/b"] = say(404)
    site.subscribe(reader.url + "/a")
    site.subscribe(reader.url + "/b")
    site.services.database.transact(lambda connection: leaving.drop(connection, [1], clock()))

    def kept(days: int) -> list[str]:
        leaving.clean(site.services.database, clock.move(days=days, seconds=1))
        return [one.callback for one in site.all()]

    assert len(site.all()) == 2
    assert kept(days=1) == [reader.url + "/a"]
    assert kept(days=28) == [reader.url + "/a"]
    assert kept(days=1) == []


def test_housekeeping_ends_leases(site: Site, reader: Reader, clock: Clock) -> None:
    from feedserver.jobs import housekeeping

    site.subscribe(reader.url + "/a")
    clock.move(days=10)
    with site.services.database.write() as connection:
        housekeeping.ensure(connection, clock())
    site.work()

    assert site.find(reader.url + "/a").state == "ended"


def test_a_lease_that_runs_lasts(site: Site, reader: Reader, clock: Clock) -> None:
    known = site.subscribe(reader.url + "/a")
    clock.move(days=9, hours=23)

    leaving.clean(site.services.database, clock())

    assert site.find(reader.url + "/a") == known
    assert known.lease_until == clock() + timedelta(hours=1)


# --- restored sites ---


def test_a_restored_site_asks_and_tells_nobody_until_it_is_the_real_one(
    site: Site, reader: Reader, clock: Clock
) -> None:
    site.subscribe(reader.url + "/a", OF_POST)
    with site.services.database.write() as connection:
        revision.mark_restored(connection, clock())
    site.ask(reader.url + "/b")
    delete(site)
    clock.move(minutes=5)
    site.work()
    before = len(reader.requests)

    with site.services.database.write() as connection:
        revision.resume(connection)
    clock.move(minutes=1)
    site.work()

    assert before == 1
    assert {call.asked["hub.mode"] for call in reader.requests[1:]} == {"subscribe", "denied"}
    assert site.find(reader.url + "/b").state == "active"


# --- erasing ---


def test_an_erased_post_leaves_no_name_of_its_feeds(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", OF_TAG)
    delete(site)
    site.services.publisher.erase("a-post")

    assert site.all() == []
    assert everything(site.services)["websub_topics"] == []
