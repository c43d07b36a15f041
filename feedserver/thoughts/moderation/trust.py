"""Whom to trust: one pure function of what is known about a newly verified pingback, and what counts as one place.

Leaves to `standing` and `hosts` what the database knows, and to `moderation` putting the two together.
"""

from dataclasses import dataclass
from typing import Final, Literal

from feedserver.thoughts.lifecycle import WAITS, Verdict
from feedserver.thoughts.model import LinkSignals

MANY_LINKS: Final = 20  # links to our posts on one page, from which on it is a list and not a thought
MANY_POSTS: Final = 3  # posts about which the very same words are said

Rule = Literal["block", "trust"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a newly verified pingback.

    `rule` is the owner's for its host. `ours` is a post of this site as the source. `approved` is whether something
    from the same place was approved before, `befriended` whether our own posts link there. `alike` are the posts
    about which the same words are said, this one included.
    """

    signals: LinkSignals
    rule: Rule | None = None
    ours: bool = False
    approved: bool = False
    befriended: bool = False
    alike: frozenset[int] = frozenset()


def judge(facts: Facts, setting: str) -> Verdict:
    """Shown or held, and why; `setting` is `show`, `hold` or `trust`.

    A rule of the owner's is the strongest, then what looks like spam, then the setting.
    """
    if facts.rule == "block":
        return Verdict("held", "its host is blocked")
    if facts.rule == "trust":
        return Verdict("shown", "its host is trusted")
    if not facts.ours and (suspicion := _suspicion(facts)):
        return Verdict("held", suspicion, suspicious=True)
    if setting == "show":
        return Verdict("shown", "verified")
    if setting == "hold":
        return WAITS
    if facts.ours:
        return Verdict("shown", "it is a post of this site")
    if facts.approved:
        return Verdict("shown", "its host was approved before")
    if facts.befriended:
        return Verdict("shown", "our own posts link to its host")
    return WAITS


def _suspicion(facts: Facts) -> str | None:
    """What looks like spam though the link is there."""
    if facts.signals.links >= MANY_LINKS:
        return f"its page has {facts.signals.links} links to our posts"
    if facts.signals.hidden:
        return "its link is hidden from readers"
    if len(facts.alike) >= MANY_POSTS:
        return f"the same words are said about {len(facts.alike)} posts"
    return None
