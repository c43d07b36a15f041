"""/healthz and /readyz: is the process alive, and is it able to serve (INTERFACE section 6)."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import DBAPIError

from feedserver.errors import StorageError
from feedserver.jobs import store as jobs
from feedserver.services import Services, services
from feedserver.storage import migrate
from feedserver.thoughts import store as thoughts

blueprint = Blueprint("health", __name__)

_BEAT_IS_OLD = timedelta(seconds=60)
_LONG_QUEUE = 0.8  # of `limits.waiting`


@blueprint.get("/healthz")
def healthz() -> Response:
    return _uncached(jsonify({"status": "ok"}))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """503 only when nothing can be served; what merely limps is `degraded`."""
    checks = _checks(services())
    down = any(checks[name] != "ok" for name in ("database", "schema"))
    status = "down" if down else "ok" if set(checks.values()) == {"ok"} else "degraded"
    return _uncached(jsonify({"status": status, "checks": checks})), 503 if down else 200


def _checks(house: Services) -> dict[str, Any]:
    try:
        if not migrate.exists(house.database):
            return {"database": "missing", "schema": "unknown", "jobs": "unknown", "queue": "unknown"}
        current = migrate.is_current(house.database)
    except DBAPIError:
        return {"database": "away", "schema": "unknown", "jobs": "unknown", "queue": "unknown"}
    except StorageError:
        current = False
    if not current:
        return {"database": "ok", "schema": "not this program’s", "jobs": "unknown", "queue": "unknown"}
    with house.database.read() as connection:
        beat = jobs.last_beat(connection)
        waiting = thoughts.waiting(connection)
    alive = beat is not None and house.clock() - beat < _BEAT_IS_OLD
    long = waiting > _LONG_QUEUE * house.settings.limits.waiting
    return {
        "database": "ok",
        "schema": "ok",
        "jobs": "ok" if alive else "nobody carries them out",
        "queue": "long" if long else "ok",
    }


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
