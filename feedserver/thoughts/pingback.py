"""Pingback 1.0 on the wire: fault codes, and the parameters of the endpoint's methods. Pure."""

from typing import Final

from feedserver import errors, xmlrpc
from feedserver.xmlrpc import Call

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
    errors.SourceBlocked: 49,
    errors.TooManyPings: 49,
    errors.TooMuchWaiting: 50,
    errors.Unavailable: 50,
}


def source_and_target(call: Call) -> tuple[str, str]:
    """The two URLs that `pingback.ping` takes. Raises WrongParameters."""
    source, target = call.strings(2, "pingback.ping takes exactly two strings, source and target")
    return source, target


def one_string(call: Call) -> str:
    """The single string that a method takes. Raises WrongParameters."""
    (only,) = call.strings(1, "this method takes exactly one string")
    return only


def fault(error: errors.PingError) -> bytes:
    """The fault for `error`."""
    return xmlrpc.fault(FAULTS[type(error)], str(error))


def internal_error() -> bytes:
    """The fault for an internal error, without details."""
    return xmlrpc.fault(xmlrpc.INTERNAL_ERROR, "the server failed; try again later")
