"""Rechecks: on a slow schedule, with conditional requests, and never before new pings."""

from datetime import UTC, datetime, timedelta

import pytest

from feedserver.errors import BadStatus, FetchError, TimedOut
from feedserver.jobs.model import BACKGROUND, INTERACTIVE
from feedserver.posts.model import Post
from feedserver.thoughts.verification.recheck import next_recheck
from tests.support.outside import Clock
from tests.thoughts.site import SOURCE, Site, SiteWith, linking, show

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
ETAG = '"one"'
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# --- when ---


@pytest.mark.parametrize(
    ("days_since", "pause"), [(0, 7), (3, 7), (5, 7), (6.3, 30), (7, 30), (40, 30)], ids=lambda number: str(number)
)
def test_the_first_recheck_comes_after_a_week_and_the_others_after_a_month(days_since: float, pause: int) -> None:
    decided_at = NOW - timedelta(days=days_since)

    assert next_recheck(decided_at, NOW, 0) == NOW + timedelta(days=pause)
    assert next_recheck(decided_at, NOW, 1) == NOW + timedelta(days=pause * 0.9)


@pytest.mark.parametrize("state", ["shown", "held"])
def test_shown_and_held_thoughts_are_rechecked_after_a_week_then_monthly(
    site_with: SiteWith, state: str, clock: Clock
) -> None:
    site = site_with(moderation_pingbacks="show" if state == "shown" else "hold")
    show(site, site.target)
    (job,) = site.jobs()
    assert site.only_thought().next_check_at == job.run_at
    assert timedelta(days=6) < job.run_at - clock() <= timedelta(days=7)

    for fetches in (2, 3):
        site.run_next_job()
        (job,) = site.jobs()
        assert timedelta(days=26) < job.run_at - clock() <= timedelta(days=30)
        assert (site.only_thought().state, site.only_thought().next_check_at) == (state, job.run_at)
        assert len(site.web.fetched) == fetches


def test_a_recheck_forwards_no_sender_and_leaves_revision_and_receipt_alone(site: Site, target: str) -> None:
    show(site, target)
    revision, receipt = site.revision(), f"/receipts/{site.only_thought().receipt_token}"
    timeline = site.receipt(receipt)["timeline"]

    site.run_next_job()

    assert site.web.senders == ["198.51.100.7", None], "no sender waits for a recheck"
    assert (site.revision(), site.receipt(receipt)["timeline"]) == (revision, timeline)


def test_one_recheck_serves_all_thoughts_of_a_source(site: Site, target: str) -> None:
    other = site.url(site.publish("Other"))
    site.web.put(SOURCE, linking(target, other))
    site.ping(SOURCE, target)
    site.ping(SOURCE, other)

    site.run_next_job()

    assert len(site.web.fetched) == 2
    assert len(site.jobs()) == 1


@pytest.mark.parametrize("gone", ["410", "without the link"])
def test_a_recheck_that_finds_the_link_gone_is_the_last_one(site: Site, post: Post, target: str, gone: str) -> None:
    show(site, target)
    site.moderate("approve")
    if gone == "410":
        site.web.fail(SOURCE, BadStatus(410))
    else:
        site.web.put(SOURCE, "<p>Nothing here.</p>")

    site.run_next_job()

    assert (site.only_thought().state, site.only_thought().next_check_at) == ("gone", None)
    assert SOURCE not in site.page(post)
    assert site.jobs() == []


@on_sqlite
@pytest.mark.parametrize("error", [TimedOut("x"), BadStatus(500), BadStatus(403), BadStatus(404)], ids=repr)
def test_an_approved_thought_survives_what_proves_nothing_and_a_restart(
    site: Site, site_with: SiteWith, post: Post, target: str, error: FetchError
) -> None:
    show(site, target)
    site.moderate("approve")
    site.web.fail(SOURCE, error)

    site.run_next_job()
    restarted = site_with()
    assert restarted.ping(SOURCE, target).outcome == 48
    restarted.web.put(SOURCE, linking(target))
    restarted.run_next_job()

    thought = restarted.only_thought()
    assert (thought.state, thought.approved, thought.strikes) == ("shown", True, 0)
    assert SOURCE in restarted.page(post)


def test_a_source_in_trouble_without_waiting_pings_is_left_alone_until_the_next_recheck(
    site: Site, target: str
) -> None:
    show(site, target)
    site.web.fail(SOURCE, TimedOut("the source did not answer"))

    site.run_next_job()

    (job,) = site.jobs()
    assert job.run_at - site.clock() > timedelta(days=26)
    assert job.last_error == "not fetched: the source did not answer"


# --- what needs no recheck ---


def test_a_thought_on_a_deleted_post_is_not_rechecked(site: Site, target: str) -> None:
    show(site, target)
    receipt = f"/receipts/{site.only_thought().receipt_token}"
    site.services.publisher.delete("a-post")
    assert site.receipt(receipt)["next_check_at"] is None

    site.run_next_job()

    assert len(site.web.fetched) == 1
    assert site.jobs() == []


def test_another_post_of_the_same_source_keeps_the_rechecks_going(site: Site, target: str) -> None:
    other = site.url(site.publish("Other", slug="other"))
    site.web.put(SOURCE, linking(target, other))
    site.ping(SOURCE, target)
    site.ping(SOURCE, other)
    site.services.publisher.delete("other")

    site.run_next_job()

    assert len(site.web.fetched) == 2
    assert len(site.jobs()) == 1


@pytest.mark.parametrize("action", ["spam", "delete"])
def test_spam_and_deleted_thoughts_are_not_rechecked_until_approved(site: Site, target: str, action: str) -> None:
    show(site, target)
    site.moderate(action)  # type: ignore[arg-type]
    assert site.only_thought().next_check_at is None
    site.run_next_job()
    assert (len(site.web.fetched), site.jobs()) == (1, [])

    site.moderate("approve")

    (job,) = site.jobs()
    assert site.only_thought().next_check_at == job.run_at
    assert timedelta(days=6) < job.run_at - site.clock() <= timedelta(days=7)


def test_rechecks_do_not_count_as_waiting_pings(site_with: SiteWith) -> None:
    site = site_with(limits_waiting=1)
    for number in range(3):
        show(site, site.target, f"http://host{number}.example/")

    assert len(site.jobs()) == 3
    assert [job.priority for job in site.jobs()] == [BACKGROUND] * 3


# --- interactive jobs go first ---


def test_a_new_ping_goes_before_every_recheck_however_long_that_is_due(
    site_with: SiteWith,
) -> None:
    site = site_with(pingback_places=0)
    old = [site.web.put(f"http://host{number}.example/", linking(site.target)) for number in range(3)]
    for source in old:
        site.ping(source, site.target)
    site.run_jobs()
    site.clock.move(days=60)
    fresh = "http://fresh.example/"
    site.mention(site.target, fresh)
    site.ping(old[2], site.target)

    site.web.fetched.clear()
    site.run_jobs()

    assert site.web.fetched[:2] == [old[2], fresh], "the first was due before, and its recheck has become interactive"
    assert sorted(site.web.fetched[2:]) == old[:2]


def test_a_ping_makes_a_recheck_interactive(site: Site, target: str) -> None:
    show(site, target)
    site.clock.move(seconds=300)

    site.ping(SOURCE, target)

    (job,) = site.jobs()
    assert (job.priority, job.run_at) == (INTERACTIVE, site.clock())
    site.run_next_job()
    assert site.jobs()[0].priority == BACKGROUND


# --- conditional requests ---


@pytest.mark.parametrize(
    "validators",
    [{"etag": ETAG}, {"last_modified": "Sun, 08 Mar 2026 11:00:00 GMT"}, {"etag": ETAG, "last_modified": "then"}],
    ids=["ETag", "Last-Modified", "both"],
)
def test_a_source_that_has_not_changed_is_confirmed_without_being_read(
    site: Site, target: str, validators: dict[str, str]
) -> None:
    show(site, target, **validators)

    for times in (1, 2):
        site.run_next_job()
        assert site.web.unchanged == times

    thought = site.only_thought()
    assert (thought.state, thought.checked_at) == ("shown", site.clock())
    assert thought.excerpt == "[…] I read this post and liked it. […]"


def test_a_404_that_is_followed_by_not_modified_is_forgotten(site: Site, target: str) -> None:
    show(site, target, etag=ETAG)
    site.web.fail(SOURCE, BadStatus(404))
    site.run_next_job()
    assert site.only_thought().strikes == 1

    site.web.put(SOURCE, linking(target), etag=ETAG)
    site.run_next_job()

    assert (site.only_thought().state, site.only_thought().strikes, site.web.unchanged) == ("shown", 0, 0)


def test_not_modified_says_nothing_of_a_post_that_was_pinged_since(site: Site, target: str) -> None:
    other = site.url(site.publish("Other"))
    show(site, target, etag=ETAG)
    site.clock.move(seconds=300)

    assert site.ping(SOURCE, other).outcome == 17

    assert site.web.unchanged == 0, "the page is read whole when its findings do not tell"


def test_a_server_that_always_says_not_modified_is_not_believed_for_ever(site: Site, target: str) -> None:
    show(site, target, etag=ETAG)
    site.web.put(SOURCE, "<p>The link has gone, but the ETag has not.</p>", etag=ETAG)

    for _ in range(6):
        if site.jobs():
            site.run_next_job()

    assert site.only_thought().state == "gone"
    assert site.web.unchanged == 4


def test_a_page_that_failed_is_asked_for_whole(site: Site, target: str) -> None:
    show(site, target, etag=ETAG)
    site.web.fail(SOURCE, TimedOut("x"))
    site.run_next_job()

    site.web.put(SOURCE, linking(target), etag=ETAG)
    site.run_next_job()
    assert site.web.unchanged == 0
    site.run_next_job()
    assert site.web.unchanged == 1


# --- text that changed ---


def test_content_that_changed_after_approval_is_found_and_waits(site: Site, post: Post, target: str) -> None:
    show(site, target)
    site.moderate("approve")
    site.web.put(SOURCE, linking(target, before="Buy pills and forget "))
    revision = site.revision()

    site.run_next_job()

    assert site.states() == ["held", "shown"]
    assert "pills" not in site.page(post)
    assert site.revision() == revision
    line = site.receipt(f"/receipts/{site.thoughts()[0].receipt_token}")["timeline"][-1]
    assert (line["event"], line["detail"]) == ("decided", "the changed content waits for approval")
    assert "pills" not in site.client.get(f"/receipts/{site.thoughts()[0].receipt_token}").text


def test_a_pair_that_was_settled_without_a_fetch_is_rechecked_too(site: Site, target: str) -> None:
    other = site.url(site.publish("Other"))
    site.web.put(SOURCE, linking(target, other))
    site.ping(SOURCE, target)
    site.services.publisher.delete("a-post")
    site.run_jobs()

    assert site.ping(SOURCE, other).outcome == "registered"

    assert len(site.web.fetched) == 1
    assert len(site.jobs()) == 1
    assert site.thoughts()[0].next_check_at == site.jobs()[0].run_at


# --- after the site has moved ---


@pytest.mark.parametrize("new", ["https://new.example", "http://new.example/blog", "https://blog.example/blog"])
def test_a_link_to_the_address_before_a_move_still_counts(site: Site, site_with: SiteWith, new: str) -> None:
    show(site, site.target)
    moved = site_with(site_url=new)

    moved.run_next_job()

    assert len(moved.web.fetched) == 2
    assert moved.states() == ["shown"]


def test_a_link_that_is_gone_after_a_move_is_gone(site: Site, site_with: SiteWith) -> None:
    show(site, site.target)
    site.web.put(SOURCE, linking("http://elsewhere.example/posts/a-post"))

    moved = site_with(site_url="https://new.example")
    moved.run_next_job()

    assert moved.states() == ["gone"]


def test_our_own_post_still_counts_as_a_source_after_a_move(site: Site, site_with: SiteWith) -> None:
    own = site.url(site.publish("Another", f"I wrote [this]({site.target})."))
    assert site.ping(own, site.target).outcome == "registered"

    moved = site_with(site_url="https://new.example")
    moved.run_next_job()

    assert moved.web.fetched == []
    assert moved.states() == ["shown"]


def test_our_own_post_that_readers_see_no_more_mentions_nobody(site: Site) -> None:
    other = site.publish("Another", f"I wrote [this]({site.target}).", slug="another")
    assert site.ping(site.url(other), site.target).outcome == "registered"
    site.services.publisher.rename("another", "renamed")
    site.run_jobs()
    assert site.states() == ["shown"]

    site.services.publisher.delete("renamed")
    site.run_jobs()

    assert site.states() == ["gone"]
