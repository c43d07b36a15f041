"""The verdict: which of rules, signs of spam and the setting outweighs the others."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from feedserver.thoughts.model import LinkSignals
from feedserver.thoughts.moderation.trust import MANY_LINKED, MANY_POSTS, MANY_SITES, Facts, Repetition, Rule, judge

SPAMMY: Mapping[str, Facts] = {
    "many links": Facts(LinkSignals(posts=MANY_LINKED)),
    "hidden": Facts(LinkSignals(hidden=True)),
    "many sites": Facts(LinkSignals(), repetition=Repetition(sites=MANY_SITES)),
    "many posts": Facts(LinkSignals(), repetition=Repetition(posts=MANY_POSTS)),
    "twice on a post": Facts(LinkSignals(), repetition=Repetition(on_post=True)),
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
        facts = replace(SPAMMY[sign], rule=rule, ours=ours, approved=True, linked_by_posts=True)
        return judge(facts, setting).state

    assert state() == "held"
    assert state("trust") == "shown"
    assert state("block") == "held"
    assert state(ours=True) == ("held" if setting == "hold" else "shown"), "a post of this site"


def test_a_little_less_is_no_sign_of_spam() -> None:
    facts = Facts(LinkSignals(posts=MANY_LINKED - 1), repetition=Repetition(MANY_SITES - 1, MANY_POSTS - 1))

    assert judge(facts, "show").state == "shown"


def test_every_verdict_says_why() -> None:
    reasons = [
        *(judge(facts, "show").reason for facts in SPAMMY.values()),
        judge(Facts(LinkSignals(), approved=True), "trust").reason,
        judge(Facts(LinkSignals(), linked_by_posts=True), "trust").reason,
        judge(Facts(LinkSignals()), "trust").reason,
    ]

    assert reasons == [
        "its page links to 20 of our posts",
        "its link is hidden from readers",
        "at least 3 source sites say the same words",
        "its site says the same words about at least 10 posts within a day",
        "its site says the same words in another thought on this post",
        "its host was approved before",
        "our own posts link to its host",
        "waits for approval",
    ]
