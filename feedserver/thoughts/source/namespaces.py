"""Names of XHTML as XML has them (Namespaces in XML section 6): case matters, and the namespace says what they mean.

No XML parser, for the reasons in `xhtml`. Only default namespaces are followed; `xhtml` reads a prefix.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

_UNKNOWN = "x"  # an element or attribute without meaning in HTML, and never longer than the name in its place
_READ = frozenset(
    ("http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"),
)
# Each quantifier is possessive or runs to the end of the page, so that time is linear.
_TAG = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | <!\[CDATA\[ .*? (?:\]\]>|\Z)
    | (?P<start></?) (?P<name>[A-Za-z_][^\s<>"'/]*+) (?P<attributes>(?: [^<>"']++ | "[^"]*+" | '[^']*+' )*+)""",
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)(\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'))?""")


@dataclass(slots=True)
class _Scope:
    """What lies in an element with a default namespace; `depth` counts the open elements of its name."""

    name: str
    is_read: bool
    depth: int = 1


def without_other_names(text: str) -> str:
    """Returns an XHTML page, no longer than before, without names that are of HTML only by the rules of HTML.

    These are names with capital letters, and elements in the namespaces of others. Where the root has no namespace,
    its elements are taken for those of XHTML. Takes linear time.
    """
    result, end, scopes = StringIO(), 0, list[_Scope]()
    for match in _TAG.finditer(text):
        if match["name"] is None:
            continue
        name, attributes, is_end = match["name"], match["attributes"], match["start"] == "</"
        is_read = _closed(name, scopes) if is_end else _opened(name, attributes, scopes)
        local = name.rpartition(":")[2]
        is_known = local == local.lower()
        kept = name if is_known and (is_read or ":" in name) else _UNKNOWN
        lower = attributes if attributes == attributes.lower() else _ATTRIBUTE.sub(_lower_case, attributes)
        if kept is not name or lower is not attributes:
            result.write(text[end : match.start("name")])
            result.write(kept + lower)
            end = match.end()
    result.write(text[end:])
    return result.getvalue()


def _opened(name: str, attributes: str, scopes: list[_Scope]) -> bool:
    """Whether an element that begins is in a namespace that is read."""
    is_open = not attributes.endswith("/")
    for namespace in _namespaces(attributes) if "xmlns" in attributes else ():
        if is_open:
            scopes.append(_Scope(name, namespace in _READ))
        return namespace in _READ
    if scopes and scopes[-1].name == name and is_open:
        scopes[-1].depth += 1
    return not scopes or scopes[-1].is_read


def _closed(name: str, scopes: list[_Scope]) -> bool:
    """Whether an element that ends is in a namespace that is read."""
    is_read = not scopes or scopes[-1].is_read
    if scopes and scopes[-1].name == name:
        scopes[-1].depth -= 1
        if not scopes[-1].depth:
            scopes.pop()
    return is_read


def _namespaces(attributes: str) -> Iterator[str]:
    return (found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(attributes) if found[1] == "xmlns")


def _lower_case(attribute: re.Match[str]) -> str:
    name = attribute[1]
    is_known = name == name.lower() or name.startswith("xmlns:")
    return attribute[0] if is_known else _UNKNOWN + (attribute[2] or "")
