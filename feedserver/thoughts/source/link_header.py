"""Reads the header field `Link` (RFC 8288), as others write it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# One value: a target in angle brackets, which may hold commas, and its parameters. What begins otherwise has no target.
# Each quantifier is possessive and takes what it has seen, so that time is linear.
_QUOTED: Final = r'"(?:[^"\\]++|\\.)*+"?'
_VALUE: Final = re.compile(
    rf'[\s,]*+(?:<(?P<target>[^>]*+)(?P<closed>>)?)?(?P<parameters>(?:[^,"]++|{_QUOTED})*+)', re.DOTALL
)
_PARAMETER: Final = re.compile(rf';\s*+([^\s;="]++)\s*+(?:=\s*+({_QUOTED}|[^;]*+))?', re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Link:
    """One value of the field. `relations` are in lower case; `anchor` is None if the link is the page's own."""

    target: str  # as written: absolute, relative or empty
    relations: frozenset[str]
    anchor: str | None


def links_in(field_value: str) -> Iterator[Link]:
    """Yields the links of one field, or of several that are joined by commas (RFC 8288 appendix B.2).

    Values that are broken are skipped. Takes linear time, and never raises.
    """
    for value in _VALUE.finditer(field_value):
        if value["closed"]:
            parameters = _parameters(value["parameters"])
            relations = frozenset(parameters.get("rel", "").lower().split())
            yield Link(value["target"].strip(), relations, parameters.get("anchor"))


def _parameters(text: str) -> dict[str, str]:
    """The parameters by name in lower case; the first one of a name counts (section 3.3)."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        found.setdefault(name.lower(), _unquoted(value.strip()))
    return found


def _unquoted(value: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", value[1:].removesuffix('"')) if value.startswith('"') else value
