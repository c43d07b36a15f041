"""Refuses HTML that takes parsers too long: elements nested too deep, or reopened too often. Pure.

A parser reopens an unclosed `<b>` in each later block until `</b>` (HTML, 13.2.4.3 “The list of active formatting
elements”), so that a few kilobytes can become millions of nodes; and the sanitiser's time grows with the square of the
depth. Both are counted on tokens, in linear time.
"""

import turbohtml

from feedserver.errors import InvalidDocument
from feedserver.text import VOID

_DEEPEST = 100  # nested elements
_REOPENED = 500_000  # elements in all; a parser makes a million nodes in about two seconds

# Void elements, and those that the next one of their kind closes, do not nest.
_FLAT = VOID | set("p li dt dd option optgroup rt rp tr td th thead tbody tfoot colgroup".split())
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_FOREIGN = frozenset({"svg", "math"})  # `<path/>` is closed there, but not in HTML


def check(html: str) -> None:
    """Raises InvalidDocument if `html` is nested too deep or reopens too many elements."""
    elements: list[str] = []  # open ones; formatting elements stay until their own end tag
    reopened = 0
    for token in turbohtml.tokenize(html):
        tag = token.tag
        if tag is None:
            continue
        if token.type is turbohtml.TokenType.END_TAG:
            _close(elements, tag)
        elif tag not in _FLAT and not (token.self_closing and _FOREIGN & {*elements}):
            if tag == "a":  # a link in a link ends the outer one
                _close(elements, tag)
            elements.append(tag)
        if tag not in _FORMATTING:
            reopened += sum(name in _FORMATTING for name in elements)
        if len(elements) > _DEEPEST:
            raise InvalidDocument("body", f"has elements nested more than {_DEEPEST} deep; close some")
        if reopened > _REOPENED:
            raise InvalidDocument("body", "has elements such as <b> open over too many paragraphs; close them")


def _close(elements: list[str], tag: str) -> None:
    """Closes the innermost element of that name, and the elements inside it but for formatting ones."""
    if tag not in elements:
        return
    index = len(elements) - 1 - elements[::-1].index(tag)
    inside = elements[index + 1 :]
    elements[index:] = inside if tag in _FORMATTING else [name for name in inside if name in _FORMATTING]
