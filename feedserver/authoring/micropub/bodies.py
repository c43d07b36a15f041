"""How long a request to the Micropub endpoints may be: only who has a good token in its header may send large files."""

from typing import Final

from feedserver.accounts.apps import Apps
from feedserver.authoring import bearer
from feedserver.authoring.micropub.sent import MAX_TEXT, MAX_UNKNOWN
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.web.bodies import BodyRule
from feedserver.web.routing import Environ

_SECONDS: Final = 25.0  # for a short body, or for each piece of a long one
_PIECE: Final = 65_536  # bytes


def rule_for(environ: Environ, apps: Apps, largest_file: int) -> BodyRule:
    """The rule of one request; `largest_file` is in bytes."""
    try:
        is_known = bearer.of_header(environ, apps).app is not None
    except DATABASE_ERRORS:  # which the view finds too, and tells
        is_known = False
    if not is_known:
        return BodyRule.whole(MAX_UNKNOWN, _SECONDS)
    return BodyRule(largest_file + MAX_TEXT, _PIECE, _SECONDS)
