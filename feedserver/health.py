"""/healthz and /readyz: whether the process is alive, and able to serve (docs/interface.md, “Shapes of JSON”).

Strangers may ask too: details name no hosts, users or folders, and asking often makes no work.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from flask import Blueprint, Response, jsonify, request

from feedserver import probe
from feedserver.clock import is_of_future, is_within
from feedserver.disk import free_bytes
from feedserver.errors import StorageError
from feedserver.jobs.overview import OwnJobs, own_jobs
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
_LONG_DUE: Final = timedelta(minutes=10)
_MB: Final = 1_000_000
_LEAST_FREE: Final = 100 * _MB  # bytes
_HOURS: Final = 72  # up to which ages are told in hours


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one part; `detail` is a sentence for people, None where there is nothing to tell."""

    status: Status
    detail: str | None = None


_WITH_DATABASE: Final = ("writes", "jobs", "queue", "sending", "disk", "backup")
_OK: Final = Check("ok")
_UNKNOWN: Final = Check("unknown", "it cannot be looked up")
_REPLICA: Final[dict[ReplicaState, Check]] = {
    "ok": _OK,
    "behind": Check("degraded", "the replica is behind; the primary is read instead"),
    "away": Check("degraded", "the replica is away; the primary is read instead"),
}


@blueprint.get("/healthz")
def healthz() -> Response:
    return _uncached(jsonify({"status": "ok", **_seen()}))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """503 if nothing can be served (`down`), else 200: `ok`, or `degraded` if a part does not work."""
    checks = checks_of(services())
    status = overall(checks)
    body = {"status": status, "checks": {name: asdict(check) for name, check in checks.items()}}
    return _uncached(jsonify(body)), 503 if status == "down" else 200


def _seen() -> dict[str, str]:
    """For `feedserver doctor` alone, what this server sees of its request.

    The client's address, that header as it was sent, and the scheme.
    """
    given = request.headers.get("Authorization", "")
    seconds, parts = probe.sent_at(given), services()
    if seconds is None or not probe.is_recent(seconds, parts.clock()):
        return {}
    with parts.database.read() as connection:
        secret = revision.secret(connection)
    if not probe.is_genuine(given, seconds, secret):
        return {}
    forwarded = request.headers.get("X-Forwarded-For", "")
    return {"client": request.remote_addr or "", "forwarded": forwarded, "scheme": request.scheme}


def overall(checks: dict[str, Check]) -> Status:
    """The worst status of all parts; what is unknown is so because another part is down."""
    found = {check.status for check in checks.values()}
    return "down" if "down" in found else "degraded" if "degraded" in found else "ok"


def checks_of(parts: WebServices) -> dict[str, Check]:
    """The state of each part, by its name."""
    now = parts.clock()
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
            own = own_jobs(connection, now)
            backed_up_at = revision.backed_up_at(connection)
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
        "jobs": jobs(beat, own, now),
        "queue": _queue(waiting, parts.settings.limits.waiting),
        "sending": _sending(restored_at),
        "disk": disk(free_bytes(parts.settings.data_dir)),
        "backup": Check("ok", age_of_backup(backed_up_at, now)),
        **({"replica": _REPLICA[replica]} if replica else {}),
    }


def _unread(database: Check = _OK, schema: Check = _UNKNOWN) -> dict[str, Check]:
    """The checks if the database cannot be read."""
    return {"database": database, "schema": schema} | dict.fromkeys(_WITH_DATABASE, _UNKNOWN)


def _writes(failure: str | None) -> Check:
    return Check("degraded", failure) if failure else _OK


def jobs(beat: datetime | None, own: OwnJobs, now: datetime) -> Check:
    """Whether jobs are worked on: `beat` is when somebody last looked for some."""
    if beat is None:
        return Check("degraded", "no worker has looked for jobs yet")
    if is_of_future(beat, now):
        return Check("degraded", "the last worker that looked for jobs had a clock ahead of this machine's")
    if not is_within(beat, _HEARTBEAT_VALID, now):
        return Check("degraded", f"no worker has looked for jobs for {(now - beat) // timedelta(seconds=1)} s")
    if own.failing:
        return Check(
            "degraded", f"jobs fail again and again: {', '.join(own.failing)}; `feedserver jobs list` says why"
        )
    if own.due_since is not None and now - own.due_since > _LONG_DUE:
        return Check("degraded", f"the oldest due job has waited for {(now - own.due_since) // timedelta(seconds=1)} s")
    return _OK


def _queue(waiting: int, most: int) -> Check:
    if waiting > _LONG_QUEUE * most:
        return Check("degraded", f"{waiting} pings wait; beyond {most} new ones are refused")
    return _OK


def _sending(restored_at: datetime | None) -> Check:
    return Check("degraded", revision.reminder(restored_at)) if restored_at else _OK


def disk(free: int | None) -> Check:
    """Whether there is room to write: `free` bytes, None if nobody knows."""
    if free is None:
        return _UNKNOWN
    return _OK if free >= _LEAST_FREE else Check("degraded", f"{free // _MB} MB are free on the disk")


def age_of_backup(backed_up_at: datetime | None, now: datetime) -> str:
    """How old the last backup is, in words."""
    if backed_up_at is None:
        return "no backup has been made yet"
    hours = max(0, (now - backed_up_at) // timedelta(hours=1))
    if hours == 0:
        return "the last backup is less than an hour old"
    return f"the last backup is {f'{hours} h' if hours < _HOURS else f'{hours // 24} days'} old"


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
