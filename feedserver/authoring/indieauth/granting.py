"""From the author's consent to a token: a code, good once and for ten minutes (IndieAuth sections 5.2 to 5.4)."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver.accounts import store as accounts
from feedserver.accounts.apps import Apps
from feedserver.accounts.model import AppToken
from feedserver.authoring.indieauth import codes
from feedserver.authoring.indieauth.asking import Asked
from feedserver.authoring.indieauth.codes import Grant
from feedserver.authoring.indieauth.forms import Redemption
from feedserver.clock import Clock, is_within
from feedserver.errors import AccountNotFound, AppNotFound, FeedserverError
from feedserver.host_names import host_name
from feedserver.storage.engine import Database


class BadGrant(FeedserverError):
    """A code that is not taken: unknown, over, used before, another app's, or without its proof."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What the authors of a site grant to apps."""

    database: Database
    apps: Apps
    clock: Clock

    def grant(self, asked: Asked, account: str) -> str:
        """A code for what `account` consents to: all that is asked."""
        now = self.clock()
        return self.database.transact(lambda connection: codes.make(connection, asked, account, now))

    def redeem(self, sent: Redemption) -> Grant:
        """What a code stands for, once. A second use ends the token of the first one. Raises BadGrant."""
        now = self.clock()

        def operation(connection: Connection) -> tuple[Grant | None, bool]:
            grant = codes.find(connection, sent.code)
            if grant is None or (grant.used_at is None and not _fits(grant, sent)):
                return None, False
            return grant, codes.use(connection, sent.code, now)

        grant, is_first = self.database.transact(operation)
        if grant is None:
            raise BadGrant("the code is unknown, or was given to another app, or the proof for it is missing")
        if not is_first:
            self._end(grant.app_id)
            raise BadGrant("the code was used before; the token that it gave has ended")
        if not is_within(grant.made_at, codes.TERM, now):
            raise BadGrant("the code is over; ask again")
        return grant

    def token(self, sent: Redemption) -> tuple[AppToken, str]:
        """A token for a code, and its text. Raises BadGrant."""
        grant = self.redeem(sent)
        if not grant.scopes:
            raise BadGrant("the code stands for no scope, only for who the author is")
        name = host_name(urlsplit(grant.client_id))[:64]
        try:
            self._check_account(grant)
            app, text = self.apps.create(grant.account, name, grant.scopes, client_id=grant.client_id)
        except AccountNotFound:
            raise BadGrant("the account that gave the code is gone") from None

        def note(connection: Connection) -> Grant | None:
            codes.note_token(connection, sent.code, app.id)
            return codes.find(connection, sent.code)

        if (noted := self.database.transact(note)) is None or noted.used_again:
            self._end(app.id)
            raise BadGrant("the code was used twice")
        return app, text

    def _check_account(self, grant: Grant) -> None:
        """Raises AccountNotFound if the account that gave a code is gone, though another one has its name now."""
        with self.database.read() as connection:
            if accounts.named(connection, grant.account).created_at > grant.made_at:
                raise AccountNotFound(grant.account)

    def _end(self, app_id: int | None) -> None:
        if app_id is not None:
            with suppress(AppNotFound):
                self.apps.end(app_id)


def _fits(grant: Grant, sent: Redemption) -> bool:
    """Whether a code was given for this app, this address, and this proof (RFC 7636 section 4.6)."""
    is_theirs = (grant.client_id, grant.redirect_uri) == (sent.client_id, sent.redirect_uri)
    if grant.challenge is None:
        return is_theirs and not sent.verifier
    proof = urlsafe_b64encode(hashlib.sha256((sent.verifier or "").encode()).digest()).decode().rstrip("=")
    return is_theirs and hmac.compare_digest(proof, grant.challenge)
