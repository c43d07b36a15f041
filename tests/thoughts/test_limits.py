"""Budgets: pings a minute from a sender, fetches a minute from a host, counted for all processes together."""

from itertools import count

import pytest

from feedserver.errors import TimedOut
from feedserver.thoughts.verification import fetch_budget
from feedserver.thoughts.verification.fetch_budget import LIMIT_REACHED
from tests.thoughts.site import SiteWith


def test_a_host_beyond_its_budget_is_accepted_and_put_off(site_with: SiteWith) -> None:
    site = site_with(limits_host=2)
    urls = [
        "http://evil.example/",
        "http://a.evil.example/?1",
        "http://b.c.evil.example/",
        "https://evil.example:8443/?x",
    ]

    outcomes = [site.mention(site.target, url).outcome for url in urls]

    assert outcomes == ["registered", "registered", "accepted", "accepted"]
    assert len(site.web.fetched) == 2
    assert site.mention(site.target, "http://other.example/").outcome == "registered", "others have their own"
    for _ in range(6):
        site.clock.move(seconds=60)
        site.run_jobs()
    assert site.states() == ["shown"] * 5


def test_background_jobs_leave_half_of_a_hosts_budget_to_new_pings(site_with: SiteWith) -> None:
    site = site_with(limits_host=4)
    for number in range(4):
        assert site.mention(site.target, f"http://other.example/{number}").outcome == "registered"
    before = len(site.web.fetched)
    site.clock.move(days=8)

    site.run_jobs()
    assert len(site.web.fetched) - before == 2
    assert [job.last_error for job in site.jobs()].count(LIMIT_REACHED) == 2, "why they wait is told"
    for number in range(2):
        assert site.mention(site.target, f"http://new.other.example/{number}").outcome == "registered"


def test_retries_leave_half_of_a_hosts_budget_to_new_pings(site_with: SiteWith) -> None:
    site = site_with(limits_host=4)
    for number in range(4):
        source = site.web.fail(f"http://other.example/{number}", TimedOut("too slow"))
        assert site.ping(source, site.target).outcome == "accepted"
    before = len(site.web.fetched)
    site.clock.move(minutes=2)

    site.run_jobs()

    assert len(site.web.fetched) - before == 2
    for number in range(2):
        assert site.mention(site.target, f"http://new.other.example/{number}").outcome == "registered"


def test_retries_of_many_hosts_leave_half_of_the_sites_budget_to_new_pings(
    site_with: SiteWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_budget, "HOSTS_AT_FULL_RATE", 2)
    site = site_with(limits_host=4)
    for number in range(8):
        assert site.ping(site.web.fail(f"http://host{number}.example/", TimedOut("too slow")), site.target)
    site.clock.move(minutes=2)
    site.web.fetched.clear()

    site.run_jobs()

    assert len(site.web.fetched) == 4
    for number in range(4):
        assert site.mention(site.target, f"http://new{number}.example/", before=f"{number}: ").outcome == "registered"


def test_what_is_put_off_comes_back_as_late_as_there_are_others_before_it(site_with: SiteWith) -> None:
    site = site_with(limits_host=2, limits_sender=1000, pingback_places=0)
    for number in range(40):
        site.mention(site.target, f"http://other.example/{number}")

    site.run_jobs()

    assert len(site.web.fetched) == 2
    waits = [(job.run_at - site.clock()).total_seconds() / 60 for job in site.pressing_jobs()]
    assert len(waits) == 38
    assert sum(wait > 2 for wait in waits) > 20, "not all of them within the next minute"
    assert max(waits) < 20, "two a minute: within twenty minutes all of them have their turn"


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("http://192.0.2.1/", "http://198.51.2.1/", False),
        ("http://192.0.2.1/", "http://192.0.2.1:8080/?x", True),
        ("http://192.0.2.1/", "http://[::ffff:192.0.2.1]:81/", True),
        ("http://[2001:db8::1]/", "http://[2001:db8::2]/", True),
        ("http://[2001:db8::1]/", "http://[2001:db8:1::1]/", False),
        ("http://ann.github.io/", "http://bob.github.io/", False),
        ("http://localhost/", "http://localhost:81/", True),
    ],
)
def test_hosts_share_a_budget_when_one_owner_has_them(
    site_with: SiteWith, first: str, second: str, shared: bool
) -> None:
    site = site_with(limits_host=1)

    outcomes = [site.mention(site.target, url).outcome for url in (first, second)]

    assert outcomes == ["registered", "accepted" if shared else "registered"]


@pytest.mark.parametrize(
    ("senders", "shared"),
    [
        (["192.0.2.1", "192.0.2.1"], True),
        (["192.0.2.1", "192.0.2.2"], False),
        (["2001:db8::1", "2001:db8::ffff:2"], True),
        (["2001:db8::1", "2001:db8:0:1::1"], False),
        (["192.0.2.1", "::ffff:192.0.2.1"], True),
        (["", ""], True),
    ],
)
def test_senders_share_a_rate_when_they_are_one_subscriber(
    site_with: SiteWith, senders: list[str], shared: bool
) -> None:
    site = site_with(limits_sender=1)

    outcomes = [site.ping(f"http://other.example/{sender}", site.target, sender=sender).outcome for sender in senders]

    assert outcomes == [16, 49 if shared else 48 if senders[0] == senders[1] else 16]


def test_a_rate_is_counted_for_all_processes_together(site_with: SiteWith) -> None:
    sites = [site_with(limits_sender=3), site_with(limits_sender=3)]
    target = sites[0].url(sites[0].publish())

    outcomes = [sites[number % 2].ping(f"http://other.example/{number}", target).outcome for number in range(4)]

    assert outcomes == [16, 16, 16, 49]


def test_a_rate_holds_in_every_sixty_seconds(site_with: SiteWith) -> None:
    site = site_with(limits_sender=4)
    pings = count()

    def allowed(times: int) -> int:
        outcomes = [site.ping(f"http://other.example/{next(pings)}", site.target).outcome for _ in range(times)]
        return outcomes.count(16)

    site.clock.move(seconds=58)
    assert allowed(3) == 3
    site.clock.move(seconds=30)
    assert allowed(3) == 1
    site.clock.move(seconds=29.9)
    assert allowed(3) == 0
    site.clock.move(seconds=0.1)
    assert allowed(5) == 3
    site.clock.move(seconds=30)
    assert allowed(5) == 1
