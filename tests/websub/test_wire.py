"""`POST /hub`: which requests are taken, in what form, and what the others are answered."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.support.fixtures import Publish
from tests.support.subscribers import Reader
from tests.websub.conftest import TOPIC, Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the other one is told nothing else

CALLBACK = "http://127.0.2.1:9/a"
FORM = "application/x-www-form-urlencoded"
TOPICS = [
    *("/feed.rss", "/feed.atom", "/feed.json", "/thoughts.atom", "/posts/a-post/thoughts.json"),
    *("/tags/sea/feed.rss", "/authors/Ann%20Author/feed.json"),
]
NO_TOPICS = [
    "http://blog.example/feed.atom?page=1",
    "http://blog.example/feed.atom?archive=1",
    "http://blog.example/feed.atom?",
    "http://blog.example/feed.atom#top",
    "http://blog.example/feed.atom/",
    "http://blog.example:80/feed.atom",
    "https://blog.example/feed.atom",
    "http://Blog.example/feed.atom",
    "http://other.example/feed.atom",
    "http://blog.example.evil.example/feed.atom",
    "http://blog.example/feed",
    "http://blog.example/rss.xml",
    "http://blog.example/",
    "http://blog.example/posts/a-post",
    "http://blog.example/tags/sea",
    "http://blog.example/tags/Sea/feed.atom",
    "http://blog.example/tags/s%65a/feed.atom",
    "http://blog.example/tags/no-such-tag/feed.atom",
    "http://blog.example/tags//feed.atom",
    "http://blog.example/authors/Nobody/feed.rss",
    "http://blog.example/posts/no-such-post/thoughts.rss",
    "http://blog.example/posts/a-draft/thoughts.rss",
    "http://blog.example/tags/hidden/feed.rss",
    "http://blog.example/hub",
    "feed.atom",
    "nothing",
    "http://blog.example/tags/" + "x" * 10_000 + "/feed.rss",
]


def test_each_newest_document_is_a_topic(site: Site) -> None:
    for path in TOPICS:
        url = f"http://blog.example{path}"
        assert f'<{url}>; rel="self"' in site.client.get(path).headers["Link"]
        assert site.ask(f"http://127.0.2.1{path}", url).status_code == 202


def test_anything_else_is_no_topic(site: Site, publish: Publish) -> None:
    publish("A draft", slug="a-draft", tags="[hidden]", draft="true")

    answers = {topic: site.ask(CALLBACK, topic) for topic in NO_TOPICS}

    assert [topic for topic, answer in answers.items() if answer.status_code != 400] == []
    assert {(answer.content_type, answer.text) for answer in answers.values()} == {
        ("text/plain; charset=utf-8", "hub.topic: is no feed of this site; name it as its “self” does\n")
    }
    assert site.all() == []


def test_tags_with_slashes_and_letters_of_all_kinds_are_topics(site: Site, publish: Publish) -> None:
    publish("Another", tags='["a/b", "c++ ü"]')

    for name in ("a%2Fb", "c%2B%2B%20%C3%BC"):
        assert site.ask(f"http://127.0.2.1/{name}", f"http://blog.example/tags/{name}/feed.rss").status_code == 202
    assert {one.topic for one in site.all()} == {"tag/a/b.rss", "tag/c++ ü.rss"}


def test_a_callback_on_this_site_is_refused(site: Site) -> None:
    for callback in ("http://blog.example/", "http://blog.example/pingback?x=1", "https://BLOG.example/a"):
        answer = site.ask(callback)

        assert (answer.status_code, answer.text) == (400, "hub.callback: is on this site\n")


def test_an_unusable_field_is_named(site: Site) -> None:
    for field, value in {
        "mode": "publish",
        "callback": "x",
        "topic": "x",
        "secret": "s" * 200,
        "lease_seconds": "0",
    }.items():
        fields = {"callback": CALLBACK, "topic": TOPIC, "mode": "subscribe"} | {field: value}
        answer = site.client.post("/hub", data={f"hub.{name}": one for name, one in fields.items()})

        assert (answer.status_code, answer.text.count("\n")) == (400, 1)
        assert answer.text.startswith(f"hub.{field}: ")


def test_only_a_form_is_taken(site: Site) -> None:
    for content_type in ("application/json", "multipart/form-data; boundary=x", "text/plain", None):
        answer = site.client.post("/hub", data=b"hub.mode=subscribe", content_type=content_type)

        assert (answer.status_code, answer.content_type) == (415, "text/plain; charset=utf-8")


def test_a_form_may_name_its_charset(site: Site) -> None:
    body = f"hub.mode=subscribe&hub.callback={CALLBACK}&hub.topic={TOPIC}"

    assert site.client.post("/hub", data=body, content_type=f"{FORM}; charset=UTF-8").status_code == 202


def test_a_compressed_form_is_not_taken(site: Site) -> None:
    answer = site.client.post("/hub", data=b"x", content_type=FORM, headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


def test_a_form_over_64_kib_is_not_taken(site: Site) -> None:
    for size, status in ((65_536, 400), (65_537, 413)):
        body = b"hub.mode=x&x=".ljust(size, b"x")
        assert site.client.post("/hub", data=body, content_type=FORM).status_code == status


def test_other_methods_are_told_which_one_is_taken(site: Site) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = site.client.open("/hub", method=method)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_site_without_a_hub_has_no_such_address(site_with: Callable[..., Site]) -> None:
    site = site_with(websub_hub=False)

    assert (site.ask(CALLBACK).status_code, site.client.get("/hub").status_code) == (404, 404)


def test_while_the_database_is_away_the_answer_is_later(
    site: Site, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise NoConnection("no connection was free")

    monkeypatch.setattr(type(services.database), "transact", fail)

    answer = site.ask(CALLBACK)

    assert (answer.status_code, answer.content_type) == (503, "text/plain; charset=utf-8")
    assert int(answer.headers["Retry-After"]) > 0


def test_secrets_and_tokens_are_in_no_log_and_no_list(
    site: Site, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    site.subscribe(reader.url + "/a", secret="s3cr3t", verify_token="t0k3n")

    seen = caplog.text + repr(site.all())
    assert "s3cr3t" not in seen
    assert "t0k3n" not in seen


def test_a_site_below_a_path_has_its_hub_there(settings: Settings, site_with: Callable[..., Site]) -> None:
    site = site_with(site_url="http://blog.example/a/b")
    fields = {"hub.mode": "subscribe", "hub.topic": "http://blog.example/a/b/feed.rss", "hub.callback": CALLBACK}

    assert site.client.post("/a/b/hub", data=fields).status_code == 202
    assert site.client.post("/hub", data=fields).status_code == 404
