"""Deleting all that came from a host."""

import pytest
from sqlalchemy import select

from feedserver.errors import ThoughtError
from feedserver.posts.model import Post
from feedserver.storage.schema import metadata
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation.actions import undo
from feedserver.thoughts.moderation.purge import purge
from tests.thoughts.site import SOURCE, Site, linking


def everything_stored(site: Site) -> str:
    """All that the database holds, as text."""
    with site.services.database.read() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table)).all()
        )


def test_a_purge_leaves_nothing_of_a_host_and_all_of_the_others(site: Site, post: Post, target: str) -> None:
    sources = [SOURCE, "http://sub.other.example/page", "http://another.example/", "http://notother.example/"]
    for source in sources:
        site.web.put(source, linking(target, before=f"A secret of {source}: ", title=f"Title of {source}"), etag='"x"')
        site.ping(source, target)
    site.moderate("approve")
    site.web.put(SOURCE, linking(target, before="New secret of http://other.example/: "))
    site.run_next_job()
    receipt = f"/receipts/{next(one.receipt_token for one in site.thoughts() if one.source == SOURCE)}"
    revision = site.revision()

    removed = purge(site.services.database, "other.example", site.clock())

    assert (removed.thoughts, removed.shown, removed.source_keys, removed.jobs) == (2, 2, 2, 2)
    left = everything_stored(site)
    assert "/other.example" not in left
    assert "sub.other.example" not in left
    assert left.count("A secret of http://another.example/") >= 2, "its thought, and what its page said"
    assert [thought.source for thought in site.thoughts()] == sources[:1:-1]
    assert len(site.jobs()) == 2
    assert site.client.get(receipt).status_code == 410
    assert SOURCE not in site.page(post)
    assert site.revision() > revision


def test_neither_a_purge_nor_what_came_before_it_can_be_undone(three: Site) -> None:
    three.moderate("approve")
    purge(three.services.database, "other.example", three.clock())

    with pytest.raises(ThoughtError, match=r"purge of other\.example, which cannot be undone"):
        undo(three.services.database, three.clock())

    three.moderate("spam", "http://third.example/")
    undo(three.services.database, three.clock())
    assert three.states() == ["held"]


def test_a_purge_of_an_unknown_host_is_not_logged(three: Site) -> None:
    three.moderate("approve")

    assert purge(three.services.database, "unknown.example", three.clock()).thoughts == 0

    undo(three.services.database, three.clock())
    assert three.states() == ["held"] * 3


def test_a_ping_that_is_purged_during_its_fetch_is_answered_and_leaves_nothing(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.web.meanwhile = lambda: purge(site.services.database, "other.example", site.clock())

    assert site.ping(SOURCE, target).outcome == "accepted"

    assert (site.thoughts(), site.jobs()) == ([], [])
    assert "/other.example" not in everything_stored(site)


@pytest.mark.parametrize("action", ["spam", "delete"])
def test_what_a_moderator_removed_before_a_purge_stays_removed(site: Site, target: str, action: Action) -> None:
    site.mention(target)
    site.moderate(action)
    purge(site.services.database, "other.example", site.clock())

    assert site.ping(SOURCE, target).outcome == 48
    assert site.mention(target, f"{SOURCE}?2").outcome == 48
    assert "shown" not in site.states()


def test_a_purged_host_may_come_again(site: Site, target: str) -> None:
    site.mention(target)
    purge(site.services.database, "other.example", site.clock())

    assert site.ping(SOURCE, target).outcome == "registered"
