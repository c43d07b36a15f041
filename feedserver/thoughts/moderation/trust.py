"""The verdict on a newly verified pingback, a pure function of the facts that `reputation` collects."""

from dataclasses import dataclass
from typing import Final, Literal

from feedserver.thoughts.lifecycle import NEEDS_APPROVAL, Verdict
from feedserver.thoughts.model import LinkSignals

MANY_LINKS: Final = 20  # links to our posts that make a page suspicious
MANY_POSTS: Final = 3  # posts with the same excerpt that make it suspicious

Rule = Literal["block", "trust"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a newly verified pingback.

    `rule` is that of its host. `ours` is true if the source is a post of this site. `approved`: a moderator approved a
    thought from its source site before. `linked_by_posts`: our posts link to its source site. `alike`: ids of the posts
    with the same excerpt, its own post included.
    """

    signals: LinkSignals
    rule: Rule | None = None
    ours: bool = False
    approved: bool = False
    linked_by_posts: bool = False
    alike: frozenset[int] = frozenset()


def judge(facts: Facts, setting: str) -> Verdict:
    """Returns shown or held, with the reason. `setting` is that of `moderation.pingbacks`: `show`, `hold` or `trust`.

    A rule takes precedence over signs of spam, and these over the setting.
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
        return NEEDS_APPROVAL
    if facts.ours:
        return Verdict("shown", "it is a post of this site")
    if facts.approved:
        return Verdict("shown", "its host was approved before")
    if facts.linked_by_posts:
        return Verdict("shown", "our own posts link to its host")
    return NEEDS_APPROVAL


def _suspicion(facts: Facts) -> str | None:
    """The first sign of spam, None if there is none."""
    if facts.signals.links >= MANY_LINKS:
        return f"its page has {facts.signals.links} links to our posts"
    if facts.signals.hidden:
        return "its link is hidden from readers"
    if len(facts.alike) >= MANY_POSTS:
        return f"{len(facts.alike)} posts have the same excerpt"
    return None
