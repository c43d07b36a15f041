"""How many subscriptions the hub takes, of whom, and how often."""

from collections.abc import Callable
from functools import partial

from feedserver.errors import SubscriptionError
from feedserver.websub import views
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.subscribers import Reader
from tests.support.waiting import together
from tests.websub.conftest import TOPIC, Site


def test_a_request_is_answered_before_anything_is_verified(site: Site, reader: Reader) -> None:
    answer = site.ask(reader.url + "/a")

    assert (answer.status_code, answer.content_type) == (202, "text/plain; charset=utf-8")
    assert reader.requests == []
    assert site.jobs() == ["confirm subscription"]


def test_one_request_of_a_callback_waits_at_a_time(site: Site, reader: Reader) -> None:
    """Else a stranger could have a callback asked for each of our feeds at once."""
    first, second = site.ask(reader.url + "/a"), site.ask(reader.url + "/a", "http://blog.example/feed.rss")
    leaving = site.ask(reader.url + "/a", mode="unsubscribe")
    site.work()
    third = site.ask(reader.url + "/a", "http://blog.example/feed.rss")

    assert [answer.status_code for answer in (first, second, leaving, third)] == [202, 429, 429, 202]
    assert second.text == "hub.callback: it or its host has not confirmed earlier requests yet; try again later\n"
    assert int(second.headers["Retry-After"]) > 0


def test_ten_callbacks_of_one_host_may_have_one_topic(site: Site) -> None:
    answers = [site.ask(f"http://127.0.2.1:{9 + number}/{number}") for number in range(11)]
    other_topic = site.ask("http://127.0.2.1:9/other", "http://blog.example/feed.rss")
    other_host = site.ask("http://127.0.2.2:9/other")

    assert [answer.status_code for answer in answers] == [202] * 10 + [403]
    assert answers[-1].text == "hub.callback: its host has too many subscriptions\n"
    assert (other_topic.status_code, other_host.status_code) == (202, 202)


def test_one_host_cannot_fill_the_hub(site_with: Callable[..., Site], publish: Publish) -> None:
    """A tenth of it is left to one host, and ten subscriptions at least."""
    publish("A post", tags=f"[{', '.join(f'tag{number}' for number in range(12))}]")
    site = site_with(limits_subscriptions=110)
    answers = [
        site.ask(f"http://127.0.2.1:9/{number}", f"http://blog.example/tags/tag{number}/feed.rss").status_code
        for number in range(12)
    ]

    assert answers == [202] * 11 + [403]
    assert site.ask("http://127.0.2.2:9/other").status_code == 202


def test_a_subscription_counts_once_more_for_every_256_bytes_of_its_callback(site_with: Callable[..., Site]) -> None:
    site = site_with(limits_subscriptions=12)

    def ask(host: str, length: int) -> int:
        callback = f"http://{host}/"
        return site.ask(callback + "x" * (length - len(callback))).status_code

    assert ask("127.0.2.1", 2_048) == 202  # nine places
    assert ask("127.0.2.1", 256) == 403  # two, and its host has ten
    assert ask("127.0.2.2", 768) == 503  # four, and there are twelve
    assert ask("127.0.2.2", 767) == 202
    assert ask("127.0.2.3", 20) == 503


def test_what_has_ended_makes_room_for_a_long_callback(site_with: Callable[..., Site], clock: Clock) -> None:
    site = site_with(limits_subscriptions=4)
    for number in range(4):
        site.ask(f"http://nowhere{number}.invalid/")
        site.work()
        clock.move(seconds=1)

    assert site.ask("http://127.0.2.1/" + "x" * 600).status_code == 202
    assert [one.callback[7:16] for one in site.all()] == ["127.0.2.1", "nowhere3."]


def test_no_more_of_one_host_wait_than_can_soon_be_asked(site_with: Callable[..., Site], reader: Reader) -> None:
    """Else a host that never answers could fill the hub for hours."""
    site = site_with(limits_host=2)
    topics = [f"http://blog.example/{name}.{fmt}" for name in ("feed", "thoughts") for fmt in ("rss", "atom", "json")]
    answers = [site.ask(f"{reader.url}/{number}", topics[number % 6]).status_code for number in range(31)]
    site.work()

    assert answers == [202] * 30 + [429]
    assert site.ask("http://127.0.2.2:9/").status_code == 202
    assert site.ask(f"{reader.url}/another").status_code == 202


def test_subdomains_count_as_one_host(site: Site) -> None:
    answers = [site.ask(f"http://r{number}.reader.example/") for number in range(11)]

    assert answers[-1].status_code == 403


def test_a_renewal_is_not_one_more(site: Site, reader: Reader) -> None:
    for number in range(10):
        site.ask(f"{reader.url}/{number}")
    site.work()

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
    site.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    answers = [site.ask(f"http://127.0.2.{number}/") for number in (1, 2, 3)]
    clock.move(seconds=60)

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert site.ask("http://127.0.2.3/").status_code == 202


def test_readers_behind_a_proxy_that_is_not_trusted_do_not_share_one_limit(site_with: Callable[..., Site]) -> None:
    """They all come from loopback, as readers on this machine do."""
    site = site_with(limits_sender=2)

    assert {site.ask(f"http://127.0.2.{number}/").status_code for number in (1, 2, 3)} == {202}


def test_of_some_that_come_at_once_one_takes_the_last_place(site_with: Callable[..., Site]) -> None:
    site = site_with(limits_subscriptions=1)

    def ask(number: int) -> int:
        fields = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": f"http://127.0.2.{number}/"}
        sender = {"REMOTE_ADDR": f"203.0.113.{number}"}
        return site.app.test_client().post("/hub", data=fields, environ_overrides=sender).status_code

    statuses = together(*(partial(ask, number) for number in range(1, 7)))

    assert sorted(statuses, key=str) == [202] + [503] * 5


def test_verifications_count_in_the_limit_of_a_host(
    site_with: Callable[..., Site], reader: Reader, clock: Clock
) -> None:
    site = site_with(limits_host=2)
    for name in "abc":
        site.ask(f"{reader.url}/{name}")
    site.work()
    within_the_minute = len(reader.requests)
    for _ in range(6):
        clock.move(minutes=1)
        site.work()

    assert within_the_minute == 2
    assert [one.state for one in site.all()] == ["active"] * 3


def test_every_refusal_has_a_status() -> None:
    assert set(views.STATUSES) == set(SubscriptionError.__subclasses__())
