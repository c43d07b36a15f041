"""The SQL of rules for source hosts.

A rule holds for a host and its subdomains, or for a path on a shared host (`example.org/~ann`). The rule of the nearest
host applies, and among its rules the one with the longest path.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Column, ColumnElement, Connection, delete, insert, or_, select

from feedserver.host_names import host_name
from feedserver.storage.schema import host_rules
from feedserver.thoughts.moderation.trust import Rule
from feedserver.urls import path_steps

MAX_STEPS = 8  # of a path in a rule


def rule_for(connection: Connection, url: str, *, with_path: bool = False) -> Rule | None:
    """Returns the rule that applies to an absolute http(s) URL, None if there is none.

    `with_path`: of rules for a part of a host alone.
    """
    names = list(_names_of(url, least=int(with_path)))
    found = _rules_of(connection, names)
    return next((found[name] for name in names if name in found), None)


def rules_for(connection: Connection, urls: Collection[str]) -> dict[str, Rule]:
    """Returns the rules that apply to some URLs, by URL, with one query."""
    names = {url: list(_names_of(url)) for url in urls}
    found = _rules_of(connection, [name for some in names.values() for name in some])
    nearest = {url: next((found[name] for name in some if name in found), None) for url, some in names.items()}
    return {url: rule for url, rule in nearest.items() if rule is not None}


def set_rule(connection: Connection, host: str, rule: Rule, now: datetime) -> Rule | None:
    """Sets the rule for a host or HOST/PATH. Returns the one that it replaces, None without one."""
    query = delete(host_rules).where(host_rules.c.host == host).returning(host_rules.c.rule)
    before: Rule | None = connection.execute(query).scalar_one_or_none()
    connection.execute(insert(host_rules).values(host=host, rule=rule, created_at=now))
    return before


def remove_rule(connection: Connection, host: str, rule: Rule) -> bool:
    """Removes this rule for a host or HOST/PATH, and no other. Returns whether it was there."""
    query = delete(host_rules).where(host_rules.c.host == host, host_rules.c.rule == rule)
    return bool(connection.execute(query).rowcount)


def rules(connection: Connection) -> list[tuple[str, Rule]]:
    """Returns all rules as pairs of host (or HOST/PATH) and rule, by host."""
    return [(row.host, row.rule) for row in connection.execute(select(host_rules).order_by(host_rules.c.host))]


def below(column: Column[str], host: str) -> ColumnElement[bool]:
    """The condition that a column holds a host or one of its subdomains."""
    return or_(column == host, column.endswith(f".{host}", autoescape=True))


def _names_of(url: str, least: int = 0) -> Iterator[str]:
    """All names with at least so many steps under which a rule for the URL may be stored, the nearest first."""
    parts = urlsplit(url)
    host, steps = host_name(parts), path_steps(parts.path)[:MAX_STEPS]
    labels = host.split(".")
    for name in [host] if ":" in host else [".".join(labels[i:]) for i in range(len(labels))]:
        for length in range(len(steps), least - 1, -1):
            yield "/".join((name, *steps[:length]))


def _rules_of(connection: Connection, names: Sequence[str]) -> dict[str, Rule]:
    query = select(host_rules.c.host, host_rules.c.rule).where(host_rules.c.host.in_(names))
    return {row.host: row.rule for row in connection.execute(query)}
