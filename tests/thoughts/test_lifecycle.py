"""The state of a thought after each event, for every state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from feedserver.thoughts.lifecycle import (
    Action,
    Decision,
    Evidence,
    LifecycleEvent,
    Linked,
    Missing,
    Moderated,
    Pinged,
    Trouble,
    Undone,
    Unlinked,
    Unread,
    Verdict,
    as_it_is,
    can_be_seen,
    decide,
)
from feedserver.thoughts.model import STATES, Content, State, Thought

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
OLD = Content("Other Blog", "http://other.example/", "Title", "[…] old text […]")
NEW = replace(OLD, excerpt="[…] new text […]")


def thought(state: State = "shown", **values: object) -> Thought:
    blank = dict.fromkeys(Thought.__dataclass_fields__)
    known = {"state": state, "reason": "before", "approved": False, "strikes": 0, "received_at": NOW}
    content = {name: getattr(OLD, name) for name in Content.__dataclass_fields__}
    return Thought(**blank | known | content | values)  # type: ignore[arg-type]


def decided(before: Thought, event: LifecycleEvent, verdict: State = "shown", now: datetime = NOW) -> Decision:
    return decide(before, event, Verdict(verdict, "the owner's rule"), now)


EVIDENCE: dict[str, Evidence] = {
    "linked": Linked(NEW),
    "unlinked": Unlinked(),
    "not a text": Unlinked("not a text"),
    "in part": Unread(),
    "no host": Missing(),
    "403": Missing(403),
    "404": Missing(404),
    "410": Missing(410),
    "trouble": Trouble(),
    "given up": Trouble(last=True),
}
ACTIONS: tuple[Action, ...] = get_args(Action)
EVENTS: dict[str, LifecycleEvent] = {
    **EVIDENCE,
    "pinged": Pinged(),
    **{action: Moderated(action) for action in ACTIONS},
}
# For each event in the order above: the next state of a thought in this state.
BECOMES = {
    "received": "verdict rejected rejected rejected rejected rejected rejected rejected received rejected"
    " received shown held spam deleted",
    "shown": "shown gone gone shown shown shown shown gone shown shown shown shown held spam deleted",
    "held": "held gone gone held held held held gone held held held shown held spam deleted",
    "gone": "back gone gone gone gone gone gone gone gone gone received shown held spam deleted",
    "rejected": "verdict rejected rejected rejected rejected rejected rejected rejected rejected rejected"
    " received shown held spam deleted",
    "spam": "spam spam spam spam spam spam spam spam spam spam spam shown held spam deleted",
    "deleted": "deleted deleted deleted deleted deleted deleted deleted deleted deleted deleted"
    " deleted shown held spam deleted",
}


@pytest.mark.parametrize("approved", [False, True], ids=["", "approved"])
@pytest.mark.parametrize(
    ("state", "event", "becomes"),
    [
        (state, event, becomes)
        for state in STATES
        for event, becomes in zip(EVENTS, BECOMES[state].split(), strict=True)
    ],
)
def test_every_state_and_every_event(state: State, event: str, becomes: str, approved: bool) -> None:
    before = thought(state, restore="held" if state == "gone" else None, approved=approved)

    for verdict in ("shown", "held"):
        after = decided(before, EVENTS[event], verdict)
        expected = {"verdict": verdict, "back": "held"}.get(becomes, becomes)
        assert after.state == expected


@pytest.mark.parametrize("state", ["shown", "held", "received", "spam", "deleted"])
def test_a_ping_changes_no_thought_that_is_shown_held_received_or_taken_away(state: State) -> None:
    before = thought(state, approved=True, pending_content=NEW, strikes=2, first_strike_at=NOW)

    assert decided(before, Pinged()) == as_it_is(before)


@pytest.mark.parametrize("evidence", [Missing(404), Missing(), Unlinked(), Unread(), Trouble(last=True)])
def test_a_ping_for_a_gone_thought_restores_nothing_without_the_link(evidence: Evidence) -> None:
    gone = thought("gone", approved=True, restore="shown")
    pinged = decided(gone, Pinged())

    after = decided(replace(gone, state=pinged.state, reason=pinged.reason), evidence)

    assert (after.state, after.restore, after.approved) == ("gone", "shown", True)


@pytest.mark.parametrize("state", ["shown", "held", "gone", "spam", "deleted"])
@pytest.mark.parametrize("last", [False, True])
def test_trouble_never_changes_a_decided_thought(state: State, last: bool) -> None:
    before = thought(state, strikes=2, first_strike_at=NOW, approved=True, restore="shown" if state == "gone" else None)

    assert decided(before, Trouble(last), now=NOW + timedelta(days=9)) == as_it_is(before)


@pytest.mark.parametrize("state", ["shown", "held", "gone"])
def test_a_part_of_a_page_never_shows_that_a_link_is_gone(state: State) -> None:
    before = thought(state, strikes=2, first_strike_at=NOW, approved=True, restore="shown" if state == "gone" else None)

    assert decided(before, Unread(), now=NOW + timedelta(days=9)) == as_it_is(before)


@pytest.mark.parametrize("state", ["spam", "deleted"])
@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE.keys())
def test_spam_and_deleted_are_final(state: State, evidence: Evidence) -> None:
    before = thought(state, strikes=3, first_strike_at=NOW - timedelta(days=3))

    assert decided(before, evidence) == as_it_is(before)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Unlinked(), "no link"),
        (Unlinked("not a text"), "not a text"),
        (Unread(), "no link before the size limit"),
        (Missing(404), "source missing"),
        (Missing(), "source missing"),
        (Trouble(last=True), "no answer"),
    ],
)
def test_a_rejected_ping_says_why(evidence: Evidence, reason: str) -> None:
    after = decided(thought("received"), evidence)

    assert (after.state, after.reason) == ("rejected", reason)


def test_a_verified_ping_becomes_what_the_owners_rules_say() -> None:
    after = decided(thought("received"), Linked(NEW), "held")

    assert (after.state, after.reason, after.content) == ("held", "the owner's rule", NEW)


# --- 404s ---


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        ([0, 12, 24], "gone"),
        ([0, 1, 2], "shown"),
        ([0, 1, 2, 23.9], "shown"),
        ([0, 1, 2, 24], "gone"),
        ([0, 30], "shown"),
        ([0, 30, 31], "gone"),
    ],
)
def test_a_source_is_gone_after_three_404s_over_a_day(hours: list[float], state: State) -> None:
    after = after_404s(hours)

    assert after.state == state
    assert (after.restore, after.strikes) == (("shown", 0) if state == "gone" else (None, len(hours)))


def test_a_page_that_comes_back_resets_the_404s() -> None:
    struck = thought(strikes=2, first_strike_at=NOW - timedelta(days=5))

    after = decided(struck, Linked(OLD))

    assert (after.state, after.strikes, after.first_strike_at) == ("shown", 0, None)


def after_404s(hours: list[float]) -> Decision:
    before = thought("shown")
    for hour in hours:
        after = decided(before, Missing(404), now=NOW + timedelta(hours=hour))
        before = replace(before, state=after.state, strikes=after.strikes, first_strike_at=after.first_strike_at)
    return after


# --- gone, and back ---


@pytest.mark.parametrize("state", ["shown", "held"])
def test_a_link_that_comes_back_restores_the_state_it_had(state: State) -> None:
    gone = decided(thought(state), Unlinked(), "shown")
    assert (gone.state, gone.restore) == ("gone", state)

    back = decided(thought("gone", restore=gone.restore), Linked(OLD), "shown" if state == "held" else "held")
    assert (back.state, back.restore, back.reason) == (state, None, "the link is back")


def test_a_gone_thought_that_is_pinged_again_without_a_link_stays_gone() -> None:
    after = decided(thought("received", restore="shown"), Unlinked())

    assert (after.state, after.restore, after.reason) == ("gone", "shown", "no link")


# --- content ---


@pytest.mark.parametrize("state", ["shown", "held"])
def test_content_that_was_never_approved_follows_the_source(state: State) -> None:
    after = decided(thought(state), Linked(NEW))

    assert (after.content, after.pending_content) == (NEW, None)


def test_approved_content_stays_and_new_content_is_pending() -> None:
    after = decided(thought(approved=True), Linked(NEW))

    assert (after.state, after.content, after.pending_content) == ("shown", OLD, NEW)


def test_pending_content_is_dropped_when_the_source_has_the_old_content_again() -> None:
    after = decided(thought(approved=True, pending_content=NEW), Linked(OLD))

    assert (after.content, after.pending_content) == (OLD, None)


@pytest.mark.parametrize("evidence", [Missing(404), Missing(403), Trouble(), Trouble(last=True)])
def test_pending_content_stays_pending_without_new_content(evidence: Evidence) -> None:
    after = decided(thought(approved=True, pending_content=NEW), evidence)

    assert (after.content, after.pending_content) == (OLD, NEW)


def test_approved_content_is_restored_with_the_link() -> None:
    after = decided(thought("gone", approved=True, restore="shown"), Linked(NEW))

    assert (after.state, after.content, after.pending_content) == ("shown", OLD, NEW)


@pytest.mark.parametrize(
    "changed",
    [
        *({name: "something else"} for name in ("author_name", "author_url", "title", "excerpt")),
        {"response": "like"},
        {"published_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_any_field_that_changes_after_approval_makes_the_content_pending(changed: dict[str, Any]) -> None:
    new = replace(OLD, **changed)

    after = decided(thought(approved=True), Linked(new))

    assert (after.content, after.pending_content, after.approved) == (OLD, new, True)


def test_newer_content_replaces_pending_content() -> None:
    newest = replace(OLD, excerpt="[…] newest text […]")

    assert decided(thought(approved=True, pending_content=NEW), Linked(newest)).pending_content == newest


# --- moderation ---


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ["approve", "hide"])
def test_a_thought_that_was_never_verified_is_neither_shown_nor_held(state: State, action: Action) -> None:
    before = thought(state, author_name="", excerpt="")

    assert decided(before, Moderated(action)) == as_it_is(before)


def test_approving_takes_over_the_pending_content() -> None:
    after = decided(thought(approved=True, pending_content=NEW), Moderated("approve"))

    assert (after.state, after.content, after.pending_content, after.approved) == ("shown", NEW, None, True)


@pytest.mark.parametrize("action", ["hide", "spam", "delete"])
def test_an_action_that_removes_a_thought_drops_its_pending_content_and_approval(action: Action) -> None:
    after = decided(thought(approved=True, pending_content=NEW), Moderated(action))

    assert (after.content, after.pending_content, after.approved, after.restore) == (OLD, None, False, None)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", STATES)
def test_an_action_that_is_undone_at_once_leaves_no_trace(state: State, action: Action) -> None:
    before = thought(
        state, approved=state == "shown", pending_content=NEW if state == "shown" else None, restore="held"
    )

    assert undone(before, moderated(before, action)) == as_it_is(before)


def test_evidence_that_came_after_an_action_survives_its_undoing() -> None:
    before = thought("held")
    gone = replace(moderated(before, "approve"), state="gone", restore="shown", reason="no link", checked_at=NOW)

    after = undone(before, gone)

    assert (after.state, after.restore, after.reason, after.approved) == ("gone", "held", "no link", False)


def test_content_that_changed_after_an_action_survives_its_undoing() -> None:
    unapproved = thought("held")
    changed = replace(moderated(unapproved, "approve"), pending_content=NEW, checked_at=NOW)
    assert undone(unapproved, changed).content == NEW
    assert undone(unapproved, changed).pending_content is None

    approved = thought(approved=True)
    hidden = replace(moderated(approved, "hide"), excerpt=NEW.excerpt, checked_at=NOW)
    after = undone(approved, hidden)
    assert (after.state, after.content, after.pending_content) == ("shown", OLD, NEW)


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        (thought("held"), thought("shown"), True),
        (thought("shown"), thought("gone"), True),
        (thought("shown"), thought("shown", excerpt="other"), True),
        (thought("shown"), thought("shown", reason="other", strikes=1, pending_content=NEW), False),
        (thought("received"), thought("held"), False),
        (thought("held"), thought("held", excerpt="other"), False),
    ],
)
def test_readers_see_the_state_and_content_of_shown_thoughts(before: Thought, after: Thought, seen: bool) -> None:
    assert can_be_seen(before, as_it_is(after)) is seen


def moderated(before: Thought, action: Action) -> Thought:
    """The thought after a moderator's action."""
    after = decided(before, Moderated(action))
    content = {name: getattr(after.content, name) for name in Content.__dataclass_fields__}
    names = ("state", "reason", "restore", "strikes", "first_strike_at", "pending_content", "approved")
    return replace(before, **{name: getattr(after, name) for name in names} | content)


def undone(before: Thought, after: Thought) -> Decision:
    return decided(after, Undone(as_it_is(before), before.checked_at))
