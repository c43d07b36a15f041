"""Secrets that open something by themselves: cookies, addresses of links, tokens of apps. Stored as hashes alone.

Their rows have numbers that never come again: SQLite gives the number of a last row that is deleted to the next one,
and what still names the old one, a stale page or a used code, would end the new one.
"""

import hashlib
import secrets
from typing import Final

_BYTES: Final = 32
_NUMBER_BITS: Final = 52  # which JSON keeps exactly everywhere


def new_secret() -> str:
    """A random text of 256 bits, 43 characters that need no encoding in an address, a header or a cookie."""
    return secrets.token_urlsafe(_BYTES)


def new_number() -> int:
    """The number of a new row: a random one, which none has had before."""
    return secrets.randbits(_NUMBER_BITS) + 1


def hashed(secret: str) -> str:
    """What is stored of a secret, in 64 hexadecimal digits.

    A plain SHA-256: nobody guesses 256 random bits, so that a slow hash would only slow each request that has one.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
