"""Pings after a clock that was a day ahead is right again."""

from feedserver.jobs import store as jobs
from feedserver.jobs.model import MAX_PER_KEY
from feedserver.thoughts.verification.fetch_budget import budget_key
from tests.thoughts.site import SOURCE, Site, linking


def test_pings_are_taken_and_verified_at_once_when_a_clock_that_was_ahead_is_right_again(
    site: Site, target: str
) -> None:
    site.web.put(SOURCE, linking(target))
    site.clock.move(days=1)
    for number in range(70):  # beyond what one sender may send in a minute
        site.ping(f"{SOURCE}?{number}", target)
    site.clock.move(days=-1)

    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.web.fetched[-1] == SOURCE


def test_leases_of_a_clock_that_was_ahead_take_no_slot_of_a_host(site: Site, target: str) -> None:
    site.clock.move(days=1)
    key = budget_key(SOURCE)
    with site.services.database.write() as connection:
        for number in range(MAX_PER_KEY):
            job = jobs.add(connection, "verify", f"{number}", site.clock(), site.clock(), concurrency_key=key)
            jobs.lease(connection, job, site.clock())
    site.clock.move(days=-1)
    site.web.put(SOURCE, linking(target))

    assert site.ping(SOURCE, target).outcome == "registered"


def test_a_source_that_was_read_by_a_clock_that_was_ahead_is_read_again(site: Site, target: str) -> None:
    site.web.put(SOURCE, "<p>no link yet</p>")
    site.clock.move(days=1)
    assert site.ping(SOURCE, target).outcome == 17
    site.clock.move(days=-1)
    site.web.put(SOURCE, linking(target))

    assert site.ping(SOURCE, target).outcome == "registered"
