"""Undoing moderation actions."""

import pytest
from sqlalchemy import select

from feedserver.errors import ThoughtError
from feedserver.posts.model import Post
from feedserver.storage import schema
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation import undo as undo_log
from feedserver.thoughts.moderation.actions import moderate_all, undo
from tests.support.moderating import moderate
from tests.thoughts.forms import Commenter
from tests.thoughts.site import SOURCE, Site, SiteWith


def states(site: Site) -> list[tuple[object, ...]]:
    """All of each thought that an action may change."""
    return [
        (one.id, one.state, one.reason, one.content, one.approved, one.restore, one.pending_content)
        for one in site.thoughts()
    ]


@pytest.mark.parametrize("action", ["approve", "hide", "spam", "delete"])
def test_undo_undoes_the_whole_last_action(three: Site, action: Action) -> None:
    database, now = three.services.database, three.clock()
    moderate(database, three.thoughts()[0].id, "approve", now)
    before, revision = states(three), three.revision()
    done = moderate_all(database, [thought.id for thought in three.thoughts()], action, now)
    assert states(three) != before
    assert len(done.thoughts) == 3

    undone = undo(database, now)

    assert states(three) == before
    assert {thought.id for thought in undone.thoughts} >= {thought[0] for thought in before[1:]}
    assert three.revision() > revision
    undo(database, now)
    assert three.states() == ["held"] * 3, "and the action before"
    with pytest.raises(ThoughtError, match="no action to undo"):
        undo(database, now)


def test_an_action_that_changed_nothing_is_not_undone(three: Site) -> None:
    database, now, thought_id = three.services.database, three.clock(), three.thoughts()[0].id
    moderate(database, thought_id, "approve", now)
    moderate(database, thought_id, "approve", now)

    undo(database, now)

    assert three.states() == ["held"] * 3


def test_undo_restores_pending_content(changed_after_approval: Site) -> None:
    site = changed_after_approval
    before = states(site)
    for action in ("approve", "hide", "spam", "delete"):
        site.moderate(action)

        undo(site.services.database, site.clock())

        assert states(site) == before


def test_undoing_spam_verifies_a_ping_that_never_was(site_with: SiteWith) -> None:
    site = site_with(pingback_places=0)
    site.mention(site.target)
    site.moderate("spam")
    site.run_jobs()
    assert (site.states(), site.jobs(), site.web.fetched) == (["spam"], [], [])

    undo(site.services.database, site.clock())
    assert site.states() == ["received"]
    site.run_jobs()

    assert site.states() == ["shown"]


def test_undo_keeps_what_a_later_inspection_found(site: Site, post: Post, target: str) -> None:
    site.mention(target)
    site.moderate("approve")
    site.web.put(SOURCE, "<p>Nothing here.</p>")
    site.run_next_job()

    undo(site.services.database, site.clock())

    assert (site.only_thought().state, site.only_thought().restore) == ("gone", "shown")
    assert not site.only_thought().approved


def test_the_undo_log_is_bounded(three: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo_log, "MAX_ACTIONS", 2)
    turns: list[Action] = ["approve", "hide", "spam", "delete"]
    for action in turns:
        three.moderate(action)

    undo(three.services.database, three.clock())
    undo(three.services.database, three.clock())

    assert "held" in three.states()
    with pytest.raises(ThoughtError, match="no action to undo"):
        undo(three.services.database, three.clock())


def test_the_undo_log_holds_no_second_copy_of_a_comment(site: Site, post: Post) -> None:
    Commenter(site).send(comment="Well said. " * 500)
    database, before = site.services.database, states(site)
    site.moderate("approve", None)
    site.moderate("spam", None)

    with database.read() as connection:
        stored = connection.execute(select(schema.moderation_undo.c.before)).scalars().all()

    assert sum(map(len, stored)) < 1_000
    undo(database, site.clock())
    undo(database, site.clock())
    assert states(site) == before


def test_the_undo_log_is_bounded_by_its_thoughts_too_and_the_last_action_can_always_be_undone(
    three: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_log, "MAX_SNAPSHOTS", 2)  # fewer than the last action has
    ids = [thought.id for thought in three.thoughts()]
    for action in ("approve", "hide"):
        moderate_all(three.services.database, ids, action, three.clock())

    undo(three.services.database, three.clock())

    with pytest.raises(ThoughtError, match="there is no action to undo"):
        undo(three.services.database, three.clock())
