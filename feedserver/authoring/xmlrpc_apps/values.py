"""What apps mean by the values that they send: any of them may come as text, and what is `nil` is not there. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from feedserver.authoring.xmlrpc_apps.dates import UNDATED, in_utc, read_date
from feedserver.authoring.xmlrpc_apps.scalars import whole_number
from feedserver.errors import FeedserverError
from feedserver.text import clean, one_line

_MOST_TEXT: Final = 1_048_576  # bytes of a text that comes in base64
_FALSE: Final = ("", "0", "false", "no", "off", "closed", "none")


class WrongArguments(FeedserverError):
    """Parameters that a method cannot work with."""

    def __init__(self, told: str = "Insufficient arguments passed to this XML-RPC method.") -> None:
        super().__init__(told)


@dataclass(frozen=True, slots=True)
class Bits:
    """What a call holds in base64, decoded into a file; `size` in bytes."""

    file: Path
    size: int


def text(value: Any) -> str:
    """A text; "" for what is not there. Some libraries send one that is not ASCII in base64."""
    if value is None:
        return ""
    if isinstance(value, Bits) and value.size <= _MOST_TEXT:
        return clean(value.file.read_bytes().decode("utf-8", "replace"))
    if isinstance(value, str | int | float):
        return str(value)
    raise WrongArguments("A list, a struct or a date stands where a text should be.")


def number(value: Any) -> int:
    """A whole number, or the text of one."""
    try:
        return whole_number(str(int(value)) if isinstance(value, int | float) else text(value).strip())
    except (ValueError, OverflowError):
        raise WrongArguments(f"“{text(value)[:40]}” is no whole number.") from None


def flag(value: Any) -> bool:
    """Whether a value says yes: a boolean, a number but zero, or text of one."""
    return text(value).strip().lower() not in _FALSE


def post_id(value: Any) -> int | None:
    """The id of a post, which comes as a number or as text; None if no post can have it."""
    said = text(value).strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, each on one line; a text with commas is a list too. Blank ones are left out."""
    parts = value if isinstance(value, list) else text(value).split(",")
    return tuple(line for part in parts if (line := one_line(text(part))))


class Members:
    """The members of a struct. One that is `nil` is not there.

    Each method raises WrongArguments for a member that is there and cannot be what is asked for.
    """

    def __init__(self, value: Any) -> None:
        if value is not None and not isinstance(value, Mapping):
            raise WrongArguments("Something else stands where a struct should be.")
        self._values: dict[str, Any] = {name: one for name, one in (value or {}).items() if one is not None}

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def raw(self, name: str) -> Any:
        """A value as it was read; None if it is not there."""
        return self._values.get(name)

    def text(self, *names: str) -> str | None:
        """The text of the first member of these names that is there; None without one."""
        return next((text(self._values[name]) for name in names if name in self._values), None)

    def number(self, name: str, default: int) -> int:
        value = self._values.get(name)
        return default if value is None or value == "" else number(value)

    def texts(self, name: str) -> tuple[str, ...] | None:
        return texts(self._values[name]) if name in self._values else None

    def numbers(self, name: str) -> tuple[int, ...]:
        """The whole numbers of a list; none if it is not there."""
        value = self._values.get(name, [])
        return tuple(map(number, value if isinstance(value, list) else [value]))

    def struct(self, name: str) -> "Members":
        """The members of a struct within; none if it is not there, or empty: PHP writes that as an empty list."""
        return Members(self._values.get(name) or None)

    def moment(self, name: str, zone: tzinfo) -> datetime | None:
        """A date, in UTC and whole seconds; without a zone it is in `zone`. None if it is not there, or blank."""
        value = self._values.get(name)
        if value is None or (isinstance(value, str) and UNDATED.match(value)):
            return None
        try:
            return in_utc(value if isinstance(value, datetime) else read_date(text(value)), zone).replace(microsecond=0)
        except ValueError:
            raise WrongArguments(f"The date in “{name}” cannot be read.") from None

    def date(self, local: str, in_gmt: str, zone: tzinfo) -> datetime | None:
        """The date of a post: that of the member `in_gmt`, which is in UTC, else that of `local`."""
        return self.moment(in_gmt, UTC) or self.moment(local, zone)
