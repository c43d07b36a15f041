"""Verdicts on sources and commenters, from their history in the database.

Each query reads a few rows through an index, however much is stored.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from feedserver.domains import source_site
from feedserver.posts import store as posts
from feedserver.settings import Settings
from feedserver.storage.schema import thoughts
from feedserver.thoughts.lifecycle import NEEDS_APPROVAL, Linked, Verdict
from feedserver.thoughts.model import MOST_ALIKE, Content, Thought
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation.trust import MANY_LINKS, Facts, Rule, judge


def verdict_on(
    connection: Connection, thought: Thought, linked: Linked, setting: str, now: datetime, *, ours: bool
) -> Verdict:
    """Returns the verdict on a verified pingback. `setting` is that of `moderation.pingbacks`.

    `ours` is true if its source is a post of this site. A source that redirects to another source site is trusted only
    if both are.
    """
    source_key, signals = thought.source_key or "", linked.signals
    urls = [source_key]
    if signals.redirected_to is not None and source_site(signals.redirected_to) != source_site(source_key):
        urls.append(signals.redirected_to)
    # A page with many links is held anyway; checking them all could take a query for each.
    alike = frozenset() if signals.links >= MANY_LINKS else posts_alike(connection, linked.content, source_key)
    facts = Facts(
        signals,
        rule=_rule_for_all(connection, urls),
        ours=ours,
        approved=setting == "trust" and all(approved_before(connection, url) for url in urls),
        linked_by_posts=setting == "trust" and all(linked_by_posts(connection, url, now) for url in urls),
        alike=alike | {thought.post_id},
    )
    return judge(facts, setting)


def verdict_on_comment(connection: Connection, email: str, settings: Settings) -> Verdict:
    """Returns the verdict on a new comment. A commenter is known by the email address, which is never shown."""
    match settings.moderation.comments:
        case "show":
            return Verdict("shown", "comments are shown at once")
        case "trust" if email and approved_commenter(connection, email):
            return Verdict("shown", "its author was approved before")
        case _:
            return NEEDS_APPROVAL


def approved_before(connection: Connection, source_key: str) -> bool:
    """Whether an approved thought from the same source site is shown."""
    return _is_approved(connection, thoughts.c.source_site == source_site(source_key))


def approved_commenter(connection: Connection, email: str) -> bool:
    """Whether an approved comment with this email address is shown."""
    return _is_approved(connection, thoughts.c.email == email, thoughts.c.kind == "comment")


def linked_by_posts(connection: Connection, source_key: str, now: datetime) -> bool:
    """Whether published posts link to the source site. False for home directories: only linked hosts are stored."""
    site = source_site(source_key)
    return "/" not in site and posts.any_link_to(connection, site, now)


def posts_alike(connection: Connection, content: Content, source_key: str) -> frozenset[int]:
    """Returns ids of at most MOST_ALIKE posts on which sources other than `source_key` have the same excerpt.

    The source itself is left out, as one of its sentences may link to several posts.
    """
    found: list[int] = []
    query = select(thoughts.c.post_id).where(
        thoughts.c.fingerprint == content.fingerprint, thoughts.c.source_key != source_key
    )
    query = query.order_by(thoughts.c.fingerprint, thoughts.c.post_id).limit(1)
    while content.is_distinctive and len(found) < MOST_ALIKE:
        post_id = connection.execute(query.where(thoughts.c.post_id > (found[-1] if found else 0))).scalar_one_or_none()
        if post_id is None:
            break
        found.append(post_id)
    return frozenset(found)


def _rule_for_all(connection: Connection, urls: list[str]) -> Rule | None:
    """`block` if it holds for any of the URLs, `trust` if it holds for all of them."""
    rules = {hosts.rule_for(connection, url) for url in urls}
    if "block" in rules:
        return "block"
    return "trust" if rules == {"trust"} else None


def _is_approved(connection: Connection, *conditions: ColumnElement[bool]) -> bool:
    query = select(thoughts.c.id).where(*conditions, thoughts.c.approved, thoughts.c.state == "shown")
    return connection.execute(query.limit(1)).first() is not None
