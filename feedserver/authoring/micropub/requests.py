"""What a Micropub client asks for, read from a form or JSON (Micropub sections 3.3 to 3.6). Pure.

Commands (`mp-…`) that are not known, and fields whose names are no property's, are passed over: clients send extras.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Final, Literal

from feedserver.authoring.bearer import TwoTokens
from feedserver.errors import FeedserverError

Properties = Mapping[str, Sequence[Any]]  # of an h-entry: texts, and objects as JSON has them
_MAX_DEPTH: Final = 20  # of objects and arrays in JSON
_FIELD: Final = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)(?P<list>\[(?P<key>[0-9]*|html)\])?", re.IGNORECASE)
_COMMAND: Final = "mp-"
_ALT: Final = "mp-photo-alt"
_PLACE: Final = re.compile("[0-9]{1,3}")  # of a value in a list whose places are numbered: a form has 1,000 fields
TOKEN: Final = "access_token"  # noqa: S105 - the name of a field (RFC 6750 section 2.2)
_NEVER_STORED: Final = frozenset((TOKEN, "action", "h", "q", "type", "url", "uid", "updated"))


class InvalidRequest(FeedserverError):
    """A request that cannot be carried out as it stands. Clients show the text to people."""


@dataclass(frozen=True, slots=True)
class Creation:
    """A new post. `commands` are what clients ask beside properties, by name with `mp-`; all texts.

    `alts` are the alternative texts of photos that come as files, one for each field for a file, "" for none.
    """

    properties: Properties
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """Changes of a post: new values, further ones, values to be taken out, and properties to be taken out whole."""

    url: str
    replace: Properties = field(default_factory=dict)
    add: Properties = field(default_factory=dict)
    remove: Properties = field(default_factory=dict)
    remove_whole: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Removal:
    """A post that is to be deleted, or brought back."""

    url: str
    action: Literal["delete", "undelete"]


Request = Creation | Update | Removal


def of_form(pairs: Iterable[tuple[str, str]], files: Iterable[str] = ()) -> Request:
    """The request in a form. `files` are the names of its fields for files. Raises InvalidRequest."""
    fields = _grouped(pairs)
    action, url, kind = (next(filter(None, fields.get(name, ())), "") for name in ("action", "url", "h"))
    if action:
        return _action(action, url)
    if kind not in ("", "entry"):
        raise InvalidRequest("only posts can be made here: h=entry")
    return _creation(fields, files)


def of_json(body: bytes, token: str | None = None) -> Request:
    """The request in JSON. `token` is that in the header. Raises InvalidRequest, or TwoTokens if it has another one."""
    sent = _loaded(body)
    if not isinstance(sent, dict):
        raise InvalidRequest("the body must be a JSON object")
    if any(one != token for one in _tokens(sent)):
        raise TwoTokens
    if (action := sent.get("action")) is not None:
        url = sent.get("url")
        if action == "update":
            return _update(sent, url if isinstance(url, str) else "")
        return _action(action, url if isinstance(url, str) else "")
    if sent.get("type", ["h-entry"]) != ["h-entry"]:
        raise InvalidRequest('only posts can be made here: "type": ["h-entry"]')
    return _creation(_listed(sent.get("properties"), "properties"))


def _tokens(sent: Mapping[str, Any]) -> Iterator[Any]:
    """What stands in JSON where tokens may be, in the object itself or among properties."""
    parts = [sent, *(part for name in ("properties", "replace", "add") if isinstance(part := sent.get(name), dict))]
    for value in (part[TOKEN] for part in parts if TOKEN in part):
        yield from value if isinstance(value, list) else [value]


def query_values(pairs: Iterable[tuple[str, str]], name: str) -> list[str]:
    """The values of a parameter that may be a list: `properties`, `properties[]`, `properties[0]`."""
    return [str(value) for value in _grouped(pairs).get(name, ()) if value]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[Any]]:
    """The values of each field, whatever its brackets; an empty one, or a gap in numbers, keeps its place.

    `content[html]` is HTML.
    """
    grouped: dict[str, list[Any]] = {}
    for written, value in pairs:
        if (name := _FIELD.fullmatch(written)) is None:
            continue
        values, key = grouped.setdefault(name["name"], []), name["key"] or ""
        if _PLACE.fullmatch(key):
            values += [""] * (int(key) - len(values))
        values.append({"html": value} if value and key == "html" else value)
    return grouped


def _creation(sent: Properties, files: Iterable[str] = ()) -> Creation:
    photos, alts = sent.get("photo", ()), tuple(one if isinstance(one, str) else "" for one in sent.get(_ALT, ()))
    described = list(map(_described, photos, chain(alts, repeat(""))))
    values = {name: some for name, some in _without_empty({**sent, "photo": described}).items() if some}
    commands = {name: list(map(str, values[name])) for name in values if name.startswith(_COMMAND) and name != _ALT}
    of_files = _alts_of_files([name for name in files if name.partition("[")[0] == "photo"], photos, alts)
    return Creation({name: values[name] for name in values if _is_kept(name)}, commands, of_files)


def _described(photo: Any, alt: str) -> Any:
    """A photo that is an address, with the text at its place in the command `mp-photo-alt`."""
    return {"value": photo, "alt": alt} if alt and photo and isinstance(photo, str) else photo


def _alts_of_files(files: Sequence[str], photos: Sequence[Any], alts: Sequence[str]) -> tuple[str, ...]:
    """The texts at the places of files: their numbers, or else one after the other behind the last address.

    Empty addresses at the end take up places only if there are so many texts that empty ones stand there for them.
    """
    taken = {place for place, photo in enumerate(photos) if photo}
    turn = max(taken, default=-1) + 1
    while turn < len(photos) and len(alts) > turn + len(files) and not alts[turn]:
        turn += 1
    found = []
    for name in files:
        key = name.partition("[")[2].removesuffix("]")
        place = int(key) if _PLACE.fullmatch(key) and int(key) not in taken else turn
        taken.add(place)
        turn = max(turn, place + 1)
        found.append(alts[place] if place < len(alts) else "")
    return tuple(found)


def _action(action: object, url: str) -> Removal:
    if action not in ("delete", "undelete"):
        raise InvalidRequest("action must be update (in JSON), delete or undelete")
    if not url:
        raise InvalidRequest("url is missing: the address of the post")
    return Removal(url, action)


def _update(sent: Mapping[str, Any], url: str) -> Update:
    if not url:
        raise InvalidRequest("url is missing: the address of the post")
    if not {"replace", "add", "delete"} & sent.keys():
        raise InvalidRequest("an update needs one of replace, add and delete")
    deleted = sent.get("delete", {})
    whole: list[str] = []
    if isinstance(deleted, list):
        if not all(isinstance(name, str) for name in deleted):
            raise InvalidRequest("delete must be an array of names, or an object of arrays")
        whole, deleted = deleted, {}
    return Update(
        url,
        replace=_changed(sent.get("replace", {}), "replace"),
        add=_changed(sent.get("add", {}), "add"),
        remove=_changed(deleted, "delete"),
        remove_whole=frozenset(filter(_is_kept, whole)),
    )


def _changed(part: object, name: str) -> Properties:
    return {key: values for key, values in _properties(part, name).items() if _is_kept(key)}


def _is_kept(name: str) -> bool:
    return name not in _NEVER_STORED and not name.startswith(_COMMAND)


def _properties(sent: object, where: str) -> dict[str, list[Any]]:
    return _without_empty(_listed(sent, where))


def _without_empty(properties: Properties) -> dict[str, list[Any]]:
    return {name: [one for one in values if one not in ("", None)] for name, values in properties.items()}


def _listed(sent: object, where: str) -> dict[str, list[Any]]:
    """The values of each property, empty ones too. Raises InvalidRequest for what is no object of arrays."""
    if not isinstance(sent, dict):
        raise InvalidRequest(f"{where} must be an object")
    for name, values in sent.items():
        if not isinstance(values, list):
            raise InvalidRequest(f"{where}: the value of {json.dumps(name[:60])} must be an array")
    return sent


def _loaded(body: bytes) -> Any:
    try:
        sent = json.loads(body, parse_constant=_no_number)
        json.dumps(sent, allow_nan=False)  # a number that is too large for one
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON") from None
    _check_depth(sent)
    return sent


def _no_number(_: str) -> None:
    raise ValueError


def _check_depth(sent: Any) -> None:
    level = [sent]
    for _ in range(_MAX_DEPTH):
        nested = [one for one in level if isinstance(one, dict | list)]
        level = [part for one in nested for part in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return
    raise InvalidRequest(f"the JSON is nested more than {_MAX_DEPTH} deep")
