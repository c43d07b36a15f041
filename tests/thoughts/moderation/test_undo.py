"""Undoing moderation actions."""

import pytest
from sqlalchemy import select

from feedserver.errors import ThoughtError
from feedserver.posts.model import Post
from feedserver.storage import schema
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation import undo as undo_log
from feedserver.thoughts.moderation.actions import moderate_all, undo
from feedserver.thoughts.moderation.erase import erase
from feedserver.thoughts.moderation.ruling import set_rules
from feedserver.thoughts.moderation.trust import Rule
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


def test_each_account_undoes_its_own_last_action(three: Site) -> None:
    database, now = three.services.database, three.clock()
    first, second, third = (thought.id for thought in three.thoughts())
    moderate_all(database, [first], "spam", now, account="ann")
    moderate_all(database, [second], "delete", now, account="bob")
    moderate_all(database, [third], "approve", now)

    undone = undo(database, now, account="ann")

    assert [thought.id for thought in undone.thoughts] == [first]
    assert three.states() == ["deleted", "held", "shown"]
    with pytest.raises(ThoughtError, match="no action to undo"):
        undo(database, now, account="ann")
    undo(database, now)
    undo(database, now, account="bob")
    assert three.states() == ["held"] * 3


def test_undo_leaves_alone_what_somebody_else_has_decided_since(three: Site) -> None:
    database, now = three.services.database, three.clock()
    ids = [thought.id for thought in three.thoughts()]
    moderate_all(database, ids, "spam", now, account="ann")
    moderate_all(database, ids[:1], "approve", now, account="bob")

    undone = undo(database, now, account="ann")

    assert three.states() == ["held", "held", "shown"]
    assert [str(error) for error in undone.refused] == [
        f"thought {ids[0]} has changed meanwhile: it is shown now (approved, by bob)"
    ]
    undo(database, now, account="bob")
    assert three.states() == ["held", "held", "spam"], "as it was before Bob"


def test_an_undo_that_is_sent_twice_takes_back_one_action(three: Site) -> None:
    database, now = three.services.database, three.clock()
    first, second, _ = (thought.id for thought in three.thoughts())
    moderate_all(database, [first], "spam", now, account="ann")
    moderate_all(database, [second], "spam", now, account="ann")
    with database.read() as connection:
        meant = undo_log.last(connection, "ann")
    assert meant is not None

    undo(database, now, account="ann", expected=str(meant.key))

    with pytest.raises(ThoughtError, match="undone already"):
        undo(database, now, account="ann", expected=str(meant.key))
    assert three.states() == ["held", "held", "spam"]


def test_nobody_undoes_what_was_done_before_an_erasure(three: Site) -> None:
    database, now = three.services.database, three.clock()
    first, second, _ = (thought.id for thought in three.thoughts())
    moderate_all(database, [first], "spam", now, account="ann")
    erase(database, [second], now)

    with pytest.raises(ThoughtError, match="erasing, which cannot be undone"):
        undo(database, now, account="ann")


def test_rules_for_places_are_undone_as_one_action(three: Site) -> None:
    database, now = three.services.database, three.clock()
    three.rule("other.example", "trust")
    with database.write() as connection:
        set_rules(connection, ["other.example", "third.example"], "block", now, "ann")
    assert rules_of(three) == {"other.example": "block", "third.example": "block"}

    undone = undo(database, now, account="ann")

    assert undone.rules == {"other.example": "trust", "third.example": None}
    assert rules_of(three) == {"other.example": "trust"}


def test_undo_leaves_alone_a_rule_that_somebody_else_has_set_since(three: Site) -> None:
    database, now = three.services.database, three.clock()
    with database.write() as connection:
        set_rules(connection, ["other.example"], "block", now, "ann")
        set_rules(connection, ["other.example"], "trust", now, "bob")

    assert undo(database, now, account="ann").rules == {}

    assert rules_of(three) == {"other.example": "trust"}


def test_a_rule_that_is_there_already_is_no_action(three: Site) -> None:
    three.rule("other.example", "block")

    with three.services.database.write() as connection:
        assert set_rules(connection, ["other.example"], "block", three.clock(), "ann") == {}

    with pytest.raises(ThoughtError, match="no action to undo"):
        undo(three.services.database, three.clock(), account="ann")


@pytest.mark.parametrize("suffix", ["com", "co.uk"])
def test_a_place_that_has_no_owner_takes_no_rule(three: Site, suffix: str) -> None:
    with three.services.database.write() as connection, pytest.raises(ThoughtError, match="owners of their own"):
        set_rules(connection, ["other.example", suffix], "block", three.clock(), "ann")

    assert rules_of(three) == {}


def rules_of(site: Site) -> dict[str, Rule]:
    with site.services.database.read() as connection:
        return dict(hosts.rules(connection))
