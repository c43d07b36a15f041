"""Compares the rows of pictures and files with the store: for `feedserver doctor`."""

from dataclasses import dataclass

from feedserver.media import store
from feedserver.media.stores import MediaStore
from feedserver.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Audit:
    """HASH/NAME of files that rows name and the store has not, or not whole; and of those that no row names.

    What is being added while the audit runs may be among the latter.
    """

    missing: tuple[str, ...]
    unnamed: tuple[str, ...]


def audit(database: Database, files: MediaStore) -> Audit:
    """Looks at every row and every file. Raises MediaStoreError."""
    stored = set(files.names())  # first: what is added meanwhile has its files before its rows
    with database.read() as connection:
        named = store.all_files(connection)
    missing = (key for key in named if files.size(*key) != named[key])
    return Audit(*(tuple(sorted("/".join(key) for key in keys)) for keys in (missing, stored - named.keys())))
