"""How long forms of the desk may be: with files for those who are signed in, for all others as long as a text. What was
typed beside files that are too large is kept."""

from contextlib import suppress
from typing import Final

from werkzeug.http import parse_cookie

from feedserver.desk import cookies
from feedserver.desk.frame import MAX_CARRYING, MAX_FORM
from feedserver.services import WebServices
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.web.bodies import BodyRule
from feedserver.web.routing import Environ

_PIECE: Final = 1_048_576  # bytes that come within `_SECONDS`
_SECONDS: Final = 20.0
_FORM: Final = BodyRule(MAX_CARRYING, _PIECE, _SECONDS, max_fields=MAX_FORM)


def rule_for(services: WebServices, environ: Environ) -> BodyRule:
    """The rule of a request below /desk. Who sends a longer body than a form is asked before it is read."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced.isdecimal() and int(announced) <= MAX_FORM:
        return _FORM
    secret = cookies.read(parse_cookie(environ), services.urls.base)
    with suppress(*DATABASE_ERRORS):  # then nobody is known
        if secret is not None and services.signing_in.session_of(secret) is not None:
            longest = MAX_FORM + services.settings.media.largest
            return BodyRule(longest, _PIECE, _SECONDS, max_fields=MAX_FORM)
    return _FORM
