"""Ghost's `redirects.json`: redirects from one address are taken, patterns for many are told."""

import re
from collections.abc import Iterator
from typing import Final

from feedserver.text import one_line, shorten
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.json_stream import pieces, text
from feedserver.transfer.items import ImportedRedirect, Remark
from feedserver.transfer.source import Source

_IS_THIS: Final = re.compile(rb"\s*+\[\s*+\{[^{}]{0,500}\"from\"\s*+:[^{}]{0,2000}\"to\"\s*+:")
_DELIMITED: Final = re.compile(r"/(.+)/i?")  # as JavaScript writes a pattern
_ENDS: Final = re.compile(r"^\^|\$$")
_OPTIONAL_SLASH: Final = re.compile(r"(?:\\?/\?|\(\\?/\)\?)$")
_ESCAPED: Final = re.compile(r"\\([/.\-_~?+&=%])")
_PATTERN: Final = re.compile(r"[\\^$*+?()\[\]{}|]")


FILE: Final = Beginning((".json",), lambda head: _IS_THIS.match(head) is not None)


def read(source: Source, name: str) -> Iterator[ImportedRedirect | Remark]:
    """The redirects in a file. Raises ImportRefused."""
    with source.open(name) as file:
        for number, (_, rule) in enumerate(pieces(file, name, [("*",)]), start=1):
            where = f"{name}, redirect {number}"
            pattern, target = text(rule, "from"), text(rule, "to")
            old = address_of(pattern)
            if old is None or not target or "$1" in target:
                what = shorten(one_line(f"{pattern} → {target}"), 200)
                yield Remark(treatment="left out", where=where, what=what, why="a pattern for many addresses")
            else:
                yield ImportedRedirect(where=where, old=old, new=target)


def address_of(pattern: str) -> str | None:
    """The one address that a regular expression matches, None if it matches more than one and its slash."""
    if pattern.startswith("/^") and (delimited := _DELIMITED.fullmatch(pattern)):
        pattern = delimited[1]
    plain = _OPTIONAL_SLASH.sub("/", _ENDS.sub("", pattern))
    address = _ESCAPED.sub(lambda found: "\0" if found[1] in "?+" else found[1], plain)
    if not address.startswith("/") or _PATTERN.search(address):
        return None
    return address.replace("\0", "?")
