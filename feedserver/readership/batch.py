"""The requests counted since the last write, in memory and bounded. No SQL."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from feedserver import domains
from feedserver.readership.store import Counts, ReaderFeed
from feedserver.readership.user_agents import OTHERS, reader

MAX_CLIENTS: Final = 10_000  # pairs of client and feed between two writes
_NETWORKS: Final = 50  # that may fill this: no network may have more than its part


class ClientFeed(NamedTuple):
    """A client's requests for one feed on one day (UTC). `user_agent` is None for the clients beyond the bound."""

    day: date
    user_agent: str | None
    address: str
    feed_key: str


class DayCounts(NamedTuple):
    """The counts of one day by reader and feed, and the reader of each client by User-Agent and address.

    Clients whose readers state their subscribers, in a User-Agent for each feed, have the reader's name instead.
    """

    counts: dict[ReaderFeed, Counts]
    clients: dict[tuple[str, str], str]


class Batch:
    """Counts by client and feed. The caller serializes the calls."""

    def __init__(self, most: int = MAX_CLIENTS) -> None:
        self._most = most
        self._of_network: Counter[str] = Counter()
        self.counts: dict[ClientFeed, Counts] = {}

    def __len__(self) -> int:
        return len(self.counts)

    def counts_of(self, key: ClientFeed) -> Counts:
        """The counts to add to; clients beyond the bounds share those of the day."""
        counts = self.counts.get(key)
        if counts is None:
            network = domains.wide_network(key.address)
            if len(self.counts) >= self._most or self._of_network[network] >= self._most // _NETWORKS:
                key = ClientFeed(key.day, None, "", "")
            else:
                self._of_network[network] += 1
            counts = self.counts.setdefault(key, Counts())
        return counts

    def add_all(self, other: "Batch") -> None:
        for key, counts in other.counts.items():
            self.counts_of(key).add(counts)

    def by_day(self) -> Iterator[tuple[date, DayCounts]]:
        """The counts of each day, the oldest first. User-Agents are parsed here, not while a client waits."""
        days: dict[date, DayCounts] = {}
        for key, counts in self.counts.items():
            _add(days.setdefault(key.day, DayCounts({}, {})), key, counts)
        yield from sorted(days.items(), key=lambda item: item[0])


def _add(day: DayCounts, key: ClientFeed, counts: Counts) -> None:
    if key.user_agent is None:
        day.counts.setdefault((OTHERS, ""), Counts()).add(counts)
        return
    who = reader(key.user_agent)
    known = day.counts.setdefault((who.name, key.feed_key), Counts())
    known.add(counts)
    identity = key.user_agent
    if who.subscribers is not None:
        known.subscribers = max(who.subscribers, known.subscribers or 0)
        identity = who.name
    day.clients[identity, key.address] = who.name
