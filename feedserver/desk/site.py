"""How the site is: health, jobs, backup, storage, mails, and the settings in force."""

from functools import partial

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver import __version__
from feedserver.desk import frame, site_state
from feedserver.health import checks_of, overall
from feedserver.notices import mails
from feedserver.services import services
from feedserver.settings import in_force
from feedserver.shown_settings import shown


@frame.blueprint.get("/site")
def site() -> Response:
    """What an operator wants to know, and nothing to change but mails."""
    parts = services()
    checks = checks_of(parts)
    with parts.database.read() as connection:
        state = site_state.load(connection, parts.settings, parts.clock())
    settings = [(item, shown(item.value, is_secret=item.secret)) for item in in_force(parts.settings)]
    return frame.render_desk(
        "desk/site.html",
        title="Site",
        version=__version__,
        health=overall(checks),
        checks=checks,
        state=state,
        settings=[(item, ", ".join(value) if isinstance(value, list) else value) for item, value in settings],
    )


@frame.blueprint.post("/site/mails")
def mails_on_or_off() -> BaseResponse:
    """Turns mails on again to the present address, where somebody there has stopped them, or off."""
    parts = services()
    if request.form.get("mails") == "on":
        parts.database.transact(partial(mails.resume, settings=parts.settings))
        return frame.led_to("/site", done="mails-on")
    parts.database.transact(partial(mails.stop, settings=parts.settings, now=parts.clock()))
    return frame.led_to("/site", done="mails-off")
