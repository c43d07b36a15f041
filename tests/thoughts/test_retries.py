"""Sources in trouble and bad timing: no ping is lost, none is fetched too often, none waits for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from feedserver.errors import BadStatus, TimedOut
from feedserver.jobs.model import LEASE
from feedserver.jobs.queue import FreeSlots
from feedserver.thoughts.verification.recheck import VERIFY
from tests.thoughts.site import SOURCE, Site, SiteWith, linking


def test_a_source_in_trouble_is_tried_again_with_growing_pauses_for_two_days(site: Site, target: str) -> None:
    site.web.fail(SOURCE, BadStatus(503))
    started = site.clock()
    receipt = site.ping(SOURCE, target).receipt
    pauses = []
    while site.jobs():
        assert site.receipt(receipt)["state"] == "received"
        assert site.receipt(receipt)["next_check_at"] is not None
        pauses.append(site.jobs()[0].run_at - site.clock())
        site.run_next_job()

    assert pauses[0] <= timedelta(seconds=60)
    assert pauses == sorted(pauses)
    assert timedelta(hours=47) <= site.clock() - started < timedelta(days=3)
    assert len(site.web.fetched) == len(pauses) + 1
    told = site.receipt(receipt)
    assert (told["state"], told["reason"], told["next_check_at"]) == ("rejected", "no answer", None)


def test_a_ping_shortens_the_pause_of_a_source_in_trouble(site: Site, target: str) -> None:
    site.web.fail(SOURCE, BadStatus(503))
    site.ping(SOURCE, target)
    for _ in range(5):
        site.run_next_job()
    assert site.jobs()[0].run_at - site.clock() > timedelta(hours=1)

    assert site.mention(target).outcome == "accepted"
    site.clock.move(seconds=300)
    site.run_jobs()

    assert site.only_thought().state == "shown"


def test_a_new_pair_does_not_wait_for_the_pause_of_another(site: Site, target: str) -> None:
    other = site.url(site.publish("Other"))
    site.web.fail(SOURCE, BadStatus(503))
    site.ping(SOURCE, target)
    for _ in range(5):
        site.run_next_job()
    site.clock.move(seconds=300)

    site.web.put(SOURCE, linking(target, other))

    assert site.ping(SOURCE, other).outcome == "registered"
    assert site.states() == ["shown", "shown"]


def test_repeated_pings_cost_a_source_in_trouble_neither_fetches_nor_attempts(site: Site, target: str) -> None:
    site.web.fail(SOURCE, BadStatus(503))
    started = site.clock()
    while site.clock() - started < timedelta(hours=1):
        assert site.ping(SOURCE, target).outcome == "accepted"
        site.run_jobs()
        site.clock.move(seconds=100)

    assert len(site.web.fetched) <= 2 + 3600 // 300, (
        "without the further pings it would be tried five times, and given up later"
    )
    assert site.only_thought().state == "received"


def test_many_pings_of_one_source_are_one_fetch(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking("http://blog.example/posts/else"))

    outcomes = []
    for number in range(20):
        outcomes.append(site.ping(f"{SOURCE}#{number}", target).outcome)
        site.run_jobs()
        site.clock.move(seconds=10)

    assert outcomes == [17] + ["accepted"] * 19
    assert len(site.web.fetched) == 1


def test_an_inspection_that_found_no_link_is_no_answer_to_a_later_ping(site: Site, target: str) -> None:
    """Within `limits.refetch` the source is not fetched again, but what it said before may be wrong by now."""
    site.web.put(SOURCE, "<p>Nothing yet.</p>")
    assert site.ping(SOURCE, target).outcome == 17

    site.web.put(SOURCE, linking(target))
    site.clock.move(seconds=10)
    answer = site.ping(SOURCE, target)
    assert answer.outcome == "accepted"
    assert site.receipt(answer.receipt)["next_check_at"] == "2026-03-08T12:05:00Z"

    site.run_next_job()
    assert site.receipt(answer.receipt)["state"] == "shown"


# --- bad timing ---


def test_a_ping_that_comes_during_the_fetch_is_settled_by_the_same_inspection(site: Site, target: str) -> None:
    other = site.url(site.publish("Other"))
    site.web.put(SOURCE, linking(target, other))
    site.web.meanwhile = lambda: outcomes.append(site.ping(SOURCE, other).outcome)
    outcomes: list[str | int] = []

    assert site.ping(SOURCE, target).outcome == "registered"

    assert outcomes == ["accepted"]
    assert site.states() == ["shown", "shown"]
    assert len(site.web.fetched) == 1
    assert site.pressing_jobs() == []


@pytest.mark.parametrize("before", ["new", "rejected", "gone"])
def test_a_ping_that_comes_during_the_fetch_is_not_judged_by_the_source_as_it_was_before(
    site_with: SiteWith, before: str
) -> None:
    site = site_with(limits_refetch=0)
    target, other = site.url(site.publish("A post")), site.url(site.publish("Other"))
    if before == "gone":
        site.mention(other)
    site.web.put(SOURCE, linking(target))
    if before != "new":
        site.ping(SOURCE, other)
        site.run_jobs()
        assert site.only_thought().state == before

    def write_and_ping() -> None:
        site.web.put(SOURCE, linking(target, other))
        site.clock.move(seconds=1)
        assert site.ping(SOURCE, other).outcome == "accepted"

    site.web.meanwhile = write_and_ping
    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.states() == ["received", "shown"]
    site.run_jobs()

    assert site.states() == ["shown", "shown"]


def test_a_ping_that_comes_during_the_last_try_is_not_forgotten(site: Site, target: str) -> None:
    other = site.url(site.publish("Other"))
    site.web.fail(SOURCE, TimedOut("too slow"))
    site.ping(SOURCE, target)
    for _ in range(8):
        site.run_next_job()

    def come_late() -> None:
        site.clock.move(seconds=1)
        site.ping(SOURCE, other)

    site.web.meanwhile = come_late
    site.run_next_job()
    assert site.states() == ["received", "rejected"]

    site.web.put(SOURCE, linking(target, other))
    site.run_next_job()
    assert site.states() == ["rejected", "shown"]


def test_a_ping_whose_process_died_before_the_fetch_is_verified_when_the_lease_ends(
    site: Site, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.web.put(SOURCE, linking(target))
    monkeypatch.setattr(site.services.runner.__class__, "run", lambda *_: None)
    assert site.ping(SOURCE, target).outcome == "accepted"
    monkeypatch.undo()

    site.clock.move(seconds=LEASE.total_seconds() - 1)
    assert site.run_jobs() == 0
    site.clock.move(seconds=1)
    assert site.run_jobs() == 0, "its lease has ended; it comes after a short pause"
    site.clock.move(seconds=1)
    assert site.run_jobs() == 1

    assert site.only_thought().state == "shown"


def test_an_inspection_that_ends_after_its_lease_changes_nothing(site: Site, target: str) -> None:
    site.web.put(SOURCE, "<p>Nothing yet.</p>")

    def be_overtaken() -> None:
        site.clock.move(seconds=LEASE.total_seconds())
        site.run_jobs()
        site.clock.move(seconds=1)
        site.web.put(SOURCE, linking(target))
        assert site.run_jobs() == 1

    site.web.meanwhile = be_overtaken

    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.only_thought().state == "shown"
    assert site.pressing_jobs() == []


def test_a_ping_whose_verification_raises_an_unexpected_error_is_retried(
    site: Site, target: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site.web.put(SOURCE, linking(target))
    monkeypatch.setattr("feedserver.thoughts.verification.inspect.read", lambda *_: 1 / 0)
    assert site.ping(SOURCE, target).outcome == "accepted"
    monkeypatch.undo()

    site.clock.move(seconds=60)
    site.run_jobs()

    assert site.only_thought().state == "shown"


# --- short deadlines ---


def test_an_attempt_with_a_short_deadline_is_followed_by_one_with_the_whole_deadline(site: Site, target: str) -> None:
    site.web.fail(SOURCE, TimedOut("too slow"))
    site.ping(SOURCE, target)
    site.clock.move(seconds=60)
    (job,) = site.services.runner.take([FreeSlots(VERIFY, "again", 1)])
    site.services.runner.run(replace(job, short_deadline=True))
    site.clock.move(seconds=300)
    site.run_jobs()

    assert site.web.timeouts == [None, 4.0, None]
