"""Pingback on the wire: XML-RPC requests read with suspicion, responses and faults written. Pure: bytes in and out.

One wrapper around the standard library's unmarshaller: it expands entities, accepts a response as a call, and raises
a dozen kinds of exception. So: no DOCTYPE, bounded nesting, and every way to fail becomes a PingError.
"""

from dataclasses import dataclass
from typing import Final
from xml.parsers import expat
from xmlrpc.client import Fault, Unmarshaller, dumps

from feedserver import errors
from feedserver.text import clean

MAX_BODY: Final = 65_536  # bytes
CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_MAX_DEPTH: Final = 32  # elements: methodCall, params, param, value, array, data … a few levels are in use
_ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1", "utf-16", "windows-1252"})

# The wire's one table from what happened to the fault code (Pingback 1.0 section 3; XML-RPC fault code interop).
FAULTS: Final[dict[type[errors.PingError], int]] = {
    errors.MalformedRequest: -32700,
    errors.NotACall: -32600,
    errors.UnknownMethod: -32601,
    errors.WrongParameters: -32602,
    errors.PingToItself: 0,
    errors.SourceUnusable: 16,
    errors.SourceMissing: 16,
    errors.LinkMissing: 17,
    errors.TargetMissing: 32,
    errors.TargetUnusable: 33,
    errors.PingsClosed: 33,
    errors.AlreadyKnown: 48,
    errors.SenderDenied: 49,
    errors.TooMuchWaiting: 50,
}
INTERNAL_ERROR: Final = -32603

Value = str | list[str] | list[list[str]]


@dataclass(frozen=True, slots=True)
class Call:
    """An XML-RPC call: parameters are whatever XML-RPC can say, strings in all honest calls; None when unreadable."""

    method: str
    params: tuple[object, ...] | None


def parse(body: bytes) -> Call:
    """The call in `body`. Raises MalformedRequest or NotACall."""
    unmarshaller = Unmarshaller()
    unmarshaller.xml("", "")  # expat hands it text already; without this it would decode that once more
    reader = _Reader(unmarshaller)
    try:
        reader.feed(body)
    except expat.ExpatError as error:
        raise errors.MalformedRequest from error
    if reader.root != "methodCall":
        raise errors.NotACall
    method = unmarshaller.getmethodname()
    if not isinstance(method, str) or not method.strip():
        raise errors.NotACall
    return Call(method.strip(), None if reader.failed else _params(unmarshaller))


def _params(unmarshaller: Unmarshaller) -> tuple[object, ...] | None:
    try:
        return tuple(unmarshaller.close())
    except Exception:  # noqa: BLE001 - ResponseError, and for a `fault` within a call whatever its parts bring about
        return None


def two_strings(params: tuple[object, ...] | None) -> tuple[str, str]:
    """The two strings that `pingback.ping` takes, outer blanks trimmed. Raises WrongParameters."""
    match params:
        case (str(first), str(second)):
            return first.strip(), second.strip()
        case _:
            raise errors.WrongParameters


def one_string(params: tuple[object, ...] | None) -> str:
    """The one string that a method takes. Raises WrongParameters."""
    match params:
        case (str(only),):
            return only.strip()
        case _:
            raise errors.WrongParameters("this method takes exactly one string")


def response(value: Value) -> bytes:
    """A methodResponse with one value."""
    return _document(dumps((_cleaned(value),), methodresponse=True, encoding="utf-8"))


def fault(error: errors.PingError) -> bytes:
    """The fault for `error`: a struct of `faultCode` (int) and `faultString`."""
    return _document(dumps(Fault(FAULTS[type(error)], clean(str(error))), encoding="utf-8"))


def internal_fault() -> bytes:
    """What is said when something of ours failed: nothing of how."""
    return _document(dumps(Fault(INTERNAL_ERROR, "the server failed; try again later"), encoding="utf-8"))


class _Reader:
    """Expat, driving the unmarshaller: no DOCTYPE, no deep nesting, no exotic encodings.

    An exception of the unmarshaller is remembered rather than raised, so that what is not well-formed further on is
    still told apart from what is well-formed but no call.
    """

    def __init__(self, unmarshaller: Unmarshaller) -> None:
        self.root: str | None = None
        self.failed = False
        self._depth = 0
        self._target = unmarshaller
        self._parser = expat.ParserCreate()
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def feed(self, body: bytes) -> None:
        try:
            self._parser.Parse(body, True)
        except (LookupError, ValueError) as error:  # an encoding that Python does not know, or cannot map
            raise errors.MalformedRequest from error

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise errors.MalformedRequest

    def _doctype(self, *_: object) -> None:
        raise errors.MalformedRequest

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise errors.MalformedRequest
        self.root = self.root or tag
        self._hand_on("start", tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._hand_on("end", tag)

    def _text(self, text: str) -> None:
        self._hand_on("data", text)

    def _hand_on(self, method: str, *arguments: object) -> None:
        if self.failed:
            return
        try:
            getattr(self._target, method)(*arguments)
        except Exception:  # noqa: BLE001 - the unmarshaller fails in ways that nobody has listed
            self.failed = True


def _cleaned(value: Value) -> Value:
    if isinstance(value, str):
        return clean(value)
    return [_cleaned(item) for item in value]  # type: ignore[return-value] # as deep as it came


def _document(xml: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + xml.split("?>\n", 1)[-1]).encode()
