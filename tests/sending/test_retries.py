"""What follows from a try: it comes again with growing pauses, is given up, or a page is asked once more later."""

from datetime import timedelta

import pytest

from feedserver.errors import HostUnknown
from feedserver.jobs import failures
from feedserver.jobs.queue import FreeSlots
from feedserver.sending.store import SEND, TELL
from feedserver.services import WebServices
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.sending.elsewhere import Elsewhere

A = "http://a.example/page"
ENDPOINT = "http://a.example/webmention"
BODY = f"[a link]({A})"
DAY = timedelta(days=1)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is decided is no matter of SQL


def to_next_try(desk: Desk) -> timedelta:
    """Lets time pass until the next try of the only ping, and makes it; the time that it took."""
    due = desk.next_try()
    assert due is not None
    waited = due - desk.clock()
    desk.clock.now = due
    desk.services.runner.run_due()
    return waited


@pytest.mark.parametrize("trouble", ["the page answers 503", "the host is unknown", "the endpoint answers 500"])
def test_what_is_in_trouble_is_tried_within_two_minutes_and_for_two_days_then_given_up(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, trouble: str
) -> None:
    elsewhere.takes_webmentions(A)
    if "503" in trouble:
        elsewhere.page(A, status=503)
    elif "host" in trouble:
        elsewhere.fails(A, HostUnknown("{peer} cannot be found"))
    else:
        elsewhere.answer(ENDPOINT, 500)
    publish(services, body=BODY)
    desk.settle()
    began = desk.clock()

    pauses = []
    while desk.ping().state == "waiting":
        pauses.append(to_next_try(desk))

    assert pauses[0] <= timedelta(minutes=2)
    assert pauses == sorted(pauses)
    assert timedelta(hours=44) <= desk.clock() - began <= timedelta(hours=60)
    assert (desk.ping().state, desk.ping().attempts, desk.next_try()) == ("failed", len(pauses) + 1, None)
    assert "given up" in (desk.ping().detail or "")
    with services.database.read() as connection:
        ((job, _),) = failures.latest(connection, 9)
    assert (job.kind, job.subject) == (SEND, str(desk.ping().id))
    assert (job.last_error or "").startswith(f"{A}: ")


def test_what_has_waited_for_days_before_its_first_try_is_tried_again_all_the_same(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A, status=503)
    publish(services, body=BODY)
    desk.clock.move(seconds=5)
    (job,) = services.runner.take([FreeSlots(TELL, "first", 1)])
    services.outbox.carry_out(job)

    desk.after(days=3)

    assert desk.ping().state == "waiting"
    assert to_next_try(desk) <= timedelta(minutes=2)


def test_a_ping_that_was_given_up_is_told_by_the_next_edit_and_by_hand(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A, status=503)
    publish(services, body=BODY)
    desk.settle()
    while desk.ping().state == "waiting":
        to_next_try(desk)
    elsewhere.takes_webmentions(A)

    services.outbox.retry(desk.ping().id)
    desk.settle(0)

    assert desk.ping().state == "told"


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        (["7"], [7]),
        (["3600"], [3600]),
        (["9999999"], [86_400]),
        (["1", "1", "1"], [1, 40, 150]),
    ],
)
def test_retry_after_is_honoured_up_to_a_day_and_is_no_way_to_have_us_come_all_the_time(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, answers: list[str], pauses: list[int]
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)
    for answer, pause in zip(answers, pauses, strict=True):
        elsewhere.answer(ENDPOINT, 429, ("Retry-After", answer))
        if desk.pings():
            to_next_try(desk)
        else:
            desk.settle()
        due = desk.next_try()
        assert due is not None
        assert timedelta(seconds=pause) <= due - desk.clock() <= timedelta(seconds=pause * 1.25)

    elsewhere.takes_webmentions(A)
    to_next_try(desk)

    assert desk.ping().state == "told"


def test_a_server_that_asks_for_a_day_again_and_again_is_given_up_after_two(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    elsewhere.answer(ENDPOINT, 503, ("Retry-After", "86400"))
    publish(services, body=BODY)
    desk.settle()

    tries = 1
    while desk.ping().state == "waiting":
        to_next_try(desk)
        tries += 1

    assert (tries, desk.ping().state) == (3, "failed")


def test_an_edit_does_not_shorten_the_pause_that_a_receiver_asks_for_and_its_last_form_is_told(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    elsewhere.answer(ENDPOINT, 429, ("Retry-After", "3600"))
    publish(services, body=BODY)
    desk.settle()
    asked = len(elsewhere.requests)

    for number in range(8):
        edit(services, "a-post", body=f"{BODY} {number}")
        desk.after(seconds=60)
    assert len(elsewhere.requests) == asked

    elsewhere.takes_webmentions(A)
    to_next_try(desk)
    assert desk.ping().state == "told"
    edit(services, "a-post", body=f"{BODY} 7")
    desk.settle()
    assert len(elsewhere.requests) == asked + 2, "the last form was told"


def test_an_edit_while_a_try_fails_is_told_with_the_next_try_and_not_at_once(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A, status=503)
    publish(services, body=BODY)

    def edit_meanwhile(_: object) -> None:
        elsewhere.meanwhile = lambda _: None
        edit(services, "a-post", body=f"{BODY} New words.")

    elsewhere.meanwhile = edit_meanwhile
    desk.settle()
    desk.settle()

    assert len(elsewhere.requests) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refusal_is_final_for_this_version_and_keeps_the_words(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, status: int
) -> None:
    elsewhere.takes_webmentions(A)
    elsewhere.answer(ENDPOINT, status, ("Content-Type", "text/plain"), body=b"not from you")
    publish(services, body=BODY)
    desk.settle()
    desk.after(days=3)

    ping = desk.ping()
    assert (ping.state, ping.attempts, ping.told_at, desk.next_try()) == ("refused", 1, None, None)
    assert "not from you" in (ping.detail or "")

    elsewhere.takes_webmentions(A)
    edit(services, "a-post", body=f"{BODY} New words.")
    desk.settle()
    assert desk.ping().state == "told"


def test_who_has_refused_does_not_hear_that_the_link_is_gone(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    elsewhere.answer(ENDPOINT, 400)
    publish(services, body=BODY)
    desk.settle()
    elsewhere.page(A, status=503)
    edit(services, "a-post", body=f"{BODY} New words.")
    desk.settle()
    elsewhere.takes_webmentions(A)
    edit(services, "a-post")
    desk.settle()
    desk.after(hours=1)

    assert elsewhere.told == [A]


def test_a_page_without_endpoint_is_asked_once_more_after_1_7_and_30_days(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A, status=404)
    publish(services, body=BODY)
    desk.settle()
    found = desk.clock()

    asked = []
    while desk.next_try() is not None:
        to_next_try(desk)
        asked.append(desk.clock() - found)
        assert desk.ping().state == "none"

    assert asked == [1 * DAY, 7 * DAY, 30 * DAY]
    assert (desk.ping().protocol, desk.ping().endpoint, desk.ping().attempts) == (None, None, 4)


def test_a_page_that_gains_an_endpoint_is_told_then(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    elsewhere.page(A)
    publish(services, body=BODY)
    desk.settle()
    elsewhere.page(A, status=503)
    to_next_try(desk)
    assert desk.ping().state == "none", "trouble just then is no reason to come more often"

    elsewhere.takes_webmentions(A)
    to_next_try(desk)

    assert (desk.ping().state, elsewhere.told) == ("told", [A])
    desk.after(days=40)
    assert elsewhere.told == [A]


def test_a_link_that_is_taken_out_of_a_page_without_endpoint_ends_the_asking(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A)
    publish(services, body=BODY)
    desk.settle()
    edit(services, "a-post")
    desk.after(days=40)

    assert len(elsewhere.requests) == 1


def test_a_page_that_has_no_endpoint_for_its_farewell_is_not_asked_for_one_later(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)
    desk.settle()
    elsewhere.page(A)
    services.publisher.delete("a-post")
    desk.settle()

    assert (desk.ping().state, desk.next_try()) == ("none", None)


def test_an_endpoint_on_this_site_is_none(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    elsewhere.page(A, webmention="http://blog.example/webmention", pingback="http://a.example/pingback")
    publish(services, body=BODY)
    desk.settle()

    assert (desk.ping().state, elsewhere.heard) == ("none", [])
