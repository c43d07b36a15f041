"""Which new clients are counted by themselves, so that nobody who invents names pushes real readers out. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from feedserver.readership.user_agents import is_known

CLIENTS_OF_NETWORK: Final = 1_000  # in a day, of one network (IPv4 /24, IPv6 /48)
NAMES_OF_NETWORK: Final = 10  # that are not known feed readers'


@dataclass(frozen=True, slots=True)
class Client:
    """One client of a day: its hash, that of its network, and the name of its reader."""

    hash: str
    network: str
    reader: str


def admitted(
    new: Iterable[Client], counted: Mapping[str, Mapping[str, int]], names: frozenset[str], room: int
) -> Iterator[Client]:
    """Yields those of `new` that are counted, at most `room`.

    `counted` are the clients that were counted before, by network and reader. `names` are the readers that have a name
    on this day, from any network; known readers always may.
    """
    networks = {network: Counter(readers) for network, readers in counted.items()}
    for client in new:
        readers = networks.setdefault(client.network, Counter())
        is_free = is_known(client.reader) or client.reader in names or client.reader in readers
        if (
            room > 0
            and readers.total() < CLIENTS_OF_NETWORK
            and (is_free or sum(not is_known(name) for name in readers) < NAMES_OF_NETWORK)
        ):
            readers[client.reader] += 1
            room -= 1
            yield client
