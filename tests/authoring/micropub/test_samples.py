"""Each request of `tests/data/micropub/requests.jsonl`: the shapes of micropub.rocks, and what real clients send."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.services import WebServices
from tests.authoring.micropub.client import SITE, App
from tests.support.media_files import encoded, quarters

SAMPLES = {
    sample["id"]: sample
    for line in (Path(__file__).parents[2] / "data/micropub/requests.jsonl").read_text("utf-8").splitlines()
    if (sample := json.loads(line))
}
PICTURE = encoded(quarters(), "JPEG")
FORMS = {"rocks-700": "JPEG", "rocks-701": "PNG", "rocks-702": "GIF"}


class Sender:
    """Sends a sample to a site: `post` stands for POST_URL in it."""

    def __init__(self, app: App, narrow: App) -> None:
        self.app, self.narrow = app, narrow

    def send(self, name: str, post: str = "") -> TestResponse:
        sample = SAMPLES[name]
        app = {"header": self.app, "none": App(self.app.client, None), "header-without-scope": self.narrow}[
            sample["auth"]
        ]
        path = "/micropub/media" if name in FORMS or name == "media-list" else "/micropub"
        if sample["method"] == "GET":
            query = sample["query"].replace("POST_URL", quote(post, safe=""))
            return app.client.get(f"{path}?{query}", headers=app.headers)
        body, kind = sample["body"], sample["content_type"]
        if kind == "application/json":
            text = body if isinstance(body, str) else json.dumps(body)
            return app.json(text.replace("POST_URL", post))
        if kind == "multipart/form-data":
            picture = encoded(quarters(), FORMS.get(name, "JPEG"))
            return app.parts([(field, picture, "lark.bin") for field in sample["files"]], path, **body)
        text = body.replace("POST_URL", quote(post, safe="")).replace("TOKEN", self.app.token or "")
        return app.client.post(path, data=text, content_type=kind, headers=app.headers)


@pytest.fixture
def sender(app_of_ann: App, services: WebServices) -> Sender:
    return Sender(app_of_ann, app_of_ann.with_scopes(services, "update"))


@pytest.fixture
def post(app_of_ann: App) -> str:
    """The address of a fresh post with two categories."""
    return app_of_ann.create(content=["Hello"], category=["one", "two"])


def made(response: TestResponse) -> str:
    assert response.status_code == 201, response.text
    return response.headers["Location"]


Check = Callable[[App, str, str], None]  # of the app, the post's address, the text of its page


def has(**properties: Any) -> Check:
    """The post has these properties for its app."""

    def check(app: App, url: str, _: str) -> None:
        found = app.source(url)
        assert {name: found.get(name.replace("_", "-")) for name in properties} == properties

    return check


def shows(*texts: str) -> Check:
    """The page shows these texts."""

    def check(_: App, __: str, page: str) -> None:
        assert [text for text in texts if text not in page] == []

    return check


CARD = SAMPLES["rocks-204"]["body"]["properties"]["checkin"]
MADE: dict[str, list[Check]] = {
    "rocks-100": [has(content=["Hello"], name=None), shows("Hello")],
    "rocks-101": [has(category=["one", "two"]), shows('rel="tag" href="http://blog.example/tags/one"')],
    "rocks-107": [has(category=["one"])],
    "rocks-104": [has(photo=["https://example.org/a.jpg"]), shows('src="https://example.org/a.jpg"')],
    "rocks-200": [has(content=["Hello"])],
    "rocks-201": [has(category=["one", "two"])],
    "rocks-202": [has(content=[{"html": "<p>Hello <b>bold</b></p>"}]), shows("<p>Hello <b>bold</b></p>")],
    "rocks-203": [has(photo=["https://example.org/a.jpg"])],
    "rocks-204": [has(checkin=CARD, published=["2017-05-31T19:03:36Z"]), shows("May 31, 2017")],
    "rocks-205": [has(photo=[{"value": "https://example.org/a.jpg", "alt": "A lark"}]), shows('alt="A lark"')],
    "rocks-206": [shows('src="https://example.org/a.jpg"', 'src="https://example.org/b.jpg"')],
    "rocks-300": [shows('<img class="u-photo" src="../media/')],
    "rocks-301": [shows('<img class="u-photo" src="../media/')],
    "rocks-800": [has(content=["Hello"])],
    "rocks-801": [has(content=["Hello"])],
    "rocks-802": [has(content=["Hello"], access_token=None)],
    "rocks-805": [has(content=["Hello"], access_token=None)],  # Quill sends its token twice
    "client-microblog": [has(category=["one"]), shows('alt="A lark"')],
    "client-indigenous": [has(category=["one", "two"])],
    "unknown-property": [has(weight=SAMPLES["unknown-property"]["body"]["properties"]["weight"])],
}
UPDATED: dict[str, list[Check]] = {
    "rocks-400": [has(content=["New"], category=["one", "two"]), shows("New")],
    "rocks-401": [has(category=["one", "two"])],
    "rocks-403": [has(category=["one"])],
    "rocks-404": [has(category=None, content=["Hello"])],
}
REFUSED = {
    "rocks-405": (400, "invalid_request"),
    "spec-405b": (400, "invalid_request"),
    "rocks-803": (401, "unauthorized"),
    "rocks-804": (401, "insufficient_scope"),
    "own-805b": (400, "invalid_request"),
    "client-quill-slug": (400, "invalid_request"),
    "bad-date": (400, "invalid_request"),
    "unknown-type": (400, "invalid_request"),
    "empty": (400, "invalid_request"),
    "bad-json": (400, "invalid_request"),
}


@pytest.mark.parametrize("name", MADE)
def test_a_post_is_made(sender: Sender, name: str) -> None:
    url = made(sender.send(name))
    page = sender.app.page(url)

    assert page.status_code == 200
    for check in MADE[name]:
        check(sender.app, url, page.text)


@pytest.mark.parametrize("name", UPDATED)
def test_a_post_is_changed(sender: Sender, post: str, name: str) -> None:
    assert sender.send(name, post).status_code == 204

    for check in UPDATED[name]:
        check(sender.app, post, sender.app.page(post).text)


@pytest.mark.one_database
def test_rocks_402_adds_to_what_is_not_there(sender: Sender, app_of_ann: App) -> None:
    post = app_of_ann.create(content=["Hello"])

    assert sender.send("rocks-402", post).status_code == 204

    assert app_of_ann.source(post)["category"] == ["one"]


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_and_nothing_is_written(
    sender: Sender, services: WebServices, client: FlaskClient, post: str, name: str
) -> None:
    before = client.get("/feed.json").get_data()

    response = sender.send(name, post)

    assert (response.status_code, response.get_json()["error"]) == REFUSED[name]
    assert client.get("/feed.json").get_data() == before


@pytest.mark.parametrize("how", [("rocks-500", "rocks-502"), ("rocks-501", "rocks-503")], ids=["form", "json"])
def test_a_post_is_deleted_and_comes_back(sender: Sender, post: str, how: tuple[str, str]) -> None:
    delete, undelete = how

    assert [sender.send(delete, post).status_code for _ in range(2)] == [204, 204]
    assert sender.app.page(post).status_code == 410

    assert [sender.send(undelete, post).status_code for _ in range(2)] == [204, 204]
    assert sender.app.page(post).status_code == 200


@pytest.mark.one_database
def test_rocks_600_and_601_tell_what_there_is(sender: Sender) -> None:
    config = sender.send("rocks-600").get_json()

    assert config["media-endpoint"] == f"{SITE}/micropub/media"
    assert config["syndicate-to"] == []
    assert sender.send("rocks-601").get_json() == {"syndicate-to": []}


def test_rocks_602_and_603_give_the_source(sender: Sender, post: str) -> None:
    whole = sender.send("rocks-602", post).get_json()

    assert whole["type"] == ["h-entry"]
    assert whole["properties"] == {
        "content": ["Hello"],
        "category": ["one", "two"],
        "published": ["2026-03-08T12:00:00Z"],
        "updated": ["2026-03-08T12:00:00Z"],
        "url": [post],
        "post-status": ["published"],
        "visibility": ["public"],
    }
    assert sender.send("rocks-603", post).get_json() == {
        "properties": {"content": ["Hello"], "category": ["one", "two"]}
    }
    assert sender.send("spec-603b", post).get_json() == {"properties": {"content": ["Hello"]}}


@pytest.mark.parametrize("name", FORMS)
def test_a_picture_is_served_as_what_it_is(sender: Sender, name: str) -> None:
    url = made(sender.send(name))

    with sender.app.page(url) as served:
        assert served.headers["Content-Type"] == f"image/{FORMS[name].lower()}"
    (latest,) = sender.send("media-list").get_json()["items"]
    assert (latest["url"], latest["mime_type"]) == (url, f"image/{FORMS[name].lower()}")


@pytest.mark.one_database
def test_a_draft_of_ia_writer_opens_for_its_author_alone(sender: Sender) -> None:
    url = made(sender.send("client-ia-writer"))

    assert "/previews/" in url
    assert "<em>stars</em>" in sender.app.page(url).text
    assert sender.app.page("/posts/title").status_code == 404
    assert sender.app.source(url)["content"] == ["# Head\n\nText with *stars*"]


def test_the_list_has_an_end_from_which_it_goes_on(sender: Sender, app_of_ann: App) -> None:
    urls = [app_of_ann.create(content=[text], post_status=["draft" if text == "2" else "published"]) for text in "123"]

    first = sender.send("list").get_json()
    rest = app_of_ann.query([("q", "source"), ("after", first["paging"]["after"])]).get_json()

    found = [item["properties"] for item in (*first["items"], *rest["items"])]
    assert [one["content"] for one in found] == [["3"], ["2"], ["1"]]
    assert [one["post-status"] for one in found] == [["published"], ["draft"], ["published"]]
    assert (found[0]["url"], found[2]["url"], rest["paging"]) == ([urls[2]], [urls[0]], {})


def test_a_post_of_the_future_is_scheduled(sender: Sender) -> None:
    response = sender.send("future")

    assert response.status_code == 202
    assert sender.app.page(response.headers["Location"]).status_code == 404
    assert sender.app.source(response.headers["Location"])["published"] == ["2099-01-01T00:00:00Z"]


def test_no_sample_is_left_out() -> None:
    elsewhere = {"rocks-402", "rocks-500", "rocks-501", "rocks-502", "rocks-503", "rocks-600", "rocks-601", "rocks-602"}
    elsewhere |= {"rocks-603", "spec-603b", "media-list", "client-ia-writer", "list", "future", *FORMS}

    assert set(SAMPLES) == {*MADE, *UPDATED, *REFUSED} | elsewhere
