"""`notice test`: sends a mail and an event that tell nothing, at once, and says what came of each."""

from dataclasses import dataclass
from uuid import uuid4

from feedserver.clock import Clock
from feedserver.errors import MailFailed
from feedserver.net.exchange import Exchange
from feedserver.notices import channels, links, smtp
from feedserver.notices.contents import envelope_of, own_name
from feedserver.notices.gathering import address_of
from feedserver.notices.letter import trial
from feedserver.notices.posting import post
from feedserver.notices.webhook import TRIAL, body_of
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one trial, in a line."""

    detail: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class Trial:
    database: Database
    urls: Urls
    settings: Settings
    clock: Clock
    exchange: Exchange

    def run(self) -> list[Tried]:
        """Tries each channel that is set."""
        mail, webhook = (address_of(channel, self.settings) for channel in ("mail", "webhook"))
        tried = [self._mail(mail)] if mail else []
        return [*tried, self._webhook()] if webhook else tried

    def _mail(self, to: str) -> Tried:
        now, message_id = self.clock(), str(uuid4())
        with self.database.write() as connection:
            if channels.state(connection, "mail", to).ended_at is not None:
                return Tried(f"mail to {to}: was stopped there; /desk/site turns it on again", is_good=False)
            _, stop = links.add(connection, message_id, [], to, now)
            site_id = revision.load(connection).guid
        message = trial(envelope_of(self.settings, self.urls, site_id, message_id, stop, now))
        try:
            smtp.send(self.settings.mail, message, own_name(self.urls))
        except MailFailed as error:
            with self.database.write() as connection:
                links.forget(connection, message_id)
            return Tried(f"mail to {to}: {error}", is_good=False)
        return Tried(f"mail to {to}: the mail server has taken it", is_good=True)

    def _webhook(self) -> Tried:
        notices = self.settings.notices
        with self.database.read() as connection:
            if channels.state(connection, "webhook", notices.webhook).ended_at is not None:
                return Tried(
                    "webhook: it has answered 410 before, and gets nothing until it has another address", False
                )
        body = body_of(str(uuid4()), TRIAL, self.clock(), None, None)
        reception, words = post(self.exchange, notices, body, self.clock())
        return Tried(f"webhook: {words}", is_good=reception == "done")
