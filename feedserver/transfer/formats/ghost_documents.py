"""The HTML of what Ghost's editors write, for posts whose HTML the export lacks: Lexical and the older Mobiledoc. Pure.

What can be read plainly is: text, links, lists, quotes, code, pictures and the usual cards. The kinds of others are
told; what they hold besides is left out.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final

from feedserver.transfer.formats.json_stream import text

MAX_DOCUMENT: Final = 2 * 1_048_576  # characters
_MAX_DEPTH: Final = 100
# Bits of a text's format (Lexical), outermost element last.
_FORMATS: Final = ((16, "code"), (1, "strong"), (2, "em"), (4, "s"), (8, "u"), (32, "sub"), (64, "sup"), (128, "mark"))
_BLOCKS: Final = {"paragraph": "p", "quote": "blockquote", "extended-quote": "blockquote", "aside": "blockquote"}
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SECTIONS: Final = _HEADINGS | {"p", "blockquote", "ul", "ol", "aside"}
_MARKUPS: Final = frozenset("a b code em i mark s strong sub sup u".split())
_SILENT: Final = frozenset(("email", "email-cta", "paywall", "signup"))  # cards that pages do not show


class Unreadable(ValueError):
    """No document of an editor, or too deep or too long a one."""


def html_of(lexical: str, mobiledoc: str) -> tuple[str, tuple[str, ...]]:
    """The HTML of the document that is not empty, and the kinds of cards in it that are not known.

    Raises Unreadable.
    """
    reader = _Reader()
    try:
        if lexical:
            html = reader.lexical(_loaded(lexical).get("root"), 0)
        else:
            html = reader.mobiledoc(_loaded(mobiledoc)) if mobiledoc else ""
    except (ValueError, RecursionError, TypeError, IndexError, AttributeError, KeyError) as error:
        raise Unreadable from error
    return html, tuple(sorted(reader.unknown))


def _loaded(document: str) -> dict[str, Any]:
    if len(document) > MAX_DOCUMENT:
        raise Unreadable
    loaded = json.loads(document)
    return loaded if isinstance(loaded, dict) else {}


class _Reader:
    def __init__(self) -> None:
        self.unknown: set[str] = set()

    # --- Lexical: a tree ---

    def lexical(self, node: Any, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise Unreadable
        if not isinstance(node, dict):
            return ""
        kind = text(node, "type")
        if kind in ("text", "extended-text", "tk"):
            return _formatted(text(node, "text"), node.get("format"))
        if kind in ("linebreak", "tab"):
            return "<br>" if kind == "linebreak" else " "
        if "children" not in node:
            return self._card(kind, node)
        inner = "".join(self.lexical(child, depth + 1) for child in node["children"])
        if kind in ("link", "autolink", "at-link"):
            return f"{_opening('a', href=text(node, 'url'))}{inner}</a>"
        if tag := self._tag(kind, node):
            return f"<{tag}>{inner}</{tag}>"
        return inner

    def _tag(self, kind: str, node: Mapping[str, Any]) -> str:
        if kind in ("heading", "extended-heading"):
            return tag if (tag := text(node, "tag")) in _HEADINGS else "h2"
        if kind == "list":
            return "ol" if text(node, "listType") == "number" or text(node, "tag") == "ol" else "ul"
        return "li" if kind == "listitem" else _BLOCKS.get(kind, "")

    # --- Mobiledoc: sections of markers ---

    def mobiledoc(self, document: Mapping[str, Any]) -> str:
        return "\n".join(self._section(section, document) for section in document["sections"])

    def _section(self, section: list[Any], document: Mapping[str, Any]) -> str:
        kind = section[0]
        if kind == 10:
            name, payload = document["cards"][section[1]][:2]
            return self._card(str(name), payload if isinstance(payload, dict) else {})
        if kind == 2:
            return f"<figure>{_opening('img', src=str(section[1]))}</figure>"
        tag = section[1] if section[1] in _SECTIONS else "p"
        if kind == 3:
            items = "".join(f"<li>{self._markers(item, document)}</li>" for item in section[2])
            return f"<{tag}>{items}</{tag}>"
        tag = "blockquote" if tag == "aside" else tag
        return f"<{tag}>{self._markers(section[2], document)}</{tag}>"

    def _markers(self, markers: list[Any], document: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        opened: list[str] = []
        for kind, opens, closes, value in markers:
            for index in opens:
                tag, *attributes = document["markups"][index]
                tag = tag if tag in _MARKUPS else "span"
                flat = attributes[0] if attributes else []
                href = dict(zip(flat[::2], flat[1::2], strict=False)).get("href") if tag == "a" else None
                pieces.append(_opening(tag, href=str(href)) if href else f"<{tag}>")
                opened.append(tag)
            pieces.append(escape(str(value), quote=False) if kind == 0 else self._atom(document["atoms"][value]))
            pieces += [f"</{opened.pop()}>" for _ in range(min(int(closes), len(opened)))]
        pieces += [f"</{tag}>" for tag in reversed(opened)]
        return "".join(pieces)

    def _atom(self, atom: list[Any]) -> str:
        return "<br>" if atom[0] == "soft-return" else escape(str(atom[1]), quote=False)

    # --- cards, which have the same values in both ---

    def _card(self, kind: str, card: Mapping[str, Any]) -> str:
        name = kind.removeprefix("card-")
        if name in _SILENT:
            return ""
        if name not in _CARDS:
            self.unknown.add(kind[:40])
            return ""
        return "".join(_CARDS[name](card))


def _formatted(words: str, bits: Any) -> str:
    html = escape(words, quote=False)
    for bit, tag in _FORMATS if isinstance(bits, int) else ():
        if bits & bit:
            html = f"<{tag}>{html}</{tag}>"
    return html


def _opening(tag: str, **attributes: str) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>"


def _figure(inner: str, card: Mapping[str, Any]) -> str:
    caption = text(card, "caption")
    return f"<figure>{inner}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>" if inner else ""


def _image(card: Mapping[str, Any]) -> Iterator[str]:
    if src := text(card, "src"):
        picture = _opening("img", src=src, alt=text(card, "alt"))
        href = text(card, "href")
        yield _figure(f"{_opening('a', href=href)}{picture}</a>" if href else picture, card)


def _gallery(card: Mapping[str, Any]) -> Iterator[str]:
    images = card.get("images")
    found = [image for image in images if text(image, "src")] if isinstance(images, list) else []
    pictures = (_opening("img", src=text(image, "src"), alt=text(image, "alt")) for image in found)
    yield _figure("".join(pictures), card)


def _film(tag: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    def film(card: Mapping[str, Any]) -> Iterator[str]:
        if src := text(card, "src"):
            yield _figure(f'{_opening(tag, src=src)[:-1]} controls=""></{tag}>', card)

    return film


def _code(card: Mapping[str, Any]) -> Iterator[str]:
    language = text(card, "language")
    opening = _opening("code", **({"class": f"language-{language}"} if language else {}))
    yield _figure(f"<pre>{opening}{escape(text(card, 'code'), quote=False)}</code></pre>", card)


def _markdown(card: Mapping[str, Any]) -> Iterator[str]:
    from markdown_it import MarkdownIt  # late: few posts need it

    yield str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text(card, "markdown")))


def _embed(card: Mapping[str, Any]) -> Iterator[str]:
    url = text(card, "url")
    yield _figure(text(card, "html") or _link(url, url), card)


def _bookmark(card: Mapping[str, Any]) -> Iterator[str]:
    url = text(card, "url")
    link = _link(url, text(card, "metadata", "title") or url)
    description = escape(text(card, "metadata", "description"), quote=False)
    yield _figure(f"{link}{f'<p>{description}</p>' if description else ''}", card)


def _button(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"<p>{_link(text(card, 'buttonUrl'), text(card, 'buttonText'))}</p>"


def _file(card: Mapping[str, Any]) -> Iterator[str]:
    name = text(card, "fileTitle") or text(card, "fileName") or "file"
    yield f"<p>{_link(text(card, 'src'), name)}</p>"
    if caption := text(card, "fileCaption"):
        yield f"<p>{caption}</p>"


def _callout(card: Mapping[str, Any]) -> Iterator[str]:
    emoji = escape(text(card, "calloutEmoji"), quote=False)
    yield f"<blockquote>{f'{emoji} ' if emoji else ''}{text(card, 'calloutText')}</blockquote>"


def _toggle(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details><summary>{text(card, 'heading')}</summary>{text(card, 'content')}</details>"


def _header(card: Mapping[str, Any]) -> Iterator[str]:
    if heading := text(card, "heading"):
        yield f"<h2>{heading}</h2>"
    if below := text(card, "subheading"):
        yield f"<p>{below}</p>"


def _product(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h3>{text(card, 'productTitle')}</h3>{text(card, 'productDescription')}"
    if url := text(card, "productUrl"):
        yield f"<p>{_link(url, text(card, 'productButton') or url)}</p>"


def _link(url: str, words: str) -> str:
    return f"{_opening('a', href=url)}{escape(words or url, quote=False)}</a>" if url else escape(words, quote=False)


_CARDS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "image": _image,
    "gallery": _gallery,
    "video": _film("video"),
    "audio": _film("audio"),
    "code": _code,
    "codeblock": _code,
    "markdown": _markdown,
    "html": lambda card: iter((text(card, "html"),)),
    "embed": _embed,
    "bookmark": _bookmark,
    "button": _button,
    "file": _file,
    "callout": _callout,
    "toggle": _toggle,
    "header": _header,
    "product": _product,
    "hr": lambda _: iter(("<hr>",)),
    "horizontalrule": lambda _: iter(("<hr>",)),
}
