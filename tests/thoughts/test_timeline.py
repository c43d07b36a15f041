"""Timelines do not grow with repetition, and tell the truth."""

import pytest

from feedserver.errors import BadStatus, TimedOut
from feedserver.thoughts import timeline
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

CYCLE = ["received", "fetched", "found", "decided"]


def lines(site: Site, receipt: str) -> list[str]:
    return [f"{line['event']}: {line['detail']}" for line in site.receipt(receipt)["timeline"]]


def events(site: Site, receipt: str) -> list[str]:
    return [line["event"] for line in site.receipt(receipt)["timeline"]]


def test_a_refused_pair_that_is_pinged_again_and_again_keeps_its_first_and_last_lines(site: Site, target: str) -> None:
    for _ in range(20):
        site.clock.move(seconds=300)
        receipt = site.ping(SOURCE, target).receipt

    assert events(site, receipt) == CYCLE * 2
    told = site.receipt(receipt)["timeline"]
    assert told[4]["detail"] == "a further pingback; it is verified again (19 times, this was the last)"
    assert told[0]["at"] == "2026-03-08T12:05:00Z"
    assert {line["at"] for line in told[4:]} == {"2026-03-08T13:40:00Z"}


def test_a_refusal_for_another_reason_replaces_the_one_before(site: Site, target: str) -> None:
    for page in ("<p>None.</p>", "<p>None.</p>", "<p>Still none.</p>"):
        site.clock.move(seconds=300)
        site.web.put(SOURCE, page)
        receipt = site.ping(SOURCE, target).receipt

    assert lines(site, receipt)[5] == "fetched: status 200, 18 bytes"


def test_attempts_of_a_source_in_trouble_are_one_line_that_counts_them(site: Site, target: str) -> None:
    site.web.fail(SOURCE, TimedOut("the source did not answer within 10 seconds"))
    receipt = site.ping(SOURCE, target).receipt
    for _ in range(3):
        site.run_next_job()
    site.web.fail(SOURCE, BadStatus(503))
    site.run_next_job()

    assert lines(site, receipt) == [
        "received: a pingback for this post",
        "fetched: not fetched: the source answered 503 (attempt 5)",
    ]

    site.web.put(SOURCE, linking(target))
    site.run_next_job()
    assert events(site, receipt) == ["received", "fetched", "fetched", "found", "decided"]


def test_what_stood_in_between_is_kept_when_a_pair_is_pinged_again(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    site.clock.move(seconds=300)
    site.mention(target)
    site.clock.move(seconds=300)
    site.web.put(SOURCE, "<p>The link has gone.</p>")
    site.ping(SOURCE, target)
    site.run_jobs()
    site.clock.move(seconds=300)
    for _ in range(5):
        site.ping(SOURCE, target)
        site.clock.move(seconds=300)

    assert events(site, receipt) == [*CYCLE, *CYCLE, "fetched", "found", "decided", *CYCLE]
    assert "decided: shown: verified" in lines(site, receipt)


@pytest.mark.parametrize(("setting", "most"), [("hold", timeline.MOST_LINES), ("show", timeline.MOST_LINES_SHOWN)])
def test_a_link_that_comes_and_goes_for_ever_has_a_bounded_timeline(
    site_with: SiteWith, setting: str, most: int
) -> None:
    site = site_with(moderation_pingbacks=setting)
    receipt = site.mention(site.target).receipt
    first = lines(site, receipt)[0]
    for number in range(36):
        site.clock.move(days=31)
        site.web.put(SOURCE, "<p>It has gone.</p>" if number % 2 == 0 else linking(site.target))
        site.ping(SOURCE, site.target)
        site.run_jobs()

    told = lines(site, receipt)
    assert len(told) == most
    assert (told[0], told[-1].partition(":")[0]) == (first, "decided")


def test_details_are_bounded(site: Site, target: str) -> None:
    site.web.fail(SOURCE, TimedOut("x" * 10_000))

    receipt = site.ping(SOURCE, target).receipt

    assert len(site.receipt(receipt)["timeline"][1]["detail"]) == 300


def test_the_newest_sender_is_named_though_its_line_replaced_another(site: Site, target: str) -> None:
    for number in range(3):
        site.clock.move(seconds=300)
        if number == 2:
            site.web.fail(SOURCE, TimedOut("late"))
        site.ping(SOURCE, target, sender=f"198.51.100.{number}")

    with site.services.database.read() as connection:
        assert timeline.last_sender(connection, SOURCE) == "198.51.100.2"
