"""The hub's endpoint: a form over POST. It answers in a line of text before anything is verified."""

from typing import Final

from flask import Blueprint, Response, request

from feedserver.errors import (
    HubFull,
    SubscriptionError,
    SubscriptionUnusable,
    TooManyOfOneSite,
    TooManyRequests,
    Unconfirmed,
)
from feedserver.request_body import FORM, BodyRefused, read_body
from feedserver.services import services
from feedserver.storage.explaining import DATABASE_ERRORS, is_outage

blueprint = Blueprint("websub", __name__)

STATUSES: Final[dict[type[SubscriptionError], int]] = {
    SubscriptionUnusable: 400,
    TooManyOfOneSite: 403,
    Unconfirmed: 429,
    TooManyRequests: 429,
    HubFull: 503,
}
_AWAY: Final = 30  # seconds until a database that does not answer is worth another try


@blueprint.post("/hub", provide_automatic_options=False, strict_slashes=False)
def endpoint() -> Response:
    """Takes a request to subscribe or unsubscribe."""
    try:
        services().hub.receive(read_body(FORM), request.remote_addr or "")
    except BodyRefused as error:
        return _plain(error.status, str(error))
    except SubscriptionError as error:
        return _plain(STATUSES[type(error)], str(error), error.wait)
    except DATABASE_ERRORS as error:
        if not is_outage(error):
            raise
        return _plain(503, "This hub cannot take requests just now; try again later.", _AWAY)
    return _plain(202, "The callback of a subscription is asked to confirm this.")


def _plain(status: int, text: str, wait: int = 0) -> Response:
    response = Response(text + "\n", status, content_type="text/plain; charset=utf-8")
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response
