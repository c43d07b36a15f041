"""Verdicts on sources and commenters, from their history in the database.

Each query reads a few rows through an index, however much is stored.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, select

from feedserver.domains import author_site
from feedserver.posts import store as posts
from feedserver.settings import ModerationSettings, Settings
from feedserver.storage import revision
from feedserver.storage.schema import thoughts
from feedserver.thoughts.lifecycle import NEEDS_APPROVAL, Linked, Verdict
from feedserver.thoughts.model import State, Thought, commenter_of
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation.trust import MANY_POSTS, MANY_SITES, WITHIN, Facts, Repetition, Rule, judge

# A thought that was rejected or is gone may have moved to another page of its site.
_STANDING: Final[tuple[State, ...]] = ("shown", "held", "spam", "deleted")
_ELSEWHERE: Final = (
    select(thoughts.c.post_id)
    .where(thoughts.c.fingerprint == bindparam("fingerprint"), thoughts.c.id != bindparam("thought"))
    .limit(1)
)
_OF_SITE: Final = _ELSEWHERE.where(thoughts.c.source_site == bindparam("site"))
_ON_POST: Final = _OF_SITE.where(thoughts.c.post_id == bindparam("post"), thoughts.c.state.in_(_STANDING))
_ON_OTHER_POSTS: Final = (
    _OF_SITE.where(
        thoughts.c.post_id != bindparam("post"),
        thoughts.c.received_at.between(bindparam("since"), bindparam("until")),
    )
    .distinct()
    .limit(MANY_POSTS - 1)
)
_NEXT_SITE: Final = (
    select(thoughts.c.source_site)
    .where(
        thoughts.c.fingerprint == bindparam("fingerprint"),
        thoughts.c.source_site != bindparam("site"),
        thoughts.c.source_site > bindparam("after"),
    )
    .order_by(thoughts.c.source_site)
    .limit(1)
)


def verdict_on(
    connection: Connection,
    thought: Thought,
    linked: Linked,
    settings: ModerationSettings,
    now: datetime,
    *,
    ours: bool,
) -> Verdict:
    """Returns the verdict on a verified ping.

    `ours` is true if its source is a post of this site. A source that redirects to another source site is trusted only
    if both are.
    """
    signals, setting = linked.signals, settings.pingbacks
    author_url = linked.content.author_url if thought.kind == "webmention" else ""
    urls = [thought.source_key or "", *([signals.redirected_to] if signals.redirected_to else [])]
    sites = list(dict.fromkeys(author_site(url, author_url, settings.shared_by_path) for url in urls))
    if len(sites) == 1:
        urls = urls[:1]
    facts = Facts(
        signals,
        rule=_rule_for_all(
            {_rule_for(connection, url, site, author_url) for url, site in zip(urls, sites, strict=True)}
        ),
        ours=ours,
        approved=setting == "trust" and all(approved_before(connection, site) for site in sites),
        linked_by_posts=setting == "trust" and all(linked_by_posts(connection, site, now) for site in sites),
        repetition=repetition(connection, thought, linked.content.fingerprint, sites[0]),
    )
    return judge(facts, setting)


def verdict_on_comment(connection: Connection, name: str, email: str, settings: Settings) -> Verdict:
    """Returns the verdict on a new comment. A commenter is known by name and email address together."""
    match settings.moderation.comments:
        case "show":
            return Verdict("shown", "comments are shown at once")
        case "trust" if approved_commenter(connection, name, email):
            return Verdict("shown", "its author was approved before")
        case _:
            return NEEDS_APPROVAL


def approved_before(connection: Connection, site: str) -> bool:
    """Whether an approved thought from this source site is shown."""
    return _is_approved(connection, thoughts.c.source_site == site)


def approved_commenter(connection: Connection, name: str, email: str) -> bool:
    """Whether an approved comment of this name and email address is shown. False without an email address."""
    commenter = commenter_of(name, email)
    return commenter is not None and _is_approved(connection, thoughts.c.commenter == commenter)


def linked_by_posts(connection: Connection, site: str, now: datetime) -> bool:
    """Whether published posts link to a source site. False for a part of a host: only linked hosts are stored."""
    return "/" not in site and posts.any_link_to(connection, site, now)


def repetition(connection: Connection, thought: Thought, fingerprint: str | None, site: str) -> Repetition:
    """How often the words with this fingerprint were said, by a ping and by others, in whatever state they are."""
    if fingerprint is None:
        return Repetition()
    revision.lock(connection)  # so that of two pings that are settled at once the second is counted after the first
    said = {
        "fingerprint": fingerprint,
        "thought": thought.id,
        "post": thought.post_id,
        "site": site,
        "since": thought.received_at - WITHIN,
        "until": thought.received_at + WITHIN,
    }
    if connection.execute(_ELSEWHERE, said).first() is None:
        return Repetition()
    if connection.execute(_ON_POST, said).first() is not None:
        return Repetition(on_post=True)
    posts = 1 + len(connection.execute(_ON_OTHER_POSTS, said).all())
    return Repetition(sites=1 + _other_sites(connection, said), posts=posts)


def _other_sites(connection: Connection, said: dict[str, object]) -> int:
    """Counts other source sites of the same words, up to MANY_SITES: a seek in the index for each."""
    found: list[str] = []
    while len(found) < MANY_SITES - 1:
        site = connection.execute(_NEXT_SITE, said | {"after": found[-1] if found else ""}).scalar()
        if site is None:
            break
        found.append(site)
    return len(found)


def _rule_for_all(rules: set[Rule | None]) -> Rule | None:
    """`block` if it holds for any of some URLs, `trust` if it holds for all of them."""
    if "block" in rules:
        return "block"
    return "trust" if rules == {"trust"} else None


def _rule_for(connection: Connection, url: str, site: str, author_url: str) -> Rule | None:
    """The rule for a URL of a source site. Where that is an author on a host that speaks for many (`author_site`), the
    host alone is no reason for trust."""
    rule = hosts.rule_for(connection, url)
    if rule == "block" or " " not in site:
        return rule
    return hosts.rule_for(connection, author_url) or hosts.rule_for(connection, url, with_path=True)


def _is_approved(connection: Connection, *conditions: ColumnElement[bool]) -> bool:
    query = select(thoughts.c.id).where(*conditions, thoughts.c.approved, thoughts.c.state == "shown")
    return connection.execute(query.limit(1)).first() is not None
