"""Error pages below /desk: in English and in the desk's layout, as all that stands there, whoever asks."""

from contextlib import suppress
from typing import Final

from flask import Response, request

from feedserver.desk import frame
from feedserver.languages.messages import Message
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.web.routing import plain_path

_ROOT: Final = "/desk"


def is_below_desk() -> bool:
    """Whether the present request is for an address of the desk, also one that there is not, however it is spelled."""
    return f"{plain_path(request.path)}/".startswith(f"{_ROOT}/")


def page(status: int, heading: Message, message: Message) -> Response:
    """An error page, with what was written in the form that led to it. Only whoever is signed in sees more of the desk
    in it than its stylesheet."""
    was_framed = request.blueprint == frame.blueprint.name
    if not was_framed and status < 500:  # else the database may be away
        with suppress(*DATABASE_ERRORS):
            frame.find_session()
    response = frame.render_desk("desk/error.html", status, heading=heading, message=message, written=frame.written())
    return response if was_framed else frame.finish(response)
