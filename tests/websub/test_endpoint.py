"""`POST /hub`: which requests are taken, and what the others are answered."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.errors import SubscriptionError
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.websub import views
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.subscribers import Reader
from tests.support.waiting import together
from tests.websub.conftest import TOPIC, Site

CALLBACK = "http://127.0.2.1:9/a"
FORM = "application/x-www-form-urlencoded"


def test_a_request_is_answered_before_anything_is_verified(site: Site, reader: Reader) -> None:
    answer = site.ask(reader.url + "/a")

    assert (answer.status_code, answer.content_type) == (202, "text/plain; charset=utf-8")
    assert reader.calls == []
    assert site.jobs() == ["confirm subscription"]


@pytest.mark.parametrize(
    "path",
    [
        *("/feed.rss", "/feed.atom", "/feed.json"),
        *("/tags/sea/feed.rss", "/authors/Ann%20Author/feed.json", "/thoughts.atom", "/posts/a-post/thoughts.json"),
    ],
)
def test_each_newest_document_is_a_topic(site: Site, path: str) -> None:
    topic = site.client.get(path)
    url = f"http://blog.example{path}"

    assert f'<{url}>; rel="self"' in topic.headers["Link"]
    assert site.ask(CALLBACK, url).status_code == 202


@pytest.mark.parametrize(
    "topic",
    [
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
    ],
)
def test_anything_else_is_no_topic(site: Site, publish: Publish, topic: str) -> None:
    publish("A draft", slug="a-draft", tags="[hidden]", draft="true")

    answer = site.ask(CALLBACK, topic)

    assert (answer.status_code, answer.content_type) == (400, "text/plain; charset=utf-8")
    assert answer.text == "hub.topic: is no feed of this site; name it as its “self” does\n"
    assert site.all() == []


def test_tags_with_slashes_and_letters_of_all_kinds_are_topics(site: Site, publish: Publish) -> None:
    publish("Another", tags='["a/b", "c++ ü"]')

    for name in ("a%2Fb", "c%2B%2B%20%C3%BC"):
        assert site.ask(f"http://127.0.2.1/{name}", f"http://blog.example/tags/{name}/feed.rss").status_code == 202
    assert {one.topic for one in site.all()} == {"tag/a/b.rss", "tag/c++ ü.rss"}


@pytest.mark.parametrize(
    "callback", ["http://blog.example/", "http://blog.example/pingback?x=1", "https://BLOG.example/a"]
)
def test_a_callback_on_this_site_is_refused(site: Site, callback: str) -> None:
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


# --- the form of a request ---


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", None])
def test_only_a_form_is_taken(site: Site, content_type: str | None) -> None:
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


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_told_which_one_is_taken(site: Site, method: str) -> None:
    answer = site.client.open("/hub", method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_site_without_a_hub_has_no_such_address(site_with: Callable[..., Site]) -> None:
    site = site_with(websub_hub=False)

    assert (site.ask(CALLBACK).status_code, site.client.get("/hub").status_code) == (404, 404)


def test_every_refusal_has_a_status() -> None:
    assert set(views.STATUSES) == set(SubscriptionError.__subclasses__())


# --- limits ---


def test_one_request_of_a_callback_waits_at_a_time(site: Site, reader: Reader) -> None:
    """Else a stranger could have a callback asked for each of our feeds at once."""
    first, second = site.ask(reader.url + "/a"), site.ask(reader.url + "/a", "http://blog.example/feed.rss")
    leaving = site.ask(reader.url + "/a", mode="unsubscribe")
    site.work()
    third = site.ask(reader.url + "/a", "http://blog.example/feed.rss")

    assert [answer.status_code for answer in (first, second, leaving, third)] == [202, 429, 429, 202]
    assert second.text == "hub.callback: it has not confirmed an earlier request yet; try again later\n"
    assert int(second.headers["Retry-After"]) > 0


def test_ten_callbacks_of_one_host_may_have_one_topic(site: Site) -> None:
    answers = [site.ask(f"http://127.0.2.1:{9 + number}/{number}") for number in range(11)]
    other_topic = site.ask("http://127.0.2.1:9/other", "http://blog.example/feed.rss")
    other_host = site.ask("http://127.0.2.2:9/other")

    assert [answer.status_code for answer in answers] == [202] * 10 + [403]
    assert answers[-1].text == "hub.callback: its host has too many subscriptions to this topic\n"
    assert (other_topic.status_code, other_host.status_code) == (202, 202)


def test_subdomains_count_as_one_host(site: Site) -> None:
    answers = [site.ask(f"http://r{number}.reader.example/") for number in range(11)]

    assert answers[-1].status_code == 403


def test_a_renewal_is_not_one_more(site: Site, reader: Reader) -> None:
    for number in range(10):
        assert site.subscribe(f"{reader.url}/{number}").state == "active"

    assert site.subscribe(reader.url + "/3", secret="new").secret == "new"


def test_the_hub_takes_so_many_subscriptions_and_no_more(site_with: Callable[..., Site], reader: Reader) -> None:
    site = site_with(limits_subscriptions=2)
    site.subscribe(reader.url + "/a")
    answers = [site.ask(f"{reader.url}/{name}") for name in "bc"]
    site.work()
    renewal = site.ask(reader.url + "/a")

    assert [answer.status_code for answer in answers] == [202, 503]
    assert int(answers[1].headers["Retry-After"]) > 0
    assert renewal.status_code == 202


def test_what_has_ended_makes_room_and_is_bounded_too(site_with: Callable[..., Site], clock: Clock) -> None:
    site = site_with(limits_subscriptions=2, limits_sender=1_000)
    for number in range(5):
        site.ask(f"http://nowhere.invalid/{number}")
        site.work()
        clock.move(seconds=1)

    assert [(one.callback[-1], one.state) for one in site.all()] == [("4", "ended"), ("3", "ended")]


def test_a_lease_that_has_ended_makes_room(site_with: Callable[..., Site], reader: Reader, clock: Clock) -> None:
    site = site_with(limits_subscriptions=1)
    site.subscribe(reader.url + "/a")
    clock.move(days=10)

    assert site.ask(reader.url + "/b").status_code == 202
    assert [one.state for one in site.all()] == ["pending"]


def test_a_sender_has_so_many_requests_a_minute(site_with: Callable[..., Site], clock: Clock) -> None:
    site = site_with(limits_sender=2)
    answers = [site.ask(f"http://127.0.2.{number}/") for number in (1, 2, 3)]
    clock.move(seconds=60)

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert site.ask("http://127.0.2.3/").status_code == 202


def test_of_two_that_come_at_once_one_takes_the_last_place(site_with: Callable[..., Site]) -> None:
    site = site_with(limits_subscriptions=1)

    def ask(number: int) -> int:
        fields = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": f"http://127.0.2.{number}/"}
        return site.app.test_client().post("/hub", data=fields).status_code

    assert sorted(together(lambda: ask(1), lambda: ask(2)), key=str) == [202, 503]


def test_verifications_count_in_the_limit_of_a_host(
    site_with: Callable[..., Site], reader: Reader, clock: Clock
) -> None:
    site = site_with(limits_host=2)
    for name in "abc":
        site.ask(f"{reader.url}/{name}")
    site.work()
    within_the_minute = len(reader.calls)
    for _ in range(6):
        clock.move(minutes=1)
        site.work()

    assert within_the_minute == 2
    assert [one.state for one in site.all()] == ["active"] * 3


# --- a database that is away, and what is logged ---


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
