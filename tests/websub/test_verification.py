"""Verification (WebSub section 5.3): what a callback is asked, and which answers confirm a request."""

import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from feedserver.websub import callbacks, leaving, verification
from tests.support.outside import Clock
from tests.support.subscribers import Answer, Call, Reader, confirm, say
from tests.support.waiting import SECONDS
from tests.websub.conftest import TOPIC, Site

DAY = 86_400


def test_a_callback_that_repeats_the_challenge_has_subscribed(site: Site, reader: Reader) -> None:
    site.ask(reader.url + "/a")
    before = site.find(reader.url + "/a")
    site.work()

    after = site.find(reader.url + "/a")
    assert (before.state, after.state, after.detail) == ("pending", "active", "confirmed")
    assert after.lease_until == site.clock() + timedelta(days=10)
    assert site.jobs() == []


def test_the_callback_is_asked_what_the_specification_says(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", lease_seconds=str(2 * DAY))

    (call,) = reader.calls
    asked = dict(call.asked)
    challenge = asked.pop("hub.challenge")
    assert call.method == "GET"
    assert asked == {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.lease_seconds": str(2 * DAY)}
    assert 20 <= len(challenge) <= 100
    assert set(challenge) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_the_query_of_the_callback_is_kept(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a?key=1&x=%20y")

    assert reader.calls[0].query.startswith("key=1&x=%20y&hub.mode=subscribe&")


def test_a_callback_as_long_as_one_may_be_is_asked(site: Site, reader: Reader) -> None:
    callback = (reader.url + "/a?").ljust(2048, "x")

    assert site.subscribe(callback).state == "active"


def test_each_challenge_is_another_one(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a")
    site.subscribe(reader.url + "/a")

    first, second = (call.asked["hub.challenge"] for call in reader.calls)
    assert first != second


def test_the_token_of_pubsubhubbub_comes_back(site: Site, reader: Reader) -> None:
    """As NewsBlur and Inoreader want it; `hub.verify` says when, and is ignored."""
    site.subscribe(reader.url + "/a", verify="sync", verify_token="a+b&c")

    assert reader.calls[0].asked["hub.verify_token"] == "a+b&c"


def test_without_a_token_none_is_sent(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a")

    assert "hub.verify_token" not in reader.calls[0].asked


def repeated(more: bytes) -> Answer:
    return lambda handler, call: say(200, call.asked["hub.challenge"].encode() + more)(handler, call)


def hang(reader: Reader) -> Answer:
    def answer(_handler: BaseHTTPRequestHandler, _call: Call) -> None:
        reader.closing.wait(SECONDS)

    return answer


def endless(handler: BaseHTTPRequestHandler, call: Call) -> None:
    say(200, call.asked["hub.challenge"].encode(), Content_Length="100000000")(handler, call)
    while True:
        handler.wfile.write(b"x" * 1_000)


REFUSALS = {
    "not found": (say(404), "the callback answered 404"),
    "redirect": (say(302, Location="/b"), "the callback answered 302"),
    "in trouble": (say(500), "the callback answered 500"),
    "something else": (say(200, b"yes"), "the callback did not repeat the challenge"),
    "nothing": (say(204), "the callback did not repeat the challenge"),
    "a line too much": (repeated(b"\n"), "the callback did not repeat the challenge"),
    "endless": (endless, "the callback did not repeat the challenge"),
}


@pytest.mark.parametrize(("answer", "why"), REFUSALS.values(), ids=REFUSALS)
def test_any_other_answer_ends_it(site: Site, reader: Reader, answer: Answer, why: str) -> None:
    reader.answers["/a"] = answer

    found = site.subscribe(reader.url + "/a")

    assert (found.state, found.detail) == ("ended", f"not confirmed: {why}")
    assert [call.path for call in reader.calls] == ["/a"]  # once; no redirect is followed
    assert site.jobs() == []


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_will_do(site: Site, reader: Reader, status: int) -> None:
    reader.answers["/a"] = lambda handler, call: say(status, call.asked["hub.challenge"].encode())(handler, call)

    assert site.subscribe(reader.url + "/a").state == "active"


def test_a_callback_that_hangs_is_waited_for_five_seconds_at_most(
    site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callbacks._SECONDS == 5
    monkeypatch.setattr(callbacks, "_SECONDS", 0.2)
    reader.answers["/a"] = hang(reader)

    begun = time.monotonic()
    found = site.subscribe(reader.url + "/a")

    assert found.state == "pending"
    assert time.monotonic() - begun < 3


def test_where_nobody_answers_it_is_tried_twice_more(site: Site, clock: Clock) -> None:
    callback = "http://127.0.2.9:9/nobody"
    states = [site.subscribe(callback).state]
    for seconds in (10, 60):
        clock.move(seconds=seconds)
        site.work()
        states.append(site.find(callback).state)

    assert states == ["pending", "pending", "ended"]
    assert site.find(callback).detail == "not confirmed: the connection to the callback failed"
    assert site.jobs() == []


def test_a_name_that_leads_to_a_forbidden_address_is_told_like_one_that_does_not_resolve(site: Site) -> None:
    forbidden, unknown = site.subscribe("http://localhost/a"), site.subscribe("http://nowhere.invalid/a")

    assert (forbidden.state, unknown.state) == ("ended", "ended")
    assert forbidden.detail == unknown.detail


# --- renewing and leaving ---


def test_a_renewal_replaces_lease_and_secret(site: Site, reader: Reader, clock: Clock) -> None:
    first = site.subscribe(reader.url + "/a", secret="old")
    clock.move(days=5)

    renewed = site.subscribe(reader.url + "/a", secret="new", lease_seconds=str(3 * DAY))

    assert (first.id, first.secret) == (renewed.id, "old")
    assert (renewed.state, renewed.secret, renewed.detail) == ("active", "new", "renewed")
    assert renewed.lease_until == clock() + timedelta(days=3)


def test_a_renewal_without_a_secret_ends_signatures(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", secret="old")

    assert site.subscribe(reader.url + "/a").secret is None


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_what_the_callback_does_not_confirm_changes_nothing(site: Site, reader: Reader, mode: str) -> None:
    """A forged request fails, as its sender does not answer for the callback (WebSub section 8.1)."""
    before = site.subscribe(reader.url + "/a", secret="old")
    reader.answers["/a"] = say(404)

    site.ask(reader.url + "/a", mode=mode, secret="of somebody else", lease_seconds=str(DAY))
    asked = site.find(reader.url + "/a")
    site.work()

    after = site.find(reader.url + "/a")
    for found in (asked, after):
        assert (found.state, found.secret, found.lease_until) == ("active", "old", before.lease_until)
    assert (after.asked, after.detail) == (None, "not confirmed: the callback answered 404")


def test_a_reader_unsubscribes(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a", secret="old")

    site.ask(reader.url + "/a", mode="unsubscribe", verify_token="t")
    site.work()

    found, asked = site.find(reader.url + "/a"), reader.calls[-1].asked
    assert (found.state, found.secret, found.detail) == ("ended", None, "its reader has ended it")
    assert (asked["hub.mode"], asked["hub.topic"], asked["hub.verify_token"]) == ("unsubscribe", TOPIC, "t")


def test_a_reader_subscribes_again_after_it_left(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a")
    site.ask(reader.url + "/a", mode="unsubscribe")
    site.work()

    assert site.subscribe(reader.url + "/a").state == "active"
    assert len(site.all()) == 1


def test_who_has_not_subscribed_is_not_contacted_to_unsubscribe(site: Site, reader: Reader) -> None:
    answer = site.ask(reader.url + "/a", mode="unsubscribe")
    site.work()

    assert answer.status_code == 202
    assert (site.all(), reader.calls) == ([], [])


# --- crashes ---


def test_a_process_that_dies_before_and_after_the_callback_was_asked_loses_nothing(
    site: Site, reader: Reader, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ends, and another process asks again, with another challenge."""

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    site.ask(reader.url + "/a", secret="s")
    for name in ("tell", "_problem"):
        with monkeypatch.context() as dying:
            dying.setattr(verification, name, die)
            with pytest.raises(Killed):
                site.work()
        clock.move(seconds=20)
        site.work()  # frees what was leased
        clock.move(seconds=5)
    between = site.find(reader.url + "/a").state
    site.work()

    assert between == "pending"
    assert (site.find(reader.url + "/a").state, site.jobs()) == ("active", [])
    assert len({call.asked["hub.challenge"] for call in reader.calls}) == 2


def test_of_two_requests_the_later_one_counts_though_the_first_is_under_way(
    site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped and asked for again, while the callback has not answered yet."""
    site.ask(reader.url + "/a", secret="first")

    def drop_and_ask_again(handler: BaseHTTPRequestHandler, call: Call) -> None:
        reader.answers.clear()
        with site.services.database.write() as connection:
            leaving.drop(connection, [site.find(reader.url + "/a").id], site.clock())
        assert site.ask(reader.url + "/a", secret="second").status_code == 202
        confirm(handler, call)

    reader.answers["/a"] = drop_and_ask_again
    site.work()

    found = site.find(reader.url + "/a")
    assert (found.state, found.secret, len(reader.calls)) == ("active", "second", 2)
    assert site.jobs() == []
