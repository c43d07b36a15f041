"""How the channels stand, for the desk and for `doctor`: whether they are set and heard, and what waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from feedserver.notices import channels, store
from feedserver.notices.gathering import address_of
from feedserver.notices.model import MAIL, POST, Channel
from feedserver.settings import MailSettings, Settings
from feedserver.storage.schema import jobs

_KINDS: Final[dict[Channel, str]] = {"mail": MAIL, "webhook": POST}


@dataclass(frozen=True, slots=True)
class Standing:
    """One channel. `ended_at`: since when somebody at its address wants no more. `last_error` is of its last try."""

    channel: Channel
    is_set: bool
    ended_at: datetime | None = None
    sent_at: datetime | None = None
    waiting: int = 0
    last_error: str | None = None
    next_try_at: datetime | None = None


def standings(connection: Connection, settings: Settings) -> list[Standing]:
    """Mail, then the webhook."""
    return [_of(connection, channel, address_of(channel, settings)) for channel in _KINDS]


def half_set(mail: MailSettings) -> str | None:
    """The one of the two settings without which no mail is sent, where the other is set."""
    if bool(mail.url) == bool(mail.to):
        return None
    return "mail.to" if mail.url else "mail.url"


def remarks(settings: Settings) -> list[str]:
    """What an operator is told when a server or a worker starts."""
    lines = []
    if (missing := half_set(settings.mail)) is not None:
        lines.append(f"no mail is sent, as {missing} is not set")
    if settings.notices.webhook and not settings.notices.secret:
        lines.append("what notices.webhook gets is not signed, as notices.secret is not set")
    return lines


def _of(connection: Connection, channel: Channel, address: str) -> Standing:
    if not address:
        return Standing(channel, is_set=False)
    known = channels.state(connection, channel, address)
    query = select(jobs.c.last_error, jobs.c.run_at).where(jobs.c.kind == _KINDS[channel])
    job = connection.execute(query).one_or_none()
    return Standing(
        channel,
        is_set=True,
        ended_at=known.ended_at,
        sent_at=known.sent_at,
        waiting=store.count(connection, channel),
        last_error=job.last_error if job else None,
        next_try_at=job.run_at if job else None,
    )
