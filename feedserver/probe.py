"""How `feedserver doctor` asks this site what it sees of a request: who sent it, and by which scheme.

Only who knows the site's secret is told, within a minute; strangers get the same answer as ever.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from feedserver.clock import is_within

SCHEME: Final = "Feedserver-Probe"  # of the header Authorization (RFC 9110 section 11.6.2)
_VALID: Final = timedelta(minutes=1)


def credentials(secret: str, now: datetime) -> str:
    """The value of the header Authorization that asks."""
    seconds = str(int(now.timestamp()))
    return f"{SCHEME} {seconds}.{_proof(secret, seconds)}"


def sent_at(given: str) -> str | None:
    """The seconds in the value of a header; None if it does not ask."""
    scheme, _, rest = given.partition(" ")
    seconds, _, _ = rest.partition(".")
    return seconds if scheme == SCHEME and seconds.isascii() and seconds.isdecimal() and len(seconds) < 12 else None


def is_recent(seconds: str, now: datetime) -> bool:
    """Whether it was asked within a minute. Cheap: the secret is needed only for what is."""
    return is_within(datetime.fromtimestamp(int(seconds), UTC), _VALID, now)


def is_genuine(given: str, seconds: str, secret: str) -> bool:
    """Whether who asks knows the secret."""
    return hmac.compare_digest(given.partition(".")[2].encode(), _proof(secret, seconds).encode())


def _proof(secret: str, seconds: str) -> str:
    return hmac.digest(secret.encode(), f"probe {seconds}".encode(), "sha256").hex()
