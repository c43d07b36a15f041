"""What evidence does to a thought: every state with every evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feedserver.thoughts.deciding import Decision, Evidence, Linked, Missing, Trouble, Unlinked, Verdict, decide
from feedserver.thoughts.model import STATES, State, Thought, Words

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
OLD = Words("Other Blog", "http://other.example/", "Title", "[…] old words […]")
NEW = replace(OLD, excerpt="[…] new words […]")


def thought(state: State = "shown", **values: object) -> Thought:
    blank = dict.fromkeys(Thought.__dataclass_fields__)
    known = {"state": state, "reason": "before", "approved": False, "strikes": 0, "received_at": NOW}
    words = {name: getattr(OLD, name) for name in Words.__dataclass_fields__}
    return Thought(**blank | known | words | values)  # type: ignore[arg-type]


def decided(before: Thought, evidence: Evidence, verdict: State = "shown", now: datetime = NOW) -> Decision:
    return decide(before, evidence, Verdict(verdict, "the owner's rule"), now)


EVIDENCE: dict[str, Evidence] = {
    "linked": Linked(NEW),
    "unlinked": Unlinked(),
    "not a text": Unlinked("not a text"),
    "no host": Missing(),
    "403": Missing(403),
    "404": Missing(404),
    "410": Missing(410),
    "trouble": Trouble(),
    "given up": Trouble(last=True),
}
# For each evidence in the order above: what a thought in this state becomes.
BECOMES = {
    "received": "verdict rejected rejected rejected rejected rejected rejected received rejected",
    "shown": "shown gone gone shown shown shown gone shown shown",
    "held": "held gone gone held held held gone held held",
    "gone": "back gone gone gone gone gone gone gone gone",
    "rejected": "verdict rejected rejected rejected rejected rejected rejected rejected rejected",
    "spam": "spam spam spam spam spam spam spam spam spam",
    "deleted": "deleted deleted deleted deleted deleted deleted deleted deleted deleted",
}


@pytest.mark.parametrize(
    ("state", "evidence", "becomes"),
    [
        (state, evidence, becomes)
        for state in STATES
        for evidence, becomes in zip(EVIDENCE, BECOMES[state].split(), strict=True)
    ],
)
def test_every_state_and_every_evidence(state: State, evidence: str, becomes: str) -> None:
    before = thought(state, restore="held" if state == "gone" else None)

    for verdict in ("shown", "held"):
        after = decided(before, EVIDENCE[evidence], verdict)
        expected = {"verdict": verdict, "back": "held"}.get(becomes, becomes)
        assert after.state == expected


@pytest.mark.parametrize("state", ["shown", "held", "gone", "spam", "deleted"])
@pytest.mark.parametrize("last", [False, True])
def test_trouble_never_changes_anything_that_was_decided(state: State, last: bool) -> None:
    before = thought(state, strikes=2, first_strike_at=NOW, approved=True, restore="shown" if state == "gone" else None)

    assert decided(before, Trouble(last), now=NOW + timedelta(days=9)) == as_it_was(before)


@pytest.mark.parametrize("state", ["spam", "deleted"])
@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE.keys())
def test_a_moderators_word_is_final(state: State, evidence: Evidence) -> None:
    before = thought(state, strikes=3, first_strike_at=NOW - timedelta(days=3))

    assert decided(before, evidence) == as_it_was(before)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Unlinked(), "no link"),
        (Unlinked("not a text"), "not a text"),
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

    assert (after.state, after.reason, after.words) == ("held", "the owner's rule", NEW)


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


def test_a_page_that_comes_back_wipes_the_404s_away() -> None:
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


def test_a_gone_thought_that_is_pinged_again_without_a_link_is_gone_again() -> None:
    after = decided(thought("received", restore="shown"), Unlinked())

    assert (after.state, after.restore, after.reason) == ("gone", "shown", "no link")


# --- words ---


@pytest.mark.parametrize("state", ["shown", "held"])
def test_words_that_nobody_approved_follow_the_source(state: State) -> None:
    after = decided(thought(state), Linked(NEW))

    assert (after.words, after.new_words) == (NEW, None)


def test_approved_words_stay_and_the_new_ones_wait() -> None:
    after = decided(thought(approved=True), Linked(NEW))

    assert (after.state, after.words, after.new_words) == ("shown", OLD, NEW)


def test_new_words_wait_no_longer_when_the_source_says_the_old_ones_again() -> None:
    after = decided(thought(approved=True, new_words=NEW), Linked(OLD))

    assert (after.words, after.new_words) == (OLD, None)


@pytest.mark.parametrize("evidence", [Missing(404), Missing(403), Trouble(), Trouble(last=True)])
def test_new_words_go_on_waiting_whatever_else_happens(evidence: Evidence) -> None:
    after = decided(thought(approved=True, new_words=NEW), evidence)

    assert (after.words, after.new_words) == (OLD, NEW)


def test_approved_words_come_back_with_the_link() -> None:
    after = decided(thought("gone", approved=True, restore="shown"), Linked(NEW))

    assert (after.state, after.words, after.new_words) == ("shown", OLD, NEW)


def as_it_was(before: Thought) -> Decision:
    kept = (before.state, before.reason, before.words, before.restore, before.strikes, before.first_strike_at)
    return Decision(*kept, before.new_words)
