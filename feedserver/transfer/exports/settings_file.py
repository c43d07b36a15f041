"""The settings of a site in its export: those that are not the defaults, as a file that `feedserver` reads."""

import json
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from typing import Any, Final

from feedserver.settings import Settings

# Sections of a machine, not of a site.
_OF_MACHINES: Final = frozenset({"data_dir", "database", "server", "jobs", "media", "egress", "mail"})


def said(value: Any) -> str:
    """A value as people write it in the environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)


def defaults(settings: Settings) -> dict[str, str]:
    """The defaults of those that an export of this site would hold, by their keys."""
    return {f"{section}.{item.name}": said(item.default) for section, _, item in _kept(settings)}


def written(settings: Settings) -> str:
    """The file's text. Nothing that is secret or of a machine is in it."""
    sections: dict[str, list[str]] = {}
    for section, present, item in _kept(settings):
        sections.setdefault(section, []).append(f"{item.name} = {_toml(getattr(present, item.name))}\n")
    return "\n".join(f"[{section}]\n{''.join(lines)}" for section, lines in sections.items())


def _kept(settings: Settings) -> Iterator[tuple[str, Any, Field[Any]]]:
    """The settings that are in an export: the name of the section, the section, and which of it."""
    for section in fields(settings):
        if section.name in _OF_MACHINES:
            continue
        present = getattr(settings, section.name)
        assert is_dataclass(present), "other settings are of machines"
        for item in fields(present):
            if getattr(present, item.name) != item.default and not item.metadata["secret"]:
                yield section.name, present, item


def _toml(value: Any) -> str:
    """A value in TOML's form, which is JSON's for texts, numbers and lists."""
    if isinstance(value, (bool, int, float, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, frozenset)):
        return json.dumps(sorted(map(str, value)) if isinstance(value, frozenset) else [str(one) for one in value])
    return json.dumps(str(value))
