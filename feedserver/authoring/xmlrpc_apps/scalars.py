"""What the text within each scalar type of XML-RPC means; None for what is blank. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from feedserver.authoring.xmlrpc_apps.dates import UNDATED, read_date

LARGEST: Final = 2**63 - 1  # number; databases take no larger one either
_LONGEST_NUMBER: Final = 20  # characters: a sign and 19 digits


def whole_number(said: str) -> int:
    """The number that a text names. Raises ValueError for one of more than 64 bits, which no type of XML-RPC has."""
    if len(said) > _LONGEST_NUMBER or not -LARGEST - 1 <= (number := int(said)) <= LARGEST:
        raise ValueError
    return number


def _number(said: str) -> int | None:
    return whole_number(said) if said else None


def _boolean(said: str) -> bool | None:
    if (known := _BOOLEANS.get(said.lower())) is None and said:
        raise ValueError
    return known


def _date(said: str) -> datetime | None:
    return None if UNDATED.match(said) else read_date(said)


_BOOLEANS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "boolean": _boolean,
    "double": lambda said: float(said) if said else None,
    "float": lambda said: float(said) if said else None,
    "dateTime.iso8601": _date,
    "dateTime": _date,
    "nil": lambda _: None,
    "base64": lambda _: None,  # passed over
    **dict.fromkeys(("int", "i1", "i2", "i4", "i8", "biginteger"), _number),
}
