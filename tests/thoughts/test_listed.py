"""The site's list of thoughts holds what readers see, whatever becomes of thoughts and of their posts."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedserver.posts.model import Post
from feedserver.storage.schema import posts, thoughts
from feedserver.thoughts import comments, store
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.lifecycle import Action, Verdict
from feedserver.thoughts.moderation.actions import moderate_all, undo
from feedserver.thoughts.moderation.purge import purge
from tests.posts.builders import edit
from tests.thoughts.site import Site, linking


@pytest.fixture
def told(site: Site) -> Site:
    """Three posts with four thoughts each, a minute apart, from hosts `a.example` to `d.example`."""
    for post in [site.publish(f"Post {number}", slug=f"post-{number}") for number in range(3)]:
        for host in "abcd":
            site.clock.move(minutes=1)
            page = site.web.put(
                f"http://{host}.example/{post.slug}", linking(site.url(post), before=f"{host} on {post.slug}: ")
            )
            assert site.ping(page, site.url(post)).outcome == "registered"
    return site


def seen(site: Site) -> list[int]:
    """What readers see, found by looking at every thought; the list and each page of it say the same."""
    now = site.clock()
    with site.services.database.read() as connection:
        query = select(thoughts.c.id).join(posts, posts.c.id == thoughts.c.post_id)
        query = query.where(thoughts.c.state == "shown", posts.c.state == "published", posts.c.published_at <= now)
        expected = list(
            connection.execute(query.order_by(thoughts.c.received_at.desc(), thoughts.c.id.desc())).scalars()
        )
        assert store.count_shown(connection, now) == len(expected)
        for offset in range(len(expected) + 2):
            found = store.latest_shown(connection, now, 5, offset=offset)
            assert [thought.id for thought in found] == expected[offset : offset + 5]
    return expected


def test_what_is_shown_is_listed(told: Site) -> None:
    assert len(seen(told)) == 12


def test_what_a_moderator_takes_away_brings_back_and_undoes_leaves_and_enters(told: Site) -> None:
    database, ids = told.services.database, seen(told)[2:9]

    acts: dict[Action, int] = {"spam": 5, "approve": 12, "hide": 5, "delete": 5}
    for action, left in acts.items():
        moderate_all(database, ids, action, told.clock())
        assert len(seen(told)) == left
    for left in (5, 12, 5, 12):
        undo(database, told.clock())
        assert len(seen(told)) == left


def test_a_purge_takes_what_it_removes_off_the_list(told: Site) -> None:
    purge(told.services.database, "b.example", told.clock())

    assert len(seen(told)) == 9


def test_a_link_that_vanishes_and_comes_back_takes_its_thought_along(told: Site) -> None:
    page = "http://a.example/post-0"
    words = told.web.pages[page]
    told.web.put(page, "<p>Nothing.</p>")
    told.clock.move(days=40)
    told.run_jobs()
    assert len(seen(told)) == 11

    told.web.pages[page] = words
    told.clock.move(days=40)
    told.ping(page, "http://blog.example/posts/post-0")
    told.run_jobs()

    assert len(seen(told)) == 12


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2030-01-01"}], ids=["a draft", "put off"])
def test_thoughts_go_with_their_post_and_come_back_with_it(told: Site, front: dict[str, str]) -> None:
    edit(told.services, "post-1", **front)
    assert len(seen(told)) == 8

    edit(told.services, "post-1", date="2026-01-01")
    assert len(seen(told)) == 12

    told.services.publisher.delete("post-1")
    assert len(seen(told)) == 8


def test_thoughts_on_a_post_that_was_put_off_are_seen_again_when_its_time_has_come_though_no_job_runs(
    told: Site,
) -> None:
    edit(told.services, "post-2", date=f"{told.clock() + timedelta(days=1):%Y-%m-%d}")
    assert len(seen(told)) == 8

    told.clock.move(days=2)

    assert len(seen(told)) == 12


def test_what_is_approved_on_a_post_that_is_gone_is_not_listed(told: Site) -> None:
    ids = [thought.id for thought in told.thoughts() if thought.post_slug == "post-1"]
    moderate_all(told.services.database, ids, "hide", told.clock())
    told.services.publisher.delete("post-1")

    moderate_all(told.services.database, ids, "approve", told.clock())

    assert len(seen(told)) == 8


def test_a_comment_that_is_shown_at_once_is_listed(site: Site, post: Post) -> None:
    comment = Comment(name="Ann", email="", website="", text="Yes.", submission="one")

    with site.services.database.write() as connection:
        comments.add(connection, post.id, comment, Verdict("shown", "shown at once"), site.clock())

    assert len(seen(site)) == 1
