"""Manners: one ping at a time to a host, sixteen seconds between two pingbacks, budgets, bounds."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from feedserver.jobs import store as jobs
from feedserver.jobs.queue import FreeSlots
from feedserver.jobs.worker import SLOTS, STOP_SECONDS
from feedserver.net.exchange import Request
from feedserver.sending import decisions, manners
from feedserver.sending.decisions import Standing
from feedserver.sending.store import SEND, TELL
from feedserver.services import WebServices
from feedserver.settings import EgressSettings, LimitsSettings, Settings
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Limit
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.sending.elsewhere import Elsewhere
from tests.support.outside import Clock


def body(*targets: str) -> str:
    return " ".join(f"[x]({target})" for target in targets)


def hear(elsewhere: Elsewhere, desk: Desk) -> list[datetime]:
    """The times at which pings are heard, from now on."""
    times: list[datetime] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            times.append(desk.clock())

    elsewhere.meanwhile = note
    return times


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=LimitsSettings(host=1_000))


@pytest.mark.parametrize("elsewhere_is", ["on the host of the pages", "on a host of its own"])
def test_sixteen_seconds_pass_between_two_pings_to_a_host_that_takes_pingbacks(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, elsewhere_is: str
) -> None:
    if elsewhere_is == "on the host of the pages":
        pages = [f"http://a.example/{number}" for number in range(3)]
    else:
        pages = [f"http://h{number}.example/" for number in range(3)]
    elsewhere.takes_pingbacks(*pages, endpoint="http://a.example/pingback")
    times = hear(elsewhere, desk)
    publish(services, body=body(*pages))
    desk.clock.move(seconds=4)

    desk.until_later(seconds=50)

    assert sorted(elsewhere.told) == pages
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(timedelta(seconds=16) <= pause <= timedelta(seconds=24) for pause in pauses), pauses


def test_webmentions_to_one_host_need_no_pause(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    pages = [f"http://a.example/{number}" for number in range(10)]
    elsewhere.takes_webmentions(*pages)
    publish(services, body=body(*pages))
    desk.settle()

    assert len(elsewhere.told) == 10


def test_a_host_that_waits_for_its_turn_is_not_asked_again_and_again(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    pages = [f"http://a.example/{number}" for number in range(3)]
    elsewhere.takes_pingbacks(*pages)
    publish(services, body=body(*pages))
    desk.clock.move(seconds=4)

    desk.until_later(seconds=50)

    assert len(elsewhere.requests) == 2 * len(pages)


def test_pages_that_wait_for_one_endpoint_are_asked_when_it_is_their_turn(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    pages = [f"http://h{number}.example/" for number in range(12)]
    elsewhere.takes_pingbacks(*pages, endpoint="http://ears.example/pingback")
    publish(services, body=body(*pages))
    desk.until_later(minutes=10)

    assert sorted(elsewhere.told) == sorted(pages)
    assert len(elsewhere.looked_at) <= 2 * len(pages)


def test_those_that_wait_for_their_turn_wait_one_after_the_other(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    pages = [f"http://a.example/{number}" for number in range(4)]
    elsewhere.takes_pingbacks(*pages)
    publish(services, body=body(*pages))
    desk.settle()

    with services.database.read() as connection:
        due = [job.run_at - desk.clock() for job in jobs.everything(connection) if job.kind == SEND]

    assert due == [timedelta(seconds=16), timedelta(seconds=32), timedelta(seconds=48)]


def test_two_pings_to_one_endpoint_host_are_never_under_way_at_once(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    pages = ["http://a.example/", "http://b.example/"]
    elsewhere.takes_webmentions(*pages, endpoint="http://ears.example/")
    publish(services, body=body(*pages))

    def run_another(request: Request) -> None:
        if request.method == "POST":
            elsewhere.meanwhile = lambda _: None
            services.runner.run_due()
            assert len(elsewhere.heard) == 1

    elsewhere.meanwhile = run_another
    desk.settle()
    desk.until_later(seconds=20)

    assert sorted(elsewhere.told) == pages


def test_pings_that_waited_for_a_process_that_died_then_need_no_pauses(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    pages = [f"http://a.example/{number}" for number in range(10)]
    elsewhere.takes_webmentions(*pages)
    publish(services, body=body(*pages))
    desk.clock.move(seconds=5)
    with services.database.write() as connection:
        rate_limits.take(connection, [manners.place(pages[0])], desk.clock())

    desk.until_later(seconds=20)
    assert elsewhere.told == []

    desk.until_later(seconds=30)
    assert len(elsewhere.told) == 10


def test_the_requests_of_a_ping_count_in_the_budget_that_verification_has_too(
    settings: Settings, desk: Desk, elsewhere: Elsewhere
) -> None:
    few = WebServices(replace(settings, limits=LimitsSettings(host=4)), clock=desk.clock, exchange=elsewhere)
    pages = [f"http://a.example/{number}" for number in range(3)]
    elsewhere.takes_webmentions(*pages)
    publish(few, body=body(*pages))
    desk_of_few = Desk(few, desk.clock)
    with few.database.write() as connection:
        rate_limits.take(connection, [Limit("fetch:a.example", 4, amount=2)], desk.clock() + timedelta(seconds=5))

    desk_of_few.settle()
    assert len(elsewhere.requests) == 2, "two requests of a verification, and two of a ping"
    assert {ping.attempts for ping in desk.pings().values()} == {0, 1}, "to wait is no try"

    desk_of_few.until_later(minutes=10)
    few.database.close()
    assert sorted(elsewhere.told) == pages


@pytest.mark.parametrize("host", [1, 2])
def test_a_ping_ends_however_low_the_budget_is_at_its_first_try_and_later(
    settings: Settings, clock: Clock, elsewhere: Elsewhere, host: int
) -> None:
    few = WebServices(replace(settings, limits=LimitsSettings(host=host)), clock=clock, exchange=elsewhere)
    endpoint = elsewhere.takes_webmentions("http://a.example/")
    elsewhere.answer(endpoint, 503)
    publish(few, body=body("http://a.example/"))
    desk_of_few = Desk(few, clock)
    desk_of_few.settle()
    assert desk_of_few.ping().attempts == 1

    elsewhere.answer(endpoint)
    desk_of_few.until_later(minutes=5)
    ping = desk_of_few.ping()
    few.database.close()

    assert (ping.state, len(elsewhere.requests)) == ("told", 4)


def test_a_redirect_to_a_host_whose_budget_is_spent_waits_and_is_no_try(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions("http://a.example/")
    elsewhere.redirects["http://a.example/"] = "http://full.example/"
    publish(services, body=body("http://a.example/"))
    desk.clock.move(seconds=5)
    with services.database.write() as connection:
        rate_limits.take(connection, [Limit("fetch:full.example", 1_000, amount=1_000)], desk.clock())

    desk.settle(0)
    assert (desk.ping().state, desk.ping().attempts, elsewhere.told) == ("waiting", 0, [])

    desk.after(minutes=1)
    assert elsewhere.told == ["http://a.example/"]


def test_of_300_links_100_are_told() -> None:
    pages = {f"http://h{number}.example/": f"http://h{number}.example/#x" for number in range(300)}

    found = decisions.plan(Standing("version", pages), [], set())

    assert [telling.target for telling in found.tellings] == list(pages.values())[:100]


def test_of_more_links_than_are_told_later_edits_tell_the_same_ones(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "MOST", 3)
    pages = [f"http://h{number}.example/" for number in range(9)]
    for page in pages:
        elsewhere.takes_webmentions(page)
    post = publish(services, body=body(*pages))
    desk.settle()
    assert sorted(elsewhere.told) == sorted(pages[:3])
    elsewhere.forget()

    edit(services, post.slug, title="New", body=body(*pages[::-1]))
    desk.settle()

    assert sorted(elsewhere.told) == sorted(pages[:3])


def test_edits_in_quick_succession_are_at_most_one_telling_for_each_delay(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions("http://a.example/")
    post = publish(services, body=body("http://a.example/"))
    for number in range(10):
        edit(services, post.slug, title=f"Edit {number}", body=body("http://a.example/"))
        desk.after(seconds=1.2)
    desk.settle()

    assert 2 <= len(elsewhere.told) <= 4
    elsewhere.forget()
    desk.after(hours=1)
    assert elsewhere.told == []


def test_pages_of_one_post_do_not_keep_another_waiting(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    pages = [f"http://h{number}.example/" for number in range(100)]
    for page in (*pages, "http://other.example/"):
        elsewhere.takes_webmentions(page)
    publish(services, body=body(*pages))
    desk.clock.move(seconds=5)
    publish(services, title="Other", body=body("http://other.example/"))
    desk.clock.move(seconds=5)
    for kind in (TELL, SEND):
        for job in services.runner.take([FreeSlots(kind, "first", SLOTS)]):
            services.runner.run(job)

    assert "http://other.example/" in elsewhere.told


@pytest.mark.parametrize(("looking", "for_the_post"), [(0.0, 15.0), (9.9, 9.1)])
def test_a_ping_takes_no_longer_than_a_worker_that_stops_waits(
    settings: Settings, desk: Desk, elsewhere: Elsewhere, looking: float, for_the_post: float
) -> None:
    patient = replace(settings, egress=EgressSettings(timeout=10.0))
    services = WebServices(patient, clock=desk.clock, exchange=elsewhere)
    elsewhere.takes_webmentions("http://a.example/")
    elsewhere.meanwhile = lambda _: setattr(desk.clock, "now", desk.clock() + timedelta(seconds=looking))
    publish(services, body=body("http://a.example/"))
    Desk(services, desk.clock).settle()
    services.database.close()

    assert elsewhere.timeouts == [10.0, pytest.approx(for_the_post)]
    assert sum(filter(None, elsewhere.timeouts)) - (10.0 - looking) < STOP_SECONDS
