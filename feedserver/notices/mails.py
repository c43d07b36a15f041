"""Mails what waits for a look and what was given up: one job, which comes again while there is something.

Of a mail that may have been sent, by a process that then ended, the next one tells the same under the same Message-ID;
of one that was not taken, the next one tells all that waits by then.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from threading import Event
from uuid import uuid4

from sqlalchemy import Connection

from feedserver.clock import Clock
from feedserver.errors import MailFailed
from feedserver.jobs import failures
from feedserver.jobs import store as jobs
from feedserver.jobs.heard import store_heard
from feedserver.jobs.model import Job, Outcome
from feedserver.jobs.retry import pause_after
from feedserver.notices import channels, links, smtp, store
from feedserver.notices.contents import Contents, contents_of, envelope_of, own_name
from feedserver.notices.gathering import address_of, mail_due
from feedserver.notices.letter import letter
from feedserver.notices.model import MAILED_FOR
from feedserver.settings import MailSettings, Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.urls import Urls

_log = logging.getLogger(__name__)

Send = Callable[[MailSettings, EmailMessage, str], None]  # as `smtp.send`


@dataclass(frozen=True, slots=True)
class _Begun:
    """A mail that is to be sent now, and the tokens of its addresses, which are stored as hashes alone.

    `is_repeated`: one with this id, and the same to tell, may have been sent before.
    """

    message_id: str
    is_repeated: bool
    contents: Contents
    site_id: str
    tokens: dict[int, str]
    stop: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Mailer:
    """Safe to share between threads. When `stopping` is set, the process is to end."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    stopping: Event
    send: Send = smtp.send

    def carry_out(self, job: Job) -> Outcome:
        """Runs the job."""
        begun = self.database.transact(partial(self._begin, job=job))
        if not isinstance(begun, _Begun):
            return begun
        failure = None
        try:
            self.send(self.settings.mail, self._letter(begun), own_name(self.urls))
        except MailFailed as error:
            failure = error
        settle = partial(self._settle, job=job, begun=begun, failure=failure)
        return store_heard(self.database, settle, self.stopping)

    def _begin(self, connection: Connection, job: Job) -> _Begun | Outcome:
        now, to = self.clock(), address_of("mail", self.settings)
        if not jobs.held(connection, job):
            return "taken over"
        if revision.is_restored(connection):
            return self._later(connection, job, now + revision.COPY_PAUSE, revision.WAITS_AS_COPY)
        if not channels.is_open(connection, "mail", to):
            store.end(connection, "mail")
            return self._go_on(connection, job, now)
        sent_id = channels.state(connection, "mail", to).message_id
        if sent_id is None:
            due = mail_due(connection, self.settings, now)
            if due is not None and due > now and not job.attempts:
                return self._later(connection, job, due)
            store.take_along(connection)
        message_id = sent_id or str(uuid4())
        contents = contents_of(connection)
        if contents.is_empty:  # all was decided meanwhile
            return self._taken(connection, job, now, to)
        tokens, stop = links.add(connection, message_id, [one.id for one in contents.thoughts], to, now)
        channels.change(connection, "mail", to, message_id=message_id)
        site_id = revision.load(connection).guid
        return _Begun(message_id, sent_id is not None, contents, site_id, dict(tokens), stop, now)

    def _letter(self, begun: _Begun) -> EmailMessage:
        envelope = envelope_of(self.settings, self.urls, begun.site_id, begun.message_id, begun.stop, begun.now)
        return letter(begun.contents.news(self.urls, begun.tokens), envelope)

    def _settle(self, connection: Connection, job: Job, begun: _Begun, failure: MailFailed | None) -> Outcome:
        now, to = self.clock(), address_of("mail", self.settings)
        if failure is None:
            channels.change(connection, "mail", to, sent_at=now)
            return self._taken(connection, job, now, to)
        if not jobs.held(connection, job):
            return "taken over"
        if not (failure.is_unsure or begun.is_repeated):
            links.forget(connection, begun.message_id)
            store.not_mailed(connection)
            channels.change(connection, "mail", to, message_id=None)
        pause = pause_after(job.attempts + 1, random.random())  # noqa: S311 - no secret
        if pause is not None:
            self._later(connection, job, now + pause, str(failure), attempts=job.attempts + 1)
            return "to be tried again"
        return self._give_up(connection, job, str(failure), now, to)

    def _taken(self, connection: Connection, job: Job, now: datetime, to: str) -> Outcome:
        """The mail was taken, or there is nothing to tell."""
        store.mailed(connection)
        channels.change(connection, "mail", to, message_id=None)
        return self._go_on(connection, job, now)

    def _give_up(self, connection: Connection, job: Job, error: str, now: datetime, to: str) -> Outcome:
        _log.error("no mail was taken for two days; what waited for one is not mailed any more: %s", error)
        store.not_mailed(connection)
        store.give_up_mailing(connection, now - MAILED_FOR)
        channels.change(connection, "mail", to, message_id=None)
        failures.record(connection, job, error, now)
        self._go_on(connection, job, now, least=timedelta(hours=1))
        return "given up"

    def _go_on(self, connection: Connection, job: Job, now: datetime, least: timedelta = timedelta()) -> Outcome:
        """Has the job come again for what waits, after `least` at the earliest; ends it where nothing does."""
        if not jobs.held(connection, job):
            return "taken over"
        due = mail_due(connection, self.settings, now)
        if due is None:
            jobs.finish(connection, job)
        else:
            jobs.postpone(connection, job, max(due, now + least), now, attempts=0, error=None)
        return "done"

    def _later(
        self, connection: Connection, job: Job, run_at: datetime, error: str | None = None, attempts: int | None = None
    ) -> Outcome:
        tries = job.attempts if attempts is None else attempts
        jobs.postpone(connection, job, run_at, self.clock(), attempts=tries, error=error)
        return "put off"


def resume(connection: Connection, settings: Settings) -> None:
    """Turns on the mails to the present address, which somebody there has stopped, for what comes from now on."""
    if to := address_of("mail", settings):
        channels.change(connection, "mail", to, ended_at=None)


def stop(connection: Connection, settings: Settings, now: datetime) -> None:
    """Stops the mails to the present address; nothing that waits is mailed there."""
    if to := address_of("mail", settings):
        channels.change(connection, "mail", to, ended_at=now)
        store.end(connection, "mail")
