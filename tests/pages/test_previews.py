"""A draft or scheduled post at an address of its own, before readers see it."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from feedserver.posts import previews
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage import schema
from tests.posts.builders import everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock

PRIVATE = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}


def preview(services: WebServices, post: Post) -> str:
    """Makes a preview; returns the path of its address."""
    with services.database.write() as connection:
        token = previews.make(connection, post.id, services.clock())
    return services.urls.preview(token).removeprefix(services.urls.base)


@pytest.fixture
def draft(publish: Publish) -> Post:
    return publish("Secret plans", "Words <script>alert(1)</script>.", slug="p", draft="true")


def test_a_preview_shows_a_draft_in_a_sandbox_and_to_no_crawler(
    services: WebServices, client: FlaskClient, draft: Post
) -> None:
    answer = client.get(preview(services, draft))

    assert (answer.status_code, "Secret plans" in answer.text, "Words" in answer.text) == (200, True, True)
    assert {name: answer.headers[name] for name in PRIVATE} == PRIVATE
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[-1] == "sandbox"
    assert "form-action 'none'" in policy
    assert "default-src 'none'" in policy


def test_a_preview_has_no_doors_for_pings_and_comments(services: WebServices, client: FlaskClient, draft: Post) -> None:
    answer = client.get(preview(services, draft))

    assert "X-Pingback" not in answer.headers
    assert "Link" not in answer.headers
    assert not any(door in answer.text for door in ("<form", 'rel="pingback"', 'rel="webmention"'))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({}, False), ({"pings": "closed"}, False), ({"pings": "closed", "comments": "closed"}, True)],
    ids=["all open", "comments alone", "closed"],
)
def test_a_preview_says_that_a_post_is_closed_only_where_it_is(
    services: WebServices, client: FlaskClient, publish: Publish, fields: dict[str, str], sentence: bool
) -> None:
    post = publish("Secret plans", slug="p", draft="true", **fields)

    assert ("takes no pings and no comments" in client.get(preview(services, post)).text) is sentence


@pytest.mark.parametrize("page", ["false", "true"], ids=["a post", "a page"])
def test_addresses_in_a_preview_lead_where_they_would_lead_from_the_post(
    services: WebServices, client: FlaskClient, publish: Publish, page: str
) -> None:
    body = "[next](other?x=1&y=2) [up](../media/x) [here](#here) [away](http://a.example/)\n\n"
    body += '<img src="a.png" srcset="a.png 1x, b.png 2x" alt="A">'
    post = publish("Plans", body, slug="p", draft="true", page=page)

    text = client.get(preview(services, post)).text

    near = services.urls.at("/" if page == "true" else "/posts/")
    for address in (f"{near}other?x=1&amp;y=2", services.urls.at("/media/x"), "#here", "http://a.example/"):
        assert f'href="{address}"' in text
    assert f'<img src="{near}a.png" srcset="{near}a.png 1x, {near}b.png 2x"' in text


@pytest.mark.one_database
def test_a_page_has_a_preview_too(services: WebServices, client: FlaskClient, publish: Publish) -> None:
    post = publish("About us", slug="about", page="true", draft="true")

    assert "About us" in client.get(preview(services, post)).text


def test_once_the_post_is_public_its_preview_leads_there(
    services: WebServices, client: FlaskClient, publish: Publish, clock: Clock
) -> None:
    path = preview(services, publish("Soon", slug="soon", date=(clock() + timedelta(hours=1)).isoformat()))
    assert client.get(path).status_code == 200
    services.publisher.rename("soon", "later")
    clock.move(hours=2)

    answer = client.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (303, services.urls.post("later"))
    assert {name: answer.headers[name] for name in PRIVATE} == PRIVATE


def test_of_a_deleted_post_nothing_is_shown(services: WebServices, client: FlaskClient, draft: Post) -> None:
    path = preview(services, draft)
    services.publisher.delete("p")

    answer = client.get(path)

    assert (answer.status_code, "Secret" in answer.text) == (410, False)
    assert {name: answer.headers[name] for name in PRIVATE} == PRIVATE


def test_old_revoked_and_invented_previews_answer_the_same(
    services: WebServices, client: FlaskClient, draft: Post, clock: Clock
) -> None:
    old = preview(services, draft)
    clock.move(days=7)
    revoked = preview(services, draft)
    with services.database.write() as connection:
        previews.revoke(connection, draft.id)

    answers = [client.get(path) for path in (old, revoked, "/previews/invented", "/previews/caf%C3%A9")]

    assert {answer.status_code for answer in answers} == {404}
    without_ids_of_requests = {re.sub(r"[\w-]{20,}|[0-9a-f]{16,}", "", answer.text) for answer in answers}
    assert len(without_ids_of_requests) == 1
    assert all(answer.headers[name] == PRIVATE[name] for answer in answers for name in PRIVATE)


def test_a_preview_from_a_clock_that_was_wrong_shows_nothing(
    services: WebServices, client: FlaskClient, draft: Post, clock: Clock
) -> None:
    clock.move(days=2)
    path = preview(services, draft)
    clock.move(days=-2)

    assert client.get(path).status_code == 404


def test_no_row_holds_a_token_and_old_ones_are_forgotten(
    services: WebServices, client: FlaskClient, draft: Post, clock: Clock
) -> None:
    token = preview(services, draft).rpartition("/")[2]
    assert token not in str(everything(services))
    clock.move(days=8)

    previews.forget_old(services.database, clock())

    assert everything(services)[schema.previews.name] == []
