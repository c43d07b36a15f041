"""Rules for places as moderation actions, which can be undone; `hosts` has their SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from feedserver.domains import is_public_suffix
from feedserver.errors import ThoughtError
from feedserver.thoughts.moderation import hosts, undo
from feedserver.thoughts.moderation.trust import Rule
from feedserver.thoughts.moderation.undo import LoggedAction


def require_owner(host: str) -> None:
    """Raises ThoughtError for a host whose subdomains belong to anybody who registers one: `com`, `co.uk`."""
    if is_public_suffix(host):
        raise ThoughtError(f"all names below “{host}” have owners of their own; name one of them")


def set_rules(
    connection: Connection, places: Sequence[str], rule: Rule, now: datetime, account: str | None
) -> Mapping[str, Rule | None]:
    """Sets one rule for some hosts and HOST/PATHs, with one entry in the undo log of an account.

    Returns what the rule of each was before, for those that had another. Raises ThoughtError as `require_owner`.
    """
    for place in places:
        require_owner(place)
    before = {place: hosts.set_rule(connection, place, rule, now) for place in places}
    changed = {place: one for place, one in before.items() if one != rule}
    if changed:
        undo.add(connection, rule, (), now, account=account, rules=changed)
    return changed


def put_back(connection: Connection, action: LoggedAction, now: datetime) -> Mapping[str, Rule | None]:
    """Puts back the rules before an action, but where somebody has set another one since. Returns those put back."""
    rule: Rule = "block" if action.name == "block" else "trust"
    back = {place: before for place, before in action.rules.items() if hosts.remove_rule(connection, place, rule)}
    for place, before in back.items():
        if before is not None:
            hosts.set_rule(connection, place, before, now)
    return back
