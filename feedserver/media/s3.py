"""A store of pictures and files in a bucket of an S3-compatible service, for sites on many machines.

obstore reads credentials, region and endpoint from the environment, as all programs for S3 do: `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL` and more; on machines of the service
itself it asks that.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from feedserver.errors import MediaStoreError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Store

_PIECE: Final = 8 << 20  # bytes of a part of an upload
_WINDOW: Final = 1 << 20  # bytes that a reader asks for at a time
_CLIENT: "Final[ClientConfig]" = {"allow_http": True}  # where the endpoint says so, as on a network of one's own
_RETRIES: "Final[RetryConfig]" = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}  # of a request


class BucketStore:
    """The objects below `url`, `s3://BUCKET/PREFIX`, each as HASH/NAME. An object has its name when it is whole.

    Nothing is asked of the service before the first file. Raises MediaStoreError for settings that it cannot use.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            import obstore.store
        except ModuleNotFoundError:
            raise MediaStoreError(f"{url} needs obstore: `pip install 'feedserver[s3]'`") from None
        with self._failing_as_a_store():
            self._bucket: S3Store = obstore.store.S3Store.from_url(url, client_options=_CLIENT, retry_config=_RETRIES)

    def put(self, hash_: str, name: str, file: Path) -> None:
        with self._failing_as_a_store(), file.open("rb") as source:
            try:
                self._bucket.put(f"{hash_}/{name}", source, chunk_size=_PIECE, max_concurrency=2)
            except FileNotFoundError as error:
                raise MediaStoreError(f"{self._url}: {_first_line(error)}") from error

    def open(self, hash_: str, name: str, first: int = 0, last: int | None = None) -> "ObjectPart":
        size = self.size(hash_, name)
        if size is None:
            raise FileNotFoundError(f"{self._url}/{hash_}/{name}")
        return ObjectPart(self, f"{hash_}/{name}", first, size if last is None else min(size, last + 1))

    def size(self, hash_: str, name: str) -> int | None:
        with self._failing_as_a_store(), suppress(FileNotFoundError):
            return self._bucket.head(f"{hash_}/{name}")["size"]
        return None

    def remove(self, hash_: str, name: str) -> None:
        with self._failing_as_a_store(), suppress(FileNotFoundError):
            self._bucket.delete(f"{hash_}/{name}")

    def names(self) -> Iterator[tuple[str, str]]:
        with self._failing_as_a_store():
            for some in self._bucket.list():
                for found in some:
                    hash_, slash, name = found["path"].partition("/")
                    if slash:
                        yield hash_, name

    def part(self, path: str, start: int, end: int) -> bytes:
        """The bytes of an object from `start` to before `end`."""
        with self._failing_as_a_store():
            return bytes(self._bucket.get_range(path, start=start, end=end))

    @contextmanager
    def _failing_as_a_store(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except BaseError as error:
            raise MediaStoreError(f"{self._url}: {_first_line(error)}") from error


class ObjectPart:
    """The bytes of an object from `start` to before `end`, asked for in pieces: slow clients keep no request open."""

    def __init__(self, store: BucketStore, path: str, start: int, end: int) -> None:
        self._store, self._path, self._next, self._end = store, path, start, end
        self._window = io.BytesIO()

    def read(self, size: int, /) -> bytes:
        piece = self._window.read(size)
        if not piece and size and self._next < self._end:
            end = min(self._end, self._next + _WINDOW)
            self._window = io.BytesIO(self._store.part(self._path, self._next, end))
            self._next = end
            piece = self._window.read(size)
        return piece

    def close(self) -> None:
        self._window.close()


def _first_line(error: Exception) -> str:
    """What an error of obstore says; all that it knows of the request follows in further lines."""
    return str(error).partition("\n")[0]
