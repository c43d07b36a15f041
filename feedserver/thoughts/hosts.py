"""The SQL of the owner's rules for source hosts. A rule holds for a host and everything below it."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from feedserver.storage.schema import hosts

Rule = Literal["block", "trust"]


def rule_for(connection: Connection, host: str) -> Rule | None:
    """The rule for a host: its own, else that of the nearest domain above it."""
    labels = host.split(".")
    names = [host] if ":" in host else [".".join(labels[i:]) for i in range(len(labels))]
    found = {row.host: row.rule for row in connection.execute(select(hosts).where(hosts.c.host.in_(names)))}
    return next((found[name] for name in names if name in found), None)


def set_rule(connection: Connection, host: str, rule: Rule | None, now: datetime) -> bool:
    """Sets the rule for a host and all below it, or takes it away. Returns whether there was one before."""
    had_one = bool(connection.execute(delete(hosts).where(hosts.c.host == host)).rowcount)
    if rule is not None:
        connection.execute(insert(hosts).values(host=host, rule=rule, created_at=now))
    return had_one


def rules(connection: Connection) -> list[tuple[str, Rule]]:
    return [(row.host, row.rule) for row in connection.execute(select(hosts).order_by(hosts.c.host))]
