"""The verdict: which of rules, signs of spam and the setting outweighs the others."""

from collections.abc import Mapping

import pytest

from feedserver.thoughts.model import LinkSignals
from feedserver.thoughts.moderation.trust import MANY_LINKS, MANY_POSTS, Facts, Rule, judge

SPAMMY: Mapping[str, LinkSignals] = {
    "many links": LinkSignals(links=MANY_LINKS),
    "hidden": LinkSignals(hidden=True),
    "the same words": LinkSignals(),
}


@pytest.mark.parametrize(
    ("facts", "show", "trust", "hold"),
    [
        ({}, "shown", "held", "held"),
        ({"approved": True}, "shown", "shown", "held"),
        ({"linked_by_posts": True}, "shown", "shown", "held"),
        ({"ours": True}, "shown", "shown", "held"),
        ({"rule": "trust"}, "shown", "shown", "shown"),
        ({"rule": "block"}, "held", "held", "held"),
        ({"rule": "block", "approved": True, "ours": True, "linked_by_posts": True}, "held", "held", "held"),
    ],
    ids=lambda value: ("-".join(value) or "stranger") if isinstance(value, dict) else value,
)
def test_a_rule_is_stronger_than_the_setting(facts: dict[str, object], show: str, trust: str, hold: str) -> None:
    known = Facts(LinkSignals(), **facts)  # type: ignore[arg-type]

    assert [judge(known, setting).state for setting in ("show", "trust", "hold")] == [show, trust, hold]


@pytest.mark.parametrize("sign", SPAMMY)
@pytest.mark.parametrize("setting", ["show", "trust", "hold"])
def test_signs_of_spam_hold_a_thought_unless_a_rule_trusts_its_host(sign: str, setting: str) -> None:
    def state(rule: Rule | None = None, *, ours: bool = False) -> str:
        alike = frozenset(range(MANY_POSTS)) if sign == "the same words" else frozenset({1})
        facts = Facts(SPAMMY[sign], rule=rule, ours=ours, approved=True, linked_by_posts=True, alike=alike)
        return judge(facts, setting).state

    assert state() == "held"
    assert state("trust") == "shown"
    assert state("block") == "held"
    assert state(ours=True) == ("held" if setting == "hold" else "shown"), "a post of this site"


def test_every_verdict_says_why() -> None:
    reasons = [
        judge(Facts(LinkSignals(links=25)), "show").reason,
        judge(Facts(LinkSignals(hidden=True)), "show").reason,
        judge(Facts(LinkSignals(), alike=frozenset({1, 2, 3, 4})), "show").reason,
        judge(Facts(LinkSignals(), approved=True), "trust").reason,
        judge(Facts(LinkSignals(), linked_by_posts=True), "trust").reason,
        judge(Facts(LinkSignals()), "trust").reason,
    ]

    assert reasons == [
        "its page has 25 links to our posts",
        "its link is hidden from readers",
        "4 posts have the same excerpt",
        "its host was approved before",
        "our own posts link to its host",
        "waits for approval",
    ]
