"""Receipts as they are served, as a page and as JSON."""

import re

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import actions
from tests.feeds.happenings import link, say
from tests.pages.builders import hrefs, texts
from tests.support.fixtures import Publish
from tests.support.outside import Clock

KEYS = ["state", "reason", "source", "target", "post", "received_at", "checked_at", "next_check_at", "timeline"]
SOURCE = "https://other.example/a?b=1&c=<2>"


@pytest.fixture
def thought(services: WebServices, publish: Publish) -> Thought:
    return link(services, publish("Fog", slug="fog"), SOURCE)


def test_a_receipt_has_every_key_and_its_times_are_rfc_3339(client: FlaskClient, thought: Thought) -> None:
    answer = client.get(f"/receipts/{thought.receipt_token}.json")

    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.get_json()) == KEYS
    assert answer.json["state"] == "shown"
    assert (answer.json["source"], answer.json["post"]) == (SOURCE, "http://blog.example/posts/fog")
    assert answer.json["received_at"] == "2026-03-08T12:00:00Z"
    assert answer.json["checked_at"] is None
    assert "2026-03-14T18:00:00Z" < answer.json["next_check_at"] <= "2026-03-15T12:00:00Z"
    assert [list(line) for line in answer.json["timeline"]] == [["at", "event", "detail"]]


def test_the_page_tells_the_same_in_plain_words(client: FlaskClient, thought: Thought) -> None:
    page = client.get(f"/receipts/{thought.receipt_token}").text

    assert texts(page, ".notice") == ["This ping was verified, and it is shown with the post."]
    assert SOURCE in texts(page, "dd")
    assert hrefs(page, "main a") == ["http://blog.example/posts/fog"]


@pytest.mark.parametrize("end", ["", ".json"])
def test_a_receipt_is_neither_indexed_nor_cached(client: FlaskClient, thought: Thought, end: str) -> None:
    headers = client.get(f"/receipts/{thought.receipt_token}{end}").headers

    assert (headers["X-Robots-Tag"], headers["Cache-Control"]) == ("noindex", "no-store")


def test_a_receipt_outlives_its_post_and_does_not_expire(
    client: FlaskClient, services: WebServices, clock: Clock, thought: Thought
) -> None:
    services.publisher.rename("fog", "mist")
    assert client.get(f"/receipts/{thought.receipt_token}.json").json["post"] == "http://blog.example/posts/mist"

    services.publisher.delete("mist")
    clock.move(days=4000)

    answer = client.get(f"/receipts/{thought.receipt_token}.json")
    assert (answer.status_code, answer.json["post"], answer.json["source"]) == (200, None, SOURCE)


def test_a_moderators_reasons_are_not_told(client: FlaskClient, services: WebServices, thought: Thought) -> None:
    actions.moderate(services.database, thought.id, "spam", services.clock())

    assert client.get(f"/receipts/{thought.receipt_token}.json").json["state"] == "spam"
    assert texts(client.get(f"/receipts/{thought.receipt_token}").text, ".notice") == ["This ping is not shown."]


def test_a_receipt_needs_its_whole_token(
    client: FlaskClient, services: WebServices, publish: Publish, thought: Thought
) -> None:
    say(services, publish("With a comment, which has no receipt"))
    token = thought.receipt_token

    assert re.fullmatch(r"[\w-]{24,}", token)  # 144 random bits
    for wrong in ("", "None", "null", token[:-1], token.swapcase(), f"{token}x", "%", "%00", f"{token}.xml", "_" * 24):
        for end in ("", ".json"):
            assert (wrong, client.get(f"/receipts/{wrong}{end}").status_code) == (wrong, 404)
