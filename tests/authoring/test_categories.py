"""Tags as apps know them: each has a number, for good."""

import pytest

from feedserver.authoring import categories
from feedserver.services import WebServices
from tests.support.fixtures import Publish
from tests.support.outside import Clock


def listed(services: WebServices) -> dict[str, tuple[int, int]]:
    """The number and the posts of each tag."""
    now = services.clock()
    found = services.database.transact(lambda connection: categories.listed(connection, now))
    return {one.name: (one.id, one.posts) for one in found}


def test_all_tags_are_listed_by_name_those_of_drafts_too_and_keep_their_numbers(
    services: WebServices, publish: Publish
) -> None:
    publish("One", tags="[birds, Larks]")
    publish("Two", tags="[LARKS]", draft="true")
    publish("Three", tags="[gone]")
    services.publisher.delete("three")
    before = listed(services)

    publish("Four", tags="[Ants]")

    assert list(listed(services)) == ["Ants", "birds", "Larks"]
    assert [posts for _, posts in listed(services).values()] == [1, 1, 2]
    assert {name: listed(services)[name] for name in before} == before


@pytest.mark.one_database
def test_a_new_one_without_posts_is_listed_for_a_day_and_keeps_its_number(services: WebServices, clock: Clock) -> None:
    with services.database.write() as connection:
        number, again = (categories.added(connection, name, clock()) for name in ("New ones", "new ONES"))

    assert number == again
    assert listed(services) == {"New ones": (number, 0)}
    clock.move(days=1)
    assert listed(services) == {}
    with services.database.read() as connection:
        assert categories.names_of(connection, [number, number + 1, 10**20]) == {number: "New ones"}
