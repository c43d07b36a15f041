"""What a confirmed request changes, what one that is not confirmed leaves alone, and what a crash does not lose."""

from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from feedserver.websub import leaving, verification
from tests.support.elsewhere import Received
from tests.support.outside import Clock
from tests.support.subscribers import Reader, confirm, say
from tests.websub.conftest import TOPIC, Site


def test_a_callback_that_repeats_the_challenge_has_subscribed(site: Site, reader: Reader) -> None:
    site.ask(reader.url + "/a")
    before = site.find(reader.url + "/a")
    site.work()

    after = site.find(reader.url + "/a")
    assert (before.state, after.state, after.detail) == ("pending", "active", "confirmed")
    assert after.lease_until == site.clock() + timedelta(days=10)
    assert site.jobs() == []


# --- renewing and leaving ---


def test_a_renewal_replaces_lease_and_secret(site: Site, reader: Reader, clock: Clock) -> None:
    first = site.subscribe(reader.url + "/a", secret="old")
    clock.move(days=5)

    renewed = site.subscribe(reader.url + "/a", secret="new", lease_seconds="259200")

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

    site.ask(reader.url + "/a", mode=mode, secret="of somebody else", lease_seconds="86400")
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

    found, asked = site.find(reader.url + "/a"), reader.requests[-1].asked
    assert (found.state, found.secret, found.detail) == ("ended", None, "its reader has ended it")
    assert (asked["hub.mode"], asked["hub.topic"], asked["hub.verify_token"]) == ("unsubscribe", TOPIC, "t")


def test_a_lease_that_ends_while_its_reader_leaves_blocks_no_later_request(
    site: Site, reader: Reader, clock: Clock
) -> None:
    site.subscribe(reader.url + "/a")
    site.ask(reader.url + "/a", mode="unsubscribe")
    clock.move(days=10)
    leaving.clean(site.services.database, clock())
    site.work()

    assert site.find(reader.url + "/a").state == "ended"
    assert site.subscribe(reader.url + "/a").state == "active"


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
    assert (site.all(), reader.requests) == ([], [])


def test_only_feeds_of_this_site_are_left(site: Site, reader: Reader) -> None:
    answers = [
        site.ask(reader.url + "/a", topic, mode="unsubscribe").status_code
        for topic in (
            "http://other.example/feed.atom",
            "http://blog.example/",
            "http://blog.example/tags/gone/feed.rss",
        )
    ]

    assert answers == [400, 400, 202]


def test_a_reader_leaves_a_site_that_has_moved(site: Site, site_with: Callable[..., Site], reader: Reader) -> None:
    site.subscribe(reader.url + "/a")
    moved = site_with(site_url="https://new.example")

    assert moved.ask(reader.url + "/a", mode="unsubscribe").status_code == 202
    moved.work()

    assert moved.find(reader.url + "/a").state == "ended"
    assert reader.requests[-1].asked["hub.topic"] == TOPIC


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
    assert len({call.asked["hub.challenge"] for call in reader.requests}) == 2


def test_of_two_requests_the_later_one_counts_though_the_first_is_under_way(
    site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped and asked for again, while the callback has not answered yet."""
    site.ask(reader.url + "/a", secret="first")

    def drop_and_ask_again(handler: BaseHTTPRequestHandler, call: Received) -> None:
        reader.answers.clear()
        with site.services.database.write() as connection:
            leaving.drop(connection, [site.find(reader.url + "/a").id], site.clock())
        assert site.ask(reader.url + "/a", secret="second").status_code == 202
        confirm(handler, call)

    reader.answers["/a"] = drop_and_ask_again
    site.work()

    found = site.find(reader.url + "/a")
    assert (found.state, found.secret, len(reader.requests)) == ("active", "second", 2)
    assert site.jobs() == []
