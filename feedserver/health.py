"""/healthz and /readyz: is the process alive, and is it able to serve (INTERFACE section 6)."""

from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.errors import StorageError
from feedserver.jobs import store as jobs
from feedserver.services import WebServices, services
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


def _checks(parts: WebServices) -> dict[str, str]:
    try:
        if not migrate.exists(parts.database):
            return _unknown(database="missing")
        if not migrate.is_current(parts.database):
            return _unknown(schema="not this program’s")
        with parts.database.read() as connection:
            beat = jobs.last_beat(connection)
            waiting = thoughts.waiting(connection)
        replica = parts.database.replica_state()
    except (DBAPIError, NoConnection):
        return _unknown(database="away")
    except StorageError:  # of a newer program
        return _unknown(schema="not this program’s")
    alive = beat is not None and parts.clock() - beat < _BEAT_IS_OLD
    long = waiting > _LONG_QUEUE * parts.settings.limits.waiting
    return {
        "database": "ok",
        "schema": "ok",
        "jobs": "ok" if alive else "nobody carries them out",
        "queue": "long" if long else "ok",
        **({"replica": replica} if replica else {}),  # behind or away: the primary answers for it
    }


def _unknown(database: str = "ok", schema: str = "unknown") -> dict[str, str]:
    """What can be said of a database in which nothing can be looked up."""
    return {"database": database, "schema": schema, "jobs": "unknown", "queue": "unknown"}


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
