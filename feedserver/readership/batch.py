"""The requests counted since the last write, in memory and bounded. No SQL."""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from feedserver.readership.store import ReaderFeed, Tally
from feedserver.readership.user_agents import OTHERS, reader

MAX_CLIENTS: Final = 10_000  # pairs of client and feed between two writes


class ClientFeed(NamedTuple):
    """A client's requests for one feed on one day (UTC). `user_agent` is None for the clients beyond the bound."""

    day: date
    user_agent: str | None
    address: str
    feed_key: str


class DayCounts(NamedTuple):
    """The counts of one day: tallies by reader and feed, and the reader of each client by User-Agent and address.

    Clients whose readers state their subscribers are left out of `clients`.
    """

    tallies: dict[ReaderFeed, Tally]
    clients: dict[tuple[str, str], str]


class Batch:
    """Counts by client and feed. The caller serializes the calls."""

    def __init__(self, most: int = MAX_CLIENTS) -> None:
        self._most = most
        self.tallies: dict[ClientFeed, Tally] = {}

    def __len__(self) -> int:
        return len(self.tallies)

    def tally(self, key: ClientFeed) -> Tally:
        """The tally to add to; clients beyond the bound share one for the day."""
        tally = self.tallies.get(key)
        if tally is None:
            if len(self.tallies) >= self._most:
                key = ClientFeed(key.day, None, "", "")
            tally = self.tallies.setdefault(key, Tally())
        return tally

    def add_all(self, other: "Batch") -> None:
        for key, tally in other.tallies.items():
            self.tally(key).add(tally)

    def by_day(self) -> Iterator[tuple[date, DayCounts]]:
        """The counts of each day, the oldest first. User-Agents are parsed here, not while a client waits."""
        days: dict[date, DayCounts] = {}
        for key, tally in self.tallies.items():
            _add(days.setdefault(key.day, DayCounts({}, {})), key, tally)
        yield from sorted(days.items(), key=lambda item: item[0])


def _add(day: DayCounts, key: ClientFeed, tally: Tally) -> None:
    if key.user_agent is None:
        day.tallies.setdefault((OTHERS, ""), Tally()).add(tally)
        return
    who = reader(key.user_agent)
    known = day.tallies.setdefault((who.name, key.feed_key), Tally())
    known.add(tally)
    if who.subscribers is None:
        day.clients[key.user_agent, key.address] = who.name
    else:
        known.subscribers = max(who.subscribers, known.subscribers or 0)
