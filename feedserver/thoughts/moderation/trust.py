"""The verdict on a newly verified ping, a pure function of the facts that `reputation` collects."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from feedserver.thoughts.lifecycle import NEEDS_APPROVAL, Verdict
from feedserver.thoughts.model import LinkSignals

MANY_LINKED: Final = 20  # of our posts, linked by one page
MANY_SITES: Final = 3  # source sites that say the same words
MANY_POSTS: Final = 10  # posts about which one source site says the same words
WITHIN: Final = timedelta(days=1)  # so many posts

Rule = Literal["block", "trust"]


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often the words around a link were said, here included: by how many source sites, and by its own about how
    many posts within a day. `on_post`: its own site says them in another thought on the same post.

    Counted no further than to what is suspicious.
    """

    sites: int = 1
    posts: int = 1
    on_post: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a newly verified ping.

    `rule` is that of its host. `ours` is true if the source is a post of this site. `approved`: a moderator approved a
    thought from its source site before. `linked_by_posts`: our posts link to its source site.
    """

    signals: LinkSignals
    rule: Rule | None = None
    ours: bool = False
    approved: bool = False
    linked_by_posts: bool = False
    repetition: Repetition = Repetition()


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
    if facts.signals.posts >= MANY_LINKED:
        return f"its page links to {facts.signals.posts} of our posts"
    if facts.signals.hidden:
        return "its link is hidden from readers"
    if facts.repetition.on_post:
        return "its site says the same words in another thought on this post"
    if facts.repetition.sites >= MANY_SITES:
        return f"at least {MANY_SITES} source sites say the same words"
    if facts.repetition.posts >= MANY_POSTS:
        return f"its site says the same words about at least {MANY_POSTS} posts within a day"
    return None
