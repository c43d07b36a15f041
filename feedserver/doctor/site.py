"""Looks at what the database says of the site: its state, jobs, queues, backups."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from feedserver import health
from feedserver.accounts import store as accounts
from feedserver.accounts.model import ListedAccount
from feedserver.clock import is_within
from feedserver.doctor.model import Finding
from feedserver.jobs.overview import own_jobs
from feedserver.jobs.worker import HEARTBEAT
from feedserver.settings import LimitsSettings
from feedserver.storage import conformity, heartbeat, revision
from feedserver.storage.schema import outgoing_pings, thoughts, websub_subscriptions
from feedserver.thoughts import store

_OLD_BACKUP: Final = timedelta(days=8)
_LARGE_LOG: Final = 200_000_000  # bytes of SQLite's write-ahead log
_NEARLY: Final = 0.8  # of a limit
_LONG: Final = timedelta(days=1)


def newest_time(connection: Connection) -> datetime:
    """The latest time that clocks have surely had: PostgreSQL's own, else when workers last looked for jobs."""
    if connection.dialect.name == "postgresql":
        present: datetime = connection.execute(select(func.now())).scalar_one()
        return present
    return max(filter(None, (heartbeat.last(connection, HEARTBEAT), revision.load(connection).created_at)))


def looks(connection: Connection, limits: LimitsSettings, now: datetime, *, has_hub: bool) -> Iterator[Finding]:
    """All that needs one connection."""
    yield _conformity(connection)
    yield _jobs(connection, now)
    yield _limit(
        "queue", store.waiting(connection), limits.waiting, "waiting pings", "limits.waiting", "`feedserver jobs list`"
    )
    yield _limit(
        "held",
        _held(connection),
        limits.held,
        "held thoughts",
        "limits.held",
        "`feedserver thought list --state held`",
    )
    yield _outbox(connection, now)
    if has_hub:
        yield _hub(connection, now)
    yield _accounts(accounts.listed(connection, now))
    yield _backup(revision.backed_up_at(connection), now)
    yield _restored(revision.restored_at(connection))


def _accounts(found: Sequence[ListedAccount]) -> Finding:
    """Nothing of it is wrong: a site may do without a desk, and a second factor is a person's own choice."""
    if not found:
        return Finding("accounts", "nobody may sign in to the desk (`feedserver account add NAME` lets somebody in)")
    secured = sum(account.totp for account in found)
    number = f"{len(found)} {'person' if len(found) == 1 else 'people'} may sign in"
    return Finding("accounts", f"{number}, {secured} with a second factor")


def log(database: Path | None) -> Iterator[Finding]:
    """SQLite's write-ahead log, which grows while somebody reads on and on."""
    if database is None:
        return
    file = Path(f"{database}-wal")
    size = file.stat().st_size if file.exists() else 0
    if size > _LARGE_LOG:
        yield Finding(
            "log",
            f"{file.name} has {size // 1_000_000} MB",
            "some program holds the database open: end it, or restart the server",
        )
    else:
        yield Finding("log", f"{size // 1_000_000} MB")


def _conformity(connection: Connection) -> Finding:
    faults = [line for look in conformity.LOOKS for line in look(connection)]
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        return Finding(
            "database", faults[0] + more, "`feedserver db check` lists it; `feedserver db upgrade`, or a backup"
        )
    return Finding("database", "it has all that is needed, and is whole")


def _jobs(connection: Connection, now: datetime) -> Finding:
    found = health.jobs(heartbeat.last(connection, HEARTBEAT), own_jobs(connection, now), now)
    if found.detail is not None:
        return Finding(
            "jobs",
            found.detail,
            "`feedserver serve` must run, with jobs.in_web or `feedserver worker`; `feedserver jobs list`",
        )
    return Finding("jobs", "they are worked on")


def _limit(name: str, found: int, most: int, what: str, setting: str, command: str) -> Finding:
    if found > _NEARLY * most:
        return Finding(
            name, f"{what}: {found} of {most}; beyond that new ones are refused", f"{command}, or raise {setting}"
        )
    return Finding(name, f"{what}: {found} of {most}")


def _held(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(thoughts.c.state == "held")).scalar_one())


def _outbox(connection: Connection, now: datetime) -> Finding:
    is_late = outgoing_pings.c.due_version.is_not(None) & (outgoing_pings.c.since < now - _LONG)
    late, failed = connection.execute(
        select(func.count().filter(is_late), func.count().filter(outgoing_pings.c.state == "failed")).select_from(
            outgoing_pings
        )
    ).one()
    told = f"pages that wait for a day to be told: {late}; given up: {failed}"
    if late:
        return Finding("sending", told, "`feedserver ping list --state waiting` says why")
    return Finding("sending", told)


def _hub(connection: Connection, now: datetime) -> Finding:
    fails = websub_subscriptions.c.failing_since < now - _LONG
    active = websub_subscriptions.c.state == "active"
    subscribed, failing = connection.execute(
        select(func.count().filter(active), func.count().filter(fails)).select_from(websub_subscriptions)
    ).one()
    told = f"subscriptions: {subscribed}; failing for a day: {failing}"
    if subscribed and failing == subscribed:
        return Finding("hub", told, "does this machine reach others? `feedserver hub list` says why")
    return Finding("hub", told)


def _backup(backed_up_at: datetime | None, now: datetime) -> Finding:
    told = health.age_of_backup(backed_up_at, now)
    if backed_up_at is None or not is_within(backed_up_at, _OLD_BACKUP, now):
        return Finding("backup", told, "`feedserver backup FILE`, nightly by config/feedserver-backup.timer")
    return Finding("backup", told)


def _restored(restored_at: datetime | None) -> Finding:
    if restored_at is not None:
        return Finding("restored", revision.reminder(restored_at), "`feedserver resume`")
    return Finding("restored", "it is the real site")
