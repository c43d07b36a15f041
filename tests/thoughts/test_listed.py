"""The site's list of thoughts contains what readers see, whatever happens to thoughts and their posts."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedserver.posts.model import Post
from feedserver.storage.schema import posts, thoughts
from feedserver.thoughts import comments, shown
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.lifecycle import Action, Verdict
from feedserver.thoughts.moderation.actions import moderate_all, undo
from feedserver.thoughts.moderation.purge import purge
from tests.posts.builders import edit
from tests.thoughts.site import Site, linking


@pytest.fixture
def discussed(site: Site) -> Site:
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
    """The ids of the thoughts that readers see, read from the tables; checks the list and each page of it."""
    now = site.clock()
    with site.services.database.read() as connection:
        query = select(thoughts.c.id).join(posts, posts.c.id == thoughts.c.post_id)
        query = query.where(thoughts.c.state == "shown", posts.c.state == "published", posts.c.published_at <= now)
        expected = list(
            connection.execute(query.order_by(thoughts.c.received_at.desc(), thoughts.c.id.desc())).scalars()
        )
        assert shown.count(connection, now) == len(expected)
        for offset in range(len(expected) + 2):
            found = shown.latest(connection, now, site.services.urls, 5, offset=offset)
            assert [thought.id for thought in found] == expected[offset : offset + 5]
    return expected


def test_what_is_shown_is_listed(discussed: Site) -> None:
    assert len(seen(discussed)) == 12


def test_moderation_and_undoing_it_take_thoughts_off_the_list_and_put_them_back(discussed: Site) -> None:
    database, ids = discussed.services.database, seen(discussed)[2:9]

    actions: dict[Action, int] = {"spam": 5, "approve": 12, "hide": 5, "delete": 5}
    for action, left in actions.items():
        moderate_all(database, ids, action, discussed.clock())
        assert len(seen(discussed)) == left
    for left in (5, 12, 5, 12):
        undo(database, discussed.clock())
        assert len(seen(discussed)) == left


def test_purged_thoughts_are_not_listed(discussed: Site) -> None:
    purge(discussed.services.database, "b.example", discussed.clock())

    assert len(seen(discussed)) == 9


def test_a_thought_is_not_listed_while_its_link_is_gone(discussed: Site) -> None:
    page = "http://a.example/post-0"
    html = discussed.web.pages[page]
    discussed.web.put(page, "<p>Nothing.</p>")
    discussed.clock.move(days=40)
    discussed.run_jobs()
    assert len(seen(discussed)) == 11

    discussed.web.pages[page] = html
    discussed.clock.move(days=40)
    discussed.ping(page, "http://blog.example/posts/post-0")
    discussed.run_jobs()

    assert len(seen(discussed)) == 12


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2030-01-01"}], ids=["a draft", "postponed"])
def test_thoughts_are_listed_while_their_post_is_published(discussed: Site, front: dict[str, str]) -> None:
    edit(discussed.services, "post-1", **front)
    assert len(seen(discussed)) == 8

    edit(discussed.services, "post-1", date="2026-01-01")
    assert len(seen(discussed)) == 12

    discussed.services.publisher.delete("post-1")
    assert len(seen(discussed)) == 8


def test_thoughts_on_a_postponed_post_are_listed_again_when_it_is_due_though_no_job_runs(
    discussed: Site,
) -> None:
    edit(discussed.services, "post-2", date=f"{discussed.clock() + timedelta(days=1):%Y-%m-%d}")
    assert len(seen(discussed)) == 8

    discussed.clock.move(days=2)

    assert len(seen(discussed)) == 12


def test_a_thought_that_is_approved_on_a_deleted_post_is_not_listed(discussed: Site) -> None:
    ids = [thought.id for thought in discussed.thoughts() if thought.post_slug == "post-1"]
    moderate_all(discussed.services.database, ids, "hide", discussed.clock())
    discussed.services.publisher.delete("post-1")

    moderate_all(discussed.services.database, ids, "approve", discussed.clock())

    assert len(seen(discussed)) == 8


def test_a_comment_that_is_shown_at_once_is_listed(site: Site, post: Post) -> None:
    comment = Comment(name="Ann", email="", website="", text="Yes.", submission="one")

    with site.services.database.write() as connection:
        comments.add(connection, post.id, comment, Verdict("shown", "shown at once"), site.clock())

    assert len(seen(site)) == 1
