"""What long forms of people who are not signed in may cost, before anybody has read them."""

from typing import Final

from flask import request
from werkzeug.exceptions import TooManyRequests

from feedserver import domains
from feedserver.services import services
from feedserver.storage import rate_limits
from feedserver.web.bodies import FILES_LEFT_OUT

_LONG: Final = 131_072  # bytes
_A_MINUTE: Final = 67_108_864  # bytes of long ones, from one network: 8 MiB take up to 1.6 s of CPU
# What nobody types: a text of 200 kB, whose session has ended, may be sent 300 times. So none is lost.


def require_modest() -> None:
    """Counts a form that nobody signed in has sent. Raises TooManyRequests for one that is not read."""
    length = request.environ.get(FILES_LEFT_OUT) or request.content_length or 0
    if length <= _LONG:
        return
    parts = services()
    limit = rate_limits.Limit(f"desk form:{domains.network(request.remote_addr or '')}", _A_MINUTE, amount=length)
    refusal = parts.database.transact(lambda connection: rate_limits.take(connection, [limit], parts.clock()))
    if refusal is not None:
        raise TooManyRequests(retry_after=refusal.seconds)
