"""One pair, one thought, whatever the protocol: docs/interface.md, “Webmentions that come in”."""

import json
from typing import Any

import pytest

from feedserver.errors import TimedOut
from feedserver.thoughts.moderation.erase import erase
from feedserver.thoughts.moderation.purge import purge
from tests.support.waiting import together
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

PROTOCOLS = ("pingback", "webmention")
VARIANT = f"{SOURCE}?utm_source=x"


def send(site: Site, protocol: str, target: str, source: str = SOURCE) -> str:
    """Pings, and returns the path of the receipt."""
    return site.ping(source, target).receipt if protocol == "pingback" else site.webmention(source, target).receipt


def received(site: Site, receipt: str) -> list[str]:
    return [line["detail"] for line in site.receipt(receipt)["timeline"] if line["event"] == "received"]


def entry(site: Site) -> dict[str, Any]:
    (only,) = json.loads(site.client.get("/posts/a-post/thoughts.json").data)["items"]
    return dict(only)


@pytest.mark.parametrize(("first", "second"), [PROTOCOLS, PROTOCOLS[::-1]], ids=["pingback first", "webmention first"])
def test_the_later_ping_is_written_into_the_same_timeline_and_gets_the_same_receipt(
    site: Site, target: str, first: str, second: str
) -> None:
    site.web.put(SOURCE, linking(target))
    receipt = send(site, first, target)

    again = [send(site, protocol, target) for protocol in (second, second, first)]

    assert again == [receipt] * 3
    assert received(site, receipt) == [f"a {first} for this post", f"also by {second}"]
    assert site.only_thought().kind == "webmention"
    assert site.web.fetched == [SOURCE]


def test_a_pingback_again_and_again_leaves_the_timeline_as_it_is(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    receipts = [send(site, "pingback", target) for _ in range(3)]

    assert received(site, receipts[0]) == ["a pingback for this post"]
    assert site.only_thought().kind == "pingback"


@pytest.mark.parametrize("state", ["shown", "held"])
def test_readers_of_feeds_hear_that_a_shown_thought_is_a_webmention_now(site_with: SiteWith, state: str) -> None:
    site = site_with(moderation_pingbacks="show" if state == "shown" else "hold")
    target = site.url(site.publish("A post", slug="a-post"))
    site.web.put(SOURCE, linking(target))
    send(site, "pingback", target)
    before = site.revision()
    kind = entry(site)["_feedserver"]["kind"] if state == "shown" else None

    send(site, "webmention", target)
    revisions = [site.revision(), (send(site, "webmention", target), site.revision())[1]]

    if state == "held":
        assert revisions == [before] * 2
        return
    assert kind == "pingback"
    assert entry(site)["_feedserver"]["kind"] == "webmention"
    assert entry(site)["content_text"] == "[…] I read this post and liked it. […]"
    assert before < revisions[0] == revisions[1], "no further one changes anything"


@pytest.mark.parametrize(("first", "second"), [PROTOCOLS, PROTOCOLS[::-1]])
def test_what_waits_is_one_thought_of_both(site: Site, target: str, first: str, second: str) -> None:
    site.web.fail(SOURCE, TimedOut("late"))

    receipts = {send(site, first, target), send(site, second, target)}

    assert len(receipts) == 1
    assert site.only_thought().kind == "webmention"
    assert received(site, receipts.pop()) == [f"a {first} for this post", f"also by {second}"]
    site.web.put(SOURCE, linking(target))
    site.run_next_job()
    assert site.only_thought().state == "shown"


@pytest.mark.parametrize(("first", "second"), [PROTOCOLS, PROTOCOLS[::-1]])
def test_what_was_rejected_is_verified_anew_by_either(site: Site, target: str, first: str, second: str) -> None:
    site.web.put(SOURCE, "<p>Nothing.</p>")
    receipt = send(site, first, target)
    site.clock.move(seconds=300)
    site.web.put(SOURCE, linking(target))

    assert send(site, second, target) == receipt

    assert (site.only_thought().state, site.only_thought().kind) == ("shown", "webmention")
    assert received(site, receipt) == [f"a {first} for this post", f"a further {second}; it is verified again"]


def test_refusals_of_both_protocols_in_turn_do_not_lengthen_the_timeline(site: Site, target: str) -> None:
    for number in range(12):
        site.clock.move(seconds=300)
        receipt = send(site, PROTOCOLS[number % 2], target)

    assert received(site, receipt) == [
        "a pingback for this post",
        "a further ping; it is verified again (11 times, this was the last)",
    ]


@pytest.mark.parametrize(("first", "second"), [PROTOCOLS, PROTOCOLS[::-1]])
def test_another_url_of_the_page_joins_its_thought_whatever_the_protocol(
    site: Site, target: str, first: str, second: str
) -> None:
    for url in (SOURCE, VARIANT):
        site.web.put(url, linking(target))
    receipt = send(site, first, target)
    assert entry(site)["_feedserver"]["kind"] == first

    joined = send(site, second, target, VARIANT)

    assert (site.only_thought().source, site.only_thought().kind) == (SOURCE, "webmention")
    assert received(site, receipt) == received(site, joined) == [f"a {first} for this post", f"also by {second}"]
    assert entry(site)["_feedserver"]["kind"] == "webmention"
    site.run_jobs()
    assert send(site, first, target, VARIANT) == joined


def test_a_webmention_that_says_nothing_new_changes_nothing_that_was_approved(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    send(site, "pingback", target)
    site.moderate("approve")
    before = site.only_thought()
    site.clock.move(seconds=300)

    send(site, "webmention", target)
    site.run_jobs()

    after = site.only_thought()
    assert (after.kind, after.response, after.approved) == ("webmention", "mention", True)
    assert (after.excerpt, after.updated_at) == (before.excerpt, before.updated_at)


def test_what_became_of_a_pair_before_the_other_protocol_is_kept(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    receipt = send(site, "pingback", target)
    site.clock.move(seconds=300)
    site.web.put(SOURCE, "<p>Nothing.</p>")
    send(site, "webmention", target)
    site.run_jobs()
    site.clock.move(seconds=300)

    send(site, "webmention", target)

    assert received(site, receipt) == [
        "a pingback for this post",
        "also by webmention",
        "a further webmention; it is verified again",
    ]
    decided = [line["detail"] for line in site.receipt(receipt)["timeline"] if line["event"] == "decided"]
    assert decided == ["shown: verified", "gone: no link", "gone: no link"]


def test_who_sends_both_at_once_reads_at_once_that_there_is_no_link(site: Site, target: str) -> None:
    site.web.put(SOURCE, "<p>Nothing.</p>")

    def ping_too() -> None:
        site.clock.move(seconds=1)
        site.ping(SOURCE, target)

    site.web.meanwhile = ping_too

    assert site.webmention(SOURCE, target).status == 400


def test_both_at_once_make_one_thought_with_one_receipt(site_with: SiteWith) -> None:
    site = site_with(pingback_places=8)
    site.web.put(SOURCE, linking(site.target))

    receipts = together(*[lambda protocol=protocol: send(site, protocol, site.target) for protocol in PROTOCOLS * 4])

    assert len(set(receipts)) == 1
    assert site.only_thought().kind == "webmention"
    assert site.web.fetched == [SOURCE]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_moderators_word_holds_for_both_protocols(site: Site, target: str, protocol: str) -> None:
    other = PROTOCOLS[1 - PROTOCOLS.index(protocol)]
    site.web.put(SOURCE, linking(target))
    receipt = send(site, protocol, target)
    site.moderate("spam")

    assert send(site, other, target) == receipt

    assert site.only_thought().kind == protocol, "nothing of it changes"
    assert site.web.fetched == [SOURCE]
    told = site.receipt(receipt)
    site.web.put(VARIANT, linking(target))
    joined = send(site, other, target, VARIANT)
    assert site.receipt(joined)["state"] == "spam"
    assert (site.only_thought().kind, site.receipt(receipt)) == (protocol, told), "under another URL neither"


def test_an_erased_pair_keeps_its_receipt_and_is_not_fetched(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    receipt = send(site, "webmention", target)
    erase(site.services.database, [site.only_thought().id], site.clock())

    answer = site.webmention(SOURCE, target)

    assert (answer.status, answer.state, answer.receipt) == (201, "deleted", receipt)
    assert site.receipt(receipt)["source"] is None
    assert site.web.fetched == [SOURCE]


def test_where_nothing_is_left_of_a_removed_pair_the_receipt_says_that_it_is_not_kept(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    first = send(site, "webmention", target)
    site.moderate("spam")
    purge(site.services.database, "other.example", site.clock())
    assert site.thoughts() == []

    answers = [site.webmention(SOURCE, target) for _ in range(2)]
    pingback = site.ping(SOURCE, target)

    assert [(answer.status, answer.state) for answer in answers] == [(201, "deleted")] * 2
    assert {answer.receipt for answer in answers} == {pingback.receipt}, "the same each time"
    assert pingback.outcome == 48
    told = [site.client.get(path + ".json") for path in (first, pingback.receipt)]
    assert {(response.status_code, response.text) for response in told} == {(410, told[0].text)}
    assert site.webmention(SOURCE, site.url(site.publish("Another"))).receipt != pingback.receipt
    assert site.web.fetched == [SOURCE] * 2, "only for another post"
