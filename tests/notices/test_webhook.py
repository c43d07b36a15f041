"""The webhook: each event once, in order, signed; tried for a day, until an answer says that it is done or unwanted."""

from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from feedserver.jobs import failures
from feedserver.jobs.model import Job, Outcome
from feedserver.notices.model import POST
from feedserver.storage.schema import notices
from feedserver.thoughts.moderation import erase
from tests.feeds.happenings import respond, say_much, says
from tests.notices.hook import is_signed
from tests.notices.owned import Owned, OwnedWith
from tests.support.elsewhere import Received
from tests.support.elsewhere import respond as respond_with
from tests.support.subscribers import say


def test_each_event_is_posted_once_in_its_order_and_signed(hooked: Owned) -> None:
    post = hooked.post()
    held = hooked.comment(post, "Wait for me.")
    hooked.comment(post, "Seen by all.", state="shown")
    hooked.work()
    hooked.decide(held, "approve")
    hooked.work()

    assert hooked.hook.kinds == ["thought.held", "thought.shown", "thought.shown"]
    assert all(is_signed(received) for received in hooked.hook.requests)
    assert {received.headers["Content-Type"] for received in hooked.hook.requests} == {"application/json"}
    assert len({event["id"] for event in hooked.hook.events}) == 3
    assert (hooked.rows(notices), hooked.jobs()) == (0, [])


def test_an_event_has_the_thought_as_the_list_has_it_without_an_email(hooked: Owned) -> None:
    thought = hooked.comment(hooked.post(), "Well said.")
    hooked.work()

    (event,) = hooked.hook.events

    assert list(event) == ["id", "event", "created_at", "thought", "job"]
    assert (event["created_at"], event["job"]) == ("2026-03-08T12:00:00Z", None)
    assert list(event["thought"]) == [
        *("id", "state", "reason", "kind", "response", "parent", "post", "source", "author_name", "author_url"),
        *("email", "title", "excerpt", "received_at", "updated_at", "receipt"),
    ]
    told = event["thought"]
    assert (told["id"], told["state"], told["post"], told["excerpt"]) == (thought.id, "held", "a-post", "Well said.")
    assert (told["email"], told["received_at"]) == (None, "2026-03-08T12:00:00Z")


def test_a_job_that_was_given_up_is_an_event(owned: Owned) -> None:
    job = Job(7, "send", "12", owned.clock(), 9, owned.clock())
    with owned.services.database.write() as connection:
        failures.record(connection, job, "https://far.example/: no answer", owned.clock())

    owned.tell()

    (event,) = owned.hook.events
    assert (event["event"], event["thought"]) == ("job.failed", None)
    assert event["job"] == {
        "id": 7,
        "kind": "send",
        "subject": "12",
        "run_at": "2026-03-08T12:00:00Z",
        "attempts": 10,
        "leased_until": None,
        "last_error": "https://far.example/: no answer",
    }
    assert owned.mail_server.mails[0]["Subject"] == "[Example Blog] 1 job was given up"


def test_without_a_secret_there_is_no_signature(owned_with: OwnedWith) -> None:
    hooked = owned_with(mail_to="", notices_secret="")
    hooked.comment(hooked.post())
    hooked.work()

    assert hooked.hook.requests[0].headers["X-Feedserver-Signature"] is None


@pytest.mark.parametrize("status", [302, 307, 400, 404, 429, 500, 503])
def test_what_is_not_taken_comes_again_within_a_minute_with_its_id(hooked: Owned, status: int) -> None:
    post = hooked.post()
    hooked.comment(post, "First.")
    hooked.comment(post, "Second.")
    hooked.hook.answer = say(status, Location=hooked.hook.url + "/elsewhere")
    hooked.work()
    (job,) = hooked.jobs()
    assert (job.kind, len(hooked.hook.requests)) == (POST, 1)
    assert job.run_at - hooked.clock() <= timedelta(seconds=60)

    hooked.hook.answer = say(204)
    hooked.work(seconds=60)

    first, again, second = hooked.hook.events
    assert first == again
    assert second["thought"]["excerpt"] == "Second."
    assert {received.path for received in hooked.hook.requests} == {"/hook"}, "no redirect is followed"


def test_it_is_tried_for_a_day_and_what_came_later_goes_on(hooked: Owned) -> None:
    post = hooked.post()
    hooked.comment(post, "Old.")
    hooked.hook.answer = say(503)
    hooked.work()
    hooked.work(hours=23)
    hooked.comment(post, "New.")
    hooked.work(hours=2)
    tries = len(hooked.hook.requests)
    assert {event["thought"]["excerpt"] for event in hooked.hook.events} == {"Old."}

    hooked.hook.answer = say(200)
    hooked.work(hours=2)

    assert [event["thought"]["excerpt"] for event in hooked.hook.events[tries:]] == ["New."]
    assert hooked.jobs() == []


def test_a_day_has_few_tries_of_which_the_last_is_at_its_end(hooked: Owned) -> None:
    hooked.comment(hooked.post())
    hooked.hook.answer = say(503)
    hooked.work()
    began = hooked.clock()

    while hooked.jobs():
        hooked.work(seconds=max(1.0, (hooked.jobs()[0].run_at - hooked.clock()).total_seconds()))

    assert timedelta(days=1) <= hooked.clock() - began < timedelta(days=1, minutes=2)
    assert 10 < len(hooked.hook.requests) < 20
    assert hooked.rows(notices) == 0


def test_what_it_was_not_told_of_is_told_by_mail(owned: Owned) -> None:
    owned.comment(owned.post())
    owned.hook.answer = say(503)
    owned.tell()
    owned.work(hours=25)
    owned.tell()

    assert "post notices" in str(owned.mail_server.mails[-1].get_content())


def test_410_ends_it_until_the_address_changes(hooked: Owned, owned_with: OwnedWith) -> None:
    post = hooked.post()
    hooked.hook.answer = say(410)
    hooked.comment(post)
    hooked.comment(post)
    hooked.work()
    hooked.comment(post)
    hooked.work(hours=1)
    assert (len(hooked.hook.requests), hooked.rows(notices), hooked.jobs()) == (1, 0, [])

    other = owned_with(mail_to="", notices_webhook=hooked.hook.url + "/other")
    other.hook.answer = say(200)
    other.comment(post)
    other.work()

    assert [received.path for received in hooked.hook.requests] == ["/hook", "/other"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://169.254.1.1/", "http://[::1]:9/"])
def test_addresses_that_nobody_may_contact_are_not_contacted(owned_with: OwnedWith, url: str) -> None:
    """Whoever sets it may have been talked into an address of the site's own network."""
    hooked = owned_with(mail_to="", notices_webhook=url)
    hooked.comment(hooked.post())
    hooked.work()

    (job,) = hooked.jobs()
    assert job.last_error == "the webhook’s host cannot be found"


def test_a_process_that_is_to_end_posts_no_further_event_and_the_next_one_goes_on(
    hooked: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, runner = hooked.post(), hooked.services.runner
    hooked.comment(post, "First.")
    hooked.comment(post, "Second.")
    carry_out, found = runner.handlers[POST], list[tuple[Outcome | None, int]]()

    def end(handler: BaseHTTPRequestHandler, _: Received) -> None:
        runner.stopping.set()
        respond_with(handler, 204)

    def in_another_process(job: Job) -> Outcome | None:
        runner.stopping.clear()
        found.append((carry_out(job), len(hooked.hook.requests)))
        return found[-1][0]

    hooked.hook.answer = end
    monkeypatch.setattr(runner, "handlers", {**runner.handlers, POST: in_another_process})
    hooked.work()

    assert found == [("put off", 1), ("put off", 2), ("done", 2)]
    assert [event["thought"]["excerpt"] for event in hooked.hook.events] == ["First.", "Second."]


def test_what_was_erased_is_not_told(hooked: Owned) -> None:
    thought = hooked.comment(hooked.post(), "My secret.")
    hooked.hook.answer = say(503)
    hooked.work()
    erase.erase(hooked.services.database, [thought.id], hooked.clock(), None)

    hooked.hook.answer = say(200)
    hooked.work(seconds=60)

    assert len(hooked.hook.requests) == 1
    assert (hooked.rows(notices), hooked.jobs()) == (0, [])


def test_new_words_beside_approved_ones_are_told_as_what_waits(hooked: Owned) -> None:
    thought = respond(hooked.services, hooked.post(), "reply", words="As approved.")
    hooked.decide(thought, "approve")
    says(hooked.services, hooked.thought(thought), replace(thought.content, excerpt="Changed since."))
    hooked.work()

    assert [
        (event["event"], event["thought"]["state"], event["thought"]["excerpt"]) for event in hooked.hook.events
    ] == [
        ("thought.held", "held", "Changed since."),
        ("thought.shown", "shown", "As approved."),
    ]


def test_news_that_come_while_others_are_told_are_told_too(hooked: Owned) -> None:
    """New words of the very thought that is being told: the event that was taken is not the one that waits."""
    thought = respond(hooked.services, hooked.post(), "reply", words="First.", state="held")
    hooked.decide(thought, "approve")

    def meanwhile(handler: BaseHTTPRequestHandler, received: Received) -> None:
        hooked.hook.answer = say(204)
        says(hooked.services, hooked.thought(thought), replace(thought.content, excerpt="Second."))
        hooked.services.runner.run_due()
        respond_with(handler, 204)

    hooked.hook.answer = meanwhile
    hooked.work()

    held = [event for event in hooked.hook.events if event["event"] == "thought.held"]
    assert [event["thought"]["excerpt"] for event in held] == ["First.", "Second."]
    assert held[0]["id"] != held[1]["id"]


@pytest.mark.one_database
def test_a_burst_is_posted_by_one_job_one_after_another(hooked: Owned) -> None:
    """Rows: two for a thought at most, gone when told."""
    post = hooked.post()
    say_much(hooked.services, post, 600)
    hooked.work()

    assert len({event["id"] for event in hooked.hook.events}) == len(hooked.hook.requests) == 600
    assert hooked.hook.most_at_once == 1
    assert (hooked.rows(notices), hooked.jobs()) == (0, [])
