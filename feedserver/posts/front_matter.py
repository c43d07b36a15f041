"""The front matter of a document: YAML whose values are text (docs/interface.md, “Posts”). Pure.

What the fields mean is for `document` and `withholding` to say.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from feedserver.errors import InvalidDocument
from feedserver.text import one_line, shorten, without_open_bidi

_OPENING = re.compile(r"(?:[ \t]*\n)*---[ \t]*(?:\n|\Z)")
_FRONT_MATTER = re.compile(rf"\A{_OPENING.pattern}(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_MAX_SHOWN: Final = 60  # characters of a field's name

# A tab separates words wherever YAML allows it (YAML 1.2 sections 6.1 to 6.3); PyYAML refuses most of these. It may
# not indent: a line's first tabs stay, but for those after blanks, and on lines that hold nothing or a comment.
_TAB_AFTER_BLANKS = re.compile(r"^( +)\t[ \t]*|^\t[ \t]*(?=#|$)", re.MULTILINE)
_TAB_BETWEEN = re.compile(r"(?<=\S)[ \t]*\t[ \t]*")
# Characters that end a line for YAML 1.1 and PyYAML, but not for YAML 1.2 (section 5.4) and authors, who do not see
# them.
_SEPARATORS = re.compile("[\x85\u2028\u2029]")
_SEPARATED = re.compile("^(?P<before>[^\x85\u2028\u2029\n]*)(?P<after>[\x85\u2028\u2029].*)$", re.MULTILINE)
_COLON = re.compile(r":(?=[ \t]|$)")
_COLON_IN_TEXT = ":\N{REPLACEMENT CHARACTER}"  # `text.clean` drops it again
_HASH = re.compile("(?<=[\x85\u2028\u2029])#")
_HASH_IN_TEXT = "\N{REPLACEMENT CHARACTER}#"  # after a blank it would begin a comment
# A field whose value is not quoted, and ends where a comment begins.
_COMMENTED = re.compile(r"^(?P<name>\w[\w -]*):[ \t]+(?:#|[^\s'\"\[{|>#&*!%@`].*?[ \t]#)[ \t]*\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a document: text, lists and mappings; None for a blank. Names are in lower case.

    `written` has the names as the author wrote them, on one line each; `commented` the fields beside which stands a
    comment, in their order: “#” after a blank begins one, and may have been meant as text.
    """

    fields: Mapping[str, Any]
    written: Mapping[str, str]
    commented: tuple[str, ...] = ()


def split(source: str) -> tuple[FrontMatter, str]:
    """The front matter and the Markdown of a document. Raises InvalidDocument."""
    from feedserver.posts import author_yaml  # PyYAML, which servers that only read do without

    match = _FRONT_MATTER.match(source)
    if not match:
        raise InvalidDocument("front matter", _what_is_wrong(source))
    front = _yaml(match)
    commented = tuple(folded_name(found["name"]) for found in _COMMENTED.finditer(front))
    return replace(_fields(author_yaml.load(front)), commented=commented), source[match.end() :]


def lines_of_fields(source: str) -> Mapping[str, range]:
    """The lines of each field of a document that `split` has read, counted from 0; none where fields share lines."""
    from feedserver.posts import author_yaml

    match = _FRONT_MATTER.match(source)
    return author_yaml.lines_of_fields(_yaml(match)) if match else {}


def _yaml(match: re.Match[str]) -> str:
    lines_before = "\n" * match.string.count("\n", 0, match.start("yaml"))  # so that PyYAML counts lines as authors do
    return _as_authors_see_it(lines_before + match["yaml"])


def _what_is_wrong(source: str) -> str:
    if _OPENING.match(source):
        return "has no closing line of three hyphens"
    if source.lstrip().startswith("+++"):
        return "is TOML, which is not read; write it in YAML, as “title: …”, between lines of three hyphens (---)"
    return "is missing; the first line must be ---, then “title: …” and other fields, then --- again"


def body_of(source: str) -> str:
    """The Markdown of a document that `split` has accepted."""
    match = _FRONT_MATTER.match(source)
    return source[match.end() :] if match else source


def _as_authors_see_it(front: str) -> str:
    front = _SEPARATED.sub(_without_separators, front)
    return _TAB_BETWEEN.sub(" ", _TAB_AFTER_BLANKS.sub(lambda match: match[1] or "", front))


def _without_separators(line: re.Match[str]) -> str:
    """A line with its separators folded into blanks; what follows one is text, and begins no field and no comment."""
    before, after = line["before"], line["after"]
    if not before.strip():
        return before + _SEPARATORS.sub(" ", after).lstrip()
    return before + _COLON.sub(_COLON_IN_TEXT, _SEPARATORS.sub(" ", _HASH.sub(_HASH_IN_TEXT, after)))


def _fields(loaded: Any) -> FrontMatter:
    if loaded is None:
        return FrontMatter({}, {})
    if not isinstance(loaded, dict):
        raise InvalidDocument("front matter", "must be lines of “field: value”")
    written = {folded_name(name): shown_name(name) for name in loaded}
    return FrontMatter({folded_name(name): value for name, value in loaded.items()}, written)


def shown_name(name: str | None) -> str:
    """The name of a field, as an author is told it."""
    return shorten(without_open_bidi(one_line(name or "")), _MAX_SHOWN)


def folded_name(name: str | None) -> str:
    """The name of a field as it is compared: in any letter case and width, without characters that nobody sees."""
    seen = "".join(c for c in name or "" if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", one_line(seen)).casefold()
