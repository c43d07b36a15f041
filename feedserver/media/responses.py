"""The response to a request for a picture or file (docs/interface.md, “Pictures and files”). Without Flask.

Called by `web.media_fast_path` before the router, and by `views`. The bytes at an address never change.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from threading import Lock
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from cachetools import FIFOCache
from werkzeug.http import parse_etags
from werkzeug.wsgi import FileWrapper

from feedserver.media import store
from feedserver.media.content_types import PICTURES
from feedserver.media.model import StoredFile, is_hash
from feedserver.media.ranges import ByteRange, Unsatisfiable, requested
from feedserver.media.stores import MediaStore, Reader
from feedserver.storage.engine import Database

_PIECE: Final = 65_536  # bytes that are read at a time
_REMEMBERED: Final = 1024  # files
# Nothing of a file can run, whatever it holds and whichever type a browser takes it for. The document that a browser
# makes around a picture or film shows just that, with styles of the browser; sandboxed it is of no origin, so that it
# may load its own film only where all may.
_POLICY: Final = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
_FOR_EVER: Final = ("Cache-Control", "public, max-age=31536000, immutable")
_ALWAYS: Final = (
    ("Accept-Ranges", "bytes"),
    ("Content-Security-Policy", _POLICY),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Content-Type-Options", "nosniff"),
)


class MediaRequest(NamedTuple):
    """What a response depends on: method, and header fields as sent, None if missing."""

    method: str  # GET or HEAD
    if_none_match: str | None
    range: str | None
    if_range: str | None

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> "MediaRequest":
        """The request in a WSGI environment (PEP 3333)."""
        get = environ.get
        return cls(environ["REQUEST_METHOD"], get("HTTP_IF_NONE_MATCH"), get("HTTP_RANGE"), get("HTTP_IF_RANGE"))


class MediaResponse(NamedTuple):
    """Status line, header fields, and what gives the bytes of the body, if any: to be read and closed."""

    line: str
    headers: list[tuple[str, str]]
    body: Reader | None

    def content(self, environ: Mapping[str, Any]) -> Iterable[bytes]:
        """The body as WSGI takes it, unread: the server's own way to send a file, where it has one (PEP 3333)."""
        return environ.get("wsgi.file_wrapper", FileWrapper)(self.body, _PIECE) if self.body else ()


class MediaResponder:
    """Answers requests for the pictures and files of one site. Thread-safe."""

    def __init__(self, database: Database, files: MediaStore, most: int = _REMEMBERED) -> None:
        """Remembers up to `most` files that were asked for."""
        self._database = database
        self._files = files
        self._known: FIFOCache[str, StoredFile] = FIFOCache(most)
        self._lock = Lock()

    def remembered(self, path: str) -> StoredFile | None:
        """The file at `media/HASH/NAME`, if it was found before."""
        try:
            return self._known[path]  # without the lock: reading a FIFO cache changes nothing
        except KeyError:
            return None

    def find(self, hash_: str, name: str) -> StoredFile | None:
        """The file with this hash and name; one of another name if there is none of this one."""
        if not is_hash(hash_):
            return None
        found = self._database.read_public(partial(store.files_of, hash_=hash_))
        file = next((one for one in found if one.name == name), found[0] if found else None)
        if file is not None and file.name == name:
            with self._lock:
                self._known[file.path] = file
        return file

    def respond(self, file: StoredFile, request: MediaRequest) -> MediaResponse | None:
        """The response for a file; None if the store has it no more. Raises MediaStoreError."""
        head = _head(file, request)
        try:
            if head.wanted is not None and request.method == "GET":
                return MediaResponse(head.line, head.headers, self._files.open(file.hash, file.name, *head.wanted))
            if self._files.size(file.hash, file.name) is not None:
                return MediaResponse(head.line, head.headers, None)
        except FileNotFoundError:
            pass
        with self._lock:
            self._known.pop(file.path, None)
        return None


class _Head(NamedTuple):
    """Status line, header fields, and the bytes that a GET is sent; None for none."""

    line: str
    headers: list[tuple[str, str]]
    wanted: ByteRange | None


def _head(file: StoredFile, request: MediaRequest) -> _Head:
    etag = f'"{file.hash}"'
    headers = [("ETag", etag), *_ALWAYS]
    if request.if_none_match is not None and _names(request.if_none_match, file.hash):
        return _Head("304 Not Modified", [*headers, _FOR_EVER], None)
    in_force = request.method == "GET" and request.if_range in (None, etag)
    try:
        part = requested(request.range, file.size) if in_force else None
    except Unsatisfiable:
        headers += [("Content-Range", f"bytes */{file.size}"), ("Content-Type", "text/plain"), ("Content-Length", "0")]
        headers.append(("Cache-Control", "no-store"))  # it is no answer to the next request for these bytes
        return _Head("416 Range Not Satisfiable", headers, None)
    headers += [_FOR_EVER, *_described(file)]
    if part is None:
        headers.append(("Content-Length", str(file.size)))
        return _Head("200 OK", headers, ByteRange(0, file.size - 1))
    headers.append(("Content-Range", f"bytes {part.first}-{part.last}/{file.size}"))
    headers.append(("Content-Length", str(part.last - part.first + 1)))
    return _Head("206 Partial Content", headers, part)


def _described(file: StoredFile) -> list[tuple[str, str]]:
    """Its type; what a browser cannot show without running it, if at all, is for saving."""
    fields = [("Content-Type", file.type)]
    if file.type not in PICTURES and not file.type.startswith(("audio/", "video/")):
        fields.append(("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"))
    return fields


def _names(if_none_match: str, tag: str) -> bool:
    """Whether the field names the tag, weakly compared (RFC 9110 section 13.1.2)."""
    return if_none_match == f'"{tag}"' or parse_etags(if_none_match).contains_weak(tag)
