"""Addresses in mails, `/notices/TOKEN`: a GET shows what waits, one POST decides. No sign-in: who has it may act.

Mail programs and scanners open addresses by themselves, so that no GET or HEAD acts.
"""

from typing import Final, cast

from flask import Blueprint, Response, abort, make_response, render_template, request

from feedserver.errors import LinkExpired, LinkOvertaken, LinkUnknown, NoticeError
from feedserver.notices import deciding
from feedserver.notices.deciding import Opened
from feedserver.services import services
from feedserver.thoughts.lifecycle import Action

blueprint = Blueprint("notices", __name__, template_folder="templates")

_ACTIONS: Final = frozenset(("approve", "hide", "spam", "delete"))
_LABELS: Final = {"approve": "Approve", "hide": "Hide", "spam": "Spam", "delete": "Delete"}
_DONE: Final = {
    "approve": "Approved: readers see it.",
    "hide": "Hidden: readers see it no more.",
    "spam": "Marked as spam.",
    "delete": "Deleted.",
}
_STATUS: Final[dict[type[NoticeError], int]] = {LinkUnknown: 404, LinkExpired: 410, LinkOvertaken: 409}


@blueprint.get("/notices/<token>")
def show(token: str) -> Response:
    """What waits, with a button for each decision; or a button that stops the mails."""
    parts = services()
    try:
        with parts.database.read() as connection:
            opened = deciding.open_link(connection, token, parts.settings, parts.clock())
    except NoticeError as error:
        return _refused(error)
    return _page("notices/stop.html") if opened is None else _thought_page(opened)


@blueprint.post("/notices/<token>")
def act(token: str) -> Response:
    """The decision of the form; or that mails are to stop, as a form or a mail program says (RFC 8058 section 3.2)."""
    parts = services()
    try:
        with parts.database.read() as connection:  # before the form is read
            deciding.open_link(connection, token, parts.settings, parts.clock())
        action = request.form.get("action", "")
        if action == deciding.STOP or request.form.get("List-Unsubscribe") == "One-Click":
            deciding.stop(parts.database, token, parts.clock(), parts.settings)
            return _said("The mails have been stopped", "No more come until the page “Site” of the desk turns them on.")
        if action not in _ACTIONS:
            abort(400)
        seen = request.form.get("seen", "")
        deciding.decide(parts.database, token, cast(Action, action), seen, parts.clock(), parts.settings)
    except NoticeError as error:
        return _refused(error)
    return _said(_DONE[action], "“feedserver thought undo” takes it back, or decide otherwise on the desk.")


def _thought_page(opened: Opened) -> Response:
    buttons = [(action, _LABELS[action]) for action in opened.actions]
    return _page("notices/thought.html", opened=opened, thought=opened.thought, buttons=buttons)


def _said(heading: str, message: str) -> Response:
    return _page("notices/said.html", heading=heading, message=message)


def _refused(error: NoticeError) -> Response:
    status = _STATUS[type(error)]
    heading = {404: "Not found", 409: "This was decided already", 410: "Too old"}[status]
    response = _said(heading, f"{str(error)[:1].upper()}{str(error)[1:]}")
    response.status_code = status
    return response


def _page(template: str, **values: object) -> Response:
    return make_response(render_template(template, **values))
