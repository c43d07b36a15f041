"""The settings of a site in its export: those that are not the defaults, as a file that `feedserver` reads."""

import json
from dataclasses import fields, is_dataclass
from typing import Any, Final

from feedserver.settings import Settings

# Sections of a machine, not of a site.
_OF_MACHINES: Final = frozenset({"data_dir", "database", "server", "jobs", "media", "egress"})


def written(settings: Settings) -> str:
    """The file's text. Nothing that is secret or of a machine is in it."""
    sections = []
    for section in fields(settings):
        if section.name in _OF_MACHINES:
            continue
        present = getattr(settings, section.name)
        assert is_dataclass(present), "other settings are of machines"
        lines = [
            f"{item.name} = {_toml(getattr(present, item.name))}\n"
            for item in fields(present)
            if getattr(present, item.name) != item.default and not item.metadata["secret"]
        ]
        if lines:
            sections.append(f"[{section.name}]\n{''.join(lines)}")
    return "\n".join(sections)


def _toml(value: Any) -> str:
    """A value in TOML's form, which is JSON's for texts, numbers and lists."""
    if isinstance(value, (bool, int, float, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, frozenset)):
        return json.dumps(sorted(map(str, value)) if isinstance(value, frozenset) else [str(one) for one in value])
    return json.dumps(str(value))
