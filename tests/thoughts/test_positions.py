"""The position of a thought: given when readers see it for the first time, and never changed."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from feedserver.posts.model import Post
from feedserver.storage.schema import thoughts
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation.actions import moderate_all, undo
from feedserver.thoughts.moderation.purge import purge
from tests.feeds.happenings import say
from tests.thoughts.site import SOURCE, Site, linking, show

AS_AN_OLDER_PROGRAM = {
    "comment": """
        INSERT INTO thoughts (guid, post_id, kind, state, author_name, author_url, title, excerpt, approved, strikes,
            received_at)
        VALUES ('urn:uuid:older', :post, 'comment', 'shown', 'Bo', '', '', 'words', :no, 0, '2026-03-08 12:00:00+00')
    """,
    "ping": "UPDATE thoughts SET state = 'shown' WHERE state = 'held'",
}


def positions(site: Site) -> list[int | None]:
    """Those of all thoughts, in the order of their ids."""
    with site.services.database.read() as connection:
        return list(connection.execute(select(thoughts.c.position).order_by(thoughts.c.id)).scalars())


def act(site: Site, action: Action, *ids: int) -> None:
    moderate_all(site.services.database, ids, action, site.clock())


def test_thoughts_are_numbered_on_each_post_as_they_are_shown(site: Site, post: Post, target: str) -> None:
    other = site.publish("Another", slug="another")

    say(site.services, post)
    show(site, target)
    say(site.services, other)
    say(site.services, post, state="held")
    say(site.services, post)

    assert positions(site) == [1, 2, 1, None, 3]


def test_a_thought_that_waited_is_numbered_when_it_is_approved(site: Site, post: Post) -> None:
    waiting = say(site.services, post, state="held")
    say(site.services, post)

    act(site, "approve", waiting.id)

    assert positions(site) == [2, 1]


def test_thoughts_that_are_approved_together_stand_in_the_order_in_which_they_came(
    site_with: Callable[..., Site],
) -> None:
    site = site_with(moderation_pingbacks="hold")
    post = site.publish("A post", slug="a-post")
    say(site.services, post, state="held")
    show(site, site.url(post))
    say(site.services, post, state="held")

    act(site, "approve", 3, 1, 2)

    assert positions(site) == [1, 2, 3]


@pytest.mark.parametrize("action", ["hide", "spam", "delete"])
def test_a_thought_that_comes_back_has_the_position_that_it_had(site: Site, post: Post, action: Action) -> None:
    for _ in range(3):
        say(site.services, post)

    act(site, action, 1)
    assert positions(site) == [1, 2, 3]
    undo(site.services.database, site.clock())
    act(site, action, 2)
    act(site, "approve", 2)
    say(site.services, post)

    assert positions(site) == [1, 2, 3, 4]


def test_a_link_that_comes_back_has_its_old_position(site: Site, post: Post, target: str) -> None:
    show(site, target)
    say(site.services, post)

    site.web.put(SOURCE, linking("http://blog.example/elsewhere"))
    site.clock.move(days=40)
    site.run_jobs()
    assert site.states() == ["gone", "shown"]
    site.clock.move(days=1)
    show(site, target)

    assert site.states() == ["shown", "shown"]
    assert positions(site) == [1, 2]


def test_a_purge_leaves_the_others_where_they_are(site: Site, post: Post, target: str) -> None:
    say(site.services, post)
    show(site, target)
    say(site.services, post)

    purge(site.services.database, "other.example", site.clock())
    say(site.services, post)

    assert positions(site) == [1, 3, 4]


@pytest.mark.parametrize("kind", AS_AN_OLDER_PROGRAM)
def test_what_an_older_program_shows_beside_this_one_is_numbered_too(site_with: Callable[..., Site], kind: str) -> None:
    site = site_with(moderation_pingbacks="hold")
    post = site.publish("A post", slug="a-post")
    say(site.services, post)
    if kind == "ping":
        show(site, site.url(post))

    with site.services.database.write() as connection:
        statement = text(AS_AN_OLDER_PROGRAM[kind])
        connection.execute(statement, {"post": post.id, "no": False} if kind == "comment" else {})
    say(site.services, post)

    assert positions(site) == [1, 2, 3]
