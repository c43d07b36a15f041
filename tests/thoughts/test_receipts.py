"""Receipts: what became of one ping, at an address that cannot be guessed."""

import json
import re
from datetime import datetime

import pytest

from feedserver.errors import BadStatus, FetchError, NotText, TimedOut
from feedserver.posts.model import Post
from feedserver.thoughts import receipts
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation.purge import purge
from tests.feeds.happenings import say_much
from tests.pages.builders import hrefs
from tests.support.pinging import call_body
from tests.thoughts.forms import Commenter
from tests.thoughts.site import SOURCE, Site, linking

pytestmark = pytest.mark.one_database

KEYS = [
    *("state", "reason", "source", "target", "post", "thought"),
    *("received_at", "checked_at", "next_check_at", "timeline"),
]


def test_the_json_of_a_settled_ping_has_exactly_the_promised_keys(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    receipt = site.ping(f"{SOURCE}#x", f"{target}/?utm_source=y").receipt

    response = site.client.get(receipt + ".json")

    assert response.headers["Content-Type"] == "application/json"
    told = json.loads(response.data)
    assert list(told) == KEYS
    assert "2026-03-14T18:00:00Z" < told["next_check_at"] <= "2026-03-15T12:00:00Z", "a week later, or a little before"
    assert told == {
        "state": "shown",
        "reason": "verified",
        "source": f"{SOURCE}#x",
        "target": f"{target}/?utm_source=y",
        "post": target,
        "thought": f"{target}#thought-1",
        "received_at": "2026-03-08T12:00:00Z",
        "checked_at": "2026-03-08T12:00:00Z",
        "next_check_at": told["next_check_at"],
        "timeline": [
            {"at": "2026-03-08T12:00:00Z", "event": "received", "detail": "a pingback for this post"},
            {
                "at": "2026-03-08T12:00:00Z",
                "event": "fetched",
                "detail": f"status 200, {len(linking(target))} bytes",
            },
            {"at": "2026-03-08T12:00:00Z", "event": "found", "detail": "a link to the post"},
            {"at": "2026-03-08T12:00:00Z", "event": "decided", "detail": "shown: verified"},
        ],
    }


def test_a_receipt_leads_to_the_thought_while_it_is_shown(site: Site, post: Post, target: str) -> None:
    say_much(site.services, post, 100)
    receipt = site.mention(target).receipt
    address = f"{target}?thoughts=2#thought-101"

    assert site.receipt(receipt)["thought"] == address
    assert address in hrefs(site.client.get(receipt).text, "dd a")
    site.moderate("hide")
    assert site.receipt(receipt)["thought"] is None
    assert address not in site.client.get(receipt).text


def test_what_is_not_known_yet_is_null(site: Site, target: str) -> None:
    site.web.fail(SOURCE, TimedOut("the source did not answer within 10 seconds"))
    told = site.receipt(site.ping(SOURCE, target).receipt)

    assert list(told) == KEYS
    assert (told["state"], told["reason"], told["checked_at"]) == ("received", None, None)
    assert datetime.fromisoformat(told["next_check_at"]) > site.clock()
    assert [line["event"] for line in told["timeline"]] == ["received", "fetched"]
    assert told["timeline"][1]["detail"] == "not fetched: the source did not answer within 10 seconds"


@pytest.mark.parametrize(
    ("action", "state", "words"),
    [
        (None, "shown", "it is shown with the post"),
        ("hide", "held", "it waits for the author’s approval"),
        ("spam", "spam", "This ping is not shown."),
        ("delete", "deleted", "This ping is not shown."),
    ],
)
def test_the_page_says_in_plain_words_what_happened(
    site: Site, target: str, action: Action | None, state: str, words: str
) -> None:
    receipt = site.mention(target).receipt
    if action:
        site.moderate(action)

    response = site.client.get(receipt)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert words in response.text
    assert f"<dd>{state}</dd>" in response.text
    assert f'href="{SOURCE}"' not in response.text, "a receipt gives no link to a spammer"
    assert site.receipt(receipt)["state"] == state


@pytest.mark.parametrize("path", ["", ".json"])
def test_receipts_are_neither_indexed_nor_cached_and_tell_nobody_their_address(
    site: Site, target: str, path: str
) -> None:
    response = site.client.get(site.ping(SOURCE, target).receipt + path)

    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer", "nginx's error log has the Referer"
    if not path:
        assert '<meta name="robots" content="noindex">' in response.text


@pytest.mark.parametrize("token", ["unknown", "1", "%00", "%ff", "..", "a" * 5_000, "unknown.json", ".json"])
def test_an_unknown_token_is_404(site: Site, token: str) -> None:
    assert site.client.get(f"/receipts/{token}").status_code == 404


def test_a_receipt_needs_its_whole_token(site: Site, post: Post, target: str) -> None:
    Commenter(site).send()  # a comment has no receipt
    token = site.ping(SOURCE, target).receipt.removeprefix("/receipts/")

    for wrong in ("", "None", "null", token[:-1], token.swapcase(), f"{token}x", "%", f"{token}.xml", "_" * 24):
        for end in ("", ".json"):
            assert (wrong, site.client.get(f"/receipts/{wrong}{end}").status_code) == (wrong, 404)


@pytest.mark.parametrize("path", ["", ".json"])
def test_a_receipt_that_is_no_longer_kept_is_410_with_a_word(site: Site, target: str, path: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    purge(site.services.database, "other.example", site.clock())

    response = site.client.get(receipt + path)

    assert response.status_code == 410
    assert "This receipt is no longer kept." in response.text
    assert response.headers["Content-Type"] == ("application/json" if path else "text/html; charset=utf-8")
    assert (response.headers["X-Robots-Tag"], response.headers["Cache-Control"]) == ("noindex", "no-store")


def test_a_made_up_token_is_404_beside_one_that_is_no_longer_kept(site: Site, target: str) -> None:
    token = site.ping(SOURCE, target).receipt.removeprefix("/receipts/")
    purge(site.services.database, "other.example", site.clock())

    for made_up in (
        ("A" if token[0] != "A" else "B") + token[1:],
        token[:-1] + ("_" if token[-1] != "_" else "-"),
        token[:24],
        token[-8:],
        "",
        "ä" * 32,
        "A" * 24,
        "A" * 32,
    ):
        assert (made_up, site.client.get(f"/receipts/{made_up}").status_code) == (made_up, 404)


def test_a_token_of_another_site_is_not_ours() -> None:
    token = receipts.new_token("the secret of a site")

    assert receipts.was_issued(token, "the secret of a site")
    assert not receipts.was_issued(token, "the secret of another")


def test_tokens_cannot_be_guessed(site: Site, target: str) -> None:
    tokens = [
        site.ping(f"http://other.example/{number}", target).receipt.removeprefix("/receipts/") for number in range(12)
    ]

    assert len(set(tokens)) == 12
    assert all(re.fullmatch(r"[\w-]{22,}", token) for token in tokens), "at least 128 bits, six to a character"
    for position in range(22):
        assert len({token[position] for token in tokens}) > 4


def test_reading_a_receipt_fetches_nothing_and_changes_nothing(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    fetched, told = list(site.web.fetched), site.receipt(receipt)

    site.clock.move(days=1)
    for _ in range(3):
        site.client.get(receipt)
        assert site.receipt(receipt) == told

    assert site.web.fetched == fetched


def test_a_receipt_outlives_its_post_and_names_it_no_longer(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    site.services.publisher.delete("a-post")
    site.clock.move(days=4_000)

    assert site.receipt(receipt)["post"] is None
    assert site.client.get(receipt).status_code == 200


def test_a_receipt_of_a_renamed_post_names_its_present_address(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    site.services.publisher.rename("a-post", "renamed")

    told = site.receipt(receipt)

    assert (told["post"], told["target"]) == ("http://blog.example/posts/renamed", target)


def test_markup_in_what_was_sent_is_text(site: Site, target: str) -> None:
    source = "http://other.example/<script>alert('x')</script>?a=\"b\"&amp;c"
    receipt = site.call(call_body("pingback.ping", source, target)).receipt

    page = site.client.get(receipt).text

    assert "<script" not in page
    assert site.receipt(receipt)["source"] == source


@pytest.mark.parametrize(
    ("action", "reason", "told"),
    [
        ("hide", "waits for approval", "held: waits for approval"),
        ("spam", None, "spam"),
        ("delete", None, "deleted"),
        ("approve", "approved", "shown: approved"),
    ],
)
def test_a_moderators_reasons_are_not_told(
    site: Site, target: str, action: Action, reason: str | None, told: str
) -> None:
    receipt = site.mention(target).receipt
    site.moderate(action)

    found = site.receipt(receipt)

    assert (found["reason"], found["timeline"][-1]["detail"]) == (reason, told)
    page = site.client.get(receipt).text
    assert "moderator" not in page
    assert "not wanted" not in page


@pytest.mark.parametrize(
    ("error", "outcome", "fetched", "found"),
    [
        (BadStatus(404), 16, "not fetched: the source answered 404", "no such page"),
        (NotText("the source is not an HTML page"), 17, "not fetched: the source is not an HTML page", "not HTML"),
        (None, 17, "status 200, 15 bytes", "no link to the post"),
    ],
    ids=["404", "a picture", "no link"],
)
def test_a_ping_that_was_refused_has_a_receipt_that_says_why(
    site: Site, target: str, error: FetchError | None, outcome: int, fetched: str, found: str
) -> None:
    site.web.put(SOURCE, "<p>Nothing.</p>")
    if error:
        site.web.fail(SOURCE, error)
    answer = site.ping(SOURCE, target)
    assert answer.outcome == outcome

    told = site.receipt(answer.receipt)

    assert [line["event"] for line in told["timeline"]] == ["received", "fetched", "found", "decided"]
    assert told["timeline"][1]["detail"] == fetched
    assert found in told["timeline"][2]["detail"]
    assert told["state"] == "rejected"
    page = site.client.get(answer.receipt).text
    assert "This ping was rejected." in page
    assert fetched in page


def test_the_page_says_when_the_source_is_inspected_next(site: Site, target: str) -> None:
    receipt = site.mention(target).receipt
    due = site.receipt(receipt)["next_check_at"]

    assert f'<time datetime="{due}">' in site.client.get(receipt).text.split('class="next"')[1]

    site.moderate("spam")
    assert site.receipt(receipt)["next_check_at"] is None
    assert 'class="next"' not in site.client.get(receipt).text


def test_a_pair_keeps_its_one_receipt_whatever_happens(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt
    assert site.mention(target).receipt == receipt
    for action in ("approve", "hide", "spam"):
        site.moderate(action)
        assert site.ping(SOURCE, target).receipt == receipt


def test_a_receipt_shows_no_content_of_the_source(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target, before="<script>alert(1)</script>Words ", title="&lt;script&gt;Title"))
    receipt = site.ping(SOURCE, target).receipt

    for told in (site.client.get(receipt).text, site.client.get(receipt + ".json").text):
        assert "<script" not in told
        assert "alert" not in told
        assert "Words" not in told
        assert "Title" not in told
