"""Whom a post tells when it appears, changes and goes (docs/interface.md, “Pings that go out”)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from feedserver import xmlrpc
from feedserver.jobs import queue
from feedserver.jobs.queue import FreeSlots
from feedserver.sending.store import TELL
from feedserver.services import WebServices
from feedserver.settings import SendingSettings, Settings
from feedserver.storage import revision
from feedserver.storage.schema import jobs as jobs_table
from feedserver.storage.schema import outgoing_pings, told_posts
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.sending.elsewhere import Elsewhere, Heard
from tests.support.outside import Clock

A, B, C = (f"http://{name}.example/page" for name in "abc")
ENDPOINT = "http://ears.example/webmention"
POST = "http://blog.example/posts/a-post"


def links(*targets: str, words: str = "See") -> str:
    return f"{words} " + " and ".join(f"[this]({target})" for target in targets)


@pytest.fixture(autouse=True)
def ears(elsewhere: Elsewhere) -> None:
    for target in (A, B, C):
        elsewhere.takes_webmentions(target)


# --- a post appears ---


def test_the_pages_that_a_post_links_to_are_told_once_when_the_delay_has_passed(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A, B))
    desk.settle(4.9)
    assert elsewhere.requests == []

    desk.settle(0.1)

    assert sorted(elsewhere.told) == [A, B]
    assert {heard.source for heard in elsewhere.heard} == {POST}
    assert desk.states() == {A: "told", B: "told"}
    assert desk.waiting() == []
    desk.after(days=40)
    assert len(elsewhere.heard) == 2


def test_pages_that_are_to_be_told_for_the_first_time_are_seen_to_wait_as_long_as_the_post_links_to_them(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A), draft="true")
    assert desk.states() == {}
    edit(services, "a-post", body=links(A))
    assert desk.states() == {A: "waiting"}
    assert desk.next_try() == desk.clock() + timedelta(seconds=5)

    edit(services, "a-post", body=links(B, C))
    assert desk.states() == {B: "waiting", C: "waiting"}
    services.publisher.delete("a-post")
    assert desk.states() == {}
    services.publisher.restore("a-post")
    edit(services, "a-post", body=links(B), tell="false")
    assert desk.states() == {}

    edit(services, "a-post", body=links(B))
    desk.settle()

    assert (elsewhere.told, desk.states(), desk.waiting()) == ([B], {B: "told"}, [])


def test_a_page_that_is_seen_to_wait_may_be_told_at_once(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A))
    services.outbox.retry(desk.ping().id)
    desk.settle(0)
    assert elsewhere.told == [A]

    desk.settle()

    assert elsewhere.told == [A]


def test_a_page_that_announces_both_protocols_is_told_by_webmention_alone(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_pingbacks(A)
    elsewhere.page(A, webmention=ENDPOINT, pingback="http://a.example/pingback")
    elsewhere.answer(ENDPOINT, 201, ("Location", "/receipts/1"))

    publish(services, body=links(A))
    desk.settle()

    ping = desk.ping()
    assert elsewhere.heard == [Heard(ENDPOINT, POST, A)]
    assert (ping.protocol, ping.endpoint, ping.attempts) == ("webmention", ENDPOINT, 1)
    assert (ping.told_at, ping.receipt) == (desk.clock(), "http://ears.example/receipts/1")


def test_a_page_without_webmention_endpoint_is_told_by_pingback(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    endpoint = elsewhere.takes_pingbacks(A)

    publish(services, body=links(A))
    desk.settle()

    assert elsewhere.heard == [Heard(endpoint, POST, A)]
    assert desk.ping().protocol == "pingback"


@pytest.mark.parametrize(
    ("off", "left"), [({"webmentions": False}, ["pingback"]), ({"pingbacks": False}, ["webmention"])]
)
def test_a_protocol_that_is_turned_off_is_not_used(
    settings: Settings, services: WebServices, desk: Desk, elsewhere: Elsewhere, off: dict[str, bool], left: list[str]
) -> None:
    elsewhere.takes_pingbacks(A)
    elsewhere.page(A, webmention=ENDPOINT, pingback="http://a.example/pingback")
    elsewhere.answer(ENDPOINT)
    sending = replace(settings.sending, **off)
    another = WebServices(replace(settings, sending=sending), clock=desk.clock, exchange=elsewhere)

    publish(another, body=links(A))
    Desk(another, desk.clock).settle()
    another.database.close()

    assert [ping.protocol for ping in desk.pings().values()] == left


def test_nobody_is_told_where_both_are_turned_off(settings: Settings, desk: Desk, elsewhere: Elsewhere) -> None:
    off = replace(settings, sending=SendingSettings(webmentions=False, pingbacks=False))
    another = WebServices(off, clock=desk.clock, exchange=elsewhere)

    publish(another, body=links(A))
    Desk(another, desk.clock).settle()
    another.database.close()

    assert elsewhere.requests == []
    assert desk.waiting() == []


def test_a_draft_tells_nobody_until_readers_see_it(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    publish(services, body=links(A), draft="true")
    desk.after(hours=1)
    assert elsewhere.requests == []

    edit(services, "a-post", body=links(A, B))
    desk.settle()

    assert sorted(elsewhere.told) == [A, B]


def test_a_scheduled_post_tells_when_its_time_has_come(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, clock: Clock
) -> None:
    publish(services, body=links(A), date="2026-03-09T12:00:00Z")
    desk.after(hours=23, minutes=59)
    assert desk.waiting() == []

    desk.after(minutes=1)
    desk.settle()

    assert elsewhere.told == [A]


def test_a_post_of_a_clock_that_was_ahead_tells_when_readers_see_it(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, clock: Clock
) -> None:
    clock.move(days=1)
    publish(services, body=links(A))
    clock.move(days=-1)
    services.database.transact(lambda connection: queue.bring_back(connection, clock()))  # as workers do
    desk.settle()
    assert elsewhere.requests == []

    desk.until_later(hours=25)

    assert (elsewhere.told, desk.waiting()) == ([A], [])


def test_a_post_without_links_leaves_nothing_to_do(services: WebServices, desk: Desk) -> None:
    publish(services)

    assert desk.waiting() == []


def test_the_pages_of_the_front_matter_are_told(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    publish(services, reply_to=A, like_of=f"[{B}]")
    desk.settle()

    assert sorted(elsewhere.told) == [A, B]


def test_a_post_that_says_so_tells_nobody(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    publish(services, body=links(A), tell="false")
    desk.settle()

    assert elsewhere.requests == []


def test_a_post_that_takes_no_pings_tells_others_all_the_same(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A), pings="closed")
    desk.settle()

    assert elsewhere.told == [A]


# --- a post changes ---


@pytest.fixture
def told(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    """A post that links to A and B, which have been told."""
    publish(services, body=links(A, B))
    desk.settle()
    elsewhere.forget()


@pytest.mark.usefixtures("told")
def test_a_save_without_a_change_tells_nobody_nor_do_tags_and_dates(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    edit(services, "a-post", body=links(A, B))
    desk.settle()
    edit(services, "a-post", body=links(A, B), tags="[new]", updated="2026-03-08", authors="[Bo]", pings="closed")
    desk.settle()

    assert elsewhere.requests == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("change", [{"title": "Another"}, {"body": links(A, B, words="Other words:")}])
def test_a_change_of_title_or_text_is_told_to_all_pages(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, change: dict[str, str]
) -> None:
    edit(services, "a-post", **{"body": links(A, B), **change})
    desk.settle()

    assert sorted(elsewhere.told) == [A, B]


@pytest.mark.usefixtures("told")
def test_a_link_that_is_added_has_all_pages_told(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    edit(services, "a-post", body=links(A, B, C))
    desk.settle()

    assert sorted(elsewhere.told) == [A, B, C]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("rest", [links(A), links(A) + f' <a href="{B}" rel="nofollow">no</a>'])
def test_a_page_whose_link_was_taken_out_is_told_once_more_and_then_no_more(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, rest: str
) -> None:
    edit(services, "a-post", body=rest)
    desk.settle()
    assert sorted(elsewhere.told) == [A, B]
    elsewhere.forget()

    edit(services, "a-post", body=f"{rest} More words.")
    desk.settle()

    assert elsewhere.told == [A]


def test_the_receipt_stays_where_a_later_answer_names_none(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.answer("http://a.example/webmention", 201, ("Location", "/receipts/1"))
    publish(services, body=links(A))
    desk.settle()
    elsewhere.answer("http://a.example/webmention", 200)
    edit(services, "a-post", body=links(A, words="New words:"))
    desk.settle()

    assert (desk.ping().attempts, desk.ping().receipt) == (2, "http://a.example/receipts/1")


@pytest.mark.usefixtures("told")
def test_a_link_that_comes_back_is_told(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    edit(services, "a-post", body=links(A))
    desk.settle()
    elsewhere.forget()

    edit(services, "a-post", body=links(A, B))
    desk.settle()

    assert sorted(elsewhere.told) == [A, B]


@pytest.mark.usefixtures("told")
def test_of_a_page_that_is_told_by_pingback_a_lost_link_is_one_more_ping(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    endpoint = elsewhere.takes_pingbacks(B)
    edit(services, "a-post", body=links(A))
    desk.settle()

    assert Heard(endpoint, POST, B) in elsewhere.heard


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("code", [0, 16, 17])
def test_a_pingback_of_a_lost_link_that_the_receiver_does_not_find_is_the_last(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, code: int
) -> None:
    endpoint = elsewhere.takes_pingbacks(A)
    elsewhere.answer(endpoint, 200, ("Content-Type", "text/xml"), body=xmlrpc.fault(code, "There is no link."))
    edit(services, "a-post", body=links(B))
    desk.until_later(days=3)

    assert elsewhere.told.count(A) == 1
    assert desk.states() == {A: "told", B: "told"}
    assert "There is no link" in (desk.pings()[A].detail or "")

    elsewhere.forget()
    services.publisher.delete("a-post")
    desk.until_later(days=3)

    assert elsewhere.told.count(A) == 1


@pytest.mark.usefixtures("told")
def test_many_edits_are_one_telling_of_the_last_form_and_do_not_put_it_off(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    for number in range(10):
        edit(services, "a-post", body=links(A, *([C] if number == 9 else []), words=f"Edit {number}:"))
        desk.settle(0.5)

    assert sorted(elsewhere.told) == [A, B, C]


@pytest.mark.usefixtures("told")
def test_a_rename_tells_nobody_and_later_edits_name_the_first_address(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    services.publisher.rename("a-post", "renamed")
    desk.settle()
    assert elsewhere.requests == []

    edit(services, "renamed", body=links(A, C))
    desk.settle()

    assert {heard.target: heard.source for heard in elsewhere.heard} == {
        A: POST,
        B: POST,
        C: "http://blog.example/posts/renamed",
    }


@pytest.mark.parametrize("status", [200, 400], ids=["no endpoint", "refused"])
def test_who_has_heard_nothing_is_told_under_the_present_address(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, status: int
) -> None:
    elsewhere.page(A, webmention=ENDPOINT if status == 400 else "")
    elsewhere.answer(ENDPOINT, 400)
    publish(services, body=links(A))
    desk.settle()
    elsewhere.takes_webmentions(A)
    elsewhere.forget()

    services.publisher.rename("a-post", "renamed")
    edit(services, "renamed", body=links(A, words="New words:"))
    desk.settle()

    assert [heard.source for heard in elsewhere.heard] == ["http://blog.example/posts/renamed"]


@pytest.mark.usefixtures("told")
def test_a_post_that_wants_it_from_now_on_tells_nobody_even_of_its_end_until_it_does_again(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    edit(services, "a-post", body=links(A), tell="false")
    desk.settle()
    services.publisher.delete("a-post")
    desk.settle()
    services.publisher.restore("a-post")
    desk.settle()
    assert elsewhere.requests == []

    edit(services, "a-post", body=links(A))
    desk.settle()

    assert sorted(elsewhere.told) == [A, B]


def test_a_thought_on_the_post_tells_nobody(services: WebServices, desk: Desk, elsewhere: Elsewhere) -> None:
    publish(services, body=links(A))
    desk.settle()
    elsewhere.forget()
    with services.database.write() as connection:  # as a thought that is shown does
        revision.revise(connection)

    desk.after(days=1)

    assert elsewhere.requests == []


# --- a post goes and comes back ---


@pytest.mark.usefixtures("told")
def test_all_that_were_told_hear_once_that_a_post_is_deleted_and_once_that_it_is_back(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    services.publisher.delete("a-post")
    desk.settle()
    assert sorted(elsewhere.told) == [A, B]
    elsewhere.forget()

    services.publisher.restore("a-post")
    desk.settle()
    assert sorted(elsewhere.told) == [A, B]

    desk.after(days=1)
    assert len(elsewhere.heard) == 2


@pytest.mark.usefixtures("told")
def test_a_post_that_becomes_a_draft_is_gone_until_it_is_public_again(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    edit(services, "a-post", body=links(A), draft="true")
    desk.settle()
    assert sorted(elsewhere.told) == [A, B]
    elsewhere.forget()
    edit(services, "a-post", body=links(A, words="Still a draft"), draft="true")
    desk.settle()
    assert elsewhere.requests == []

    edit(services, "a-post", body=links(A))
    desk.settle()

    assert elsewhere.told == [A]


def test_the_page_of_a_post_that_became_a_draft_answers_410_until_it_is_public_again(
    services: WebServices, client: FlaskClient
) -> None:
    publish(services, body=links(A))
    publish(services, title="Never seen", draft="true")
    edit(services, "a-post", body=links(A), draft="true")
    hidden = [client.get(f"/posts/{slug}").status_code for slug in ("a-post", "never-seen")]
    feed = client.get("/posts/a-post/thoughts.atom").status_code
    edit(services, "a-post", body=links(A))

    assert (hidden, feed) == ([410, 404], 410)
    assert client.get("/posts/a-post").status_code == 200


def test_a_post_that_goes_before_it_was_told_is_told_to_nobody(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A))
    services.publisher.delete("a-post")
    desk.settle()

    assert elsewhere.requests == []
    assert desk.waiting() == []


def test_who_never_heard_of_a_post_does_not_hear_of_its_end_and_is_told_when_it_is_restored(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A)
    publish(services, body=links(A))
    desk.settle()
    assert desk.states() == {A: "none"}

    services.publisher.delete("a-post")
    desk.after(days=29)  # in the bin; a page without endpoint would be asked again after one day, and after seven more
    assert len(elsewhere.requests) == 1, "nor is it asked for an endpoint any more"

    elsewhere.takes_webmentions(A)
    services.publisher.restore("a-post")
    desk.settle()
    assert elsewhere.told == [A]


def test_a_page_that_is_in_trouble_while_the_post_goes_is_tried_no_more(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.page(A, status=503)
    publish(services, body=links(A))
    desk.settle()
    services.publisher.delete("a-post")
    desk.after(days=3)

    assert len(elsewhere.requests) == 1
    assert (desk.ping().state, desk.waiting()) == ("failed", [])
    assert "readers could not see the post" in (desk.ping().detail or "")


def test_a_page_that_may_have_heard_hears_that_the_link_is_gone(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.answer("http://a.example/webmention", 504)
    publish(services, body=links(A))
    desk.settle()
    edit(services, "a-post")
    elsewhere.takes_webmentions(A)
    elsewhere.forget()

    desk.settle()
    desk.after(minutes=1)

    assert elsewhere.told == [A]
    assert desk.states() == {A: "told"}


# --- what happens while a ping is under way ---


def test_an_edit_while_a_ping_is_under_way_is_told_after_it(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    def edit_once(_: object) -> None:
        elsewhere.meanwhile = lambda _: None
        edit(services, "a-post", body=links(A, words="New words:"))
        desk.clock.move(seconds=5)
        (job,) = services.runner.take([_slots(TELL)])
        services.outbox.carry_out(job)

    publish(services, body=links(A))
    elsewhere.meanwhile = edit_once
    desk.settle()

    assert elsewhere.told == [A, A]
    assert (desk.ping().state, desk.ping().due_version, desk.waiting()) == ("told", None, [])


@pytest.mark.parametrize(("status", "pings"), [(202, 2), (400, 1)], ids=["taken", "refused"])
def test_a_link_that_is_taken_out_while_its_first_ping_is_under_way_is_told_too_unless_that_is_refused(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, status: int, pings: int
) -> None:
    def take_out(_: object) -> None:
        elsewhere.meanwhile = lambda _: None
        edit(services, "a-post")
        desk.clock.move(seconds=5)
        (job,) = services.runner.take([_slots(TELL)])
        services.outbox.carry_out(job)

    elsewhere.answer("http://a.example/webmention", status)
    publish(services, body=links(A))
    elsewhere.meanwhile = take_out
    desk.settle()

    assert elsewhere.told == [A] * pings
    assert desk.waiting() == []


def test_a_post_that_wants_it_while_a_try_fails_is_not_tried_again(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    def hush(_: object) -> None:
        elsewhere.meanwhile = lambda _: None
        edit(services, "a-post", body=links(A), tell="false")
        desk.clock.move(seconds=5)
        (job,) = services.runner.take([_slots(TELL)])
        services.outbox.carry_out(job)

    elsewhere.page(A, status=503)
    publish(services, body=links(A))
    elsewhere.meanwhile = hush
    desk.settle()
    assert (desk.states(), desk.waiting()) == ({A: "failed"}, [])

    desk.after(days=1)

    assert len(elsewhere.requests) == 1


def test_a_page_that_is_told_while_the_post_comes_to_want_it_is_told(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    def hush(_: object) -> None:
        elsewhere.meanwhile = lambda _: None
        edit(services, "a-post", body=links(A), tell="false")
        desk.clock.move(seconds=5)
        (job,) = services.runner.take([_slots(TELL)])
        services.outbox.carry_out(job)

    publish(services, body=links(A))
    elsewhere.meanwhile = hush
    desk.settle()
    assert (desk.states(), desk.ping().told_at, desk.waiting()) == ({A: "told"}, desk.clock(), [])

    edit(services, "a-post", body=links(A))
    desk.settle()

    assert elsewhere.told == [A], "it knows this version"


def _slots(kind: str) -> FreeSlots:
    return FreeSlots(kind, "first", 1)


# --- posts that are older than sending ---


def forget_sending(services: WebServices) -> None:
    """As where the program before has published all posts."""
    with services.database.write() as connection:
        for table in (outgoing_pings, told_posts, jobs_table):
            connection.execute(delete(table))


def test_of_a_post_from_before_there_was_sending_only_links_that_are_added_later_are_told(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A, B))
    forget_sending(services)

    edit(services, "a-post", body=links(A, B, C))
    desk.settle()
    assert elsewhere.told == [C]

    edit(services, "a-post", body=links(A, B, C, words="New words:"))
    desk.settle()
    assert elsewhere.told == [C, C]

    edit(services, "a-post", body=links(B, C))
    desk.settle()
    edit(services, "a-post", body=links(A, B, C))
    desk.settle()
    assert sorted(elsewhere.told[2:]) == [A, C, C], "A was added later"


def test_a_post_that_readers_saw_without_links_tells_of_those_that_it_comes_back_with(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services)
    edit(services, "a-post", draft="true")
    edit(services, "a-post", body=links(A), draft="true")
    edit(services, "a-post", body=links(A))
    desk.settle()

    assert elsewhere.told == [A]


def test_an_old_post_that_was_hidden_meanwhile_is_old_all_the_same(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    publish(services, body=links(A))
    services.publisher.delete("a-post")
    forget_sending(services)

    services.publisher.restore("a-post")
    desk.settle()

    assert elsewhere.requests == []


# --- a site that moves, and a copy of it ---


@pytest.mark.usefixtures("told")
def test_a_site_that_moved_tells_of_edits_under_the_first_address_and_nothing_to_its_former_one(
    settings: Settings, desk: Desk, elsewhere: Elsewhere
) -> None:
    there = replace(settings, site=replace(settings.site, url="https://new.example"))
    moved = WebServices(there, clock=desk.clock, exchange=elsewhere)

    edit(moved, "a-post", body=links(A, B, C, "http://blog.example/posts/other"))
    Desk(moved, desk.clock).settle()
    moved.database.close()

    assert {heard.target: heard.source for heard in elsewhere.heard} == {
        A: POST,
        B: POST,
        C: "https://new.example/posts/a-post",
    }
    assert len(elsewhere.requests) == 6


def test_a_restored_site_tells_nobody_until_it_is_the_real_one(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, clock: Clock
) -> None:
    publish(services, body=links(A))
    with services.database.write() as connection:
        revision.mark_restored(connection, clock())
    desk.after(hours=5)
    assert (elsewhere.requests, desk.waiting()) == ([], [TELL]), "what follows from the post is worked out then"

    with services.database.write() as connection:
        revision.resume(connection)
    desk.after(minutes=1)

    assert elsewhere.told == [A]
