"""The answers of `pingback.ping` to pings that are known or stored: the table of docs/interface.md, “pingback.ping”.

Each through HTTP. The rows that refuse at once: `test_refusals`.
"""

import re

import pytest

from feedserver.errors import (
    AddressForbidden,
    BadStatus,
    ConnectionFailed,
    FetchError,
    HostUnknown,
    NotText,
    RedirectRefused,
    TimedOut,
)
from feedserver.thoughts.lifecycle import Action
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

# --- what is known already ---


@pytest.mark.parametrize(
    ("action", "state"), [("approve", "shown"), ("hide", "held"), ("spam", "spam"), ("delete", "deleted")]
)
def test_a_pair_that_is_known_is_48(site: Site, target: str, action: Action, state: str) -> None:
    receipt = site.mention(target).receipt
    site.moderate(action)
    fetched = len(site.web.fetched)

    answer = site.ping(SOURCE, target)

    assert answer.outcome == 48
    assert answer.receipt == receipt
    assert site.only_thought().state == state
    assert len(site.web.fetched) == fetched


def test_a_pair_that_is_not_settled_yet_gets_the_same_accepted_string(site: Site, target: str) -> None:
    site.web.fail(SOURCE, TimedOut("too slow"))

    answers = [site.ping(SOURCE, target) for _ in range(3)]

    assert [answer.outcome for answer in answers] == ["accepted"] * 3
    assert len({answer.text for answer in answers}) == 1
    assert len(site.web.fetched) == 1
    assert len(site.thoughts()) == 1


def test_too_much_waiting_is_50(site_with: SiteWith) -> None:
    site = site_with(limits_waiting=1)
    site.web.fail(SOURCE, TimedOut("too slow"))
    site.ping(SOURCE, site.target)

    assert site.ping("http://third.example/", site.target).outcome == 50
    assert len(site.web.fetched) == 1
    assert site.ping(SOURCE, site.target).outcome == "accepted", "a pair that waits already is told so"


# --- what is stored ---


def test_a_verified_ping_is_registered_and_named_as_it_was_sent(site: Site, target: str) -> None:
    sent = "HTTP://Other.example:80/2026/hello?a=1&b=2#top"
    site.web.put("http://other.example/2026/hello?a=1&b=2", linking(target))

    answer = site.ping(f"  {sent}\n", f"\t{target}/?utm_source=x&y=z ")

    assert re.fullmatch(
        re.escape(f"Pingback from {sent} to {target}/?utm_source=x&y=z registered. http://blog.example/receipts/")
        + r"[\w-]{22,}",
        answer.text,
    )
    assert site.only_thought().state == "shown"


MISSING = {
    "no such host": HostUnknown("the source’s host cannot be found"),
    "a forbidden address": AddressForbidden("the source’s host cannot be found"),
    "redirects": RedirectRefused("the source redirects in a circle"),
    "401": BadStatus(401),
    "403": BadStatus(403),
    "404": BadStatus(404),
    "410": BadStatus(410),
}


@pytest.mark.parametrize("error", MISSING.values(), ids=MISSING.keys())
def test_a_source_that_is_missing_is_16_and_names_the_receipt(site: Site, target: str, error: FetchError) -> None:
    site.web.fail(SOURCE, error)

    answer = site.ping(SOURCE, target)

    assert answer.outcome == 16
    assert site.receipt(answer.receipt)["state"] == "rejected"
    assert site.receipt(answer.receipt)["reason"] == "source missing"


def test_a_source_without_a_link_is_17_and_names_the_receipt(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking("http://blog.example/posts/a-posting"))

    answer = site.ping(SOURCE, target)

    assert answer.outcome == 17
    assert site.receipt(answer.receipt)["reason"] == "no link"


def test_a_source_that_is_no_html_is_17(site: Site, target: str) -> None:
    site.web.fail(SOURCE, NotText("the source is of a type that cannot hold links"))

    answer = site.ping(SOURCE, target)

    assert answer.outcome == 17
    assert site.receipt(answer.receipt)["reason"] == "not a text"


TROUBLE = {
    "timeout": TimedOut("too slow"),
    "refused": ConnectionFailed("the connection to the source failed"),
    "500": BadStatus(500),
    "503": BadStatus(503),
    "429": BadStatus(429),
}


@pytest.mark.parametrize("error", TROUBLE.values(), ids=TROUBLE.keys())
def test_a_source_in_trouble_is_accepted_and_verified_within_a_minute_after(
    site: Site, target: str, error: FetchError
) -> None:
    site.web.fail(SOURCE, error)

    answer = site.ping(SOURCE, target)

    assert answer.outcome == "accepted"
    assert site.receipt(answer.receipt)["state"] == "received"
    assert site.receipt(answer.receipt)["next_check_at"] is not None

    site.web.put(SOURCE, linking(target))
    site.clock.move(seconds=60)
    site.run_jobs()

    assert site.receipt(answer.receipt)["state"] == "shown"
