"""Receiving pings: how long a sender waits, how many may, and that concurrent pings lose nothing."""

import threading
from typing import Any

import pytest
from sqlalchemy import event

from feedserver.errors import PingError
from feedserver.thoughts import store
from feedserver.thoughts.receiving import Receiver
from feedserver.thoughts.verification import sources
from tests.support.waiting import SECONDS, together
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

# --- waiting ---


def test_a_slow_source_is_accepted_within_the_wait_and_settled_when_it_is_fetched(site_with: SiteWith) -> None:
    site = site_with(pingback_wait=0.01)
    site.web.put(SOURCE, linking(site.target))
    site.web.gate.clear()

    answer = site.ping(SOURCE, site.target)

    assert answer.outcome == "accepted"
    assert site.receipt(answer.receipt)["state"] == "received"
    site.web.gate.set()
    site.services.waiting_slots.close()
    assert site.receipt(answer.receipt)["state"] == "shown"
    assert site.web.fetched == [SOURCE]


def test_when_all_slots_are_taken_a_ping_is_accepted_at_once_and_left_to_a_worker(
    site_with: SiteWith,
) -> None:
    site = site_with(pingback_wait=0, pingback_places=2)
    sources = [site.web.put(f"http://host{number}.example/", linking(site.target)) for number in range(3)]
    site.web.gate.clear()

    outcomes = [site.ping(source, site.target).outcome for source in sources]

    assert outcomes == ["accepted"] * 3
    site.web.wait_until_asked(*sources[:2])
    site.web.gate.set()
    site.services.waiting_slots.close()
    assert sorted(site.web.fetched) == sources[:2]
    site.run_jobs()
    assert site.states() == ["shown"] * 3


def test_one_host_never_holds_all_slots(site_with: SiteWith) -> None:
    site = site_with(pingback_wait=0, pingback_places=3)
    crowd = [site.web.put(f"http://host{number}.crowd.example/", linking(site.target)) for number in range(4)]
    other = site.web.put("http://other.example/", linking(site.target))
    site.web.gate.clear()

    outcomes = [site.ping(source, site.target).outcome for source in [*crowd, other]]

    assert outcomes == ["accepted"] * 5
    site.web.wait_until_asked(*crowd[:2], other)
    site.web.gate.set()
    site.services.waiting_slots.close()
    site.run_jobs()
    assert site.states() == ["shown"] * 5


def test_a_slot_stays_taken_until_its_source_is_fetched_though_the_sender_waits_no_longer(site_with: SiteWith) -> None:
    site = site_with(pingback_wait=0, pingback_places=1)
    sources = [site.web.put(f"http://host{number}.example/", linking(site.target)) for number in range(3)]
    site.web.gate.clear()
    site.ping(sources[0], site.target)
    site.web.wait_until_asked(sources[0])

    site.ping(sources[1], site.target)
    assert not site.services.waiting_slots.take()
    site.web.gate.set()
    site.wait_for_a_free_slot()
    site.web.gate.clear()

    assert site.ping(sources[2], site.target).outcome == "accepted"
    site.web.wait_until_asked(sources[0], sources[2])
    site.web.gate.set()


def test_without_slots_every_ping_is_left_to_a_worker(site_with: SiteWith) -> None:
    site = site_with(pingback_places=0)

    assert site.mention(site.target).outcome == "accepted"
    assert site.web.fetched == []
    site.run_jobs()
    assert site.only_thought().state == "shown"


def test_a_slot_is_given_back_whatever_becomes_of_the_ping(
    site_with: SiteWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_with(pingback_places=1, limits_refetch=0)
    site.web.put(SOURCE, linking(site.target))
    site.rule("blocked.example", "block")

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("something of ours")

    for outcome, source in [
        (16, "http://missing.example/"),
        (16, "no URL"),
        (49, "http://blocked.example/"),
        ("registered", SOURCE),
        (48, SOURCE),
    ]:
        assert site.ping(source, site.target).outcome == outcome
    monkeypatch.setattr(site.services.verifier.__class__, "ask", fails)
    with pytest.raises(RuntimeError):
        site.services.receiver.receive("http://third.example/", site.target, "192.0.2.1")
    monkeypatch.undo()
    monkeypatch.setattr(site.services.waiting_slots.__class__, "run", fails)
    with pytest.raises(RuntimeError):
        site.services.receiver.receive("http://third.example/", site.target, "192.0.2.1")
    monkeypatch.undo()
    monkeypatch.setattr("feedserver.thoughts.verification.inspect.read", fails)
    assert site.mention(site.target, "http://fourth.example/").outcome == "accepted"
    monkeypatch.undo()

    site.wait_for_a_free_slot()


def test_a_ping_is_committed_before_anything_is_fetched(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.web.meanwhile = lambda: found.append((site.only_thought().state, len(site.jobs())))
    found: list[tuple[str, int]] = []

    site.ping(SOURCE, target)

    assert found == [("received", 1)]


def test_no_transaction_is_open_during_the_fetch(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.web.meanwhile = lambda: site.publish("Another writer's turn")

    assert site.ping(SOURCE, target).outcome == "registered"


# --- all at once ---


def test_the_same_ping_eight_times_at_once_is_one_thought_one_job_and_one_fetch(site_with: SiteWith) -> None:
    site = site_with(pingback_places=8)  # with fewer, the first to be stored may be one without a slot
    site.web.put(SOURCE, linking(site.target))

    outcomes = together(*[lambda: site.ping(SOURCE, site.target).outcome] * 8)

    assert set(outcomes) <= {"registered", "accepted", 48}
    assert "registered" in outcomes
    assert len(site.thoughts()) == 1
    assert site.web.fetched == [SOURCE]
    site.services.waiting_slots.close()
    site.run_jobs()
    assert site.only_thought().state == "shown"
    assert all(job.run_at > site.clock() for job in site.jobs()), "`limits.refetch` forbids another one now"


def test_two_processes_that_get_the_same_ping_store_it_once(site_with: SiteWith) -> None:
    sites = [site_with(), site_with()]
    target = sites[0].url(sites[0].publish())
    sites[0].web.put(SOURCE, linking(target))

    outcomes = together(*[lambda site=site: site.ping(SOURCE, target).outcome for site in sites * 3])

    assert set(outcomes) <= {"registered", "accepted", 48}
    assert len(sites[0].thoughts()) == 1
    assert len(sites[0].web.fetched) == 1


def test_pings_of_one_source_for_many_posts_at_once_are_all_settled(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(6)]
    site.web.put(SOURCE, "".join(linking(target, before=f"Of {target} ") for target in targets))

    outcomes = together(*[lambda target=target: site.ping(SOURCE, target).outcome for target in targets])

    assert set(outcomes) <= {"registered", "accepted"}
    site.services.waiting_slots.close()
    site.run_jobs()
    assert site.states() == ["shown"] * 6
    assert site.pressing_jobs() == []


def test_different_sources_at_once_lose_nothing(site: Site, target: str) -> None:
    sources = [site.web.put(f"http://host{number}.example/", linking(target)) for number in range(12)]

    outcomes = together(*[lambda source=source: site.ping(source, target).outcome for source in sources])

    assert set(outcomes) <= {"registered", "accepted"}
    site.services.waiting_slots.close()
    site.run_jobs()
    assert site.states() == ["shown"] * 12
    assert site.pressing_jobs() == []


def test_moderation_during_an_inspection_outweighs_its_result(site: Site, target: str) -> None:
    site.mention(target)
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    site.web.meanwhile = lambda: site.moderate("spam")

    site.run_jobs()

    assert site.only_thought().state == "spam"


def test_a_ping_and_an_inspection_of_its_source_never_wait_for_each_other(
    site: Site, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.mention(target)
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    errors: list[object] = []
    event.listen(site.services.database.engine, "handle_error", lambda context: errors.append(context))
    ping = threading.Thread(target=site.ping, args=(SOURCE, target))
    save = sources.save

    def ping_in_the_middle(*arguments: Any) -> None:
        ping.start()
        ping.join(0.2)  # so that it waits by then; nothing fails if it does not
        save(*arguments)

    monkeypatch.setattr(sources, "save", ping_in_the_middle)
    site.run_jobs()
    ping.join(SECONDS)

    assert errors == [], "PostgreSQL ends a deadlock after a second, but a sender waits that long"


def test_what_is_waiting_is_counted_by_pings_that_are_not_settled(site: Site, target: str) -> None:
    site.mention(target)
    site.ping("http://missing.example/", target)

    with site.services.database.read() as connection:
        assert store.waiting(connection) == 0


def test_the_receiver_raises_nothing_but_ping_errors_for_any_source(site: Site, target: str) -> None:
    receiver: Receiver = site.services.receiver
    for source in [
        "",
        " ",
        "http://",
        "http://[",
        "http://[::1",
        "http://a:b/",
        "\x00",
        "http://\x00/",
        "http://a\ud800/",
    ]:
        with pytest.raises(PingError):
            receiver.receive(source, target, "192.0.2.1")
        with pytest.raises(PingError):
            receiver.receive(SOURCE, source, "192.0.2.1")
