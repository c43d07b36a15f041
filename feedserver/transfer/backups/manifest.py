"""The first file of a backup: which site it is of, when and by what it was made, and what follows it. Pure.

Only archives that this program has written are read, so anything unexpected is a fault.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from feedserver.clock import rfc3339
from feedserver.errors import BackupUnusable
from feedserver.text import strangers_line

FORM: Final = 2  # of archives; the first one had no pictures and files
DATABASE: Final = "database.sqlite3"  # the file that follows the one of the secret
_MOST_DIGITS: Final = 18  # of a size or a number of rows
_LONGEST: Final = 2000  # characters of a text

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: its name, its size in bytes, and its SHA-256 (hexadecimal)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at`: the time of the copy (UTC). `site`: its id (`urn:uuid:…`). `schema`: the number of its migration.
    `rows`: their number by table. `files`: those that follow, in order. `media` and `media_bytes`: the number and size
    of the site's pictures and files, which follow them.
    """

    made_at: datetime
    site: str
    url: str
    program: str
    schema: str
    rows: Mapping[str, int]
    files: tuple[Member, ...]
    media: int
    media_bytes: int

    @property
    def total(self) -> int:
        """The bytes of all that follows."""
        return sum(member.size for member in self.files) + self.media_bytes


def to_json(manifest: Manifest) -> bytes:
    """The manifest as it stands in the archive."""
    fields = {"form": FORM, **asdict(manifest), "made_at": rfc3339(manifest.made_at)}
    return (json.dumps(fields, indent=1) + "\n").encode()


def from_json(text: bytes) -> Manifest:
    """The manifest of an archive. Raises BackupUnusable if it is none, or of a form that this program does not know."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise _damaged("is not JSON") from None
    if not isinstance(fields, dict):
        raise _damaged("is no object")
    form = _field(fields, "form", lambda value: type(value) is int)
    if not 1 <= form <= FORM:
        raise BackupUnusable(f"it is of a newer feedserver (form {strangers_line(str(form), 20)}); install that one")
    return Manifest(
        made_at=_moment(_field(fields, "made_at", _is_text)),
        site=_field(fields, "site", _is_text),
        url=_field(fields, "url", _is_text),
        program=_field(fields, "program", _is_text),
        schema=_field(fields, "schema", _is_text),
        rows=_rows(_field(fields, "rows", lambda value: isinstance(value, dict))),
        files=tuple(map(_member, _field(fields, "files", lambda value: isinstance(value, list)))),
        media=_field(fields, "media", _is_number) if form > 1 else 0,
        media_bytes=_field(fields, "media_bytes", _is_number) if form > 1 else 0,
    )


def _field(fields: Any, name: str, is_right: Check) -> Any:
    if not isinstance(fields, dict) or not is_right(fields.get(name)):
        raise _damaged(f"has no “{name}”")
    return fields[name]


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _damaged("has no “made_at”") from None


def _rows(rows: dict[str, Any]) -> dict[str, int]:
    return {name: _field(rows, name, _is_number) for name in rows}


def _member(fields: Any) -> Member:
    return Member(
        _field(fields, "name", _is_text),
        _field(fields, "size", _is_number),
        _field(fields, "sha256", lambda value: _is_text(value) and bool(re.fullmatch("[0-9a-f]{64}", value))),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < 10**_MOST_DIGITS


def _damaged(how: str) -> BackupUnusable:
    return BackupUnusable(
        f"its manifest {strangers_line(how, 100)}; it is damaged, or nothing that `feedserver backup` has made"
    )
