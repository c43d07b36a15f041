"""What readers of a page see of a post's HTML, written in elements that feeds can hold. Pure.

Hidden elements go with their words, also those that only browsers without scripts show. Where a picture is loaded by a
script, the real one takes the place of its placeholder. The result is not safe yet: `sanitising` follows.
"""

import re
from collections.abc import Iterator

import turbohtml
from turbohtml import Element, Namespace, Text

from feedserver.text import plain, srcset_candidates
from feedserver.urls import ascii_url, scheme

# Never shown (HTML section 15.3.1), or controls; of MathML the parts that explain a formula to programs.
_HIDDEN = (
    "script, style, template, title, noembed, noframes, datalist, select, [hidden], dialog:not([open]),"
    " annotation, annotation-xml"
)
# Pictures and films, and what may stand beside one in a paragraph that holds nothing else but a caption.
_PICTURES = "img, picture, audio, video, iframe"
_OF_CAPTIONS = {*_PICTURES.split(", "), "a", "br", "em", "i", "small"}
_FALLBACKS = "iframe, audio, video, canvas, object, mphantom"  # their words are seen where they are not supported
_FOOTNOTES = ".footnote-ref, .footnotes-sep, .footnotes"
_PREFORMATTED = "xmp, listing, plaintext"  # obsolete elements that browsers show as `pre`
# MathML Core's elements; the older ones that draw nothing of their own are dropped, not what is in them.
MATH = frozenset(
    "math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub"
    " msubsup msup mtable mtd mtext mtr munder munderover none semantics".split()
)
# Attributes by which scripts find the real address (lazysizes, WordPress plugins, consent tools), the commonest first.
_LAZY_SOURCES = (
    "data-src data-lazy-src data-original data-lazy data-lazyload data-lazy-load data-lazyload-src data-echo"
    " data-flickity-lazyload data-litespeed-src data-orig-src data-img-src data-cookieblock-src data-src-cmplz"
).split()
_LAZY_SETS = "data-srcset data-lazy-srcset data-lazyload-srcset data-original-set data-flickity-lazyload-srcset".split()
_ADDRESS = re.compile(r"[^{}]*[./][^{}]*")  # no flag, no template
_PICTURE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|avif|svg)(?:[?#]\S*)?", re.IGNORECASE)
_LESSER = re.compile("thumb|small|tiny|blur|preview|placeholder|lqip")  # in names of attributes
_SAYS_LAZY = '[class*="lazy" i]'
_AMP = {"amp-img": "img", "amp-anim": "img", "amp-iframe": "iframe", "amp-video": "video", "amp-audio": "audio"}
# Width and density of a candidate in a `srcset`. Browsers pass over a candidate with anything else.
_SIZES = re.compile(r"(?:[0-9.e+-]+[wxh]\s*)*")
_ALIGNMENT = re.compile(r"(?:^|;)\s*text-align\s*:\s*(left|right|center|justify)\b", re.IGNORECASE)


def words(html: str) -> str:
    """The words that readers of `html` see, on one line."""
    tree = _visible(html)
    _remove(tree, _FALLBACKS)
    return plain(tree.inner_html)


def words_and_pictures(html: str) -> str:
    """The same, with the words that stand for pictures in their places."""
    tree = _visible(html)
    for image in tree.select("img[alt]"):
        image.replace_with(Text(f" {_value(image, 'alt')} "))
    _remove(tree, _FALLBACKS)
    return plain(tree.inner_html)


def words_alone(html: str) -> str:
    """The words that make sense alone, on one line: no footnotes, and no captions unless there is nothing else."""
    tree = _visible(html)
    _remove(tree, _FOOTNOTES)
    captions = [box for box in tree.select("figure, p") if box.select_one(_PICTURES) and _is_captioned(box)]
    _remove(tree, _FALLBACKS)
    all_of_them = plain(tree.inner_html)
    for box in captions:
        box.decompose()
    return plain(tree.inner_html) or all_of_them


def _is_captioned(box: Element) -> bool:
    """Whether a box with a picture holds no other words than those on it, as in `![](roof.jpg)`, `*The roof.*`."""
    return box.tag == "figure" or all(
        node.tag in _OF_CAPTIONS if isinstance(node, Element) else not (isinstance(node, Text) and node.text.strip())
        for node in box.children
    )


def for_feeds(html: str) -> str:
    """`html` without what readers do not see, and with other elements for those that feeds cannot hold."""
    tree = _visible(html)
    for frame in tree.select("iframe"):
        frame.replace_with(_link_to(frame))
    for cell in tree.select("td[style], th[style]"):
        if alignment := _ALIGNMENT.search(_value(cell, "style")):
            cell.attrs["align"] = alignment[1].lower()
    return tree.inner_html


def candidates(srcset: str) -> Iterator[tuple[str, str]]:
    """The addresses in a `srcset` that browsers choose from, each with its width or density, or ""."""
    return ((address, size) for address, size in srcset_candidates(srcset) if _SIZES.fullmatch(size))


def _visible(html: str) -> Element:
    tree = turbohtml.parse_fragment(html, positions=False)
    _show_pictures(tree)
    for drawing in tree.select("svg"):
        drawing.replace_with(Text(_words_in(drawing)))
    for action in tree.select("maction"):  # the first part is shown, the others after a click
        action.replace_with(*[child for child in action.children if isinstance(child, Element)][:1])
    for stray in tree.select(", ".join(MATH)):
        if stray.namespace is not Namespace.MATHML:
            stray.unwrap()
    for box in tree.select("input[type=checkbox i]"):
        box.replace_with(Text("☑" if "checked" in box.attrs else "☐"))
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


# --- pictures and films that a script loads ---


def _show_pictures(tree: Element) -> None:
    """Writes them as browsers with scripts show them. Hidden elements go, too."""
    for element in tree.select(", ".join(_AMP)):
        _write_in_html(element)
    for alternative in tree.select("noscript"):
        _show_picture_of(alternative)
    _remove(tree, f"noscript, {_HIDDEN}")  # not before: else a wide element could stand beside each of them
    for element in tree.select("img, source, iframe, video, audio"):
        _load_at_once(element)
    for picture in tree.select("picture"):
        _choose(picture)
    for image in tree.select("img"):
        _complete(image)


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
    lazy = {_lazy_address(pictures[0]), *_addresses(_first_value(pictures[0], _LAZY_SETS))} - {""}
    if element.tag in ("img", "picture"):
        is_placeholder = bool(lazy) or not _is_loaded(pictures[0]) or pictures[0].matches(_SAYS_LAZY)
    else:  # in a link or a figure, another address is another picture
        is_placeholder = address in lazy or not (lazy or _is_loaded(pictures[0]))
    return pictures[0] if is_placeholder else None


def _load_at_once(element: Element) -> None:
    """Gives an element the addresses that a script would give it."""
    address = _lazy_address(element)
    if addresses := _first_value(element, _LAZY_SETS):
        element.attrs["srcset"] = addresses
        if not address and element.tag == "img":
            element.attrs.pop("src", None)  # of the placeholder: `_complete` gives it the first of the set
    if address:
        element.attrs["src"] = address


def _choose(picture: Element) -> None:
    """Gives the image of a `picture` that names none the addresses of a source."""
    image, source = picture.select_one("img"), picture.select_one("source[srcset]")
    if image and source and not _is_loaded(image):
        image.attrs["srcset"] = _value(source, "srcset")


def _complete(image: Element) -> None:
    """Gives an image without `src` the first address of its `srcset`. Removes one that shows and says nothing."""
    if not _names_a_file(_value(image, "src")):
        image.attrs.pop("src", None)
        if address := _first_candidate(image):
            image.attrs["src"] = address
        elif not _value(image, "alt").strip():
            image.decompose()


def _is_loaded(element: Element) -> bool:
    return _names_a_file(_value(element, "src")) or bool(_first_candidate(element))


def _names_a_file(address: str) -> bool:
    """Whether an address is that of a file; feeds hold no `data:` URL, and `#` is the page itself."""
    uri = ascii_url(address)
    return not uri.startswith("#") and uri != "" and scheme(uri) in ("", "http", "https")


def _first_candidate(element: Element) -> str:
    return next(_addresses(_value(element, "srcset")), "")


def _addresses(srcset: str) -> Iterator[str]:
    return (address for address, _ in candidates(srcset) if _names_a_file(address))


def _lazy_address(element: Element) -> str:
    """The address that a script would load, "" if there is none.

    Any attribute of data may name the picture of an image that names none itself, or says that it is lazy.
    """
    if address := _first_value(element, _LAZY_SOURCES):
        return address
    if element.tag != "img" or (_is_loaded(element) and not element.matches(_SAYS_LAZY)):
        return ""
    data = [name for name in element.attrs if name.startswith("data-") and not _LESSER.search(name)]
    return next((value for name in data if _PICTURE.fullmatch(value := _value(element, name).strip())), "")


def _first_value(element: Element, names: list[str]) -> str:
    """The first address, or set of some, in attributes of these names."""
    values = (_value(element, name).strip() for name in names)
    return next((value for value in values if _ADDRESS.fullmatch(value) and _names_a_file(value)), "")


def _write_in_html(element: Element) -> None:
    """Puts the element of HTML in the place of that of AMP; what is within stays."""
    element.tag = _AMP[element.tag]
    if element.tag == "img":
        element.insert_before(Element("img", dict(element.attrs)))
        element.unwrap()


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
