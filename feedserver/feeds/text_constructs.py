"""Writes plain text into XML so that every reader shows it as plain text.

RSS does not say whether a title is plain text or HTML, and readers guess. As hexadecimal references, `&` and `<` are
shown correctly under both guesses (RSS Advisory Board, best practices profile, “Character data”).
"""

import html
import re

from lxml import etree
from lxml.etree import _Element as Element

from feedserver import text
from feedserver.feeds.model import Entry

LABEL = 80  # characters of a summary used as a title
_WORD_JOINER = "\u2060"  # invisible, without width
_REFERENCES = {"&": "#x26", "<": "#x3C"}
_MARKS = re.compile("([&<])")
_CLOSING_TAG = re.compile(r"<(?=/\w)")


def label(entry: Entry) -> str:
    """The title for a format that requires one: the entry's own, else its first words, else its URL."""
    return entry.title.strip() or text.shorten(text.one_line(entry.summary), LABEL) or entry.url


def escaped(plain: str) -> str:
    """Plain text as HTML."""
    return html.escape(plain, quote=False)


def has_marks(plain: str) -> bool:
    """Whether `plain` holds a character that the functions below write specially."""
    return "&" in plain or "<" in plain


def write_plain(element: Element, plain: str) -> None:
    """Makes `plain` the text of `element`, with `&` and `<` as references.

    Readers take a closing tag for HTML despite the references; a word joiner in it makes it show as written.
    """
    first, *rest = _MARKS.split(_CLOSING_TAG.sub("<" + _WORD_JOINER, plain))
    element.text = first
    for mark, tail in zip(rest[::2], rest[1::2], strict=True):
        reference = etree.Entity(_REFERENCES[mark])
        reference.tail = tail
        element.append(reference)


def write_text_construct(element: Element, plain: str) -> None:
    """Makes `plain` an Atom text construct (RFC 4287 section 3.1) of type text, which readers show best.

    Only text that would read differently as HTML (a closing tag, a character reference) is declared to be HTML and
    escaped once more.
    """
    if _CLOSING_TAG.search(plain) or html.unescape(plain) != plain:
        element.set("type", "html")
        element.text = escaped(plain)
    else:
        write_plain(element, plain)


def write_name(element: Element, name: str) -> None:
    """Makes `name` the text of `element`; nothing in it reads as an address (`Name <name@host>`) or a tag."""
    write_plain(element, name.replace("<", "<" + _WORD_JOINER))
