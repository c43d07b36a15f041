"""Parses XML-RPC requests and responses of others within limits, and writes both. Pure.

Wraps the standard library's unmarshaller, which expands entities, accepts a response as a call and raises a dozen kinds
of exceptions. Here DOCTYPE is refused, nesting is bounded, and every failure of a request is an XmlRpcError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from xml.parsers import expat
from xmlrpc.client import DateTime, Fault, Unmarshaller, dumps

from feedserver.errors import FeedserverError
from feedserver.text import clean

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
INTERNAL_ERROR: Final = -32603
MAX_DEPTH: Final = 32  # elements: methodCall, params, param, value, array, data … a few levels are in use
ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1", "utf-16", "windows-1252"})

# What a response may hold: texts, numbers, moments (aware), lists and structs of them. There is no value for “none”.
Value: TypeAlias = "str | int | float | bool | datetime | Sequence[Value] | Mapping[str, Value]"


class XmlRpcError(FeedserverError):
    """A bad request. `str(error)` is for the sender; `code` is the fault's code.

    Codes: “Specification for Fault Code Interoperability” of xmlrpc-epi.
    """

    code: int
    text: str

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text or self.text)


class MalformedRequest(XmlRpcError):
    code = -32700
    text = "the request is not well-formed XML of a reasonable shape"


class NotACall(XmlRpcError):
    code = -32600
    text = "the request is not an XML-RPC methodCall with a methodName"


class UnknownMethod(XmlRpcError):
    code = -32601
    text = "there is no such method; system.listMethods lists them all"


class WrongParameters(XmlRpcError):
    code = -32602
    text = "the parameters are not those that the method takes"


@dataclass(frozen=True, slots=True)
class Call:
    """A call. `params` have any type of XML-RPC; None if they cannot be read."""

    method: str
    params: tuple[object, ...] | None

    def strings(self, number: int, complaint: str) -> tuple[str, ...]:
        """The parameters, trimmed, if they are exactly `number` strings. Raises WrongParameters with `complaint`."""
        strings = tuple(param.strip() for param in self.params or () if isinstance(param, str))
        if self.params is None or not len(strings) == len(self.params) == number:
            raise WrongParameters(complaint)
        return strings


@dataclass(frozen=True, slots=True)
class ReceivedFault:
    """A fault in another server's response. `code` is None if it is no number."""

    code: int | None
    text: str


class UnreadableResponse(FeedserverError):
    """What another server answered is no XML-RPC response of a reasonable shape."""


def parse(body: bytes) -> Call:
    """The call in `body`. Raises MalformedRequest or NotACall."""
    unmarshaller = _unmarshaller()
    reader = _Reader(unmarshaller)
    try:
        reader.feed(body)
    except expat.ExpatError as error:
        raise MalformedRequest from error
    if reader.root != "methodCall":
        raise NotACall
    method = unmarshaller.getmethodname()
    if not isinstance(method, str) or not method.strip():
        raise NotACall
    return Call(method.strip(), None if reader.failed else _params(unmarshaller))


def parse_response(text: str) -> object:
    """The one value, of any type of XML-RPC, or the ReceivedFault in the decoded text of a methodResponse.

    What programs print before and after it, such as blank lines and warnings, is ignored. Raises UnreadableResponse.
    """
    before, root, after = clean(text).partition("<methodResponse")
    document, end, _ = (root + after).rpartition("</methodResponse>")
    if not end or "<!doctype" in before.lower():
        raise UnreadableResponse
    unmarshaller = _unmarshaller()
    reader = _Reader(unmarshaller)
    try:
        reader.feed(document + end)
    except (expat.ExpatError, MalformedRequest) as error:
        raise UnreadableResponse from error
    return _returned(unmarshaller, reader)


def _returned(unmarshaller: Unmarshaller, reader: "_Reader") -> object:
    try:
        values = () if reader.failed else tuple(unmarshaller.close())
    except Fault as fault:
        return ReceivedFault(_code(fault.faultCode), str(fault.faultString))
    except Exception as error:  # ResponseError, or TypeError for an odd fault
        raise UnreadableResponse from error
    if len(values) != 1:
        raise UnreadableResponse
    return values[0]


def _code(value: object) -> int | None:
    """The code of a fault, which some servers send as a string."""
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None


def call(method: str, *params: str) -> bytes:
    """A methodCall with strings."""
    return _document(dumps(tuple(map(clean, params)), method, encoding="utf-8"))


def response(value: Value) -> bytes:
    """A methodResponse with one value."""
    return _document(dumps((_cleaned(value),), methodresponse=True, encoding="utf-8"))


def fault(code: int, text: str) -> bytes:
    """A methodResponse with a fault: a struct of `faultCode` (int) and `faultString`."""
    return _document(dumps(Fault(code, clean(text)), encoding="utf-8"))


def _params(unmarshaller: Unmarshaller) -> tuple[object, ...] | None:
    try:
        return tuple(unmarshaller.close())
    except Exception:  # noqa: BLE001 - ResponseError, or anything for a `fault` within a call
        return None


def _unmarshaller() -> Unmarshaller:
    unmarshaller = Unmarshaller()
    unmarshaller.xml("", "")  # no encoding: expat passes decoded text
    return unmarshaller


class _Reader:
    """Expat, driving the unmarshaller: no DOCTYPE, no deep nesting, no exotic encodings.

    Notes an exception of the unmarshaller and reads on: XML that is not well-formed further on is −32700.
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

    def feed(self, body: bytes | str) -> None:
        try:
            self._parser.Parse(body, True)
        except (LookupError, ValueError) as error:  # an encoding that Python does not have, or cannot map
            raise MalformedRequest from error

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ENCODINGS:
            raise MalformedRequest

    def _doctype(self, *_: object) -> None:
        raise MalformedRequest

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise MalformedRequest
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
        except Exception:  # noqa: BLE001 - the unmarshaller raises undocumented types
            self.failed = True


def _cleaned(value: Value) -> Any:
    """The value as the standard library writes it. Moments are in UTC, and say so: clients take others for theirs."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return DateTime(f"{value.astimezone(UTC):%Y%m%dT%H:%M:%S}Z")
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {clean(name): _cleaned(item) for name, item in value.items()}
    return [_cleaned(item) for item in value]


def _document(xml: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + xml.split("?>\n", 1)[-1]).encode()
