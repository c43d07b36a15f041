"""Hugo's shortcodes, those that are its own, exchanged for what they make. Pure.

Others stay in the text as they are, and are told. In code only the marks of escaped ones go, which nobody ever saw.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

from feedserver.posts.model import Format
from feedserver.transfer.formats import markdown_source
from feedserver.transfer.formats.fences import fence

_MARK: Final = "\ufdd0"  # between braces that are text; `text.clean` leaves it in no document
_SHORTCODE: Final = re.compile(r"\{\{(?=[<%])(?P<inner>(?:[^{}]|\{(?!\{)|\}(?!\}))*+)\}\}")
_INNER: Final = re.compile(r"[<%]-?\s*(?P<end>/?)\s*(?P<name>[\w./-]+)(?P<rest>.*?)/?-?[>%]", re.DOTALL)
_ESCAPED: Final = re.compile(r"([<%])\s*/\*(.*)\*/\s*([>%])", re.DOTALL)
_PARAMETER: Final = re.compile(
    r"""(?:(?P<name>\w+)\s*=\s*)?(?:"(?P<double>(?:[^"\\]|\\.)*+)"|`(?P<raw>[^`]*+)`|(?P<bare>[^\s"`=]++))"""
)
_ID: Final = re.compile(r"[\w.@~-]+(?:/[\w.@~-]+)*")
_MOST_TOLD: Final = 20

Parameters = Mapping[str, str]  # by name, or by place from "0" on


@dataclass(slots=True)
class Shortcodes:
    """What shortcodes mean in the documents of a site.

    `address_of` gives the address of a document that `ref` names. `unknown` are those that stayed in the last text.
    """

    address_of: Callable[[str], str | None]
    unknown: list[str] = field(default_factory=list)

    def converted(self, text: str, kind: Format) -> str:
        self.unknown = []
        text = "".join(_prepared(text, kind))
        return markdown_source.substituted(_SHORTCODE, self._made, text, kind).replace(_MARK, "")

    def _made(self, match: re.Match[str]) -> str:
        inner = _INNER.fullmatch(match["inner"])
        if inner is None or inner["end"]:
            return match[0]
        made = self._known(inner["name"], _parameters(inner["rest"]))
        if made is None:
            words = " ".join(match[0].split())[:80]
            if words not in self.unknown and len(self.unknown) < _MOST_TOLD:
                self.unknown.append(words)
            return match[0]
        follows = match.string[match.end() : match.end() + 2]
        apart = made.startswith("<figure") and len(follows) == 2 and follows[0] == "\n" != follows[1]
        return f"{made}\n" if apart else made

    def _known(self, name: str, parameters: Parameters) -> str | None:
        if name in ("ref", "relref"):
            return self.address_of(parameters.get("0") or parameters.get("path", ""))
        if name == "figure":
            return _figure(parameters)
        return _embedded(name, parameters)


def _prepared(text: str, kind: Format) -> Iterator[str]:
    """The text with escaped shortcodes as they were seen, and with fences where `highlight` is."""
    code = markdown_source.code(text, kind)
    opening: re.Match[str] | None = None
    done = 0
    for match in _SHORTCODE.finditer(text):
        if opening is None and (escaped := _ESCAPED.fullmatch(match["inner"])):
            yield f"{text[done : match.start()]}{{{_MARK}{{{''.join(escaped.groups())}}}}}"
            done = match.end()
        elif (inner := _INNER.fullmatch(match["inner"])) is None or inner["name"] != "highlight":
            continue
        elif opening is None and not inner["end"] and not markdown_source.is_within(code, match.start()):
            opening = match
        elif opening is not None and inner["end"]:
            yield text[done : opening.start()]
            started = _INNER.fullmatch(opening["inner"])
            language = _parameters(started["rest"]).get("0", "") if started else ""
            yield fence(text, opening.start(), language, text[opening.end() : match.start()], kind)
            opening, done = None, match.end()
    yield text[done:]


def _parameters(text: str) -> Parameters:
    found: dict[str, str] = {}
    for number, match in enumerate(_PARAMETER.finditer(text)):
        value = next(part for part in (match["double"], match["raw"], match["bare"]) if part is not None)
        found[match["name"] or str(number)] = value.replace('\\"', '"') if match["double"] else value
    return found


def _figure(parameters: Parameters) -> str:
    caption = "".join(
        (
            f"<h4>{escape(parameters['title'])}</h4>" if parameters.get("title") else "",
            _inline(parameters.get("caption", "")),
            _credit(parameters),
        )
    )
    image = f'<img src="{escape(parameters.get("src", ""))}" alt="{escape(parameters.get("alt", ""))}">'
    if link := parameters.get("link"):
        image = f'<a href="{escape(link)}">{image}</a>'
    return f"<figure>{image}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"


def _credit(parameters: Parameters) -> str:
    words, link = _inline(parameters.get("attr", "")), parameters.get("attrlink")
    return f' <a href="{escape(link)}">{words}</a>' if words and link else words


def _inline(text: str) -> str:
    """A caption, which is Markdown, as HTML."""
    from markdown_it import MarkdownIt  # late, as in `posts.rendering`

    return str(MarkdownIt("commonmark", {"html": False}).renderInline(text)) if text else ""


def _embedded(name: str, parameters: Parameters) -> str | None:
    """The address of something elsewhere that a shortcode shows."""
    first = parameters.get("0") or parameters.get("id", "")
    second = parameters.get("1", "")
    if not _ID.fullmatch(first) or (second and not _ID.fullmatch(second)):
        return None
    user = parameters.get("user", "")
    addresses = {
        "youtube": f"https://www.youtube.com/watch?v={first}",
        "vimeo": f"https://vimeo.com/{first}",
        "gist": f"https://gist.github.com/{first}/{second}",
        "instagram": f"https://www.instagram.com/p/{first}/",
    } | dict.fromkeys(("tweet", "twitter", "x"), f"https://x.com/{user or 'i'}/status/{first}")
    return f"<{addresses[name]}>" if name in addresses else None
