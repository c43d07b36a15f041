"""Reads the body of a request to the endpoints that other programs use: pings, webmentions, subscriptions."""

from typing import Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from feedserver.errors import FeedserverError

FORM: Final = "application/x-www-form-urlencoded"
MAX_BODY: Final = 65_536  # bytes


class BodyRefused(FeedserverError):
    """A body that is not read. Strangers read the text; `status` is that of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def read_body(media_type: str | None = None) -> bytes:
    """Returns the body of the present request; raises BodyRefused if it is compressed, too large, or of another type
    than the given one."""
    request.max_content_length = MAX_BODY
    if media_type is not None and request.mimetype != media_type:
        raise BodyRefused(415, f"the request body must be of the type {media_type}")
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise BodyRefused(415, "the request body must not be compressed")
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise BodyRefused(413, f"the request body must not be over {MAX_BODY} bytes") from None
