"""/healthz and /readyz: whether the process is alive, and able to serve (docs/interface.md, “Shapes of JSON”)."""

from datetime import timedelta

from flask import Blueprint, Response, jsonify

from feedserver.errors import StorageError
from feedserver.jobs import store as jobs
from feedserver.services import WebServices, services
from feedserver.storage import migrate
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.thoughts import store as thoughts

blueprint = Blueprint("health", __name__)

_HEARTBEAT_VALID = timedelta(seconds=60)
_LONG_QUEUE = 0.8  # of `limits.waiting`
_OTHER_VERSION = "of another version"


@blueprint.get("/healthz")
def healthz() -> Response:
    return _uncached(jsonify({"status": "ok"}))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """503 if nothing can be served (`down`), else 200: `ok`, or `degraded` if a part does not work."""
    checks = _checks(services())
    down = any(checks[name] != "ok" for name in ("database", "schema"))
    status = "down" if down else "ok" if set(checks.values()) == {"ok"} else "degraded"
    return _uncached(jsonify({"status": status, "checks": checks})), 503 if down else 200


def _checks(parts: WebServices) -> dict[str, str]:
    try:
        state = migrate.state(parts.database)
        if state == "missing":
            return _unknown(database="missing")
        if state == "older":
            return _unknown(schema=_OTHER_VERSION)
        with parts.database.read() as connection:
            beat = jobs.last_beat(connection)
            waiting = thoughts.waiting(connection)
        replica = parts.database.replica_state()
    except DATABASE_ERRORS:
        return _unknown(database="away")
    except StorageError:  # the schema is newer than this program
        return _unknown(schema=_OTHER_VERSION)
    alive = beat is not None and parts.clock() - beat < _HEARTBEAT_VALID
    long = waiting > _LONG_QUEUE * parts.settings.limits.waiting
    return {
        "database": "ok",
        "schema": "ok",
        "jobs": "ok" if alive else "no worker is running",
        "queue": "long" if long else "ok",
        **({"replica": replica} if replica else {}),  # the primary is read while it is behind or away
    }


def _unknown(database: str = "ok", schema: str = "unknown") -> dict[str, str]:
    """The checks if the database cannot be read."""
    return {"database": database, "schema": schema, "jobs": "unknown", "queue": "unknown"}


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
