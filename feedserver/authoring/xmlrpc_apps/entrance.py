"""Who calls: the token is looked up by the beginning of the body, before anything of it is kept or decoded."""

from dataclasses import dataclass
from typing import Any, Final

from werkzeug.http import parse_options_header

from feedserver.accounts.apps import Apps
from feedserver.accounts.model import AppToken, folded
from feedserver.authoring.xmlrpc_apps.methods import METHODS, OPEN
from feedserver.authoring.xmlrpc_apps.reader import CallReader
from feedserver.authoring.xmlrpc_apps.values import WrongArguments, text
from feedserver.errors import WrongToken
from feedserver.xmlrpc import NotACall, UnknownMethod

BEGINNING: Final = 65_536  # bytes, in which the method and the token must stand
_FOUND: Final = "feedserver.xmlrpc_entry"  # in the WSGI environment


@dataclass(frozen=True, slots=True)
class Entry:
    """What the beginning of a call says: the method's name, and the token; None for what anybody may call."""

    method: str
    app: AppToken | None


def charset_of(environ: dict[str, Any]) -> str | None:
    """The encoding that the header of a request names, None without one."""
    return parse_options_header(environ.get("CONTENT_TYPE"))[1].get("charset")


def admits(environ: dict[str, Any], beginning: bytes, charset: str | None, apps: Apps) -> bool:
    """Whether the rest of a long body is taken: only with a token. `entry` gives what was found."""
    try:
        found = environ[_FOUND] = _enter(beginning, charset, environ["REMOTE_ADDR"], apps, is_whole=False)
    except Exception as error:  # noqa: BLE001 - told where the request is answered
        environ[_FOUND] = error
        return False
    return found.app is not None


def entry(environ: dict[str, Any], beginning: bytes, charset: str | None, apps: Apps) -> Entry:
    """The entry of a request whose body begins so. A wrong token counts once, however often it is asked for.

    Raises TooManyWrong, before anything is read; MalformedRequest, NotACall, UnknownMethod, WrongArguments, WrongToken.
    """
    found = environ.get(_FOUND)
    if isinstance(found, Exception):
        raise found
    is_whole = len(beginning) < BEGINNING
    return found or _enter(beginning, charset, environ["REMOTE_ADDR"], apps, is_whole=is_whole)


def _enter(beginning: bytes, charset: str | None, address: str, apps: Apps, *, is_whole: bool) -> Entry:
    apps.check(address)
    reader = CallReader(charset=charset)
    reader.feed(beginning, is_last=is_whole)
    if not reader.method:
        raise NotACall
    if reader.method in OPEN:
        return Entry(reader.method, None)
    if reader.method not in METHODS:
        raise UnknownMethod(f"server error. requested method {reader.method[:100]} does not exist.")
    user = METHODS[reader.method].user
    if len(reader.params) < user + 2:
        raise WrongArguments
    name, token = (text(param).strip() for param in reader.params[user : user + 2])
    app = apps.take(token, address)
    if folded(name) != folded(app.account):
        raise WrongToken
    return Entry(reader.method, app)
