"""How many requests what others do can cause: those of docs/harmless.md."""

import pytest

from feedserver.errors import TimedOut
from feedserver.services import WebServices
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.sending.elsewhere import Elsewhere

A = "http://a.example/"
ENDPOINT = "http://a.example/webmention"
BODY = f"[a link]({A})"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_receiver_that_answers_500_for_an_hour_gets_ten_requests_at_most_and_is_told_then(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    elsewhere.answer(ENDPOINT, 500)
    publish(services, body=BODY)
    desk.settle()
    desk.until_later(hours=1)
    assert len(elsewhere.requests) in (8, 10)

    elsewhere.answer(ENDPOINT)
    desk.until_later(hours=3)

    assert (len(elsewhere.told) <= 6, desk.ping().state) == (True, "told")


def test_a_page_that_hangs_gets_ten_requests_in_two_days_and_no_more(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.fails(A, TimedOut("{peer} took too long"))
    publish(services, body=BODY)
    desk.settle()

    desk.until_later(days=60)

    assert (len(elsewhere.requests), desk.ping().state) == (10, "failed")


def test_a_receiver_that_says_429_gets_two_requests_when_it_wants_them(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    elsewhere.answer(ENDPOINT, 429, ("Retry-After", "1800"))
    publish(services, body=BODY)
    desk.settle()
    desk.until_later(minutes=29)
    assert len(elsewhere.requests) == 2
    elsewhere.answer(ENDPOINT)

    desk.until_later(minutes=2)

    assert (len(elsewhere.requests), desk.ping().state) == (4, "told")


def test_edits_of_a_post_whose_page_is_in_trouble_cause_no_request_of_their_own(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A, status=500)
    publish(services, body=BODY)
    desk.settle()
    for number in range(6):
        edit(services, "a-post", body=f"{BODY} {number}")
        desk.settle()

    assert len(elsewhere.requests) == 1
