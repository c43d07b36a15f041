"""How long calls of apps may be: as `entrance` says, by the token that stands in their beginning."""

from typing import Final

from feedserver.authoring.xmlrpc_apps import entrance
from feedserver.services import WebServices
from feedserver.web.bodies import BodyRule
from feedserver.web.routing import Environ

_SECONDS: Final = 25.0  # for each piece


def rule_for(services: WebServices, environ: Environ) -> BodyRule:
    """The rule of a request to /xmlrpc.php."""
    charset = entrance.charset_of(environ)
    return BodyRule(
        max_bytes=services.settings.media.largest,
        piece=entrance.BEGINNING,
        seconds=_SECONDS,
        admits=lambda beginning: entrance.admits(environ, beginning, charset, services.apps),
    )
