"""Request bodies, read before Flask does: how long one may be, how late, and from whom.

`Bodies` is the table of doors: addresses that take other bodies than forms have a rule for each request.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from socket import SHUT_RD
from tempfile import SpooledTemporaryFile
from threading import Timer
from typing import IO, Any, Final

from werkzeug.exceptions import RequestEntityTooLarge

from feedserver.web.form_fields import FieldsAlone, boundary_of
from feedserver.web.routing import Environ, WsgiApp

MUST_CLOSE: Final = "feedserver.must_close"  # in the WSGI environment: bytes of this request may still come
FILES_LEFT_OUT: Final = "feedserver.files_left_out"  # the same, of a form with the fields alone: bytes that it had

_IN_MEMORY: Final = 262_144  # bytes of a body
_WITHOUT_BODY: Final = ("GET", "HEAD")  # one that they have all the same means nothing (RFC 9110 section 9.3.1)
_MOST_WITH_FILES: Final = 268_435_456  # bytes of a form whose fields are kept
_REFUSED_PIECE: Final = 65_536  # bytes
_REFUSED_SECONDS: Final = 20.0  # for which the rest of a refused body is read


@dataclass(frozen=True, slots=True)
class BodyRule:
    """How long a body may be, and how late: each `piece` bytes must come within `seconds`.

    With a piece that is as long as the longest body, that is a deadline for the whole; with a shorter one, a least
    rate. `admits` is asked once, with the first piece, where a body is longer than that: what it refuses is not kept.
    Of a form with files that is longer than `max_bytes`, the fields are kept, up to `max_fields` bytes.
    """

    max_bytes: int
    piece: int
    seconds: float
    admits: Callable[[bytes], bool] | None = None
    max_fields: int = 0

    @classmethod
    def whole(cls, max_bytes: int, seconds: float) -> "BodyRule":
        """All of the body within `seconds`. Of a chunked one a byte more than allowed is read, to know that it is
        longer."""
        return cls(max_bytes, max_bytes + 1, seconds)


RuleFor = Callable[[Environ], BodyRule]  # by all that a request says before its body


@dataclass(frozen=True, slots=True)
class Bodies:
    """The rules of a site: `doors` have those of addresses by their path, with all below it; `others` is for the rest.

    Paths are those below `site.url`, without a trailing slash. The longest that fits counts.
    """

    others: BodyRule
    doors: Mapping[str, RuleFor]

    def rule_for(self, environ: Environ) -> BodyRule:
        path = environ.get("PATH_INFO", "")
        fitting = [door for door in self.doors if path == door or path.startswith(f"{door}/")]
        return self.doors[max(fitting, key=len)](environ) if fitting else self.others


class BodyDeadline:
    """Reads a request's body before Flask does, as its rule says; answers 408 where it comes too late.

    The socket timeout restarts with each byte, so a client could hold a thread for hours. After a 408 (RFC 9110 section
    15.5.9), and if a chunked body is too long, the server must close the connection, as MUST_CLOSE tells it: it would
    wait for the rest of the body, or take it for the next request. `is_left_unread` tells of other bodies beforehand.
    A long body lies in a file without a name, not in memory. Of a body that is not admitted the application gets the
    first piece, to tell why. One that is too long nobody can read: where a view tries to, that is answered 413. Of
    some forms it gets the fields alone, as FILES_LEFT_OUT tells it.
    """

    def __init__(self, app: WsgiApp, bodies: Bodies) -> None:
        self._app = app
        self._bodies = bodies

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in _WITHOUT_BODY:
            return self._app(_with_body(environ, BytesIO(), 0), start_response)
        rule = self._bodies.rule_for(environ)
        length = _length(environ, rule)
        if length > rule.max_bytes and environ.get("CONTENT_LENGTH"):
            environ[MUST_CLOSE] = True
            return self._without_files(environ, start_response, length, rule)
        with SpooledTemporaryFile(_IN_MEMORY) as body:
            is_whole, is_admitted = _receive(environ, length, rule, body)
            received = body.tell()
            if not is_whole or (is_admitted and environ.get("CONTENT_LENGTH") and received < length):
                return _too_late(environ, start_response)
            if received > rule.max_bytes or not is_admitted:
                environ[MUST_CLOSE] = True
            body.seek(0)
            readable = _Unreadable() if received > rule.max_bytes else body
            return self._app(_with_body(environ, readable, received), start_response)

    def _without_files(
        self, environ: Environ, start_response: Callable[..., Any], length: int, rule: BodyRule
    ) -> Iterable[bytes]:
        """Goes on with the fields of a form that is too long, or with a body that nobody can read."""
        is_kept = rule.max_fields and length <= _MOST_WITH_FILES
        boundary = boundary_of(environ.get("CONTENT_TYPE", "")) if is_kept else None
        with SpooledTemporaryFile(_IN_MEMORY) as form:
            try:
                if boundary is None:
                    raise RequestEntityTooLarge
                fields = FieldsAlone(boundary, form, rule.max_fields)
                if not _hand_on(environ, length, rule, fields.take):
                    return _too_late(environ, start_response)
                received = fields.end()
            except (RequestEntityTooLarge, ValueError):
                return self._app(_with_body(environ, _Unreadable(), length), start_response)
            form.seek(0)
            environ[FILES_LEFT_OUT] = length
            return self._app(_with_body(environ, form, received), start_response)


def _too_late(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ[MUST_CLOSE] = True
    start_response("408 Request Timeout", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


class _Unreadable(RawIOBase):
    """Stands for a body that is too long. Reading raises RequestEntityTooLarge."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise RequestEntityTooLarge


def _with_body(environ: Environ, body: object, length: int) -> Environ:
    """The environment with another body; views may look at its length."""
    environ["wsgi.input"] = body
    environ["CONTENT_LENGTH"] = str(length)
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # no longer true; Flask would ignore the length
    return environ


def _length(environ: Environ, rule: BodyRule) -> int:
    """How many bytes there are: Content-Length; of a chunked body one more than allowed are read."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced.isdecimal():
        return int(announced)
    return rule.max_bytes + 1 if environ.get("wsgi.input_terminated") else 0


def _receive(environ: Environ, length: int, rule: BodyRule, body: IO[bytes]) -> tuple[bool, bool]:
    """Writes the body, or the part that came in time, into `body`; returns whether nothing failed, and whether the
    body was admitted."""
    while (left := length - body.tell()) > 0:
        piece = _read(environ, min(left, rule.piece), rule.seconds)
        if piece is None:
            return False, True
        is_first = body.tell() == 0
        body.write(piece)
        if len(piece) < min(left, rule.piece):  # the end
            break
        if is_first and len(piece) < left and rule.admits is not None and not rule.admits(piece):
            _discard(environ, left - len(piece))
            return True, False
    return True, True


def _hand_on(environ: Environ, length: int, rule: BodyRule, take: Callable[[bytes], None]) -> bool:
    """Hands a body that is too long on in pieces; returns False if one came too late. What comes after as many bytes as
    are allowed is waited for some seconds alone."""
    left = length
    while length - left < rule.max_bytes:
        piece = _read(environ, min(left, rule.piece), rule.seconds)
        if piece is None or len(piece) < min(left, rule.piece):
            return False
        take(piece)
        left -= len(piece)
    for piece in _rest(environ, left):
        take(piece)
    return True


def _read(environ: Environ, length: int, seconds: float) -> bytes | None:
    """The next bytes, or those of them that arrived in time; None if reading failed."""
    timer = Timer(seconds, stop_reading, [environ.get("gunicorn.socket")])
    timer.start()
    try:
        found: bytes = environ["wsgi.input"].read(length)
    except OSError:  # the socket's own timeout, or a client that disconnected
        return None
    finally:
        timer.cancel()
    return found


def _discard(environ: Environ, left: int) -> None:
    """Reads what nobody wants: many clients hear no answer before they have sent their body."""
    for _ in _rest(environ, left):
        pass


def _rest(environ: Environ, left: int) -> Iterator[bytes]:
    """What comes within some seconds of the last bytes of a body that is refused."""
    timer = Timer(_REFUSED_SECONDS, stop_reading, [environ.get("gunicorn.socket")])
    timer.start()
    try:
        with suppress(OSError):
            while left > 0 and (piece := environ["wsgi.input"].read(min(left, _REFUSED_PIECE))):
                left -= len(piece)
                yield piece
    finally:
        timer.cancel()


def is_left_unread(method: str, announced: str, is_chunked: bool, max_bytes: int) -> bool:
    """Whether BodyDeadline passes a request on without its body, or may do so at a door, whose rules take longer ones.

    `announced` is a valid Content-Length, "" if none; `max_bytes` is that of addresses that are no doors.
    """
    if method in _WITHOUT_BODY:
        return is_chunked or bool(announced.strip("0"))
    return int(announced or 0) > max_bytes


def stop_reading(connection: Any) -> None:
    """Lets all reading from a socket end at once, and this machine's answers be sent. None is no socket."""
    if connection is not None:
        with suppress(OSError):  # already closed
            connection.shutdown(SHUT_RD)
