"""The CPU that inspections may take in a minute, for one network of senders and for one source site."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from feedserver.jobs.model import LEASE
from feedserver.jobs.queue import FreeSlots
from feedserver.net.fetch import FetchedPage
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.rate_limits import WINDOW
from feedserver.storage.schema import rate_limits
from feedserver.thoughts.verification import cpu_budget
from feedserver.thoughts.verification.inspect import Inspector
from feedserver.thoughts.verification.recheck import VERIFY
from feedserver.thoughts.verification.verify import TOO_DEAR
from tests.support.outside import Clock
from tests.support.waiting import SECONDS, together, wait_until
from tests.thoughts.site import Site, SiteWith, SlowWeb, changed, linking


class DearWeb(SlowWeb):
    """Pages each of which takes `seconds` of CPU to read. Called `cpu`, it tells how many were taken so far."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.seconds = 0.0
        self.taken: list[tuple[datetime, float]] = []
        self._clock = clock

    def cpu(self) -> float:
        return sum(seconds for _, seconds in self.taken)

    def __call__(self, url: str, *, sender: str | None = None, **named: Any) -> FetchedPage:
        self.taken.append((self._clock(), self.seconds))
        return super().__call__(url, sender=sender, **named)


@pytest.fixture
def web(clock: Clock) -> DearWeb:
    return DearWeb(clock)


@pytest.fixture
def site_with(settings: Settings, services: WebServices, clock: Clock, web: DearWeb) -> Iterator[SiteWith]:
    """Makes a site whose CPU clock is that of `web`."""
    made: list[WebServices] = []

    def make(**values: object) -> Site:
        chosen = changed(settings, **({"pingback_wait": SECONDS, "limits_sender": 1_000} | values))
        made.append(WebServices(chosen, clock, web, web.cpu))
        return Site(made[-1], clock, web)

    yield make
    for each in made:
        each.waiting_slots.close()
        each.database.close()


_numbers = count()


def ping(site: Site, sender: str = "192.0.2.1", host: str | None = None) -> object:
    number = next(_numbers)
    source = f"http://{host or f'host{number}.example'}/{number}"
    site.web.put(source, linking(site.target, before=f"Number {number} is what I have read and written about in "))
    return site.ping(source, site.target, sender=sender).outcome


BY_NETWORK: list[Callable[[int], dict[str, str]]] = [
    lambda number: {"sender": f"192.0.2.{number}"},
    lambda number: {"sender": f"2001:db8:1:{number}::1"},
]


@pytest.mark.parametrize("of_one", BY_NETWORK, ids=["IPv4 /24", "IPv6 /48"])
def test_the_looks_of_one_network_wait_when_ten_seconds_are_taken(
    site_with: SiteWith, web: DearWeb, of_one: Callable[[int], dict[str, str]]
) -> None:
    site, web.seconds = site_with(), 2.5

    outcomes = [ping(site, **of_one(number)) for number in range(6)]

    assert outcomes == ["registered"] * 4 + ["accepted"] * 2
    assert len(web.fetched) == 4
    assert ping(site, sender="198.51.100.1") == "registered", "others are looked at"


def test_the_looks_at_one_source_site_wait_whoever_sends(site_with: SiteWith, web: DearWeb) -> None:
    site, web.seconds = site_with(), 2.5

    outcomes = [ping(site, f"192.0.{number}.1", f"blog{number}.one.example") for number in range(5)]

    assert outcomes == ["registered"] * 4 + ["accepted"]
    assert ping(site, "192.0.0.1", "another.example") == "registered"


def test_what_waits_loses_no_attempt_tells_why_and_is_looked_at_later(site_with: SiteWith, web: DearWeb) -> None:
    site, web.seconds = site_with(), 5.0
    for _ in range(4):
        ping(site)

    waiting = [job for job in site.pressing_jobs() if job.last_error == TOO_DEAR]
    assert [(job.attempts, job.leased_until) for job in waiting] == [(0, None)] * 2
    assert all(site.clock() < job.run_at <= site.clock() + timedelta(seconds=61) for job in waiting)
    thoughts = [thought for thought in site.thoughts() if thought.state == "received"]
    assert {thought.next_check_at for thought in thoughts} == {job.run_at for job in waiting}
    for _ in range(4):
        site.clock.move(minutes=1)
        site.run_jobs()
    assert site.states() == ["shown"] * 4


def test_no_minute_holds_more_than_the_limit_and_one_look(site_with: SiteWith, web: DearWeb) -> None:
    site = site_with(pingback_places=0)
    for number in range(40):
        ping(site, f"192.0.2.{number}")
    for number in range(60):
        web.seconds = (0.3, 1.0, 0.7)[number % 3]
        site.clock.move(seconds=11.3)
        site.run_jobs()

    assert len(web.taken) == 40
    for begun, _ in web.taken:
        within = [seconds for at, seconds in web.taken if timedelta() <= at - begun < WINDOW]
        assert sum(within) <= cpu_budget.MOST / 1_000 + 1


def test_looks_under_way_have_their_part_reserved(
    site_with: SiteWith, web: DearWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_budget, "RESERVED", 4_000)
    site = site_with(pingback_places=8)
    assert site.target
    web.gate.clear()

    def release() -> None:
        wait_until(lambda: [job.last_error for job in site.jobs()].count(TOO_DEAR) == 2)
        web.gate.set()

    sent = together(*[partial(ping, site)] * 4, release)

    assert (sent.count("registered"), sent.count("accepted")) == (2, 2)
    assert len(web.fetched) == 2
    assert ping(site) == "registered", "what was reserved and not taken is given back"


def test_cheap_looks_never_wait(site_with: SiteWith, web: DearWeb) -> None:
    site, web.seconds = site_with(limits_host=1_000), 0.02

    assert [ping(site, host="one.example") for _ in range(60)] == ["registered"] * 60


def test_rechecks_are_counted_too_and_spread_over_an_hour(site_with: SiteWith, web: DearWeb) -> None:
    site = site_with()
    for _ in range(6):
        assert ping(site) == "registered"
    web.seconds = 4.0
    site.clock.move(days=8)

    site.run_jobs()

    assert len(web.fetched) == 6 + 3
    postponed = [job.run_at - site.clock() for job in site.jobs() if job.last_error == TOO_DEAR]
    assert len(postponed) == 3
    assert all(timedelta() < pause <= timedelta(minutes=61) for pause in postponed)
    assert max(postponed) > timedelta(minutes=2)


def test_our_own_posts_are_counted_for_who_names_them_and_not_for_our_site(site_with: SiteWith, web: DearWeb) -> None:
    site, web.seconds = site_with(), 5.0
    own = [site.url(site.publish(f"Post {n}", f"See [this]({site.target}).")) for n in range(2)]
    assert site.ping(own[0], site.target, sender="192.0.2.1").outcome == "registered"
    with site.services.database.read() as connection:
        assert [name for name in connection.execute(select(rate_limits.c.bucket)).scalars() if "by site" in name] == []
    assert [ping(site), ping(site)] == ["registered", "registered"]

    assert site.ping(own[1], site.target, sender="192.0.2.9").outcome == "accepted"


def test_what_was_reserved_by_a_process_that_died_is_free_when_its_lease_ends(
    site_with: SiteWith, web: DearWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_budget, "RESERVED", 6_000)
    site = site_with(pingback_places=0)
    ping(site)
    (job,) = site.services.runner.take([FreeSlots(VERIFY, "first", 1)])
    monkeypatch.setattr(Inspector, "inspect", Mock(side_effect=SystemExit))
    with pytest.raises(SystemExit):
        site.services.verifier.carry_out(job)
    monkeypatch.undo()
    monkeypatch.setattr(cpu_budget, "RESERVED", 6_000)
    site.clock.move(seconds=LEASE.total_seconds() - 1)
    ping(site)
    site.run_jobs()
    assert web.fetched == []

    site.clock.move(seconds=2)
    site.run_jobs()

    assert len(web.fetched) == 1
