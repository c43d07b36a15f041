"""How many thoughts may wait for a moderator, in all and from one network or source site."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import select

from feedserver.storage.schema import thoughts
from tests.support.moderating import moderate
from tests.support.waiting import together
from tests.thoughts.forms import TYPED, Commenter, read_form
from tests.thoughts.site import Site, SiteWith, linking

SiteWithLimits = Callable[..., Site]


@pytest.fixture
def limited(site_with: SiteWith) -> SiteWithLimits:
    """Makes a site on which everything waits, with other limits: `limited(held=20)`."""

    def make(**limits: int) -> Site:
        named: dict[str, object] = {f"limits_{name}": value for name, value in limits.items()}
        site = site_with(moderation_pingbacks="hold", **named)
        site.publish("A post", slug="a-post")
        return site

    return make


def comment(site: Site, sender: str, text: str = "Well said.") -> int:
    """Sends a comment, not faster than the rate allows; returns the status."""
    site.clock.move(minutes=1)
    return Commenter(site).send(sender=sender, comment=text).status_code


def ping(site: Site, host: str, sender: str) -> object:
    source = f"http://{host}/0"
    site.web.put(source, linking("http://blog.example/posts/a-post", before=f"From {source} "))
    return site.ping(source, "http://blog.example/posts/a-post", sender=sender).outcome


def decide(site: Site, action: str = "spam") -> None:
    moderate(site.services.database, site.thoughts()[-1].id, action, site.clock())  # type: ignore[arg-type]


def test_beyond_the_limit_a_comment_is_429_and_nothing_typed_is_lost(limited: SiteWithLimits) -> None:
    site = limited(held=3)
    assert [comment(site, f"192.0.{number}.1") for number in range(4)] == [303, 303, 303, 429]

    refused = Commenter(site).send(sender="192.0.9.1", comment="My words")

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3600"
    assert "wait for approval already" in refused.text
    assert read_form(refused.text).values["comment"] == "My words"
    decide(site)
    assert comment(site, "192.0.9.1") == 303


def test_beyond_the_limit_a_new_ping_is_50_and_a_known_one_is_as_before(limited: SiteWithLimits) -> None:
    site = limited(held=2)
    for number in range(2):
        assert ping(site, f"host{number}.example", f"192.0.{number}.1") == "registered"

    assert ping(site, "host2.example", "192.0.2.1") == 50
    assert site.ping("http://host0.example/0", "http://blog.example/posts/a-post", sender="192.0.3.1").outcome == 48
    decide(site, "approve")
    assert ping(site, "host2.example", "192.0.2.1") == "registered"


def test_pings_that_were_accepted_before_are_settled_beyond_the_limit(limited: SiteWithLimits) -> None:
    site = limited(held=1)
    site.web.gate.clear()
    first, second = (partial(ping, site, f"host{number}.example", f"192.0.{number}.1") for number in range(2))

    def release() -> None:
        site.web.wait_until_asked("http://host0.example/0", "http://host1.example/0")
        site.web.gate.set()

    assert together(first, second, release)[:2] == ["registered", "registered"]
    assert site.states() == ["held", "held"]
    assert ping(site, "host2.example", "192.0.2.1") == 50


@pytest.mark.parametrize(
    ("same", "other"),
    [("192.0.2.200", "192.0.3.1"), ("::ffff:192.0.2.200", "192.0.3.1")],
)
def test_one_network_has_a_tenth(limited: SiteWithLimits, same: str, other: str) -> None:
    site = limited(held=20)
    assert [comment(site, "192.0.2.1"), ping(site, "a.example", "192.0.2.7")] == [303, "registered"]

    assert comment(site, same) == 429
    assert ping(site, "b.example", same) == 50
    assert comment(site, other) == 303
    assert ping(site, "b.example", other) == "registered"


def test_one_ipv6_network_has_a_tenth(limited: SiteWithLimits) -> None:
    site = limited(held=20)
    assert [comment(site, "2001:db8:1::1"), comment(site, "2001:db8:1:ffff::1")] == [303, 303]

    assert comment(site, "2001:db8:1:2::3") == 429
    assert comment(site, "2001:db8:2::1") == 303


def test_one_source_site_has_a_tenth(limited: SiteWithLimits) -> None:
    site = limited(held=20)
    for number in range(2):
        assert ping(site, f"host{number}.one.example", f"192.0.{number}.1") == "registered"

    assert ping(site, "one.example", "192.0.9.1") == 50
    assert ping(site, "another.example", "192.0.9.1") == "registered"


def test_one_sender_has_one_place_at_least(limited: SiteWithLimits) -> None:
    site = limited(held=5)

    assert [comment(site, "192.0.2.1"), comment(site, "192.0.2.2"), comment(site, "192.0.3.1")] == [303, 429, 303]


def test_the_words_have_a_limit_of_their_own(limited: SiteWithLimits) -> None:
    site = limited(held_bytes=10_000)
    words = "é" * 2_000
    assert [comment(site, f"192.0.{number}.1", words) for number in range(3)] == [303, 303, 429]
    assert comment(site, "192.0.9.1", "short") == 303
    assert ping(site, "a.example", "192.0.4.1") == "registered"

    assert comment(site, "192.0.5.1", "x" * 1_900) == 429
    decide(site)
    assert comment(site, "192.0.5.1", words) == 303


def test_what_is_shown_takes_no_place(site_with: SiteWith) -> None:
    site = site_with(moderation_comments="show", limits_held=1, limits_held_bytes=1)
    site.publish("A post", slug="a-post")

    assert [comment(site, "192.0.2.1") for _ in range(3)] == [303] * 3


def test_of_comments_that_are_sent_at_once_no_more_wait_than_may(limited: SiteWithLimits) -> None:
    site = limited(held=3)
    tokens = [Commenter(site).form().values for _ in range(8)]
    site.clock.move(seconds=5)

    def send(number: int) -> int:
        client, values = site.app.test_client(), tokens[number] | TYPED
        sent = client.post("/posts/a-post/comments", data=values, environ_base={"REMOTE_ADDR": f"192.0.{number}.1"})
        return sent.status_code

    statuses = together(*(partial(send, number) for number in range(8)))

    assert (statuses.count(303), statuses.count(429)) == (3, 5)


@pytest.mark.parametrize("action", ["approve", "hide", "spam"])
def test_of_a_commenter_only_the_network_is_stored_and_only_until_a_moderator_decides(
    limited: SiteWithLimits, action: str
) -> None:
    site = limited()
    comment(site, "192.0.2.77")

    def networks() -> list[str | None]:
        with site.services.database.read() as connection:
            return list(connection.execute(select(thoughts.c.sender_network)).scalars())

    assert networks() == ["192.0.2.0/24"]
    decide(site, action)
    assert networks() == [None]


def test_long_addresses_fill_the_queue_before_their_number_does(site_with: SiteWith) -> None:
    """Ten thousand pings with the longest addresses would take 300 MB."""
    site = site_with(moderation_pingbacks="hold")
    assert site.mention(site.target, "http://first.example/").outcome == "registered"
    with site.services.database.write() as connection:
        connection.execute(thoughts.update().values(size=50_000_000))

    assert site.mention(site.target, "http://second.example/").outcome == 50
