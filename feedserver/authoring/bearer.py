"""Who asks: the bearer token of a request (RFC 6750), looked up once for each request, before its body is read."""

import re
from dataclasses import dataclass
from typing import Any, Final

from feedserver.accounts.apps import Apps
from feedserver.accounts.model import AppToken
from feedserver.errors import FeedserverError, TooManyWrong, WrongToken

_HEADER: Final = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)
_LOOKED_UP: Final = "feedserver.bearer"  # in the WSGI environment


class NoToken(FeedserverError):
    """A request without a token."""

    def __init__(self) -> None:
        super().__init__("this needs a token, in the header field Authorization: Bearer")


class TwoTokens(FeedserverError):
    """A request whose header and body have different tokens."""

    def __init__(self) -> None:
        super().__init__("the tokens in header and body differ; send one")


@dataclass(frozen=True, slots=True)
class Bearer:
    """What the header of a request says: the app whose token it has and that token, or what is wrong with it."""

    token: str | None = None
    app: AppToken | None = None
    problem: FeedserverError | None = None


def of_header(environ: dict[str, Any], apps: Apps) -> Bearer:
    """Looks up the token in the header of a request; a wrong one counts once, however often it is asked for."""
    if (known := environ.get(_LOOKED_UP)) is None:
        known = environ[_LOOKED_UP] = _look_up(environ.get("HTTP_AUTHORIZATION", ""), environ["REMOTE_ADDR"], apps)
    found: Bearer = known
    return found


def _look_up(header: str, address: str, apps: Apps) -> Bearer:
    token = match[1] if (match := _HEADER.fullmatch(header.strip())) else None
    try:
        if token is None:
            apps.check(address)
            return Bearer()
        return Bearer(token, apps.take(token, address))
    except (WrongToken, TooManyWrong) as problem:
        return Bearer(token, problem=problem)


def require(bearer: Bearer, in_body: str | None, address: str, apps: Apps) -> AppToken:
    """The app that sent a request whose body has the token `in_body`, None without one.

    Raises NoToken, TwoTokens, WrongToken, TooManyWrong.
    """
    if bearer.problem is not None:
        raise bearer.problem
    if bearer.app is None:
        if in_body is None:
            raise NoToken
        return apps.take(in_body, address)
    if in_body is not None and in_body != bearer.token:
        raise TwoTokens
    return bearer.app
