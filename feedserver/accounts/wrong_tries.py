"""How many wrong passwords and codes there may be: ten in 15 minutes for an account, and for an address.

A try is counted before anything is hashed, and taken back if it was right: however many come at once, no more than ten
are looked at. An address from which the account has signed in lately has a count of its own with it, so that strangers
lock nobody out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from feedserver import domains
from feedserver.accounts.model import KNOWN, Account, folded
from feedserver.clock import SKEW, is_within
from feedserver.errors import TooManyWrong
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Limit
from feedserver.storage.schema import known_networks
from feedserver.tokens import hashed

WINDOW: Final = timedelta(minutes=15)
MOST: Final = 10


def limits(connection: Connection, account: Account | None, name: str, address: str, now: datetime) -> list[Limit]:
    """The limits of a try. `name` is the account's, as it was typed, whether there is an `account` or not."""
    network = domains.network(address)
    if account is not None and _is_known(connection, account.id, network, now):
        return [Limit.within(WINDOW, f"sign-in at home:{account.id}:{network}", MOST)]
    return [
        Limit.within(WINDOW, f"sign-in from:{network}", MOST),
        Limit.within(WINDOW, f"sign-in as:{hashed(folded(name))}", MOST),
    ]


def require_room(connection: Connection, limits: Sequence[Limit], now: datetime) -> None:
    """Raises TooManyWrong if one more try is not looked at. Counts nothing."""
    if refusal := rate_limits.look(connection, limits, now):
        raise TooManyWrong(refusal.seconds)


def count(connection: Connection, limits: Sequence[Limit], now: datetime) -> None:
    """Counts a try; raises TooManyWrong if it is not looked at."""
    if refusal := rate_limits.take(connection, limits, now):
        raise TooManyWrong(refusal.seconds)


def take_back(connection: Connection, limits: Sequence[Limit], counted_at: datetime, now: datetime) -> None:
    """Takes back a try that was right."""
    counts = [rate_limits.Count(limit.bucket, -1, counted_at, limit.window) for limit in limits]
    rate_limits.add(connection, counts, now)


def know(connection: Connection, account_id: int, address: str, now: datetime) -> None:
    """Notes that an account has signed in from an address."""
    network = domains.network(address)
    this = (known_networks.c.account_id == account_id) & (known_networks.c.network == network)
    connection.execute(delete(known_networks).where(this))
    connection.execute(insert(known_networks).values(account_id=account_id, network=network, signed_in_at=now))


def forget_unknown(connection: Connection, now: datetime) -> None:
    """Deletes networks from which nobody has signed in for long."""
    at = known_networks.c.signed_in_at
    connection.execute(delete(known_networks).where(or_(at <= now - KNOWN, at > now + SKEW)))


def _is_known(connection: Connection, account_id: int, network: str, now: datetime) -> bool:
    this = (known_networks.c.account_id == account_id) & (known_networks.c.network == network)
    found = connection.execute(select(known_networks.c.signed_in_at).where(this)).scalar_one_or_none()
    return found is not None and is_within(found, KNOWN, now)
