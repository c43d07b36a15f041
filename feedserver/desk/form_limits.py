"""What forms may cost before anybody has read them: fields, and long ones of people who are not signed in."""

from typing import Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

from feedserver import domains
from feedserver.request_body import FORM
from feedserver.services import services
from feedserver.storage import rate_limits

_MOST_FIELDS: Final = 1_000  # as Werkzeug allows in multipart/form-data; 800,000 took six seconds
_LONG: Final = 131_072  # bytes
_LONG_A_MINUTE: Final = 20  # from one network: 8 MiB take a second


def require_modest(*, is_signed_in: bool) -> None:
    """Raises RequestEntityTooLarge or TooManyRequests for a form that is not read."""
    if not is_signed_in and (request.content_length or 0) > _LONG:
        _count_long_one()
    if request.mimetype == FORM and request.get_data(parse_form_data=False).count(b"&") >= _MOST_FIELDS:
        raise RequestEntityTooLarge


def _count_long_one() -> None:
    parts = services()
    limit = rate_limits.Limit(f"desk form:{domains.network(request.remote_addr or '')}", _LONG_A_MINUTE)
    refusal = parts.database.transact(lambda connection: rate_limits.take(connection, [limit], parts.clock()))
    if refusal is not None:
        raise TooManyRequests(retry_after=refusal.seconds)
