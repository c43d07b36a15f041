"""Carries out an update on the properties of a post (Micropub section 3.4). Pure."""

import json
from collections.abc import Iterator
from typing import Any, Final

from feedserver.authoring.micropub.requests import Properties, Update
from feedserver.text import caseless

_TAGS: Final = "category"


def updated(properties: Properties, update: Update) -> dict[str, list[Any]]:
    """The properties after an update: replaced first, then added, then deleted. Those without values are left out.

    A value that is there already is not added. A photo is also deleted by its address alone. Tags are one in any letter
    case and Unicode form.
    """
    found = {name: list(values) for name, values in properties.items()}
    for name, values in update.replace.items():
        found[name] = list(values)
    for name, values in update.add.items():
        present = found.setdefault(name, [])
        known = {_key(name, value) for value in present}
        present.extend(value for value in values if _key(name, value) not in known)
    for name, values in update.remove.items():
        gone = {_key(name, value) for value in values}
        found[name] = [value for value in found.get(name, ()) if gone.isdisjoint(_names(name, value))]
    return {name: values for name, values in found.items() if values and name not in update.remove_whole}


def _names(name: str, value: Any) -> Iterator[str]:
    """The keys by which a value of a property can be deleted."""
    yield _key(name, value)
    if isinstance(value, dict) and "value" in value:
        yield _key(name, value["value"])


def _key(name: str, value: Any) -> str:
    """What values of a property that are one share. As JSON, 1 and true are two."""
    return json.dumps(caseless(value) if name == _TAGS and isinstance(value, str) else value, sort_keys=True)
