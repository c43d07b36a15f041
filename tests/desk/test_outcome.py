"""What became of a post, at the desk."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings, WebSubSettings
from feedserver.storage.schema import outgoing_pings, websub_subscriptions
from tests.conftest import SITE
from tests.desk.conftest import form, forms, signed_in
from tests.feeds.happenings import respond, say
from tests.posts.builders import publish
from tests.sending.desk import Desk
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

PATH = "/desk/posts/fog/outcome"
ELSEWHERE = "https://other.example/post"


@pytest.fixture
def post(publish: Publish) -> Post:
    return publish("Fog & <sea>", slug="fog", tags=["sea"], body=f"See [there]({ELSEWHERE}).")


def refused(services: WebServices, detail: str) -> None:
    """The page elsewhere has refused to hear of the post."""
    with services.database.write() as connection:
        values = {"state": "refused", "protocol": "webmention", "detail": detail}
        connection.execute(update(outgoing_pings).values(values))


def test_what_was_said_about_it_is_counted_by_state(author: FlaskClient, services: WebServices, post: Post) -> None:
    say(services, post)
    say(services, post)
    respond(services, post, "like", state="held")

    page = author.get(PATH).text

    assert "What became of <bdi>Fog &amp; &lt;sea&gt;</bdi>" in page
    assert 'href="http://blog.example/desk?state=shown&amp;post=fog">2 shown' in page
    assert "1 held" in page


def test_what_others_were_told_stands_there_in_words_and_can_be_tried_again(
    author: FlaskClient, services: WebServices, post: Post, clock: Clock
) -> None:
    assert "is to be told" in author.get(PATH).text
    refused(services, 'they said "<no>"')
    page = author.get(PATH)
    assert "refused to hear of it by webmention: <bdi>they said &#34;&lt;no&gt;&#34;</bdi>" in page.text
    (again,) = [one for one in forms(page) if "/retry/" in one.action]

    answer = author.post(again.action.removeprefix(SITE), data=again.fields)

    assert answer.status_code == 303
    assert "It is tried again now." in author.get(answer.location.removeprefix(SITE)).text
    assert Desk(services, clock).ping().state == "waiting"


def test_a_page_that_another_post_links_to_is_not_tried_again(
    author: FlaskClient, services: WebServices, post: Post, clock: Clock, publish: Publish
) -> None:
    publish("Another", slug="another")
    refused(services, "no")
    (again,) = [one for one in forms(author.get(PATH)) if "/retry/" in one.action]
    elsewhere = again.action.removeprefix(SITE).replace("/fog/", "/another/")

    assert author.post(elsewhere, data=again.fields).status_code == 409
    assert Desk(services, clock).ping().state == "refused"


def test_all_pages_are_told_once_more(author: FlaskClient, services: WebServices, post: Post, clock: Clock) -> None:
    refused(services, "no")
    tell = form(author.get(PATH), "/tell")

    assert author.post(f"{PATH}/tell", data=tell.fields).status_code == 303

    assert Desk(services, clock).ping().state == "waiting"


def test_a_draft_tells_nobody(author: FlaskClient, services: WebServices) -> None:
    publish(services, "Not yet", slug="draft", draft=True, body=f"See [there]({ELSEWHERE}).")
    page = author.get("/desk/posts/draft/outcome")
    fields = {"form_token": forms(page)[0].fields["form_token"]}

    answer = author.post("/desk/posts/draft/outcome/tell", data=fields)

    assert "Tell all again" not in page.text
    assert answer.status_code == 409
    assert "draft" in answer.text


def test_of_a_post_that_was_deleted_meanwhile_nobody_is_told_again(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    refused(services, "no")
    fields = form(author.get(PATH), "/tell").fields
    services.publisher.delete("fog")

    answer = author.post(f"{PATH}/tell", data=fields)

    assert answer.status_code == 409
    assert "“fog” is deleted" in unescape(answer.text)
    assert author.post("/desk/posts/nothing/outcome/tell", data=fields).status_code == 404


@pytest.mark.parametrize("path", ["/retry/4711", "/retry/99999999999999999999"])
def test_a_ping_that_is_not_there_is_told(author: FlaskClient, post: Post, path: str) -> None:
    fields = {"form_token": forms(author.get(PATH))[0].fields["form_token"]}

    assert author.post(PATH + path, data=fields).status_code in (404, 409)


def test_a_post_that_is_not_there_is_404(author: FlaskClient, post: Post) -> None:
    assert author.get("/desk/posts/nothing/outcome").status_code == 404


def test_subscribers_of_its_feeds_and_other_hubs_stand_there(
    settings: Settings, assemble: Assemble, clock: Clock
) -> None:
    services = assemble(replace(settings, websub=WebSubSettings(hubs=("https://hub.example/",))))
    publish(services, "Fog", slug="fog", tags=["sea"])
    author = signed_in(create_app(services=services), services, "ann")
    subscribe(services, "site/.rss")
    subscribe(services, "tag/sea.atom")
    subscribe(services, "tag/land.rss")

    page = author.get(PATH).text

    assert f'{SITE}/feed.rss">{SITE}/feed.rss</a>: 1 subscriber at the hub of this site' in page.replace(
        ' dir="ltr"', ""
    )
    assert f"{SITE}/tags/sea/feed.atom" in page
    assert "/tags/land/" not in page
    assert "<bdi>https://hub.example/</bdi>: is to be told of 9 feeds" in page


def test_readers_of_the_week_after_it_appeared_stand_there(
    author: FlaskClient, services: WebServices, post: Post, clock: Clock
) -> None:
    assert "Nobody was counted" in author.get(PATH).text
    for feed, reader in (("site/.rss", "Early"), ("tag/land.rss", "Elsewhere")):
        services.readership.count(f"{reader}/1.0 (7 subscribers)", "192.0.2.1", feed, 200, 1_000)
    services.readership.write()
    clock.move(days=8)
    services.readership.count("Late/1.0 (7 subscribers)", "192.0.2.1", "site/.rss", 200, 1_000)
    services.readership.write()

    page = author.get(PATH).text

    assert "Early" in page
    assert "Elsewhere" not in page
    assert "Late" not in page


def subscribe(services: WebServices, topic: str) -> None:
    """Somebody reads a feed through the hub of the site."""
    row = {
        "topic": topic, "topic_url": topic, "callback": f"https://reader.example/{topic}", "callback_hash": topic,
        "callback_site": "reader.example", "places": 1, "state": "active", "failures": 0, "detail": "",
        "created_at": services.clock(), "lease_until": services.clock() + timedelta(days=1),
    }  # fmt: skip
    with services.database.write() as connection:
        connection.execute(insert(websub_subscriptions).values(row))
