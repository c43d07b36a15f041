"""How many pings may wait for their verification: in all, from one network of senders, and from one source site."""

from collections.abc import Callable
from functools import partial
from itertools import count

import pytest
from sqlalchemy import update

from feedserver.storage.schema import thoughts
from feedserver.thoughts.waiting_limits import Waiting
from tests.support.waiting import together
from tests.thoughts.site import Site, SiteWith, linking

SiteWithPlaces = Callable[..., Site]
_numbers = count()


@pytest.fixture
def crowded(site_with: SiteWith) -> SiteWithPlaces:
    """Makes a site on which so many pings may wait, and all do: `crowded(20)`."""

    def make(waiting: int) -> Site:
        return site_with(limits_waiting=waiting, limits_sender=10_000, pingback_places=0)

    return make


def ping(site: Site, sender: str, host: str | None = None) -> object:
    number = next(_numbers)
    return site.ping(f"http://{host or f'host{number}.example'}/{number}", site.target, sender=sender).outcome


@pytest.mark.parametrize(
    ("first", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("192.0.2.1", "::ffff:192.0.2.200", "192.0.3.1"),
        ("2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1"),
    ],
)
def test_one_network_has_a_tenth(crowded: SiteWithPlaces, first: str, same: str, other: str) -> None:
    site = crowded(20)
    assert [ping(site, first), ping(site, same)] == ["accepted", "accepted"]

    assert [ping(site, first), ping(site, same)] == [50, 50]
    assert ping(site, other) == "accepted"


def test_one_source_site_has_a_tenth_whoever_sends(crowded: SiteWithPlaces) -> None:
    site = crowded(20)
    for number in range(2):
        assert ping(site, f"192.0.{number}.1", f"host{number}.one.example") == "accepted"

    assert ping(site, "192.0.9.1", "one.example") == 50
    assert ping(site, "192.0.9.1", "another.example") == "accepted"
    assert [ping(site, f"198.51.{number}.1", "github.com/ann") for number in range(3)] == ["accepted", "accepted", 50]
    assert ping(site, "198.51.9.1", "github.com/bob") == "accepted"


@pytest.mark.parametrize("waiting", [1, 5, 9, 10, 19])
def test_a_share_is_one_at_least_and_no_more_than_a_tenth(crowded: SiteWithPlaces, waiting: int) -> None:
    site = crowded(waiting)

    assert [ping(site, "192.0.2.1") for _ in range(2)] == ["accepted", 50]


def test_networks_and_sites_together_fill_what_may_wait_and_no_more(crowded: SiteWithPlaces) -> None:
    site = crowded(12)

    outcomes = [ping(site, f"192.0.{number}.1") for number in range(14)]

    assert outcomes == ["accepted"] * 12 + [50] * 2


def test_nothing_that_was_accepted_is_displaced_and_what_is_settled_makes_room(crowded: SiteWithPlaces) -> None:
    site = crowded(10)
    source = site.web.put("http://other.example/", linking(site.target))
    first = site.ping(source, site.target, sender="192.0.2.1")
    for number in range(20):
        ping(site, f"192.0.{number}.1")

    again = site.ping(source, site.target, sender="192.0.2.1")
    assert again.text == first.text
    assert ping(site, "192.0.2.1") == 50
    site.run_jobs()
    assert "shown" in site.states()
    assert ping(site, "192.0.2.1") == "accepted"


def test_the_bytes_that_wait_are_shared_too(crowded: SiteWithPlaces) -> None:
    """A thousand pings of one network with the longest addresses would leave room for nobody."""
    site = crowded(10_000)
    assert ping(site, "192.0.2.1") == "accepted"
    with site.services.database.write() as connection:
        connection.execute(update(thoughts).values(size=2_000_000))

    assert ping(site, "192.0.2.1") == 50
    assert ping(site, "192.0.3.1") == "accepted"


def test_who_lets_more_pings_wait_gives_them_more_bytes() -> None:
    waiting = Waiting(
        pings=1, size=3_000_000, pings_of_network=1, size_of_network=3_000_000, pings_of_site=0, size_of_site=0
    )

    assert not waiting.has_room(10_000)
    assert waiting.has_room(20_000)


def test_of_pings_that_are_sent_at_once_no_more_wait_than_may(crowded: SiteWithPlaces) -> None:
    site = crowded(30)

    outcomes = together(*[partial(ping, site, f"192.0.2.{number}") for number in range(8)])

    assert sorted(map(str, outcomes)) == ["50"] * 5 + ["accepted"] * 3
