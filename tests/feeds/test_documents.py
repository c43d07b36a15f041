"""The versions of feeds: an ETag, and a Last-Modified that moves with every change of the bytes, and with no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest

from feedserver.errors import FeedNotFound, PostGone, PostMoved, PostNotFound
from feedserver.feeds.document import Document
from feedserver.feeds.scopes import FeedAddress
from feedserver.services import WebServices
from feedserver.settings import FeedsSettings, Settings
from tests.feeds.happenings import say
from tests.posts import builders
from tests.support.fixtures import Assemble, Publish
from tests.support.moderating import moderate
from tests.support.outside import Clock


def dated(document: Document) -> datetime:
    """Its Last-Modified."""
    assert document.validators.last_modified is not None
    return document.validators.last_modified


SITE_ATOM = FeedAddress("site", "atom")
EVERY_FEED = [
    SITE_ATOM,
    FeedAddress("site", "rss"),
    FeedAddress("site", "json"),
    FeedAddress("tag", "atom", "sea"),
    FeedAddress("author", "atom", "Ann Author"),
]


@pytest.fixture
def site(services: WebServices, publish: Publish, clock: Clock) -> SimpleNamespace:
    """Two posts, the first with a comment, and operations on them."""
    first = publish("First", slug="first", tags="[sea]", date="2026-01-01")
    second = publish("Second", slug="second", tags="[sea]", date="2026-02-01")
    thought = say(services, first)
    clock.move(hours=1)
    return SimpleNamespace(services=services, publish=publish, clock=clock, first=first, second=second, thought=thought)


def edit(site: SimpleNamespace, slug: str, **front: object) -> None:
    """Changes the body of a post."""
    builders.edit(site.services, slug, slug.title(), "Other words.", tags="[sea]", **front)


def delete(site: SimpleNamespace) -> None:
    site.services.publisher.delete("second")


CHANGES = {
    "a new post": lambda site: site.publish("Third", tags="[sea]"),
    "a back-dated post": lambda site: site.publish("Before all", tags="[sea]", date="1999-12-31"),
    "an edit": lambda site: edit(site, "second"),
    "an edit of the oldest that keeps its date": lambda site: edit(site, "first", updated="2026-01-01"),
    "a deletion of the newest": delete,
    "a rename": lambda site: site.services.publisher.rename("second", "next"),
    "a thought": lambda site: say(site.services, site.second),
    "a thought taken away": lambda site: moderate(site.services.database, site.thought.id, "hide", site.clock()),
}


SEEN_CHANGES = [
    pytest.param(address, change, id=f"{name}-{address.key}")
    for name, change in CHANGES.items()
    for address in EVERY_FEED
    if address.fmt != "json" or "thought" not in name  # JSON Feed does not count them
]


@pytest.mark.parametrize(("address", "change"), SEEN_CHANGES)
def test_every_change_of_the_bytes_moves_both_etag_and_last_modified(
    site: SimpleNamespace, address: FeedAddress, change: Callable[[SimpleNamespace], object]
) -> None:
    before = site.services.feed_documents.get(address)

    change(site)  # within the same second

    after = site.services.feed_documents.get(address)
    assert after.bodies != before.bodies
    assert after.validators.etag != before.validators.etag
    assert dated(after) > dated(before)


def test_in_a_burst_last_modified_moves_a_second_with_each_change_and_later_catches_up(site: SimpleNamespace) -> None:
    moments = [dated(site.services.feed_documents.get(SITE_ATOM))]
    for n in range(4):
        site.publish(f"Burst {n}")
        moments.append(dated(site.services.feed_documents.get(SITE_ATOM)))

    assert [after - before for before, after in pairwise(moments)] == [timedelta(seconds=1)] * 4
    site.clock.move(hours=1)
    site.publish("After the burst")
    assert dated(site.services.feed_documents.get(SITE_ATOM)) == site.clock().replace(microsecond=0)


def test_last_modified_moves_forward_even_if_the_clock_was_put_back(site: SimpleNamespace) -> None:
    before = dated(site.services.feed_documents.get(SITE_ATOM))

    site.clock.move(days=-7)
    edit(site, "second")

    assert dated(site.services.feed_documents.get(SITE_ATOM)) > before


def test_a_first_version_is_dated_when_it_was_made_so_that_dates_of_another_feed_do_not_match(
    site: SimpleNamespace,
) -> None:
    assert dated(site.services.feed_documents.get(SITE_ATOM)) == site.clock()


@pytest.mark.parametrize(
    "change",
    [
        lambda site: site.publish("A draft", tags="[sea]", draft="true"),
        lambda site: site.publish("To come", tags="[sea]", date="2030-01-01"),
        lambda site: say(site.services, site.second, state="held"),
        lambda site: moderate(site.services.database, site.thought.id, "approve", site.clock()),
    ],
    ids=["a draft", "a scheduled post", "a held comment", "an approval of what is shown"],
)
@pytest.mark.parametrize("address", EVERY_FEED, ids=lambda address: address.key)
def test_a_change_that_leaves_the_bytes_alone_leaves_the_version_alone(
    site: SimpleNamespace, change: Callable[[SimpleNamespace], object], address: FeedAddress
) -> None:
    before = site.services.feed_documents.get(address)

    change(site)
    site.clock.move(hours=5)

    after = site.services.feed_documents.get(address)
    assert (after.validators, after.bodies) == (before.validators, before.bodies)


def test_a_post_beyond_the_last_entry_changes_nothing(
    settings: Settings, assemble: Assemble, site: SimpleNamespace
) -> None:
    short = assemble(replace(settings, feeds=FeedsSettings(entries=2)))
    site.publish("Third", slug="third", date="2026-02-01")
    site.publish("Fourth", date="2026-02-02")
    before = short.feed_documents.get(SITE_ATOM)

    edit(site, "first")

    assert short.feed_documents.get(SITE_ATOM).validators == before.validators


def test_a_post_that_is_older_than_all_entries_comes_to_subscribers_until_an_archive_holds_it(
    settings: Settings, assemble: Assemble, site: SimpleNamespace
) -> None:
    short = assemble(replace(settings, feeds=FeedsSettings(entries=2)))
    before = short.feed_documents.get(SITE_ATOM)

    site.publish("Older than both", date="2001-01-01")
    late = short.feed_documents.get(SITE_ATOM)
    site.publish("Newest", date="2026-02-02")

    assert b"Older than both" in late.bodies["identity"]
    assert dated(late) > dated(before)
    assert b"Older than both" not in short.feed_documents.get(SITE_ATOM).bodies["identity"]
    assert b"Older than both" in short.feed_documents.get(SITE_ATOM.archive(2)).bodies["identity"]


def test_a_scheduled_post_appears_when_it_is_due_without_any_write(site: SimpleNamespace) -> None:
    site.publish("To come", date="2026-03-08 18:00")
    before = site.services.feed_documents.get(SITE_ATOM)
    assert b"To come" not in before.bodies["identity"]

    site.clock.now = site.clock.now.replace(hour=18)

    after = site.services.feed_documents.get(SITE_ATOM)
    assert b"To come" in after.bodies["identity"]
    assert dated(after) > dated(before)


def test_the_version_survives_a_restart(settings: Settings, assemble: Assemble, site: SimpleNamespace) -> None:
    before = {address: site.services.feed_documents.get(address) for address in EVERY_FEED}

    site.clock.move(days=3)
    again = assemble(settings)

    after = {address: again.feed_documents.get(address) for address in EVERY_FEED}
    assert after == before


def test_two_processes_give_the_same_answer_after_a_change(
    settings: Settings, assemble: Assemble, site: SimpleNamespace
) -> None:
    other = assemble(settings)
    documents: list[tuple[Document, Document]] = []
    for n in range(3):
        documents.append((site.services.feed_documents.get(SITE_ATOM), other.feed_documents.get(SITE_ATOM)))
        site.publish(f"Post {n}")
        site.clock.move(seconds=0.4)

    assert all(here == there for here, there in documents)


def test_bytes_that_return_are_a_new_version_in_a_process_that_missed_the_others(
    settings: Settings, assemble: Assemble, site: SimpleNamespace
) -> None:
    other = assemble(settings)
    before = other.feed_documents.get(SITE_ATOM)
    site.publish("A mistake", slug="mistake")
    between = site.services.feed_documents.get(SITE_ATOM)
    site.services.publisher.delete("mistake")
    site.services.feed_documents.get(SITE_ATOM)

    after = other.feed_documents.get(SITE_ATOM)

    assert after.bodies == before.bodies
    assert after.validators.etag == before.validators.etag
    assert dated(after) > dated(between)


def test_the_same_posts_give_the_same_bytes_whenever_they_are_rendered(
    settings: Settings, assemble: Assemble, site: SimpleNamespace
) -> None:
    first = {address: site.services.feed_documents.get(address).bodies for address in EVERY_FEED}

    site.clock.move(days=400)

    again = assemble(settings)
    assert {address: again.feed_documents.get(address).bodies for address in EVERY_FEED} == first


def test_a_renamed_posts_feed_has_a_new_address_and_a_later_date(site: SimpleNamespace) -> None:
    before = site.services.feed_documents.get(FeedAddress("post", "rss", "first"))
    site.clock.move(seconds=5)

    site.services.publisher.rename("first", "foremost")

    with pytest.raises(PostMoved) as moved:
        site.services.feed_documents.get(FeedAddress("post", "rss", "first"))
    assert moved.value.slug == "foremost"
    after = site.services.feed_documents.get(FeedAddress("post", "rss", "foremost"))
    assert dated(after) > dated(before)


def test_a_deleted_posts_feed_is_gone(site: SimpleNamespace) -> None:
    site.services.feed_documents.get(FeedAddress("post", "rss", "second"))

    delete(site)

    with pytest.raises(PostGone):
        site.services.feed_documents.get(FeedAddress("post", "rss", "second"))


@pytest.mark.parametrize(("scope", "error"), [("tag", FeedNotFound), ("author", FeedNotFound), ("post", PostNotFound)])
def test_there_is_no_feed_for_hidden_posts(site: SimpleNamespace, scope: str, error: type[Exception]) -> None:
    site.publish("Hidden", slug="unseen", tags="[unseen]", authors="[unseen]", draft="true")

    with pytest.raises(error):
        site.services.feed_documents.get(FeedAddress(scope, "rss", "unseen"))
