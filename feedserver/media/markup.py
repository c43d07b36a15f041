"""Pictures and files of the site in the HTML of a text: each as it is to be shown. Pure.

A large picture stands as its smaller copy, with its size and a link to the large one. What the author wrote wins: a
size, a link around it, an alternative text, a set of sources. All other bytes of the text stay as they are.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

import turbohtml
from turbohtml import Element

from feedserver.media.model import SHOWN_SIDE, Media, StoredFile
from feedserver.media.references import Find, Use
from feedserver.text import srcset_candidates
from feedserver.urls import fragment_of

SIZES: Final = "(max-width: 41rem) 100vw, 41rem"  # of the column of text (style.css)
_COLUMN: Final = 656  # the same in pixels, where the reader has not chosen another size of text
_MARKS: Final = re.compile(r"[\\\[\]*_`<&!]")  # that mean something in the text of a link
_PIXELS: Final = re.compile(r"\s*([0-9]{1,5})(?:px)?\s*", re.IGNORECASE)
_SOURCES: Final = "img, source, audio, video, track"
_SETS: Final = "img[srcset], source[srcset]"


def with_media(html: str, find: Find, root: str, *, for_pages: bool) -> str:
    """`html` with what `find` finds; byte for byte as it is where that is nothing.

    `root` leads from the text's own address to that of the site: `../` from a post.
    On pages pictures have several sizes to choose from, and all but the first are loaded when they are near.
    """
    tree = turbohtml.parse_fragment(html, positions=False)
    found = [(one, name, media) for one, name, use in _references(tree) if (media := find(_value(one, name), use))]
    if not (_fill_sets(tree, find, root) or found):
        return html
    first = tree.select_one("img")
    for element, name, media in found:
        if element.tag != "img" or not media.is_picture:
            element.attrs[name] = _address(media, root) + fragment_of(_value(element, name))
            continue
        if for_pages and element != first:
            element.attrs.setdefault("loading", "lazy")
        _show(element, media, root, for_pages=for_pages)
    return tree.inner_html


def addresses(html: str) -> Iterator[tuple[str, Use]]:
    """All addresses in `html` that may mean a picture or file, each with its use."""
    tree = turbohtml.parse_fragment(html, positions=False)
    for element, name, use in _references(tree):
        yield _value(element, name), use
    for element in tree.select(_SETS):
        for address, _ in srcset_candidates(_value(element, "srcset")):
            yield address, "shown"


def without_alt(html: str) -> Iterator[str]:
    """The addresses of pictures in `html` that have no alternative text."""
    for image in turbohtml.parse_fragment(html, positions=False).select("img[src]"):
        if "alt" not in image.attrs or not _value(image, "alt").strip():
            yield _value(image, "src")


def markdown(media: Media) -> str:
    """What a document says to show a picture, or to link to a file, on any site that has it."""
    words = _MARKS.sub(r"\\\g<0>", media.alt if media.is_picture else media.name)
    return f"{'!' if media.is_picture else ''}[{words}](/{media.quoted_path})"


def as_html(media: Media) -> str:
    """The same for a document whose text is HTML."""
    if media.is_picture:
        return f'<p><img src="/{media.quoted_path}" alt="{escape(media.alt)}"></p>'
    return f'<p><a href="/{media.quoted_path}">{escape(media.name)}</a></p>'


def first_copy_for(media: Media, width: int) -> StoredFile:
    """The smallest file of a picture that is at least `width` pixels wide; else the one that stands in texts."""
    wide_enough = (copy for copy in media.copies if (copy.width or 0) >= width)
    return next(wide_enough, shown_copy(media))


def shown_copy(media: Media) -> StoredFile:
    """The file that stands for a picture in a text: its copy of `SHOWN_SIDE`, or itself where it is no larger."""
    return next((copy for copy in media.copies if SHOWN_SIDE in (copy.width, copy.height)), media)


def _address(file: StoredFile, root: str) -> str:
    return root + file.quoted_path


def _value(element: Element, name: str) -> str:
    value = element.attrs[name]
    return value if isinstance(value, str) else ""


def _references(tree: Element) -> Iterator[tuple[Element, str, Use]]:
    for element in tree.select(_SOURCES):
        if element.attrs.get("src"):
            yield element, "src", "shown"
        if element.tag == "video" and element.attrs.get("poster"):
            yield element, "poster", "shown"
    for link in tree.select("a[href]"):
        yield link, "href", "linked"


def _show(image: Element, media: Media, root: str, *, for_pages: bool) -> None:
    shown = shown_copy(media)
    attrs = image.attrs
    attrs["src"] = _address(shown, root)
    if not attrs.get("alt"):
        attrs["alt"] = media.alt
    _give_size(image, shown)
    in_picture = image.closest("picture")
    if for_pages and media.copies and not (in_picture or attrs.get("srcset")):
        attrs["srcset"] = ", ".join(f"{_address(one, root)} {one.width}w" for one in (*media.copies, media))
        attrs.setdefault("sizes", _sizes(image))
    if shown is not media and not image.closest("a"):
        (in_picture or image).wrap(Element("a", {"href": _address(media, root)}))


def _give_size(image: Element, shown: StoredFile) -> None:
    """Width and height in pixels; where the author gave one of them, the other one in proportion."""
    if not (shown.width and shown.height):
        return
    given = {name: _value(image, name) for name in ("width", "height") if name in image.attrs}
    if not given:
        image.attrs["width"], image.attrs["height"] = str(shown.width), str(shown.height)
    elif len(given) == 1:
        ((name, value),) = given.items()
        pixels = _PIXELS.fullmatch(value)
        if pixels and name == "width":
            image.attrs["height"] = str(max(1, round(int(pixels[1]) * shown.height / shown.width)))
        elif pixels:
            image.attrs["width"] = str(max(1, round(int(pixels[1]) * shown.width / shown.height)))


def _sizes(image: Element) -> str:
    """The width that a browser is to expect: the author's, if it is less than that of the column."""
    pixels = _PIXELS.fullmatch(_value(image, "width")) if "width" in image.attrs else None
    return f"{pixels[1]}px" if pixels and int(pixels[1]) < _COLUMN else SIZES


def _fill_sets(tree: Element, find: Find, root: str) -> bool:
    """The sets of sources that the author wrote, with addresses of ours. Returns whether any changed."""
    changed = False
    for element in tree.select(_SETS):
        candidates = list(srcset_candidates(_value(element, "srcset")))
        found = [find(address, "shown") for address, _ in candidates]
        if any(found):
            pairs = zip(found, candidates, strict=True)
            written = (f"{_address(one, root) if one else address} {size}".strip() for one, (address, size) in pairs)
            element.attrs["srcset"] = ", ".join(written)
            changed = True
    return changed
