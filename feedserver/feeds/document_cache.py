"""The documents in memory: bounded in number and in bytes; the one asked for least recently is dropped first."""

from threading import Lock
from typing import Final

from cachetools import LRUCache

from feedserver.feeds.document import Document
from feedserver.feeds.scopes import FeedAddress

MOST: Final = 256  # documents in one process
ROOM: Final = 16 * 1_048_576  # bytes of all of them, in all codings


class DocumentCache:
    """Documents by address. Safe to share between threads."""

    def __init__(self, most: int = MOST, room: int = ROOM) -> None:
        """Holds `most` documents in `room` bytes; a document that is larger than the room is held alone."""
        least = room // most  # a small document weighs a `most`-th of the room, so that one bound keeps both
        self._documents: LRUCache[FeedAddress, Document] = LRUCache(
            room, lambda document: min(max(document.size, least), room)
        )
        self._lock = Lock()  # reading moves a document to the end of the line

    def get(self, address: FeedAddress) -> Document | None:
        with self._lock:
            try:
                return self._documents[address]
            except KeyError:  # a third faster than `get`, which looks twice
                return None

    def put(self, address: FeedAddress, document: Document) -> None:
        with self._lock:
            self._documents[address] = document

    def discard(self, address: FeedAddress) -> None:
        with self._lock:
            self._documents.pop(address, None)

    def __len__(self) -> int:
        return len(self._documents)
