"""The SQL of the owner's rules for source hosts. A rule holds for a host and everything below it.

Where a host is shared by path, a rule can name the path: `example.org/~ann`. The nearest host counts, and of its rules
the longest path.
"""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Column, ColumnElement, Connection, delete, insert, or_, select

from feedserver.storage.schema import host_rules
from feedserver.thoughts.moderation.trust import Rule
from feedserver.urls import host_name, path_steps

__all__ = ["MAX_STEPS", "Rule"]

MAX_STEPS = 8  # of a path in a rule


def rule_for(connection: Connection, host: str, path: str = "") -> Rule | None:
    """The rule for a host, or for a path there: its own, else that of what is nearest above it."""
    source_sites = list(_places(host, path_steps(path)[:MAX_STEPS]))
    found = {
        row.host: row.rule for row in connection.execute(select(host_rules).where(host_rules.c.host.in_(source_sites)))
    }
    return next((found[source_site] for source_site in source_sites if source_site in found), None)


def rule_for_page(connection: Connection, source_key: str) -> Rule | None:
    """The rule for where a page stands."""
    parts = urlsplit(source_key)
    return rule_for(connection, host_name(parts), parts.path)


def set_rule(connection: Connection, host: str, rule: Rule | None, now: datetime) -> bool:
    """Sets the rule for a host and all below it, or takes it away. Returns whether there was one before."""
    had_one = bool(connection.execute(delete(host_rules).where(host_rules.c.host == host)).rowcount)
    if rule is not None:
        connection.execute(insert(host_rules).values(host=host, rule=rule, created_at=now))
    return had_one


def rules(connection: Connection) -> list[tuple[str, Rule]]:
    return [(row.host, row.rule) for row in connection.execute(select(host_rules).order_by(host_rules.c.host))]


def below(column: Column[str], host: str) -> ColumnElement[bool]:
    """Whether a column holds a host or one of its subdomains."""
    return or_(column == host, column.endswith(f".{host}", autoescape=True))


def _places(host: str, steps: tuple[str, ...]) -> Iterator[str]:
    """What rules can name of a place, the nearest first."""
    labels = host.split(".")
    for name in [host] if ":" in host else [".".join(labels[i:]) for i in range(len(labels))]:
        for length in range(len(steps), -1, -1):
            yield "/".join((name, *steps[:length]))
