"""What strangers leave behind is bounded in rows and bytes, and goes after a while."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedserver.errors import BadStatus
from feedserver.jobs.housekeeping import HOUSEKEEPING, bring_forward
from feedserver.storage.schema import rate_limits, removed_pairs, sources, thoughts
from feedserver.thoughts import removed, retention
from feedserver.thoughts.moderation.actions import moderate_all, undo
from feedserver.thoughts.verification import sources as source_records
from tests.support.listing import listing
from tests.thoughts.forms import Commenter
from tests.thoughts.site import SOURCE, Site, SiteWith, linking, spam


def clean(site: Site) -> None:
    """Runs the housekeeping job now."""
    with site.services.database.write() as connection:
        bring_forward(connection, site.clock())
    site.run_jobs()


def refused(site: Site, *numbers: int) -> list[str]:
    """Pings from sources that are missing, a second apart; returns their receipts."""
    receipts = []
    for number in numbers:
        site.clock.move(seconds=1)
        receipts.append(site.ping(f"http://missing{number}.example/", site.target).receipt)
    return receipts


def statuses(site: Site, receipts: list[str]) -> list[int]:
    return [site.client.get(receipt).status_code for receipt in receipts]


def test_of_refused_pings_the_newest_are_kept_and_the_receipts_of_others_answer_410(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused=3)

    receipts = refused(site, *range(5))
    site.run_jobs()

    assert statuses(site, receipts) == [410, 410, 200, 200, 200]
    assert site.client.get(receipts[0] + ".json").status_code == 410


def test_of_refused_pings_so_many_bytes_are_kept(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused_bytes=100_000)
    receipts = [site.ping(f"http://missing{number}.example/{'x' * 1_900}", site.target).receipt for number in range(5)]
    site.run_jobs()

    assert statuses(site, receipts).count(200) in (2, 3)
    with site.services.database.read() as connection:
        assert connection.execute(select(func.sum(thoughts.c.size))).scalar_one() <= 100_000


def test_the_bounds_hold_without_waiting_for_the_hourly_job(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused=5, limits_sender=1_000)
    clean(site)

    refused(site, *range(12))
    site.run_jobs()  # the clock has moved by twelve seconds

    assert len(site.thoughts()) == 5


def test_what_stands_or_stood_is_kept_whatever_the_bounds(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused=1)
    shown = site.mention(site.target, "http://shown.example/").receipt
    gone = site.mention(site.target, "http://gone.example/").receipt
    site.web.put("http://gone.example/", "<p>The link has gone.</p>")
    site.clock.move(days=8)
    site.run_jobs()
    refused(site, *range(4))
    site.clock.move(days=1_000)
    clean(site)

    assert statuses(site, [shown, gone]) == [200, 200]
    assert len(site.receipt(gone)["timeline"]) == 7


def test_what_was_held_until_its_link_went_counts_with_the_refused(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused=2, moderation_pingbacks="hold")
    receipts = [site.mention(site.target, f"http://held{number}.example/").receipt for number in range(3)]
    for number in range(3):
        site.web.put(f"http://held{number}.example/", "<p>The link has gone.</p>")
    site.clock.move(days=8)
    site.run_jobs()
    clean(site)

    assert sorted(statuses(site, receipts)) == [200, 200, 410]


def test_spam_counts_with_the_refused_and_the_oldest_goes_first(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused=2)
    spam = site.mention(site.target).receipt
    site.moderate("spam")
    receipts = refused(site, 1, 2)
    site.run_jobs()

    assert statuses(site, [spam, *receipts]) == [410, 200, 200]
    assert site.ping(SOURCE, site.target).outcome == 48, "a moderator's word is final"
    assert len(site.web.fetched) == 3


def test_a_refused_timeline_is_folded_to_its_last_line_after_ninety_days(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    site.clock.move(days=89)
    clean(site)
    assert len(site.receipt(receipt)["timeline"]) == 4

    site.clock.move(days=2)
    clean(site)

    (line,) = site.receipt(receipt)["timeline"]
    assert (line["event"], line["detail"], line["at"]) == (
        "decided",
        "rejected: source missing",
        "2026-03-08T12:00:00Z",
    )


def test_old_timelines_are_folded_in_more_transactions_than_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    receipts = refused(site, *range(7))
    site.clock.move(days=100)
    clean(site)

    assert {len(site.receipt(receipt)["timeline"]) for receipt in receipts} == {1}


def test_a_folded_pair_that_is_pinged_again_is_verified_again_and_not_folded_yet(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    site.clock.move(days=91)
    clean(site)

    assert site.mention(target).receipt == receipt
    clean(site)
    assert [line["event"] for line in site.receipt(receipt)["timeline"]] == [
        "decided",
        "received",
        "fetched",
        "found",
        "decided",
    ]


def test_spam_expires_after_ninety_days_and_its_pair_is_still_known_as_removed(site: Site, target: str) -> None:
    receipt = site.mention(target).receipt
    Commenter(site).send()
    site.moderate("spam", SOURCE)
    site.clock.move(days=91)
    clean(site)

    assert site.client.get(receipt).status_code == 410
    assert [thought.kind for thought in site.thoughts()] == ["comment"]
    assert site.ping(SOURCE, target).outcome == 48
    assert site.ping(f"{SOURCE}#again", target).outcome == 48
    assert [thought.kind for thought in site.thoughts()] == ["comment"], "no row, no fetch"
    assert site.ping("http://another.example/", target).outcome == 16
    with site.services.database.read() as connection:
        assert SOURCE not in str(connection.execute(select(removed_pairs)).all())


def test_spam_that_has_expired_cannot_be_undone_and_harms_no_undo(site: Site, target: str) -> None:
    site.mention(target, "http://one.example/")
    site.mention(target, "http://two.example/")
    site.moderate("hide", "http://one.example/")
    site.moderate("spam", "http://two.example/")
    site.clock.move(days=91)
    clean(site)

    undo(site.services.database, site.clock())

    assert site.states() == ["shown"]


def test_hashes_of_removed_pairs_are_bounded_too(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused_bytes=10 * 2 * 2 * removed.ROW_SIZE)  # two names of each
    with site.services.database.write() as connection:
        for number in range(15):
            at = site.clock() + timedelta(seconds=number)
            removed.remember(connection, [spam(f"http://spam{number}.example/")], at)
    clean(site)

    with site.services.database.read() as connection:
        known = [removed.find(connection, 1, [f"http://spam{number}.example/"]) is not None for number in range(15)]
    assert known == [False] * 5 + [True] * 10


def test_records_of_sources_without_a_thought_that_stands_are_erased_when_they_may_be_fetched_again(
    site: Site, target: str
) -> None:
    site.mention(target, "http://shown.example/", etag='"x"')
    site.web.put(SOURCE, "<p>No link.</p>")
    site.ping(SOURCE, target)
    spam = site.mention(target, "http://spam.example/")
    assert spam.outcome == "registered"
    site.moderate("spam", "http://spam.example/")
    clean(site)
    assert count_sources(site) == 3

    site.clock.move(seconds=301)
    clean(site)
    assert count_sources(site) == 2

    site.clock.move(days=91)
    clean(site)
    site.clock.move(seconds=301)
    clean(site)
    assert count_sources(site) == 1, "that of the thought that stands"


def test_records_of_refused_sources_are_bounded_however_long_a_source_is_not_fetched_again(
    site_with: SiteWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_records, "_MOST_EXPIRING", 3)
    site = site_with(limits_refetch=30 * 86_400)
    for number in range(5):
        site.web.put(f"http://missing{number}.example/", "<p>No link.</p>")
    refused(site, *range(5))
    clean(site)

    assert count_sources(site) == 3


def count_sources(site: Site) -> int:
    with site.services.database.read() as connection:
        return connection.execute(select(func.count()).select_from(sources)).scalar_one()


def test_a_source_of_which_one_thought_stands_keeps_its_validators_when_another_expires(site: Site) -> None:
    first, second = (site.url(site.publish(title)) for title in ("One", "Two"))
    site.web.put(SOURCE, linking(first, second), etag='"x"')
    site.ping(SOURCE, first)
    site.ping(SOURCE, second)
    with site.services.database.read() as connection:
        ids = {thought.post_slug: thought.id for thought in listing(connection)}
    moderate_all(site.services.database, [ids["two"]], "spam", site.clock())
    for days in (91, 1):
        site.clock.move(days=days)
        clean(site)

    assert site.states() == ["shown"]
    assert count_sources(site) == 1


def test_ordinary_traffic_does_not_wake_the_job(site: Site, target: str) -> None:
    site.web.fail(SOURCE, BadStatus(404))
    site.ping(SOURCE, target)
    site.mention(target, "http://shown.example/")

    assert [job.kind for job in site.jobs() if job.kind == HOUSEKEEPING] == []


def test_long_addresses_fill_what_may_wait_before_their_number_does(site_with: SiteWith) -> None:
    """Ten thousand pings with the longest addresses would take 300 MB."""
    site = site_with(limits_sender=100_000, pingback_places=0)
    assert site.ping("http://first.example/", site.target).outcome == "accepted"
    with site.services.database.write() as connection:
        connection.execute(thoughts.update().values(size=25_000_000))

    assert site.ping(SOURCE, site.target).outcome == 50


def test_counters_of_senders_who_have_gone_are_erased(site: Site, target: str) -> None:
    site.ping(SOURCE, target)
    site.clock.move(minutes=2)
    clean(site)

    with site.services.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(rate_limits)).scalar_one() == 0
