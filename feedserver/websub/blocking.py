"""Subscriptions of blocked hosts: none begins, and those that are there end. Nobody is told, as nothing goes there."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from feedserver.thoughts.moderation import hosts
from feedserver.websub import store
from feedserver.websub.model import Subscription


def is_blocked(connection: Connection, callback: str) -> bool:
    """Whether the owner has blocked the host of a callback, or the part of it where the callback is."""
    return hosts.rule_for(connection, callback) == "block"


def follow(connection: Connection, host: str, now: datetime) -> int:
    """Ends the subscriptions that a new block of a host or HOST/PATH is about; returns their number."""
    near = store.at_host(connection, host.partition("/")[0])
    blocked = [one for one in near if is_blocked(connection, one.callback)]
    end(connection, blocked, now)
    return len(blocked)


def end(connection: Connection, subscriptions: Sequence[Subscription], now: datetime) -> None:
    store.end(connection, [one.id for one in subscriptions], "its host is blocked", now)
