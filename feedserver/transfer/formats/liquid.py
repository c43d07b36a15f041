"""The Liquid in documents of Jekyll, as far as it is known, exchanged for what it makes. Pure.

What is not known stays in the text as it is, and is told. In code only the marks of `raw` go, which Jekyll takes out:
they were never seen.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from feedserver.posts.model import Format
from feedserver.transfer.formats import markdown_source
from feedserver.transfer.formats.fences import fence

_MARK: Final = "\ufdd0"  # between braces that are text; `text.clean` leaves it in no document
_TAG: Final = re.compile(r"\{%-?\s*(?P<name>\w+)(?P<rest>(?:[^%{]|%(?!\})|\{(?!%))*+)%\}")
_BLOCKS: Final = frozenset(("raw", "comment", "highlight"))
_SITE: Final = r"\{\{-?\s*site\.(?:base)?url\s*-?\}\}"
_KNOWN: Final = re.compile(
    rf"(?:{_SITE}){{0,2}}\{{%-?\s*(?P<tag>post_url|link)\s+(?P<name>[^%{{}}]+?)\s*-?%\}}"
    r"""|\{\{-?\s*(?:site\.(?P<field>url|baseurl)|(?P<quote>["'])(?P<path>[^"'{}]*)(?P=quote)(?P<filters>"""
    r"""(?:\s*\|\s*(?:relative_url|absolute_url|prepend:\s*site\.(?:base)?url))+))\s*-?\}\}"""
    r"|(?P<contents>^[*+-][ \t][^\n]{0,200}\n\{:toc\}[ \t]*\n?)"
    r"|(?P<attributes>\n?\{:[^{}\n]{0,300}\})"
    r"|(?P<unknown>\{\{(?:[^{}]|\}(?!\}))*+\}\}|\{%(?:[^{}%]|%(?!\})|\}|\{(?![{%]))*+%\})",
    re.MULTILINE,
)
_BRACES: Final = re.compile(r"\{(?=[{%])")
_MOST_TOLD: Final = 20


@dataclass(slots=True)
class Liquid:
    """What Liquid means in the documents of a site. `url` and `path` are those of its settings, "" without one.

    `address_of` gives the address of a post by its name, or of a file by its path, for the tags `post_url` and `link`.
    Of the last text, `unknown` are the tags that stayed in it; `drops_attributes`: kramdown's were taken out.
    """

    url: str
    path: str
    address_of: Callable[[str, str], str | None]
    unknown: list[str] = field(default_factory=list)
    drops_attributes: bool = False

    def converted(self, text: str, kind: Format) -> str:
        self.unknown, self.drops_attributes = [], False
        text = "".join(_blocks(text, kind))
        return markdown_source.substituted(_KNOWN, self._known, text, kind).replace(_MARK, "")

    def _known(self, match: re.Match[str]) -> str:
        if match["tag"]:
            address = self.address_of(match["tag"], match["name"].strip("\"' "))
            return self._stays(match[0]) if address is None else address
        if match["field"]:
            return self.url if match["field"] == "url" else self.path
        if match["filters"]:
            path = f"{self.path}/{match['path'].lstrip('/')}"
            return self.url + path if re.search(r"absolute_url|site\.url", match["filters"]) else path
        if match["unknown"]:
            return self._stays(match[0])
        self.drops_attributes |= match["contents"] is None
        return ""

    def _stays(self, tag: str) -> str:
        words = " ".join(tag.split())[:80]
        if words not in self.unknown and len(self.unknown) < _MOST_TOLD:
            self.unknown.append(words)
        return tag


def _blocks(text: str, kind: Format) -> Iterator[str]:
    """The text without comments and the marks of `raw`, and with fences where `highlight` is."""
    code = markdown_source.code(text, kind)
    opening: re.Match[str] | None = None
    done = 0
    for tag in _TAG.finditer(text):
        name = tag["name"]
        if opening is None:
            is_block = name == "raw" or (name in _BLOCKS and not markdown_source.is_within(code, tag.start()))
            opening = tag if is_block else None
        elif name == f"end{opening['name']}":
            yield text[done : opening.start()]
            yield _block(opening, text[opening.end() : tag.start()], kind)
            opening, done = None, tag.end()
    yield text[done:]


def _block(opening: re.Match[str], content: str, kind: Format) -> str:
    if opening["name"] == "comment":
        return ""
    if opening["name"] == "raw":
        return _BRACES.sub(f"{{{_MARK}", content)
    content = "".join(_blocks(content, "html"))
    return fence(opening.string, opening.start(), opening["rest"], content, kind)
