"""What a Micropub client asks for, read from a form or JSON (Micropub sections 3.3 to 3.6). Pure.

Commands (`mp-…`) that are not known, and fields whose names are no property's, are passed over: clients send extras.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from feedserver.authoring.bearer import TwoTokens
from feedserver.errors import FeedserverError

Properties = Mapping[str, Sequence[Any]]  # of an h-entry: texts, and objects as JSON has them
_MAX_DEPTH: Final = 20  # of objects and arrays in JSON
_FIELD: Final = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)(?P<list>\[(?P<key>[0-9]*|html)\])?", re.IGNORECASE)
_COMMAND: Final = "mp-"
TOKEN: Final = "access_token"  # noqa: S105 - the name of a field (RFC 6750 section 2.2)
_NEVER_STORED: Final = frozenset((TOKEN, "action", "h", "q", "type", "url", "uid", "updated"))


class InvalidRequest(FeedserverError):
    """A request that cannot be carried out as it stands. Clients show the text to people."""


@dataclass(frozen=True, slots=True)
class Creation:
    """A new post. `commands` are what clients ask beside properties, by name with `mp-`; all texts."""

    properties: Properties
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)


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


def of_form(pairs: Iterable[tuple[str, str]], *, has_files: bool = False) -> Request:
    """The request in a form. `has_files`: files come with it, so that it may be without properties.

    Raises InvalidRequest.
    """
    fields = _grouped(pairs)
    action = next(iter(fields.get("action", ())), "")
    if action:
        return _action(action, next(iter(fields.get("url", ())), ""))
    kind = next(iter(fields.get("h", ("entry",))))
    if kind != "entry":
        raise InvalidRequest("only posts can be made here: h=entry")
    return _creation(fields, has_files=has_files)


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
    return _creation(_properties(sent.get("properties"), "properties"))


def _tokens(sent: Mapping[str, Any]) -> Iterator[Any]:
    """What stands in JSON where tokens may be, in the object itself or among properties."""
    parts = [sent, *(part for name in ("properties", "replace", "add") if isinstance(part := sent.get(name), dict))]
    for value in (part[TOKEN] for part in parts if TOKEN in part):
        yield from value if isinstance(value, list) else [value]


def query_values(pairs: Iterable[tuple[str, str]], name: str) -> list[str]:
    """The values of a parameter that may be a list: `properties`, `properties[]`, `properties[0]`."""
    return [str(value) for value in _grouped(pairs).get(name, ())]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[Any]]:
    """The values of each field, whatever its brackets; no empty ones. `content[html]` is HTML."""
    grouped: dict[str, list[Any]] = {}
    for written, value in pairs:
        name = _FIELD.fullmatch(written)
        if name is not None and value != "":
            grouped.setdefault(name["name"], []).append({"html": value} if name["key"] == "html" else value)
    return grouped


def _creation(sent: Properties, *, has_files: bool = False) -> Creation:
    commands = {name: list(map(str, values)) for name, values in sent.items() if name.startswith(_COMMAND)}
    properties = {name: list(values) for name, values in sent.items() if _is_kept(name) and values}
    if not has_files and not properties.keys() - {"post-status", "visibility"}:
        raise InvalidRequest("there is nothing in this post: it has no properties")
    return Creation(_with_alternative_texts(properties, commands.get("mp-photo-alt", ())), commands)


def _with_alternative_texts(properties: Mapping[str, list[Any]], texts: Sequence[str]) -> Properties:
    """Photos that are addresses, with the texts that stand beside them in the command `mp-photo-alt`."""
    photos = properties.get("photo", [])
    described = [
        {"value": photo, "alt": texts[index]} if index < len(texts) and isinstance(photo, str) else photo
        for index, photo in enumerate(photos)
    ]
    return {**properties, "photo": described} if described else properties


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
    if not isinstance(sent, dict):
        raise InvalidRequest(f"{where} must be an object")
    for name, values in sent.items():
        if not isinstance(values, list):
            raise InvalidRequest(f"{where}: the value of {json.dumps(name[:60])} must be an array")
    return {name: [value for value in values if value not in ("", None)] for name, values in sent.items()}


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
