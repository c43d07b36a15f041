"""Answers to apps that send bearer tokens: JSON, what each error means to them, and access for scripts of any site.

Micropub section 3.8, RFC 6750 section 3, Fetch Standard (CORS).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Response, jsonify

from feedserver.authoring.bearer import NoToken, TwoTokens
from feedserver.authoring.micropub.requests import InvalidRequest
from feedserver.authoring.writing import MissingScope, NotPublic, Withheld
from feedserver.errors import FeedserverError, MediaRefused, MediaStoreError, PostError, TooManyWrong, WrongToken
from feedserver.request_body import BodyRefused
from feedserver.storage.explaining import DATABASE_ERRORS, is_outage

_PREFLIGHT_SECONDS: Final = 86_400
_AWAY: Final = 30  # seconds until what does not answer is worth another try
_INVALID: Final = "invalid_request"
# Status and code of each error; the first class that fits counts.
ERRORS: Final[tuple[tuple[type[FeedserverError], int, str], ...]] = (
    (NoToken, 401, "unauthorized"),
    (WrongToken, 401, "unauthorized"),
    (MissingScope, 401, "insufficient_scope"),  # the Recommendation's; RFC 6750 has 403
    (TooManyWrong, 429, "too_many_requests"),
    (TwoTokens, 400, _INVALID),
    (InvalidRequest, 400, _INVALID),
    (NotPublic, 400, _INVALID),
    (Withheld, 400, _INVALID),
    (PostError, 400, _INVALID),
    (MediaRefused, 400, _INVALID),
    (BodyRefused, 400, _INVALID),  # it says its own status
    (MediaStoreError, 503, "temporarily_unavailable"),
)
KNOWN: Final = tuple(kind for kind, _, _ in ERRORS)

View = Callable[..., Response]


def done(status: int, location: str | None = None) -> Response:
    """An answer without a body."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    if location is not None:
        response.headers["Location"] = location
    return response


def preflight(allow: str) -> Response:
    """Answers browsers that ask whether another site's script may send a request; `allow` are the methods."""
    response = done(204)
    response.headers["Allow"] = response.headers["Access-Control-Allow-Methods"] = allow
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"  # “*” is not the first
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def for_everybody(response: Response) -> None:
    """Lets scripts of other sites read an answer; no cache keeps it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After, WWW-Authenticate"
    response.headers["Cache-Control"] = "no-store"


def answering(view: View) -> View:
    """Turns the errors of a view into answers."""

    @wraps(view)
    def answer(*args: Any, **values: Any) -> Response:
        try:
            return view(*args, **values)
        except KNOWN as error:
            return refused(error)
        except DATABASE_ERRORS as error:
            if not is_outage(error):
                raise
            return unavailable()

    return answer


def refused(error: FeedserverError) -> Response:
    """The answer to an error of `ERRORS`."""
    status, code = next((status, code) for kind, status, code in ERRORS if isinstance(error, kind))
    response = jsonify({"error": code, "error_description": str(error)})
    response.status_code = error.status if isinstance(error, BodyRefused) else status
    if status == 401:
        response.headers["WWW-Authenticate"] = _challenge(error)
    if isinstance(error, TooManyWrong):
        response.headers["Retry-After"] = str(error.seconds)
    return response if status != 503 else _later(response)


def unavailable() -> Response:
    """The answer while the database is away."""
    response = jsonify({"error": "temporarily_unavailable", "error_description": "try again in a little while"})
    response.status_code = 503
    return _later(response)


def _later(response: Response) -> Response:
    response.headers["Retry-After"] = str(_AWAY)
    return response


def _challenge(error: FeedserverError) -> str:
    """The field `WWW-Authenticate`; it has no code where no token was sent (RFC 6750 section 3.1)."""
    if isinstance(error, MissingScope):
        return f'Bearer error="insufficient_scope", scope="{" ".join(error.scopes)}"'
    return "Bearer" if isinstance(error, NoToken) else 'Bearer error="invalid_token"'
