"""The cookie of a session."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from flask import Response

from feedserver.accounts.model import SESSION

_NAME: Final = "feedserver"
_LONGEST: Final = 100  # characters


def read(cookies: Mapping[str, str], base: str) -> str | None:
    """The secret of a session among the cookies of a request to the site at `base`; None without one."""
    found = cookies.get(_name(base), "")
    return found if 0 < len(found) <= _LONGEST else None


def put(response: Response, secret: str, base: str) -> None:
    """Lets a browser send the secret for 30 days, to this site and from its pages alone (RFC 6265bis section 4.1.3)."""
    response.set_cookie(
        _name(base),
        secret,
        max_age=SESSION,
        path="/",
        secure=_is_secure(base),
        httponly=True,
        samesite="Lax",
    )


def take_away(response: Response, base: str) -> None:
    """Lets a browser forget it."""
    response.delete_cookie(_name(base), path="/", secure=_is_secure(base), httponly=True, samesite="Lax")


def _name(base: str) -> str:
    return f"__Host-{_NAME}" if _is_secure(base) else _NAME


def _is_secure(base: str) -> bool:
    return urlsplit(base).scheme == "https"
