"""The subscription, and what its reader asks for. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

State = Literal["pending", "active", "ended"]
Mode = Literal["subscribe", "unsubscribe"]

LEASE: Final = timedelta(days=10)  # of a reader that asks for none
SHORTEST_LEASE: Final = timedelta(days=1)
LONGEST_LEASE: Final = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the callback has not confirmed yet. `secret` signs pushes; `token` is PubSubHubbub 0.3's
    `hub.verify_token`."""

    mode: Mode
    lease: timedelta = LEASE
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A reader's subscription to one feed: `topic` is the key of its newest document (`FeedAddress.key`), `topic_url`
    and `callback` are as they were sent.

    `pushed_etag` is the version that the reader has, by its ETag, `pushed_at` when it took it, `failures` counts pushes
    in a row that it did not take. `detail` says in words for the owner what last became of the subscription.
    """

    id: int
    topic: str
    topic_url: str
    callback: str
    callback_site: str
    state: State
    secret: str | None = field(repr=False)
    lease_until: datetime | None
    pushed_etag: str | None
    pushed_at: datetime | None
    failures: int
    detail: str
    created_at: datetime
    asked: Asked | None

    def state_at(self, now: datetime) -> State:
        """The state at `now`: a lease ends by the clock, even if nothing has written that down yet."""
        has_run_out = self.lease_until is not None and self.lease_until <= now
        return "ended" if self.state == "active" and has_run_out else self.state


@dataclass(frozen=True, slots=True)
class TopicReaders:
    """The active subscriptions to one feed: how many there are, how many of them wait for a push, and for one that has
    failed, and when a push was last taken."""

    topic: str
    readers: int
    waiting: int
    failing: int
    pushed_at: datetime | None


def bounded_lease(seconds: int) -> timedelta:
    """The lease that a reader gets who asks for so many seconds."""
    return min(max(timedelta(seconds=seconds), SHORTEST_LEASE), LONGEST_LEASE)
