"""Notices, and what is said of thoughts and jobs in them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from feedserver.clock import rfc3339
from feedserver.jobs.model import Job

Event = Literal["thought.held", "thought.shown", "job.failed"]
Channel = Literal["mail", "webhook"]

GATHER: Final = "gather notices"  # the kinds of the jobs
MAIL: Final = "mail notices"
POST: Final = "post notices"

BY_MAIL: Final[frozenset[Event]] = frozenset(("thought.held", "job.failed"))
MAILED_FOR: Final = timedelta(hours=47)  # from then on the tries of two days (`jobs.retry`) are over
POSTED_FOR: Final = timedelta(days=1)
# A channel that fails is no news for itself.
ABOUT_CHANNEL: Final[Mapping[str, Channel]] = {MAIL: "mail", POST: "webhook"}


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of which the owner is told. `thought_id` or `job` is set; `job` is as `as_json` has it."""

    id: int
    event_id: str
    event: Event
    thought_id: int | None
    job: Mapping[str, Any] | None
    created_at: datetime


def as_json(job: Job) -> dict[str, Any]:
    """A job with the keys of docs/interface.md, “Shapes of JSON”."""
    return plain(
        {
            "id": job.id,
            "kind": job.kind,
            "subject": job.subject,
            "run_at": job.run_at,
            "attempts": job.attempts,
            "leased_until": job.leased_until,
            "last_error": job.last_error,
        }
    )


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with moments as JSON has them."""
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}
