"""Related posts: shared rare tags and words, for both sides at once, with bounded work."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, insert, select

from feedserver.posts import links
from feedserver.posts import related as related_posts
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage import schema
from tests.posts.builders import edit, everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock


def related(services: WebServices, post: Post) -> list[str]:
    with services.database.read() as connection:
        return [link.slug for link in links.related_to(connection, post.id, services.clock())]


def test_posts_that_share_a_rare_tag_name_each_other(publish: Publish, services: WebServices) -> None:
    one = publish("One", tags="[beekeeping]")
    publish("Between", tags="[weather]")
    other = publish("Other", tags="[beekeeping]")

    assert related(services, one) == ["other"]
    assert related(services, other) == ["one"]


def test_posts_that_share_rare_words_name_each_other(publish: Publish, services: WebServices) -> None:
    one = publish("Honey harvest", "The beehives gave plenty of honey, and the harvest went on for days.")
    publish("Trains", "The railway timetable changed, and the stations were empty.")
    other = publish("Second harvest", "More honey from the beehives than ever.")

    assert related(services, one) == ["second-harvest"]
    assert related(services, other) == ["honey-harvest"]


def test_stop_words_relate_nothing(publish: Publish, services: WebServices) -> None:
    one = publish("One", "There would have been something about which they should think.")
    publish("Two", "They would think about something which should have been there.")

    assert related(services, one) == []


def test_a_post_is_never_related_to_itself(publish: Publish, services: WebServices) -> None:
    only = publish("Honey honey", "Honey honey honey.", tags="[honey]")
    edit(services, "honey-honey", "Honey", "Honey.")

    assert related(services, only) == []


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2026-03-09"}], ids=["draft", "scheduled"])
def test_what_readers_cannot_see_is_not_named(
    publish: Publish, services: WebServices, clock: Clock, front: dict[str, str]
) -> None:
    one = publish("One", tags="[beekeeping]")
    publish("Other", tags="[beekeeping]", **front)
    assert related(services, one) == []

    clock.move(days=2)
    if "date" not in front:
        edit(services, "other", "Other", tags="[beekeeping]")

    assert related(services, one) == ["other"]


def test_a_deleted_post_is_no_longer_related(publish: Publish, services: WebServices) -> None:
    one = publish("One", tags="[beekeeping]")
    publish("Other", tags="[beekeeping]")

    services.publisher.delete("other")

    assert related(services, one) == []
    assert everything(services)["related"] == []


def test_an_edit_updates_the_related_posts(publish: Publish, services: WebServices) -> None:
    one = publish("One", tags="[beekeeping]")
    two = publish("Two", tags="[railways]")
    publish("Other", tags="[beekeeping]")

    edit(services, "other", "Other", tags="[railways]")

    assert related(services, one) == []
    assert related(services, two) == ["other"]


def test_rarer_terms_count_for_more(publish: Publish, services: WebServices) -> None:
    for number in range(6):
        publish(f"Filler {number}", tags="[common]")
    publish("Near", tags="[rare]")

    assert related(services, publish("New", tags="[common, rare]"))[0] == "near"


def test_a_renamed_post_is_named_by_its_present_slug(publish: Publish, services: WebServices) -> None:
    one = publish("One", tags="[beekeeping]")
    publish("Other", tags="[beekeeping]")

    services.publisher.rename("other", "another")

    assert related(services, one) == ["another"]


def test_term_counts_agree_with_the_posts_that_hold_them(publish: Publish, services: WebServices) -> None:
    publish("One honey", tags="[a, b]")
    publish("Two honey", tags="[b, c]")
    edit(services, "two-honey", "Two", "Railways.", tags="[c, d]")
    publish("Three honey", tags="[a]")
    services.publisher.delete("three-honey")

    kept = everything(services)
    holders: dict[str, int] = {}
    for _, term in kept["post_terms"]:
        holders[term] = holders.get(term, 0) + 1
    assert {term: posts for term, posts in kept["terms"] if posts} == holders


def test_the_four_hundredth_post_costs_what_the_tenth_did(
    publish: Publish, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("Pattern")
    few = cost_of_publishing(publish, services, monkeypatch, among=10)
    many = cost_of_publishing(publish, services, monkeypatch, among=400)

    assert many.statements <= few.statements + 4  # to find a free moment of update may take more look-ups
    assert many.followed <= 16 * 51
    assert many.written <= few.written


@dataclass
class Cost:
    statements: int = 0
    followed: int = 0
    written: int = 0


def cost_of_publishing(publish: Publish, services: WebServices, monkeypatch: pytest.MonkeyPatch, *, among: int) -> Cost:
    """What one more post costs among posts that all share its twenty terms."""
    words = [f"term{letter}" for letter in "abcdefghijklmnopqrst"]
    add_sharers(services, words, among)
    cost = Cost()
    holders = related_posts._holders

    def counting_holders(*arguments: Any) -> dict[str, list[int]]:
        found = holders(*arguments)
        cost.followed += sum(map(len, found.values()))
        return found

    def count(*_: object) -> None:
        cost.statements += 1

    with monkeypatch.context() as patched:
        patched.setattr(related_posts, "_holders", counting_holders)
        event.listen(services.database.engine, "after_cursor_execute", count)
        made = publish(f"After {among}", " ".join(words))
        event.remove(services.database.engine, "after_cursor_execute", count)
    cost.written = sum(made.id in row[:2] for row in everything(services)["related"])
    assert related(services, made)
    return cost


def add_sharers(services: WebServices, words: list[str], number: int) -> None:
    """Posts inserted directly, since four hundred transactions would take long."""
    with services.database.write() as connection:
        pattern = dict(connection.execute(select(schema.posts).limit(1)).mappings().first() or {})
        first = connection.execute(select(func.count()).select_from(schema.posts)).scalar_one() + 1000 * number
        ids = range(first, first + number)
        connection.execute(
            insert(schema.posts),
            [
                pattern
                | {
                    "id": i,
                    "guid": f"urn:x:{i}",
                    "slug": f"p{i}",
                    "updated_at": pattern["updated_at"] - timedelta(hours=i),
                }
                for i in ids
            ],
        )
        connection.execute(insert(schema.post_terms), [{"post_id": i, "term": word} for i in ids for word in words])
        connection.execute(delete(schema.terms).where(schema.terms.c.term.in_(words)))
        held = select(schema.post_terms.c.term, func.count()).where(schema.post_terms.c.term.in_(words))
        counted = connection.execute(held.group_by(schema.post_terms.c.term)).all()
        connection.execute(insert(schema.terms), [{"term": term, "posts": posts} for term, posts in counted])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL knows the sizes of tables
def test_related_posts_are_fetched_by_their_ids_however_many_posts_there_are(
    services: WebServices, publish: Publish
) -> None:
    first, *_ = [publish(f"Ferry {n}", slug=f"ferry-{n}", tags="[ferry, fog]") for n in range(3)]
    asked: list[tuple[str, Any]] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))

    with services.database.read() as connection:
        assert links.related_to(connection, first.id, services.clock())
        queries = [one for one in asked if one[0].startswith("SELECT")]
        plans = [
            str(row.detail)
            for statement, values in queries
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    assert not [plan for plan in plans if "ix_posts_state" in plan or plan.startswith("SCAN")]
