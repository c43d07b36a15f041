"""Values of settings as people and JSON may see them: without passwords."""

from typing import Any, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_HIDDEN: Final = "(hidden)"
_SERVERS: Final = ("sqlite", "postgresql", "smtp")  # begin URLs of which the password alone is secret


def shown(value: object, *, is_secret: bool) -> Any:
    """Returns a value of a setting as JSON has it; of a secret, a URL without its password."""
    match value:
        case str() as text if is_secret:
            return _without_password(text)
        case bool() | int() | float() | str():
            return value
        case None:
            return ["*"]  # any port
        case frozenset() as ports:
            return [str(port) for port in sorted(ports)]
        case tuple() as networks_or_hosts:
            return [str(item) for item in networks_or_hosts]
        case _:
            return str(value)


def _without_password(url: str) -> str:
    try:
        parsed = make_url(url) if url else None
    except (ArgumentError, ValueError):
        return _HIDDEN
    if parsed is None:
        return ""
    if not parsed.drivername.startswith(_SERVERS) or "@" in (parsed.host or ""):  # a part of the password
        return _HIDDEN
    secrets = {name: "hidden" for name in parsed.query if "pass" in name}
    return parsed.update_query_dict(secrets).render_as_string(hide_password=True)
