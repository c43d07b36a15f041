"""Sending the comment form: tokens, refusals, rate limit, duplicates."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import ModerationSettings, Settings
from feedserver.thoughts.listing import listing
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import actions
from tests.pages.builders import CLIENT_PATTERN, elements, texts
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

PATH = "/posts/fog/comments"
TYPED = {"comment": "Well said.\n\nTruly.", "name": "Bob", "email": "bob@example.org", "website": "bob.example"}


@pytest.fixture(autouse=True)
def fog(publish: Publish) -> Post:
    return publish("Fog", slug="fog")


def fresh_form(client: FlaskClient, clock: Clock, seconds: float = 5) -> dict[str, str]:
    """The hidden fields of a form that is old enough."""
    page = client.get("/posts/fog").text
    clock.move(seconds=seconds)
    return {str(e.attrs["name"]): str(e.attrs["value"]) for e in elements(page, "input[type=hidden]")}


def send(client: FlaskClient, clock: Clock, **changes: str) -> TestResponse:
    return client.post(PATH, data=fresh_form(client, clock) | TYPED | changes)


def stored(services: WebServices) -> list[Thought]:
    with services.database.read() as connection:
        return listing(connection, "fog")


def test_a_comment_is_held_and_says_so(client: FlaskClient, clock: Clock, services: WebServices) -> None:
    answer = send(client, clock)

    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "http://blog.example/posts/fog?comment=held#comment-form",
    )
    page = client.get("/posts/fog?comment=held").text
    assert texts(page, "[role=status]") == ["Thank you. Your comment waits for approval."]
    assert "Well said" not in page
    (thought,) = stored(services)
    assert (thought.state, thought.kind, thought.author_name) == ("held", "comment", "Bob")
    assert (thought.excerpt, thought.author_url) == ("Well said.\n\nTruly.", "https://bob.example")


def test_a_comment_that_is_shown_at_once_is_redirected_to(settings: Settings, assemble: Assemble, clock: Clock) -> None:
    services = assemble(replace(settings, moderation=ModerationSettings(comments="show")))
    client = create_app(services=services).test_client()

    answer = send(client, clock)

    (thought,) = stored(services)
    place = f"http://blog.example/posts/fog?comment=shown#thought-{thought.id}"
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    page = client.get("/posts/fog?comment=shown").text
    assert texts(page, "#thoughts .p-content p") == ["Well said.", "Truly."]
    assert [e.attrs["rel"] for e in elements(page, "#thoughts a.p-name")] == [["nofollow", "ugc"]]
    assert "bob@example.org" not in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " \u200e \x00"}, "name"),
        ({"name": " \x00 "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"comment": ""}, "comment"),
        ({"comment": "\x00\n \t"}, "comment"),
        ({"comment": "x" * 10_001}, "comment"),
        ({"email": "no address"}, "email"),
        ({"email": ""}, None),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "http://user:pass@bob.example"}, "website"),
        ({"website": ""}, None),
    ],
)
def test_errors_are_shown_at_their_field_and_no_input_is_lost(
    client: FlaskClient, clock: Clock, services: WebServices, changes: dict[str, str], field: str | None
) -> None:
    answer = send(client, clock, **changes)

    if field is None:
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert [e.attrs["name"] for e in elements(answer.text, "[aria-invalid]")] == [field]
    assert len(texts(answer.text, f"#error-{field}")) == 1
    typed = TYPED | changes
    kept = {
        str(e.attrs["name"]): e.attrs["value"] for e in elements(answer.text, "form input[id]") if "value" in e.attrs
    }
    for name in {"name", "email", "website"} - {field}:
        assert kept[name] == typed[name]
    if field != "comment":
        assert elements(answer.text, "textarea")[0].text == typed["comment"]
    assert stored(services) == []


def test_the_page_with_errors_announces_no_pingback(client: FlaskClient, clock: Clock) -> None:
    answer = send(client, clock, name="")

    assert "X-Pingback" not in answer.headers
    assert CLIENT_PATTERN.findall(answer.text) == []


def test_a_corrected_form_has_a_new_token_and_can_be_sent_at_once(
    client: FlaskClient, clock: Clock, services: WebServices
) -> None:
    page = send(client, clock, name="").text
    hidden = {str(e.attrs["name"]): str(e.attrs["value"]) for e in elements(page, "input[type=hidden]")}
    clock.move(seconds=3)

    assert client.post(PATH, data=hidden | TYPED).status_code == 303
    assert len(stored(services)) == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "quicker than anyone can write"), (1.9, "quicker than anyone can write"), (3 * 86_400, "too old")],
)
def test_a_form_expires(client: FlaskClient, clock: Clock, services: WebServices, seconds: float, words: str) -> None:
    answer = client.post(PATH, data=fresh_form(client, clock, seconds) | TYPED)

    assert answer.status_code == 422
    assert words in texts(answer.text, "[role=alert]")[0]
    assert elements(answer.text, "textarea")[0].text == TYPED["comment"]
    assert stored(services) == []


@pytest.mark.parametrize("token", [None, "", "x", "WzEsMCwiYSJd.forged", "\x00", "😀"])
def test_a_form_without_a_token_of_ours_is_refused(
    client: FlaskClient, clock: Clock, services: WebServices, token: str | None
) -> None:
    data = TYPED if token is None else TYPED | {"token": token}

    answer = client.post(PATH, data=data)

    assert answer.status_code == 422
    assert stored(services) == []


def test_a_token_of_another_post_is_refused(
    client: FlaskClient, clock: Clock, services: WebServices, publish: Publish
) -> None:
    publish("Other", slug="other")

    assert client.post("/posts/other/comments", data=fresh_form(client, clock) | TYPED).status_code == 422


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 422), ("same-origin", 303), ("same-site", 303), ("none", 303), (None, 303)]
)
def test_a_form_that_another_site_sends_is_refused(
    client: FlaskClient, clock: Clock, site: str | None, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site} if site else {}

    assert client.post(PATH, data=fresh_form(client, clock) | TYPED, headers=headers).status_code == status


def test_the_hidden_field_must_stay_empty(client: FlaskClient, clock: Clock, services: WebServices) -> None:
    (trap,) = [str(e.attrs["name"]) for e in elements(client.get("/posts/fog").text, ".trap input")]

    answer = send(client, clock, **{trap: "http://spam.example"})

    assert answer.status_code == 422
    assert stored(services) == []


def test_a_form_that_is_sent_twice_is_stored_once(client: FlaskClient, clock: Clock, services: WebServices) -> None:
    data = fresh_form(client, clock) | TYPED

    answers = [client.post(PATH, data=data) for _ in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(stored(services)) == 1


def test_too_many_comments_from_one_address_are_refused_for_a_minute(
    client: FlaskClient, clock: Clock, services: WebServices
) -> None:
    forms = [fresh_form(client, clock, 0) for _ in range(11)]
    clock.move(seconds=5)

    answers = [client.post(PATH, data=form | TYPED) for form in forms]

    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert elements(answers[-1].text, "textarea")[0].text == TYPED["comment"]
    clock.move(seconds=120)
    assert send(client, clock).status_code == 303


def test_too_large_a_body_is_refused_unread(client: FlaskClient, clock: Clock) -> None:
    assert send(client, clock, comment="x" * 140_000).status_code == 413


def test_markup_in_a_comment_stays_text(client: FlaskClient, clock: Clock, services: WebServices) -> None:
    send(client, clock, comment='<script>x</script> <link rel="pingback" href="http://evil.example/">', name="<b>Bob")
    actions.moderate(services.database, stored(services)[0].id, "approve", clock())

    page = client.get("/posts/fog").text

    assert elements(page, "script, #thoughts b") == []
    assert CLIENT_PATTERN.findall(page) == ["http://blog.example/pingback"]
    assert re.search("&lt;script&gt;x&lt;/script&gt;", page)


@pytest.mark.parametrize(
    ("front", "slug", "status"),
    [
        ({"comments": "closed"}, "other", 403),
        ({"draft": "true"}, "other", 404),
        ({"date": "2030-01-01"}, "other", 404),
        ({}, "none", 404),
    ],
    ids=["closed", "draft", "scheduled", "none"],
)
def test_a_post_closed_to_comments_takes_none(
    client: FlaskClient, publish: Publish, front: dict[str, str], slug: str, status: int
) -> None:
    publish("Other", slug="other", **front)

    assert client.post(f"/posts/{slug}/comments", data=TYPED).status_code == status
    if status == 403:
        assert elements(client.get("/posts/other").text, "form") == []


def test_a_comment_on_a_renamed_post_arrives_and_one_on_a_deleted_post_does_not(
    client: FlaskClient, clock: Clock, services: WebServices
) -> None:
    data = fresh_form(client, clock) | TYPED
    services.publisher.rename("fog", "mist")
    assert client.post(PATH, data=data).headers["Location"].startswith("http://blog.example/posts/mist?")

    services.publisher.delete("mist")
    assert client.post(PATH, data=data).status_code == 410
