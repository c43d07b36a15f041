"""What no log line holds: addresses that open something by themselves, and characters that change a terminal or forge a
line. `access_log` and config/nginx.conf keep to the same."""

import logging
import re
import warnings
from typing import Final

from feedserver.log_lines import LINES
from feedserver.text import printable

# What follows one of these in an address is a secret.
PRIVATE: Final = ("receipts", "moderation", "welcome", "previews", "notices", "access_token")

# Whatever comes between, such as further slashes, blanks or dot segments, is hidden too.
_ADDRESS: Final = re.compile(
    rf"((?:{'|'.join(PRIVATE)})[/\\;%+=])"
    r"(?:[/\\;+?]|\s(?!HTTP/\d\.\d(?:\s|$)))*[^\s?]*?"  # a request line ends with its version
    r"((?:\.(?:json|atom))?(?=[\s?]|$))",
    re.I,
)
# What gunicorn quotes of a request that it cannot read may be any part of an address.
_QUOTED: Final = re.compile(r"(Invalid request from ip=\S+: [^:'\"]*)[:'\"].*", re.S)
_ENCODED: Final = re.compile("%(?:25)*([2-7][0-9a-fA-F])")  # “%25” is “%”, which may be encoded again
_HARMLESS: Final = frozenset("%-./;\\_")  # what is decoded to recognize an address, besides letters and digits
_ROUNDS: Final = 5  # of decoding digits that are encoded themselves


def hidden(text: str) -> str:
    """`text` without the secrets of addresses, however these are percent-encoded and spelled."""
    text = _QUOTED.sub(r"\1: …", text)
    plain = text
    if "%" in text:
        for _ in range(_ROUNDS):
            before, plain = plain, _ENCODED.sub(_decoded, plain)
        if plain != before:  # nobody honest encodes so often
            return text[: text.index("%")] + "…"
    lower = plain.lower()
    if any(name in lower for name in PRIVATE) and _ADDRESS.search(plain):
        return _ADDRESS.sub(r"\1…\2", plain)
    return text


class Discreet(logging.Filter):
    """Makes records of any logger discreet: their messages, and the tracebacks of their exceptions."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (KeyError, TypeError, ValueError):  # its arguments do not fit, and nobody is to fail for a line
            message = f"{record.msg} {record.args}"
        record.msg, record.args = printable(hidden(message)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _traceback(logging.Formatter().formatException(record.exc_info))
        return True


DISCREET: Final = Discreet()


def configure() -> None:
    """Sends log lines to standard error unless the operator has configured logging; makes all handlers discreet.

    Of other libraries only warnings; those of Python too, a line each.
    """
    to_standard_error = logging.StreamHandler()
    to_standard_error.setFormatter(LINES)
    logging.basicConfig(level=logging.WARNING, handlers=[to_standard_error])
    logging.getLogger("feedserver").setLevel(logging.INFO)
    logging.captureWarnings(True)
    warnings.formatwarning = _warning
    for handler in logging.getLogger().handlers:
        handler.addFilter(DISCREET)


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,  # noqa: ARG001 - the form is Python's
) -> str:
    return f"{category.__name__}: {message} ({filename}:{lineno})"


def _decoded(encoded: re.Match[str]) -> str:
    character = chr(int(encoded[1], 16))
    return character if character.isalnum() or character in _HARMLESS else encoded[0]


def _traceback(text: str) -> str:
    return "\n".join(printable(hidden(line)) for line in text.split("\n"))
