"""Carries out an update on the properties of a post (Micropub section 3.4). Pure."""

from collections.abc import Sequence
from typing import Any

from feedserver.authoring.micropub.requests import Properties, Update


def updated(properties: Properties, update: Update) -> dict[str, list[Any]]:
    """The properties after an update: replaced first, then added, then deleted. Those without values are left out.

    A value that is there already is not added. A photo is also deleted by its address alone.
    """
    found = {name: list(values) for name, values in properties.items()}
    for name, values in update.replace.items():
        found[name] = list(values)
    for name, values in update.add.items():
        present = found.setdefault(name, [])
        present.extend(value for value in values if value not in present)
    for name, values in update.remove.items():
        found[name] = [value for value in found.get(name, ()) if not _is_among(value, values)]
    return {name: values for name, values in found.items() if values and name not in update.remove_whole}


def _is_among(value: Any, values: Sequence[Any]) -> bool:
    return value in values or (isinstance(value, dict) and "value" in value and value["value"] in values)
