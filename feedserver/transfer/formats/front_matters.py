"""Front matter as other systems write it: YAML, TOML, JSON, or lines of a header. Values are text, lists and mappings.

`no`, `010` and dates stay the text that was written, whatever the language of the front matter. Pure.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

from feedserver.errors import InvalidDocument
from feedserver.posts import front_matter
from feedserver.text import one_line, shorten

MAX_SIZE: Final = 32_768  # characters of a front matter
_MAX_SETTINGS: Final = 262_144  # characters of a file
_MAX_TEXT: Final = 10_000  # characters that a field may have where it is kept as text
_MAX_DEPTH: Final = 20

_YAML: Final = re.compile(
    r"\A(?:[ \t]*\n)*---[ \t]*\n(?P<front>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_TOML: Final = re.compile(r"\A\s*\+\+\+[ \t]*\n(?P<front>.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_JSON: Final = re.compile(r"\A\s*(?=\{\s*[\"}])")
_HEADER: Final = re.compile(r" {0,3}(?P<name>[A-Za-z0-9_-]+):[ \t]*(?P<value>.*)")
_CONTINUED: Final = re.compile(r"(?: {4,}|\t)(?P<value>.*)")
_RULE: Final = re.compile(r"---[ \t]*\n")
_END: Final = re.compile(r"(?:---|\.\.\.)?[ \t]*")
_FIELD: Final = re.compile(r"^(?=[^\s#:{\[-][^:\n]{0,99}:(?:[ \t]|$))", re.MULTILINE)
_WORDS: Final = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)


class Damaged(ValueError):
    """A front matter that cannot be read. The text says why, and in which line."""


@dataclass(frozen=True, slots=True)
class Front:
    """The fields of a document by their names in lower case, the names as `written`, and the text after them.

    `is_there`: the document begins with one, which may be empty. `mended` says what was damaged; then the fields are
    those that could be read.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    is_there: bool = False
    mended: str = ""


def split(text: str, *, forgiving: bool = False) -> Front:
    """The front matter and the body of a document; no fields where it begins with none.

    Raises Damaged, unless `forgiving`: then fields that cannot be read are text, and a document is a draft of which
    nothing can be read.
    """
    try:
        return _split(text)
    except Damaged as error:
        if not forgiving:
            raise
        return replace(_mended(text), mended=str(error))


def split_header(text: str) -> Front:
    """The lines `name: value` at the beginning of a document, between lines of hyphens or up to an empty line.

    Indented lines go on with the value before them, on a line of their own.
    """
    rule = _RULE.match(text)
    fields: dict[str, str] = {}
    written: dict[str, str] = {}
    name, position = "", rule.end() if rule else 0
    for line in text[position : position + MAX_SIZE].splitlines(keepends=True):
        bare = line.rstrip("\n")
        if found := _HEADER.fullmatch(bare):
            name = found["name"].lower()
            written.setdefault(name, found["name"])
            fields[name] = f"{fields[name]}\n{found['value'].strip()}" if name in fields else found["value"].strip()
        elif name and (more := _CONTINUED.fullmatch(bare)) and bare.strip():
            fields[name] += f"\n{more['value'].strip()}"
        else:
            position += len(line) if fields and _END.fullmatch(bare) else 0
            break
        position += len(line)
    return Front(fields, written, text[position:], is_there=True) if fields else Front(body=text)


def settings(text: str, name: str) -> Mapping[str, Any]:
    """The values of a file of settings in YAML, TOML or JSON, as the ending of its `name` says; {} if it is damaged."""
    if len(text) > _MAX_SETTINGS:
        return {}
    try:
        if name.endswith(".toml"):
            return _toml(text).fields
        return _json(text).fields if name.endswith(".json") else _yaml(_RULE.sub("", text, count=1)).fields
    except Damaged:
        return {}


def as_text(value: Any) -> str | None:
    """A value as text, lists and mappings as JSON; None if it has more than 10,000 characters or is nested deep."""
    if isinstance(value, str | None):
        return value if value is None or len(value) <= _MAX_TEXT else None
    pieces: list[str] = []
    return "".join(pieces) if _write(value, pieces, [_MAX_TEXT], _MAX_DEPTH) else None


def _split(text: str) -> Front:
    for pattern, reading in ((_YAML, _yaml), (_TOML, _toml)):
        if found := pattern.match(text):
            if pattern is _YAML and _is_prose(found["front"]):
                break
            if len(found["front"]) > MAX_SIZE:
                raise Damaged(f"front matter: has over {MAX_SIZE:,} characters")
            return replace(reading(found["front"]), body=text[found.end() :])
    if opening := _JSON.match(text):
        try:
            _, end = json.JSONDecoder().raw_decode(text[: opening.end() + MAX_SIZE], opening.end())
        except (ValueError, RecursionError):
            raise Damaged("its front matter looks like JSON, and is none") from None
        return replace(_json(text[opening.end() : end]), body=text[end:].removeprefix("\n"))
    return Front(body=text)


def _is_prose(front: str) -> bool:
    """Whether what stands between two rules is no front matter: it has words, and no field."""
    return _WORDS.search(front) is not None and _FIELD.search(front) is None and front.lstrip()[0] != "{"


def _yaml(front: str) -> Front:
    try:
        found, _ = front_matter.split(f"---\n{front.rstrip()}\n---\n")
    except InvalidDocument as error:
        raise Damaged(str(error)) from None
    return Front(found.fields, found.written, is_there=True)


def _toml(front: str) -> Front:
    try:
        return _from_values(tomllib.loads(front, parse_float=str))
    except (ValueError, RecursionError) as error:
        raise Damaged(f"front matter: is not TOML: {shorten(one_line(str(error)), 200)}") from None


def _json(front: str) -> Front:
    try:
        values = json.loads(front, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"front matter: is not JSON: {shorten(one_line(str(error)), 200)}") from None
    return _from_values(values)


def _from_values(values: Any) -> Front:
    try:
        return _yaml(json.dumps(_texts(values), ensure_ascii=False))  # which is YAML
    except RecursionError:
        raise Damaged("front matter: is nested too deep") from None


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _texts(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str | None) else str(value)


def _mended(text: str) -> Front:
    """What can be read of a YAML front matter, a field at a time; else the whole text, as that of a draft."""
    found = _YAML.match(text)
    front = found["front"][:MAX_SIZE] if found else ""
    starts = [match.start() for match in _FIELD.finditer(front)]
    fields: dict[str, Any] = {}
    written: dict[str, str] = {}
    for start, end in pairwise([*starts, len(front)]):
        piece = front[start:end]
        try:
            one = _yaml(piece)
            fields |= one.fields
            written |= one.written
        except Damaged:
            name, _, value = piece.partition(":")
            fields[name.strip().lower()] = one_line(value).strip("\"' ")
            written[name.strip().lower()] = one_line(name)
    if not found or not fields:
        return Front({"draft": "true"}, {"draft": "draft"}, text)
    return Front(fields, written, text[found.end() :], is_there=True)


def _write(value: Any, pieces: list[str], left: list[int], depth: int) -> bool:
    """Adds `value` as JSON to `pieces`; False if it is too long. An alias may stand in it a million times."""
    if isinstance(value, dict | list) and depth:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        pieces.append(opening)
        for number, part in enumerate(value):
            pieces.append(", " if number else "")
            if isinstance(value, dict):
                pieces.append(f"{json.dumps(str(part or ''), ensure_ascii=False)}: ")
            if not _write(value[part] if isinstance(value, dict) else part, pieces, left, depth - 1):
                return False
        pieces.append(closing)
    elif isinstance(value, dict | list):
        return False
    else:
        pieces.append(json.dumps(value, ensure_ascii=False))
    left[0] -= len(pieces[-1]) + 4
    return left[0] >= 0
