"""Documents with some fields or their text changed, every other line byte for byte, and new ones of fields. Pure.

Fields are those of `document.FIELDS` by name; None, or the default of a field, takes it out.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from feedserver.clock import rfc3339
from feedserver.errors import InvalidDocument
from feedserver.posts import field_values, front_matter, withholding
from feedserver.posts.document import FIELDS, cleaned
from feedserver.posts.model import Enclosure, Photo
from feedserver.posts.writing import field_line

Value = str | bool | datetime | Sequence[str] | Sequence[Enclosure] | Sequence[Photo]  # moments are aware
Fields = Mapping[str, Value | None]

_FLAGS: Final = {  # by their defaults, which need not be said
    "draft": (field_values.FLAG, False),
    "page": (field_values.FLAG, False),
    "tell": (field_values.FLAG, True),
    "pings": (field_values.OPEN, True),
    "comments": (field_values.OPEN, True),
}
_NAMES: Final = ("tags", "authors")
_SEPARATORS: Final = re.compile("[\u2028\u2029]")
_INDENT: Final = re.compile(" *")


def amended(source: str, fields: Fields, body: str | None = None) -> str:
    """A document that `document.read` has accepted, with these fields, and perhaps another text.

    A field that says the same already stays as it is written. Without `draft`, fields by which other systems withhold
    a post go too; with another `date`, those by which they date it. Raises InvalidDocument.
    """
    front, text = front_matter.split(source)
    wanted = {**_withholding(front.fields, fields), **{name: _as_read(name, value) for name, value in fields.items()}}
    changed = {name: value for name, value in wanted.items() if not _is_said(front.fields, name, value)}
    head = source[: len(source) - len(text)]
    if changed:
        head = _with_fields(head, front.fields, changed)
    if body is not None:
        text = cleaned(body)
    return head + ("\n" if text and not head.endswith("\n") else "") + text


def composed(fields: Fields, body: str) -> str:
    """A new document."""
    read = {name: _as_read(name, value) for name, value in fields.items()}
    return _document(read) + cleaned(body)


def _document(fields: Mapping[str, Any]) -> str:
    order = {name: number for number, name in enumerate(FIELDS)}
    named = sorted(fields.items(), key=lambda field: order.get(field[0], len(order)))
    return f"---\n{''.join(field_line(name, value) for name, value in named if value is not None)}---\n"


def _as_read(name: str, value: Value | None) -> Any:
    """A value as it is read from YAML: texts, lists and mappings of texts; None if it need not be said."""
    if isinstance(value, bool):
        words, default = _FLAGS[name]
        return None if value is default else next(word for word, meaning in words.items() if meaning is value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str) or value is None:
        return _text(value) if value else None
    return [_text(part) if isinstance(part, str) else _mapping(part) for part in value] or None


def _text(text: str) -> str:
    """A text as it is read from a field: what ends a line for some programs is a blank there."""
    return _SEPARATORS.sub(" ", cleaned(text))


def _mapping(file: Enclosure | Photo) -> dict[str, str]:
    if isinstance(file, Photo):
        return {"url": file.url, "alt": file.alt} if file.alt else {"url": file.url}
    parts = {"url": file.url, "type": file.type, "length": str(file.length)}
    return parts if file.type else {"url": file.url}


def _withholding(there: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """What becomes of the fields by which other systems withhold the post."""
    others = {name: value for name, value in there.items() if name not in FIELDS}
    lifted: dict[str, Any] = {}
    if "draft" in fields and not fields["draft"]:
        lifted |= withholding.without_drafts(others)
    if "date" in fields:
        lifted |= withholding.without_dates({**others, **lifted})
    return lifted


def _is_said(there: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether a field says this already."""
    if name in _FLAGS:
        words, default = _FLAGS[name]
        wanted = default if value is None else words[value]
        return field_values.flag(there, name, words, default=default) is wanted
    if name in _NAMES:
        return field_values.names(there, name) == field_values.names({name: value}, name)
    return bool(there.get(name) == value)


def _with_fields(head: str, there: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """The front matter with changed fields, in lines of their own; all of it anew where that cannot be."""
    wanted = _said({**there, **changed})
    if _says(in_lines := _with_lines(head, changed), wanted):
        return in_lines
    if _says(anew := _document(wanted), wanted):
        return anew
    raise InvalidDocument("front matter", "is written in a way that cannot be changed here; edit the document")


def _says(head: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return _said(front_matter.split(head)[0].fields) == wanted
    except InvalidDocument:
        return False


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _with_lines(head: str, changed: Mapping[str, Any]) -> str:
    lines = head.split("\n")
    places = front_matter.lines_of_fields(head)
    indent = min((_INDENT.match(lines[place.start])[0] for place in places.values()), default="")  # type: ignore[index]
    closing = max(number for number, line in enumerate(lines) if line.startswith("---"))
    written = {name: [] if value is None else [_line(indent, name, value)] for name, value in changed.items()}
    lines[closing:closing] = [line for name, new in written.items() if name not in places for line in new]
    for name, place in sorted(places.items(), key=lambda field: field[1].start, reverse=True):
        if name in written:
            lines[place.start : place.stop] = written[name]
    return "\n".join(lines)


def _line(indent: str, name: str, value: Any) -> str:
    return indent + field_line(name, value).removesuffix("\n")
