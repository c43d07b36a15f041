"""The SQL of jobs that were given up, or have failed for so long that somebody should look: the newest are kept.

Only what the site does of its own accord stands here. Of pings that come in, and of subscriptions, those hear who sent
them; they can have as many fail as they like.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, false, insert, literal, or_, select, update

from feedserver.jobs.model import Job
from feedserver.storage.schema import failed_jobs

_KEPT: Final = timedelta(days=30)
_MOST: Final = 1_000
_ANY_UNTOLD: Final = select(literal(1)).select_from(failed_jobs).where(failed_jobs.c.is_told == false()).limit(1)


def record(connection: Connection, job: Job, error: str, now: datetime) -> None:
    """Notes that a job was given up after its last try, which ended with `error`."""
    values: dict[str, Any] = {
        "job_id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "run_at": job.run_at,
        "attempts": job.attempts + 1,
        "last_error": error,
        "failed_at": now,
    }
    connection.execute(insert(failed_jobs).values(values))


def latest(connection: Connection, most: int) -> list[tuple[Job, datetime]]:
    """At most `most` failed jobs as they were at their last try, each with the time of that, the newest first."""
    query = select(failed_jobs).order_by(failed_jobs.c.failed_at.desc(), failed_jobs.c.id.desc())
    return [(_job(row), row.failed_at) for row in connection.execute(query.limit(most))]


def is_any_untold(connection: Connection) -> bool:
    return connection.execute(_ANY_UNTOLD).first() is not None


def take_untold(connection: Connection, most: int) -> list[tuple[Job, datetime]]:
    """At most `most` failed jobs of which the owner was not told, who is told from now on; the oldest first."""
    query = select(failed_jobs).where(failed_jobs.c.is_told == false()).order_by(failed_jobs.c.id)
    rows = connection.execute(query.limit(most).with_for_update(skip_locked=True)).all()
    told = update(failed_jobs).where(failed_jobs.c.id.in_([row.id for row in rows]))
    connection.execute(told.values(is_told=True))
    return [(_job(row), row.failed_at) for row in rows]


def forget_old(connection: Connection, now: datetime) -> None:
    """Deletes those of long ago, and the oldest beyond a bound."""
    kept = select(failed_jobs.c.id).order_by(failed_jobs.c.id.desc()).limit(1).offset(_MOST)
    oldest = connection.execute(kept).scalar()
    beyond = () if oldest is None else (failed_jobs.c.id <= oldest,)
    connection.execute(delete(failed_jobs).where(or_(failed_jobs.c.failed_at < now - _KEPT, *beyond)))


def _job(row: Any) -> Job:
    return Job(
        id=row.job_id,
        kind=row.kind,
        subject=row.subject,
        run_at=row.run_at,
        attempts=row.attempts,
        created_at=row.failed_at,
        last_error=row.last_error,
    )
