"""Takes what readers ask of the hub: checks it, and stores it with the job that asks the callback to confirm it.

Nobody waits for that answer, and an answer to a reader tells nothing of subscriptions (WebSub section 5.2).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver import domains
from feedserver.clock import Clock
from feedserver.errors import (
    FeedNotFound,
    HubFull,
    PostNotFound,
    SubscriptionError,
    SubscriptionUnusable,
    TooManyOfOneSite,
    TooManyRequests,
    Unconfirmed,
)
from feedserver.feeds import existing, scopes
from feedserver.settings import Settings
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.thoughts.verification.fetch_budget import budget_key
from feedserver.urls import Urls
from feedserver.websub import requests, store
from feedserver.websub.blocking import is_blocked
from feedserver.websub.model import Subscription
from feedserver.websub.requests import HubRequest
from feedserver.websub.turns import wait_for_turn
from feedserver.websub.verification import CONFIRM

_MOST_AT_TOPIC: Final = 10  # subscriptions to one topic whose callbacks share a budget key
_MAY_WAIT: Final = 30  # callbacks of one site that wait to be asked, and at least what it is asked in two minutes
_MINUTES: Final = 2
_SHARES: Final = 10  # sites that together can fill the hub
_SOON: Final = 15  # seconds until a callback that answers has confirmed
_LATER: Final = 3_600  # seconds until a full hub is worth another try


@dataclass(frozen=True, slots=True)
class Hub:
    """Takes requests. Safe to share between threads."""

    database: Database
    urls: Urls
    settings: Settings
    clock: Clock

    def receive(self, form: bytes, sender: str) -> None:
        """Takes the form that `sender` (an IP address) sent. Raises a SubscriptionError."""
        request = requests.parse(form)
        requests.check_callback(request.callback, self.settings.egress)
        if self.urls.owns(request.callback):
            raise SubscriptionUnusable("hub.callback", "is on this site")
        topic = self._topic(request.topic_url) if request.asked.mode == "subscribe" else None
        refused = self.database.transact(partial(self._store, request=request, topic=topic, sender=sender))
        if refused:
            raise refused

    def _topic(self, topic_url: str) -> str:
        """The key of the feed whose `self` is `topic_url`. Raises SubscriptionUnusable if there is none."""
        address = scopes.newest_at(self.urls, topic_url)
        if address is None:
            raise _no_topic()
        try:
            with self.database.read() as connection:
                existing.require(connection, address, self.settings.site.author, self.clock())
        except (FeedNotFound, PostNotFound) as error:
            raise _no_topic() from error
        return address.key

    def _store(
        self, connection: Connection, request: HubRequest, topic: str | None, sender: str
    ) -> SubscriptionError | None:
        """One transaction: limits, the request, and its job. A refusal is returned, so that what is counted stays."""
        now = self.clock()
        store.lock_all(connection)
        if full := self._count(connection, sender, now):
            return TooManyRequests(full.seconds)
        if is_blocked(connection, request.callback):
            return SubscriptionUnusable("hub.callback", "its host is blocked here")
        if topic is None:
            return self._leave(connection, request, now)
        store.end_expired(connection, now)
        known = store.at_topic(connection, topic, request.callback)
        site = budget_key(request.callback)
        if store.is_any_unconfirmed(connection, request.callback):
            return Unconfirmed(_SOON)
        is_one_more = known is None or known.state == "ended"
        if is_one_more and (refused := self._refuse(connection, topic, site, request.places, known)):
            return refused
        if known is None:
            wait_for_turn(connection, CONFIRM, store.add(connection, topic, site, request, now), site, now)
        else:
            self._ask(connection, known, request, now)
        return None

    def _count(self, connection: Connection, sender: str, now: datetime) -> rate_limits.Refusal | None:
        if domains.is_loopback(sender):  # readers on this machine, or all behind a proxy that is not trusted
            return None
        limit = rate_limits.Limit(f"hub:{domains.network(sender)}", self.settings.limits.sender)
        return rate_limits.take(connection, [limit], now, tidy=False)

    def _refuse(
        self, connection: Connection, topic: str, site: str, places: int, known: Subscription | None
    ) -> SubscriptionError | None:
        """Why one more subscription of so many `places`, or a `known` one that has ended, is too much."""
        limits = self.settings.limits
        if store.count_of_site(connection, site, state="pending") >= max(_MAY_WAIT, _MINUTES * limits.host):
            return Unconfirmed(_MINUTES * 60)
        if store.count_of_site(connection, site, topic=topic) >= _MOST_AT_TOPIC:
            return TooManyOfOneSite()
        share = max(_MOST_AT_TOPIC, limits.subscriptions // _SHARES)
        if store.places_of_site(connection, site) + places > share:
            return TooManyOfOneSite()
        return None if store.has_room(connection, limits.subscriptions, places, known) else HubFull(_LATER)

    def _leave(self, connection: Connection, request: HubRequest, now: datetime) -> SubscriptionError | None:
        """Of a subscription that is not there nothing is told, and its callback is not contacted.

        The feed need not exist any more, and the site may have moved since.
        """
        known = store.at_topic_url(connection, request.topic_url, request.callback)
        if known is None and scopes.newest_at(self.urls, request.topic_url) is None:
            return _no_topic()
        if store.is_any_unconfirmed(connection, request.callback):
            return Unconfirmed(_SOON)
        if known is not None and known.state_at(now) == "active":
            self._ask(connection, known, request, now)
        return None

    def _ask(self, connection: Connection, known: Subscription, request: HubRequest, now: datetime) -> None:
        store.ask(connection, known, request)
        wait_for_turn(connection, CONFIRM, known.id, known.callback_site, now)


def _no_topic() -> SubscriptionUnusable:
    return SubscriptionUnusable("hub.topic", "is no feed of this site; name it as its “self” does")
