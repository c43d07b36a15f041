"""Whether an HTML parser can read some HTML in reasonable time: how deep it goes, how often open elements come again.

A parser repairs what is left open. `<b>` comes again in each block behind it until `</b>` (HTML, 13.2.4.3 “The list of
active formatting elements”), so that a few kilobytes can become millions of nodes; and the sanitiser's time grows with
the square of the depth. Both are counted on tokens, which is linear.
"""

import turbohtml

from feedserver.errors import InvalidDocument

_DEEPEST = 100  # elements in one another
_AGAIN = 500_000  # elements that a parser opens again by itself; it makes a million nodes in about two seconds

# Elements that hold nothing, or that end by themselves where the next one begins: they cannot stand in one another.
_FLAT = frozenset(
    "area base br col embed hr img input link meta source track wbr"
    " p li dt dd option optgroup rt rp tr td th thead tbody tfoot colgroup".split()
)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_FOREIGN = frozenset({"svg", "math"})  # where `<path/>` is closed, as it would not be in HTML


def check(html: str) -> None:
    """Raises InvalidDocument when `html` is too much work for what it says."""
    elements: list[str] = []  # open ones; formatting elements stay until their own end tag
    again = 0
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
            again += sum(name in _FORMATTING for name in elements)
        if len(elements) > _DEEPEST:
            raise InvalidDocument("body", f"elements stand more than {_DEEPEST} deep in one another; close some")
        if again > _AGAIN:
            raise InvalidDocument("body", "elements such as <b> are left open over too many paragraphs; close them")


def _close(elements: list[str], tag: str) -> None:
    """Closes the innermost element of that name, and with it those inside that do not outlive their block."""
    if tag not in elements:
        return
    place = len(elements) - 1 - elements[::-1].index(tag)
    inside = elements[place + 1 :]
    elements[place:] = inside if tag in _FORMATTING else [name for name in inside if name in _FORMATTING]
