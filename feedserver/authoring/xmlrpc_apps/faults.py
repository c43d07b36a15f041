"""The faults that apps get, with WordPress's codes and words for what clients know: they act by both."""

from typing import Final

from feedserver import errors, xmlrpc
from feedserver.authoring.writing import MissingScope, NotPublic, Withheld
from feedserver.authoring.xmlrpc_apps.posting import ChangedSince
from feedserver.authoring.xmlrpc_apps.values import WrongArguments
from feedserver.xmlrpc import XmlRpcError

_SIGN_IN: Final = "Incorrect username or password."  # clients look for these words
_UNAVAILABLE: Final = "The site is not able to answer just now; try again in a little while."
_FAILED: Final = "The server failed; try again later."

# The code of each error, and the words that stand for it; None: its own.
FAULTS: Final[dict[type[errors.FeedserverError], tuple[int, str | None]]] = {
    errors.TooManyWrong: (403, f"{_SIGN_IN} There were too many tries from your network; wait a quarter of an hour."),
    errors.WrongToken: (403, _SIGN_IN),
    MissingScope: (401, None),
    NotPublic: (401, None),
    Withheld: (409, None),
    ChangedSince: (409, None),
    errors.EditConflict: (409, "Somebody else is changing this post; try again."),
    errors.SlugTaken: (409, None),
    errors.PostNotFound: (404, "Invalid post ID."),
    errors.ThoughtNotFound: (404, "Invalid comment ID."),
    errors.ThoughtError: (400, None),
    errors.SaysNothing: (400, "Content, title, and excerpt are empty."),
    errors.PostError: (400, None),
    errors.MediaRefused: (400, None),
    errors.MediaError: (500, _UNAVAILABLE),
    errors.StorageError: (500, _UNAVAILABLE),
    WrongArguments: (400, None),
}


def is_known(error: Exception) -> bool:
    """Whether an error tells an app what is wrong."""
    return isinstance(error, XmlRpcError) or any(isinstance(error, known) for known in FAULTS)


def fault(error: Exception) -> bytes:
    """The fault for an error that is known."""
    if isinstance(error, XmlRpcError):
        return xmlrpc.fault(error.code, str(error))
    code, words = next(FAULTS[known] for known in type(error).__mro__ if known in FAULTS)
    return xmlrpc.fault(code, _sentence(words or str(error)))


def unavailable() -> bytes:
    """The fault while the database is away."""
    return xmlrpc.fault(500, _UNAVAILABLE)


def failed() -> bytes:
    """The fault for a mistake of ours, without details."""
    return xmlrpc.fault(xmlrpc.INTERNAL_ERROR, _FAILED)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
