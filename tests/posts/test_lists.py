"""The order in which readers first saw the posts of each list: given once, never changed."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from feedserver.installation import init
from feedserver.posts import store
from feedserver.posts.model import EVERYTHING, Listing
from feedserver.posts.store import ids_at_positions, in_order
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.schema import listed, posts
from feedserver.thoughts import shown
from tests.posts.builders import edit
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

SEA = Listing(tag="sea")


def order(services: WebServices, listing: Listing = EVERYTHING) -> dict[int, str]:
    """The title at each position of a list, whether its post is visible or not."""
    with services.database.read() as connection:
        query = (
            select(listed.c.position, posts.c.title)
            .join(posts, posts.c.id == listed.c.post_id)
            .where(listed.c.list == listing.key, listed.c.position.is_not(None))
            .order_by(listed.c.position)
        )
        return {row.position: row.title for row in connection.execute(query)}


def test_posts_get_positions_as_they_appear_whatever_their_dates_are(services: WebServices, publish: Publish) -> None:
    publish("One", date="2026-01-01", tags="[sea]")
    publish("Two", date="2001-01-01")
    publish("Three", date="2026-01-02", tags="[sea]")

    assert order(services) == {1: "One", 2: "Two", 3: "Three"}
    assert order(services, SEA) == {1: "One", 2: "Three"}
    assert order(services, Listing(author="Ann Author")) == {1: "One", 2: "Two", 3: "Three"}


def test_a_draft_and_a_scheduled_post_have_none_until_they_appear(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("Draft", draft="true", slug="draft")
    publish("To come", date=f"{clock():%Y-%m-%d} 23:00")
    publish("One")
    assert order(services) == {1: "One"}

    edit(services, "draft", "Draft no more")
    clock.move(hours=13)
    services.runner.run_due()

    assert order(services) == {1: "One", 2: "Draft no more", 3: "To come"}


def test_an_edit_and_a_deletion_move_no_post(services: WebServices, publish: Publish) -> None:
    for title in ("One", "Two", "Three"):
        publish(title, slug=title.lower(), tags="[sea]")
    before = order(services)

    edit(services, "one", "One", date="2026-03-01", tags="[sea]")
    services.publisher.delete("two")
    services.publisher.rename("three", "third")

    assert order(services) == before


def test_a_new_tag_puts_the_post_at_the_end_of_its_list_and_a_former_tag_at_its_former_position(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("One", slug="one")
    publish("Two", slug="two", tags="[sea]")
    edit(services, "one", "One", tags="[sea]")
    edit(services, "two", "Two")
    with services.database.read() as connection:
        assert [post.title for post in in_order(connection, ids_at_positions(connection, clock(), SEA, 1, 20))] == [
            "One"
        ]

    edit(services, "two", "Two", tags="[sea]")

    assert order(services, SEA) == {1: "Two", 2: "One"}


def test_posts_without_authors_get_positions_in_the_list_of_the_sites_new_author(
    services: WebServices, settings: Settings, assemble: Assemble, publish: Publish
) -> None:
    publish("Unnamed")
    publish("Named", authors="[Zoe]")
    publish("Unnamed too")
    renamed = assemble(replace(settings, site=replace(settings.site, author="Zoe")))

    for _ in range(2):
        init(renamed, example=False)

    assert order(services, Listing(author="Zoe")) == {1: "Named", 2: "Unnamed", 3: "Unnamed too"}
    assert order(services, Listing(author="Ann Author")) == {1: "Unnamed", 2: "Unnamed too"}


def counted(services: WebServices, now: datetime) -> dict[str, int]:
    """How many posts readers see in the lists of this site, without empty lists."""
    with services.database.read() as connection:
        found = {}
        for key in connection.execute(select(listed.c.list).distinct()).scalars().all():
            kind, _, name = key.partition("/")
            found[key] = store.count(connection, now, Listing(**{kind: name} if name else {}))
        return {key: count for key, count in found.items() if count}


def test_lists_know_how_many_posts_readers_see_in_them(services: WebServices, publish: Publish, clock: Clock) -> None:
    assert counted(services, clock()) == {}
    publish("One", slug="one", tags="[sea, 100%]")
    publish("Two", slug="two", tags="[sea]", authors="[Zoe]")
    publish("Draft", slug="draft", tags="[hidden]", draft="true")
    publish("To come", tags="[sea, later]", date=(clock() + timedelta(hours=1)).isoformat())
    assert counted(services, clock()) == {
        "site": 2,
        "tag/sea": 2,
        "tag/100%": 1,
        "author/ann author": 1,
        "author/zoe": 1,
    }

    later = clock() + timedelta(hours=2)  # whether or not a job has made the scheduled post known
    assert counted(services, later)["site"] == 3
    assert counted(services, later)["tag/later"] == 1

    edit(services, "two", "Two", authors="[Zoe]")
    services.publisher.delete("one")
    edit(services, "draft", "Draft no more", tags="[hidden]")
    assert counted(services, clock()) == {"site": 2, "author/zoe": 1, "author/ann author": 1, "tag/hidden": 1}


def test_a_post_that_is_withheld_or_put_off_leaves_its_lists_and_comes_back_to_its_position(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("One", slug="one", tags="[sea]")
    publish("Two", slug="two", tags="[sea]")
    before = order(services, SEA)

    edit(services, "one", "One", tags="[sea]", draft="true")
    edit(services, "two", "Two", tags="[sea]", date=(clock() + timedelta(days=1)).isoformat())
    assert counted(services, clock()) == {}
    edit(services, "one", "One", tags="[sea]")
    edit(services, "two", "Two", tags="[sea]", date=clock().isoformat())

    assert order(services, SEA) == before
    assert counted(services, clock())["tag/sea"] == 2


def test_the_former_author_of_the_site_keeps_only_the_posts_that_say_so(
    services: WebServices, settings: Settings, assemble: Assemble, publish: Publish
) -> None:
    init(services, example=False)
    publish("Unnamed")
    publish("Named", authors="[Ann Author]")
    publish("To come", date="2030-01-01")
    renamed = assemble(replace(settings, site=replace(settings.site, author="Zoe")))

    init(renamed, example=False)

    assert counted(services, services.clock()) == {"site": 2, "author/ann author": 1, "author/zoe": 1}
    assert counted(services, services.clock().replace(year=2031))["author/zoe"] == 2
    init(services, example=False)
    assert counted(services, services.clock()) == {"site": 2, "author/ann author": 2}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which can be told how many values it takes
def test_all_posts_are_listed_though_they_are_more_than_a_statement_takes_values(services: WebServices) -> None:
    """`feedserver post list`, which shows the thoughts on each post too."""
    with services.database.write() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        connection.exec_driver_sql(_TWO_THOUSAND_POSTS)
        connection.exec_driver_sql(
            "INSERT INTO post_tags (post_id, position, name, folded) SELECT id, 0, 'sea', 'sea' FROM posts"
        )
        found = store.everything(connection)

        assert len(found) == len(store.by_ids(connection, [post.id for post in found])) == 2_000
        assert {post.tags for post in found} == {("sea",)}
        assert shown.counts(connection, [post.id for post in found]) == {}


_TWO_THOUSAND_POSTS = """
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2000)
    INSERT INTO posts (guid, slug, title, source, html, feed_html, excerpt, lang, state, published_at, updated_at,
                       created_at, pings_open, comments_open)
    SELECT 'g' || n, 's' || n, '', '', '', '', '', 'en', 'published', '2020-01-01', '2020-01-01', '2020-01-01', 1, 1
    FROM number
"""
