"""Every request of tests/data/metaweblog, sent as real apps send it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pytest
from flask.testing import FlaskClient

from feedserver.posts import store
from feedserver.posts.model import Post
from feedserver.services import WebServices
from tests.authoring.conftest import App, heard
from tests.support.outside import Clock

pytestmark = pytest.mark.one_database  # others of this folder run on both

SAMPLES = Path(__file__).parents[1] / "data" / "metaweblog"


@pytest.fixture
def send(mars: App) -> Any:
    """Sends a sample with the token of a real app in the place of its own."""

    def send_it(name: str) -> Any:
        return heard(mars.send((SAMPLES / f"{name}.xml").read_bytes().replace(b"app-token", mars.token.encode())))

    return send_it


def post(services: WebServices, post_id: str) -> Post:
    with services.database.read() as connection:
        found = store.by_id(connection, int(post_id))
    assert found is not None
    return found


def test_micro_blogs_check_gets_the_newest_posts(send: Any, mars: App) -> None:
    mars.new(title="One", description="Words")

    (found,) = send("microblog-app-check")

    assert found["title"] == "One"


def test_micro_blogs_note_has_no_title_and_a_slug_of_its_words(send: Any, services: WebServices) -> None:
    made = post(services, send("microblog-app-blogger-newpost"))

    assert (made.title, made.state) == ("", "published")
    assert made.slug == "short-note-without-a-title"


def test_a_text_that_is_escaped_badly_is_a_fault(send: Any) -> None:
    with pytest.raises(Fault) as refused:
        send("microblog-app-bad-escape")

    assert refused.value.faultCode == -32700


def test_the_id_of_the_blog_may_be_a_number(send: Any, services: WebServices) -> None:
    assert post(services, send("microblog-mac-int-blogid")).excerpt == "Note"


def test_untyped_values_are_texts_and_mean_what_they_say(send: Any, services: WebServices) -> None:
    made = post(services, send("untyped-values"))

    assert (made.title, made.excerpt, made.state) == ("T", "D", "published")


def test_open_live_writers_temporary_post_stands_on_the_home_page_alone(send: Any, client: FlaskClient) -> None:
    post_id = send("olw-temporary-post")

    assert "Temporary Post Used For Theme Detection" in client.get("/").text
    assert "Theme Detection" not in client.get("/feed.json").text
    assert post_id.isdecimal()


def test_open_live_writers_post_is_html_with_tags_of_both_kinds(send: Any, services: WebServices) -> None:
    made = post(services, send("olw-newpost"))

    assert (made.title, made.slug, made.tags) == ("Spring", "spring", ("Nature", "larks", "birds"))
    assert made.published_at == datetime(2023, 3, 4, 6, tzinfo=UTC)
    assert made.html.strip() == "<p>Larks</p>"
    assert made.summary is None


def test_mars_edit_sends_a_draft_first_and_publishes_it_by_an_edit(
    send: Any, mars: App, services: WebServices, client: FlaskClient
) -> None:
    post_id = send("marsedit-newpost")
    made = post(services, post_id)
    assert (made.state, made.tags) == ("draft", ("larks", "birds"))
    assert client.get("/posts/spring").status_code == 404

    mars.edit(post_id, publish=True, **mars.get(post_id) | {"post_status": "publish"})

    assert post(services, post_id).published_at == datetime(2023, 3, 4, 6, tzinfo=UTC)
    assert client.get("/posts/spring").status_code == 200


def test_a_date_without_a_zone_is_in_that_of_the_site(send: Any, services: WebServices) -> None:
    assert post(services, send("python-date-no-zone")).published_at == datetime(2023, 3, 4, 6, tzinfo=UTC)


def test_a_picture_is_taken_in_under_the_last_step_of_its_name(send: Any, client: FlaskClient) -> None:
    answer = send("newmediaobject")

    assert answer["file"] == "a-b.gif"
    assert answer["type"] == "image/gif"
    assert client.get(answer["url"], buffered=True).data.startswith(b"GIF89a")


def test_nil_is_no_title(send: Any, services: WebServices) -> None:
    assert (made := post(services, send("nil-value"))).title == ""
    assert made.slug == "d"


def test_blank_lines_before_the_declaration_do_no_harm(send: Any) -> None:
    (blog,) = send("leading-blank-lines")

    assert (blog["blogid"], blog["blogName"]) == ("1", "Example Blog")


def test_a_temporary_post_leaves_after_ten_minutes(
    send: Any, services: WebServices, clock: Clock, client: FlaskClient
) -> None:
    made = post(services, send("olw-temporary-post"))

    clock.move(minutes=10, seconds=1)
    services.runner.run_due()

    assert post(services, str(made.id)).state == "deleted"
    assert "Theme Detection" not in client.get("/").text
