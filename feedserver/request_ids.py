"""The id of each request: in log lines, and on pages that tell of an error, so that the one leads to the other."""

import random
import re
from contextvars import ContextVar
from typing import Any, Final

KEY: Final = "feedserver.request_id"  # in the WSGI environment
_CLEAN: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(environ: dict[str, Any], *, is_trusted: bool) -> None:
    """Gives a request its id: that of a trusted proxy (`X-Request-ID`), if it is clean, else a new one."""
    sent = environ.get("HTTP_X_REQUEST_ID") if is_trusted else None
    environ[KEY] = found = sent if sent and _CLEAN.fullmatch(sent) else _new()
    _current.set(found)


def _new() -> str:
    """No secret, and so without a system call, which would let the other threads go first."""
    return f"{random.getrandbits(64):016x}"


def end() -> None:
    """Ends the request that this thread works on."""
    _current.set(None)


def current() -> str | None:
    """The id of the request that this thread works on; None outside one."""
    return _current.get()
