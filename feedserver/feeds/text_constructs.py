"""Writes text into XML so that every reader shows it as it is: plain text in two ways, and HTML. Pure.

RSS does not say whether a title is plain text or HTML, and readers guess. As hexadecimal references, `&` and `<` are
shown correctly under both guesses (RSS Advisory Board, best practices profile, “Character data”). Atom does say.
"""

import html
import re

from lxml import etree
from lxml.etree import _Element as Element

from feedserver import text
from feedserver.feeds.model import Entry

LABEL = 80  # characters of a summary used as a title
_REFERENCES = {"&": "#x26", "<": "#x3C"}
_MARKS = re.compile("([&<])")


def label(entry: Entry) -> str:
    """The title for a format that requires one: the entry's own, else its first words, else its URL."""
    if entry.title.strip():
        return entry.title
    return text.shorten(text.one_line(entry.summary), LABEL) or entry.url


def escaped(plain: str) -> str:
    """Plain text as HTML."""
    return html.escape(plain, quote=False)


def has_marks(plain: str) -> bool:
    """Whether `plain` holds a character that `write_plain` writes specially."""
    return "&" in plain or "<" in plain


def write_plain(element: Element, plain: str) -> None:
    """Makes `plain` the text of an RSS element, with `&` and `<` as references."""
    first, *rest = _MARKS.split(plain)
    element.text = first
    for mark, tail in zip(rest[::2], rest[1::2], strict=True):
        reference = etree.Entity(_REFERENCES[mark])
        reference.tail = tail
        element.append(reference)


def write_html(element: Element, markup: str) -> None:
    """Makes HTML the text of an RSS element, as CDATA: some readers' parsers refuse thousands of references.

    What would end the CDATA section is written as a reference of HTML.
    """
    element.text = etree.CDATA(markup.replace("]]>", "]]&gt;"))
