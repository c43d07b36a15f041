"""Turns an XHTML page into the HTML that means the same, so that everything else reads HTML alone.

No XML parser: a page that is not well-formed is read as far as possible, and there are no entities to expand.
"""

import re
from html import escape
from io import StringIO

from feedserver.text import VOID

_MAX_CDATA = 100_000  # characters of one section
_START = 200  # characters in which an XML declaration may begin
# What HTML reads in another way. Each quantifier is possessive or runs to the end of the page, so that time is linear.
_DIFFERENT = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | <!\[CDATA\[ (?P<cdata>.*?) (?:\]\]>|\Z)
    | (?P<subset> <!DOCTYPE [^\[<>]*+ \[ .*? (?:\]\s*+>|\Z) )
    | < (?P<tag>[A-Za-z_][^\s<>"'/]*+) (?P<attributes>(?: [^<>"'/]++ | /(?!>) | "[^"]*+" | '[^']*+' )*+) />""",
    re.DOTALL | re.VERBOSE,
)
_PREFIX = re.compile(r"""xmlns:([A-Za-z_][\w.-]{0,99})\s{0,9}=\s{0,9}["']http://www\.w3\.org/1999/xhtml["']""")


def is_xhtml(content_type: str) -> bool:
    """Whether a Content-Type header says that a page is XHTML."""
    return content_type.partition(";")[0].strip().lower() == "application/xhtml+xml"


def is_declared(text: str) -> bool:
    """Whether a page begins with an XML declaration: its author wrote XHTML, whatever the server says."""
    return text[:_START].lstrip("\ufeff \t\r\n").startswith("<?xml")


def as_html(text: str) -> str:
    """Returns an XHTML page as HTML, at most twice as long.

    An element that closes itself gets an end tag, text in a CDATA section is escaped, a prefix for XHTML's namespace
    goes, and so does a document type definition. Takes linear time.
    """
    result, end, room = StringIO(), 0, len(text)  # `re.sub` would keep each piece: 25 MB of 1 MB
    for match in _DIFFERENT.finditer(text):
        translated = _translated(match)
        room -= max(0, len(translated) - len(match[0]))
        result.write(text[end : match.start()])
        result.write(translated if room >= 0 else "")
        end = match.end()
    result.write(text[end:])
    html = result.getvalue()
    if prefix := _PREFIX.search(html):
        html = re.sub(rf"(</?){re.escape(prefix[1])}:", r"\1", html)
    return html


def _translated(match: re.Match[str]) -> str:
    if (tag := match["tag"]) is not None:
        return match[0] if tag.lower() in VOID else f"<{tag}{match['attributes']}></{tag}>"
    if match["cdata"] is not None:
        return escape(match["cdata"][:_MAX_CDATA], quote=False)
    return "" if match["subset"] else match[0]
