"""Makes notices of what is untold. Each poll for jobs asks whether there is something, so that nobody need tell.

What nobody is to be told of is no news: it is passed over, by the job or (where no channel is set) by housekeeping.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, literal, select

from feedserver.clock import Clock, is_of_future
from feedserver.jobs import failures
from feedserver.jobs import store as jobs
from feedserver.jobs.model import SITE, Job, one_at_a_time
from feedserver.notices import channels, links, store
from feedserver.notices.model import ABOUT_CHANNEL, GATHER, MAIL, POST, Channel, as_json
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.schema import jobs as jobs_table
from feedserver.thoughts import untold
from feedserver.thoughts.untold import Untold

_AT_ONCE: Final = 500
_HAS_JOB: Final = select(literal(1)).select_from(jobs_table).where(jobs_table.c.kind == GATHER)


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Safe to share between threads."""

    database: Database
    settings: Settings
    clock: Clock

    @property
    def is_on(self) -> bool:
        """Whether a channel is set."""
        return self.settings.mail.is_on or bool(self.settings.notices.webhook)

    def is_needed(self, connection: Connection, now: datetime) -> bool:  # noqa: ARG002 - as each watch is asked
        """Whether something is untold, and no job looks at it. Never for a restored site, until it is the real one."""
        is_any = untold.is_any(connection) or failures.is_any_untold(connection)
        return is_any and not revision.is_restored(connection) and connection.execute(_HAS_JOB).first() is None

    def carry_out(self, job: Job) -> None:
        """Runs the job."""
        while self.database.transact(self._gather):
            pass
        self.database.transact(lambda connection: jobs.finish(connection, job))

    def clean(self, now: datetime) -> None:
        """For housekeeping: folds old links and failed jobs, and passes over news where nobody is told."""
        self.database.transact(lambda connection: links.forget_expired(connection, now))
        self.database.transact(lambda connection: failures.forget_old(connection, now))
        if not self.is_on:
            while self.database.transact(lambda connection: bool(_taken(connection))):
                pass

    def _gather(self, connection: Connection) -> bool:
        """Makes notices of some news; returns whether there were any."""
        now, mail = self.clock(), address_of("mail", self.settings)
        to_mail = channels.is_open(connection, "mail", mail)
        to_webhook = channels.is_open(connection, "webhook", address_of("webhook", self.settings))
        thoughts = untold.take(connection, _AT_ONCE)
        failed = failures.take_untold(connection, _AT_ONCE)
        if to_mail or to_webhook:
            held, shown = _by_event(thoughts)
            store.add(connection, "thought.held", held, mail=to_mail, webhook=to_webhook)
            if to_webhook:
                store.add(connection, "thought.shown", shown, mail=False, webhook=True)
            _add_failed(connection, failed, to_mail=to_mail, to_webhook=to_webhook)
            self._plan(connection, now)
        return bool(thoughts or failed)

    def _plan(self, connection: Connection, now: datetime) -> None:
        """Makes sure of the jobs that send what waits."""
        if (due := mail_due(connection, self.settings, now)) is not None:
            jobs.ensure(connection, MAIL, SITE, due, now, concurrency_key=one_at_a_time(MAIL, "server"))
        if store.next_for_webhook(connection) is not None:
            jobs.ensure(connection, POST, SITE, now, now, concurrency_key=one_at_a_time(POST, "webhook"))


def address_of(channel: Channel, settings: Settings) -> str:
    """The address of a channel as it is set; "" for none."""
    if channel == "webhook":
        return settings.notices.webhook
    return settings.mail.to if settings.mail.is_on else ""


def mail_due(connection: Connection, settings: Settings, now: datetime) -> datetime | None:
    """When what waits is mailed: some time after the first of it, and not soon after another mail. None: nothing."""
    first = store.first_waiting(connection)
    if first is None:
        return None
    due = min(first, now) + timedelta(seconds=settings.notices.gather)
    sent_at = channels.state(connection, "mail", settings.mail.to).sent_at
    if sent_at is not None and not is_of_future(sent_at, now):
        due = max(due, sent_at + timedelta(seconds=settings.notices.pause))
    return due


def _by_event(thoughts: Sequence[Untold]) -> tuple[list[tuple[int, datetime]], list[tuple[int, datetime]]]:
    held = [(one.thought_id, one.held_at) for one in thoughts if one.held_at is not None]
    shown = [(one.thought_id, one.shown_at) for one in thoughts if one.shown_at is not None]
    return held, shown


def _add_failed(
    connection: Connection, failed: Sequence[tuple[Job, datetime]], *, to_mail: bool, to_webhook: bool
) -> None:
    for job, at in failed:
        about = ABOUT_CHANNEL.get(job.kind)
        mail, webhook = to_mail and about != "mail", to_webhook and about != "webhook"
        store.add_failures(connection, [(as_json(job), at)], mail=mail, webhook=webhook)


def _taken(connection: Connection) -> int:
    return len(untold.take(connection, _AT_ONCE)) + len(failures.take_untold(connection, _AT_ONCE))
