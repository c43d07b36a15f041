"""/healthz and /readyz: whether the process is alive, and able to serve (docs/interface.md, “Shapes of JSON”).

Strangers may ask too: details name no hosts, users or folders, and asking often makes no work.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from flask import Blueprint, Response, jsonify

from feedserver.clock import is_of_future, is_within
from feedserver.errors import StorageError
from feedserver.jobs.worker import HEARTBEAT
from feedserver.services import WebServices, services
from feedserver.storage import heartbeat, migrate, revision
from feedserver.storage.explaining import DATABASE_ERRORS, failure_of
from feedserver.storage.replica import ReplicaState
from feedserver.thoughts import store as thoughts

blueprint = Blueprint("health", __name__)

Status = Literal["ok", "degraded", "down", "unknown"]

_HEARTBEAT_VALID: Final = timedelta(seconds=60)
_LONG_QUEUE: Final = 0.8  # of `limits.waiting`


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one part; `detail` is a sentence for people, None where there is nothing to tell."""

    status: Status
    detail: str | None = None


_OK: Final = Check("ok")
_UNKNOWN: Final = Check("unknown", "it cannot be looked up")
_REPLICA: Final[dict[ReplicaState, Check]] = {
    "ok": _OK,
    "behind": Check("degraded", "the replica is behind; the primary is read instead"),
    "away": Check("degraded", "the replica is away; the primary is read instead"),
}


@blueprint.get("/healthz")
def healthz() -> Response:
    return _uncached(jsonify({"status": "ok"}))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """503 if nothing can be served (`down`), else 200: `ok`, or `degraded` if a part does not work."""
    checks = _checks(services())
    status = overall(checks)
    body = {"status": status, "checks": {name: asdict(check) for name, check in checks.items()}}
    return _uncached(jsonify(body)), 503 if status == "down" else 200


def overall(checks: dict[str, Check]) -> Status:
    """The worst status of all parts; what is unknown is so because another part is down."""
    found = {check.status for check in checks.values()}
    return "down" if "down" in found else "degraded" if "degraded" in found else "ok"


def _checks(parts: WebServices) -> dict[str, Check]:
    try:
        state = migrate.state(parts.database)
        if state == "missing":
            return _unread(database=Check("down", "there is none yet; `feedserver init` creates it"))
        if state == "older":
            return _unread(schema=Check("down", migrate.OLDER))
        with parts.database.read() as connection:
            beat = heartbeat.last(connection, HEARTBEAT)
            waiting = thoughts.waiting(connection)
            restored_at = revision.restored_at(connection)
        replica = parts.database.replica_state()
    except DATABASE_ERRORS as error:
        found = failure_of(error)
        if found is None:  # it refused a statement that the schema should allow
            return _unread(schema=Check("down", "it is not what this program expects; the log says more"))
        return _unread(database=Check("down", found.summary))
    except StorageError as error:  # the schema is newer than this program, and lacks what it needs
        return _unread(schema=Check("down", str(error)))
    return {
        "database": _OK,
        "schema": Check("ok", migrate.NEWER) if state == "newer" else _OK,
        "writes": _writes(parts.write_probe.failure()),
        "jobs": _jobs(beat, parts.clock()),
        "queue": _queue(waiting, parts.settings.limits.waiting),
        "sending": _sending(restored_at),
        **({"replica": _REPLICA[replica]} if replica else {}),
    }


def _unread(database: Check = _OK, schema: Check = _UNKNOWN) -> dict[str, Check]:
    """The checks if the database cannot be read."""
    return {"database": database, "schema": schema} | dict.fromkeys(("writes", "jobs", "queue", "sending"), _UNKNOWN)


def _writes(failure: str | None) -> Check:
    return Check("degraded", failure) if failure else _OK


def _jobs(beat: datetime | None, now: datetime) -> Check:
    if beat is None:
        return Check("degraded", "no worker has looked for jobs yet")
    if is_of_future(beat, now):
        return Check("degraded", "the last worker that looked for jobs had a clock ahead of this machine's")
    if not is_within(beat, _HEARTBEAT_VALID, now):
        return Check("degraded", f"no worker has looked for jobs for {(now - beat) // timedelta(seconds=1)} s")
    return _OK


def _queue(waiting: int, most: int) -> Check:
    if waiting > _LONG_QUEUE * most:
        return Check("degraded", f"{waiting} pings wait; beyond {most} new ones are refused")
    return _OK


def _sending(restored_at: datetime | None) -> Check:
    return Check("degraded", revision.reminder(restored_at)) if restored_at else _OK


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
