"""What readers of a page see of a post's HTML, written in elements that feeds can hold.

Hidden elements go with their words, also those that only browsers without scripts show. Where a picture is loaded by a
script, the real one takes the place of its placeholder. The result is not safe yet: `sanitising` follows.
"""

import re

import turbohtml
from turbohtml import Element, Namespace, Text

from feedserver.text import plain
from feedserver.urls import ascii_url, scheme

# Never shown (HTML section 15.3.1), or controls; of MathML the parts that explain a formula to programs.
_HIDDEN = (
    "script, style, template, title, noembed, noframes, datalist, select, [hidden], dialog:not([open]),"
    " annotation, annotation-xml"
)
_FALLBACKS = "iframe, audio, video, canvas, object, mphantom"  # their words are seen where they are not supported
_FOOTNOTES = ".footnote-ref, .footnotes-sep, .footnotes"
_PREFORMATTED = "xmp, listing, plaintext"  # obsolete elements that browsers show as `pre`
# MathML Core's elements; the older ones that draw nothing of their own are dropped, not what is in them.
MATH = frozenset(
    "math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub"
    " msubsup msup mtable mtd mtext mtr munder munderover none semantics".split()
)
# Attributes by which scripts find the real address (lazysizes, WordPress plugins), the commonest first.
_LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_ALIGNMENT = re.compile(r"(?:^|;)\s*text-align\s*:\s*(left|right|center|justify)\b", re.IGNORECASE)


def words(html: str, *, footnotes: bool = True) -> str:
    """The words that readers of `html` see, on one line."""
    tree = _visible(html)
    _remove(tree, _FALLBACKS if footnotes else f"{_FALLBACKS}, {_FOOTNOTES}")
    return plain(tree.inner_html)


def for_feeds(html: str) -> str:
    """`html` without what readers do not see, and with other elements for those that feeds cannot hold."""
    tree = _visible(html)
    for frame in tree.select("iframe"):
        frame.replace_with(_link_to(frame))
    for cell in tree.select("td[style], th[style]"):
        if alignment := _ALIGNMENT.search(_value(cell, "style")):
            cell.attrs["align"] = alignment[1].lower()
    return tree.inner_html


def _visible(html: str) -> Element:
    tree = turbohtml.parse_fragment(html, positions=False)
    for alternative in tree.select("noscript"):
        _show_picture_of(alternative)
    _remove(tree, f"noscript, {_HIDDEN}")  # not before: else a wide element could stand beside each of them
    for picture in tree.select("img, source"):
        _load_at_once(picture)
    for drawing in tree.select("svg"):
        drawing.replace_with(Text(_words_in(drawing)))
    for action in tree.select("maction"):  # the first part is shown, the others after a click
        action.replace_with(*[child for child in action.children if isinstance(child, Element)][:1])
    for stray in tree.select(", ".join(MATH)):
        if stray.namespace is not Namespace.MATHML:
            stray.unwrap()
    for field in tree.select("textarea"):
        field.replace_with(Text(field.text))
    for text in tree.select(_PREFORMATTED):
        text.tag = "pre"
    return tree


def _remove(tree: Element, selector: str) -> None:
    for element in tree.select(selector):
        element.decompose()


def _words_in(drawing: Element) -> str:
    texts = drawing.select("text, foreignObject")
    return " ".join(text.text for text in texts if text.parent and not text.parent.closest("text, foreignObject"))


# --- pictures that a script loads ---


def _show_picture_of(noscript: Element) -> None:
    """Puts the picture in a `noscript` in the place of the placeholder beside it.

    Other pictures in it, such as those that count readers, are not seen by readers.
    """
    picture = noscript.select_one("picture, img")
    real = picture.select_one("img") if picture and picture.tag == "picture" else picture
    if picture is None or real is None or {"0", "1"} & {_value(real, "width"), _value(real, "height")}:
        return
    address = _value(real, "src").strip()
    for beside in (_element_beside(noscript, "previous_sibling"), _element_beside(noscript, "next_sibling")):
        if beside and (placeholder := _placeholder_in(beside, address)):
            (placeholder.closest("picture") or placeholder).replace_with(picture.extract())
            return


def _element_beside(element: Element, direction: str) -> Element | None:
    """The next element in a direction, with nothing but blanks between."""
    node = getattr(element, direction)
    while isinstance(node, Text) and not node.text.strip():
        node = getattr(node, direction)
    return node if isinstance(node, Element) else None


def _placeholder_in(element: Element, address: str) -> Element | None:
    """The only picture in `element`, or itself, if it is a placeholder for the picture at `address`."""
    pictures = [element] if element.tag == "img" else element.select("img")
    if len(pictures) != 1:
        return None
    lazy = _lazy_address(pictures[0], _LAZY_SOURCES)
    is_placeholder = bool(lazy) or not _is_loaded(pictures[0])
    is_alone = element.tag in ("img", "picture")  # in a link or a figure, another address is another picture
    return pictures[0] if is_placeholder and (is_alone or lazy in ("", address)) else None


def _load_at_once(picture: Element) -> None:
    """Gives a placeholder the address that a script would give it. Removes a picture that shows and says nothing."""
    if not _is_loaded(picture) and (address := _lazy_address(picture, _LAZY_SOURCES)):
        picture.attrs["src"] = address
    if "srcset" not in picture.attrs and (addresses := _lazy_address(picture, _LAZY_SETS)):
        picture.attrs["srcset"] = addresses
    if picture.tag == "img" and not _is_loaded(picture) and not _value(picture, "alt").strip():
        picture.decompose()


def _is_loaded(picture: Element) -> bool:
    """Whether `src` or `srcset` names a picture; a `data:` URL, which feeds do not hold, names none."""
    source = ascii_url(_value(picture, "src"))
    return (source != "" and scheme(source) != "data") or "srcset" in picture.attrs


def _lazy_address(picture: Element, names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := _value(picture, name).strip())), "")


# --- frames ---


def _link_to(frame: Element) -> Element | Text:
    """A link to what an `iframe` shows, in a paragraph; nothing if it shows no page of its own."""
    address = ascii_url(_value(frame, "src"))
    if not address or scheme(address) not in ("", "http", "https"):
        return Text("")
    link = Element("a", {"href": address})
    link.append(Text(_value(frame, "title") or address))
    if frame.closest("p"):
        return link
    paragraph = Element("p")
    paragraph.append(link)
    return paragraph


def _value(element: Element, name: str) -> str:
    """An attribute's value; "" if it is missing or has none."""
    value = element.attrs.get(name)
    return value if isinstance(value, str) else ""
