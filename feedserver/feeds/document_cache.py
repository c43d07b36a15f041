"""LRU cache of documents, bounded in number and in bytes."""

from threading import Lock
from typing import Final

from cachetools import LRUCache

from feedserver.feeds.document import Document
from feedserver.feeds.scopes import FeedAddress

MAX_DOCUMENTS: Final = 256  # documents in one process
MAX_BYTES: Final = 16 * 1_048_576  # bytes of all of them, in all codings


class DocumentCache:
    """Documents by address. Safe to share between threads."""

    def __init__(self, max_documents: int = MAX_DOCUMENTS, max_bytes: int = MAX_BYTES) -> None:
        """Holds `max_documents` in `max_bytes`; a larger document is held alone."""
        least = max_bytes // max_documents  # the least weight, so that one bound enforces both
        self._documents: LRUCache[FeedAddress, Document] = LRUCache(
            max_bytes, lambda document: min(max(document.size, least), max_bytes)
        )
        self._lock = Lock()  # reading moves a document to the end of the queue

    def get(self, address: FeedAddress) -> Document | None:
        with self._lock:
            try:
                return self._documents[address]
            except KeyError:  # a third faster than `get`, which does two look-ups
                return None

    def put(self, address: FeedAddress, document: Document) -> None:
        with self._lock:
            self._documents[address] = document

    def discard(self, address: FeedAddress) -> None:
        with self._lock:
            self._documents.pop(address, None)

    def __len__(self) -> int:
        return len(self._documents)
