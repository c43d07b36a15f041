"""Pingback 1.0 on the wire: which fault tells a sender what, and what the methods of the endpoint take. Pure."""

from typing import Final

from feedserver import errors, xmlrpc
from feedserver.xmlrpc import Call

MAX_BODY: Final = 65_536  # bytes

# Pingback 1.0 section 3, and docs/interface.md, “pingback.ping”.
FAULTS: Final[dict[type[errors.PingError], int]] = {
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
    errors.Unavailable: 50,
}


def source_and_target(call: Call) -> tuple[str, str]:
    """The two URLs of `pingback.ping`. Raises WrongParameters."""
    source, target = call.strings(2, "pingback.ping takes exactly two strings, source and target")
    return source, target


def one_string(call: Call) -> str:
    """The one string that a method takes. Raises WrongParameters."""
    (only,) = call.strings(1, "this method takes exactly one string")
    return only


def fault(error: errors.PingError) -> bytes:
    """The fault that tells the sender of `error`."""
    return xmlrpc.fault(FAULTS[type(error)], str(error))


def internal_error() -> bytes:
    """The fault for a mistake of ours; it tells nothing about it."""
    return xmlrpc.fault(xmlrpc.INTERNAL_ERROR, "the server failed; try again later")
