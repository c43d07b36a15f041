"""How the site is: health, jobs, backup, storage, mails, and the settings in force."""

from flask import Response

from feedserver import __version__
from feedserver.desk import frame, site_state
from feedserver.health import checks_of, overall
from feedserver.services import services
from feedserver.settings import in_force
from feedserver.shown_settings import shown


@frame.blueprint.get("/site")
def site() -> Response:
    """What an operator wants to know, and nothing to change."""
    parts = services()
    checks = checks_of(parts)
    with parts.database.read() as connection:
        state = site_state.load(connection, parts.clock())
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
