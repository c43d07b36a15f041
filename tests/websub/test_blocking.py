"""Blocking a host (`feedserver host block`) binds the hub: what is asked, what is under way, and what stands."""

from http.server import BaseHTTPRequestHandler

import pytest

from feedserver.thoughts.moderation import hosts
from feedserver.websub import blocking, leaving
from tests.support.elsewhere import Received
from tests.support.subscribers import Reader, confirm
from tests.websub.conftest import Site


def set_rule(site: Site, host: str) -> None:
    """A rule alone, as a program writes it that knows of no subscriptions."""
    with site.services.database.write() as connection:
        hosts.set_rule(connection, host, "block", site.clock())


def block(site: Site, host: str) -> int:
    set_rule(site, host)
    with site.services.database.write() as connection:
        return blocking.follow(connection, host, site.clock())


def states(site: Site) -> dict[str, str]:
    return {one.callback: one.state for one in site.all()}


@pytest.mark.parametrize(
    ("host", "callback"),
    [
        ("spam.example", "https://spam.example/a"),
        ("spam.example", "https://deep.below.SPAM.example:8443/a"),
        ("spam.example/~ann", "https://spam.example/~ann/a"),
        ("2001:db8::7", "https://[2001:DB8:0::7]/a"),
    ],
)
@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_callbacks_of_a_blocked_host_are_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, host: str, callback: str, mode: str
) -> None:
    monkeypatch.setattr("feedserver.websub.requests.may_contact", lambda *_: True)
    set_rule(site, host)

    answer = site.ask(callback, mode=mode)

    assert (answer.status_code, answer.text) == (400, "hub.callback: its host is blocked here\n")
    assert site.ask("https://notspam.example/a").status_code == 202
    assert site.all()[0].callback == "https://notspam.example/a"


def test_blocking_ends_the_subscriptions_of_a_host_and_nobody_is_told(site: Site, reader: Reader) -> None:
    other = Reader("127.0.2.2")
    site.subscribe(reader.url + "/a", secret="s")
    site.subscribe(other.url + "/a")
    site.ask(reader.url + "/pending")
    heard = len(reader.requests)

    assert block(site, "127.0.2.1") == 2
    site.work()
    other.close()

    assert states(site) == {reader.url + "/a": "ended", reader.url + "/pending": "ended", other.url + "/a": "active"}
    assert (site.find(reader.url + "/a").secret, site.find(reader.url + "/a").detail) == (None, "its host is blocked")
    assert len(reader.requests) == heard
    assert site.jobs() == []


def test_who_was_dropped_before_is_not_told_any_more(site: Site, reader: Reader) -> None:
    site.subscribe(reader.url + "/a")
    heard = len(reader.requests)
    with site.services.database.write() as connection:
        leaving.drop_host(connection, "127.0.2.1", site.clock())

    block(site, "127.0.2.1")
    site.work()

    assert (len(reader.requests), site.jobs()) == (heard, [])


def test_subdomains_and_parts_of_hosts_end_and_their_neighbours_stay(site: Site) -> None:
    callbacks = [
        f"https://{place}" for place in ("a.example/~ann/1", "a.example/~bo/1", "b.a.example/1", "xa.example/1")
    ]
    for callback in callbacks:
        site.ask(callback)

    block(site, "a.example/~ann")
    of_a_part = [callback for callback, state in states(site).items() if state == "ended"]
    block(site, "b.a.example")
    with_a_subdomain = [callback for callback, state in states(site).items() if state == "ended"]
    block(site, "a.example")
    of_the_host = [callback for callback, state in states(site).items() if state == "ended"]

    assert of_a_part == callbacks[:1]
    assert sorted(with_a_subdomain) == [callbacks[0], callbacks[2]]
    assert sorted(of_the_host) == callbacks[:3]


def test_a_callback_whose_host_is_blocked_before_its_turn_is_not_asked(site: Site, reader: Reader) -> None:
    site.ask(reader.url + "/a")
    set_rule(site, "127.0.2.1")

    site.work()

    assert (site.find(reader.url + "/a").state, reader.requests, site.jobs()) == ("ended", [], [])


def test_a_callback_that_confirms_while_its_host_is_blocked_has_not_subscribed(site: Site, reader: Reader) -> None:
    def blocks(handler: BaseHTTPRequestHandler, call: Received) -> None:
        set_rule(site, "127.0.2.1")
        confirm(handler, call)

    reader.answers["/a"] = blocks

    found = site.subscribe(reader.url + "/a")

    assert (found.state, found.detail, found.asked) == ("ended", "its host is blocked", None)
    assert site.jobs() == []
