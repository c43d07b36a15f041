"""Tokens of an HTML page, each with flags that say whether it is hidden, invisible, in a template or in a title.

No tree is built: HTML tree construction can make two million nodes of 35 kB. Only the stack of open elements is kept,
and it is exact for well-formed pages alone. That is enough: it decides what is hidden and where a block ends, never
(templates apart) whether something is a link. Time and memory are linear in the length of the page.
Only `flagged_tokens` uses the tokenizer.
"""

import re
from array import array
from collections.abc import Iterator
from itertools import islice

from turbohtml import Token, TokenType, tokenize

from feedserver.text import BLOCKS, VOID
from feedserver.text import UNSEEN as INVISIBLE_ELEMENTS
from feedserver.thoughts.source.hiding import (
    BOX,
    COLOR,
    CUT,
    CUT_WITH_PLACED,
    DEFAULTS,
    FILL,
    FONT,
    INDENT,
    MOVED,
    TINY,
    UNMOVED,
    VISIBILITY,
    Hiding,
    Offsets,
    hiding,
)

# A token takes up to 2 µs, and a page is read twice. 1 MB of ordinary HTML has 50,000 tokens, 1 MB of nothing but short
# links has 200,000.
MAX_TOKENS = 200_000
START, END, TEXT = TokenType.START_TAG, TokenType.END_TAG, TokenType.TEXT
# Flags of a token, inherited from open elements. HIDDEN is why it is hidden, of which those in it may take back some.
OF_TEXT = FONT | TINY | INDENT | COLOR | FILL  # what hides text alone
HIDDEN = BOX | MOVED | VISIBILITY | CUT | CUT_WITH_PLACED | OF_TEXT
INVISIBLE, TEMPLATE, FOREIGN, TITLE, SVG = 256, 512, 1024, 2048, 4096
_FLAGS = {
    **dict.fromkeys(INVISIBLE_ELEMENTS - {"noscript"} | set("audio canvas noembed noframes video".split()), INVISIBLE),
    "math": FOREIGN,
    "svg": INVISIBLE | FOREIGN | SVG,
    "template": INVISIBLE | TEMPLATE,
}
# Elements that end a run of text: all blocks, but neither line breaks nor images.
BOUNDARIES = BLOCKS - {"br", "img"} | set("body caption center head html menu tbody tfoot thead".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span"
    " strike strong sub sup time tt u var".split()
)
_RAW = frozenset("iframe noembed noframes script style textarea title xmp".split())
# Start tags with the open elements that they close (HTML section 13.2.6.4). Elements of _SCOPE end the search for them.
_PARAGRAPH = frozenset("p")
_IMPLIED = {
    **{tag: frozenset((tag,)) for tag in ("a", "li", "option")},
    **dict.fromkeys(("dd", "dt"), frozenset(("dd", "dt"))),
    **dict.fromkeys(("td", "th"), frozenset(("td", "th"))),
    **dict.fromkeys(("tbody", "tfoot", "thead"), frozenset("tbody td tfoot th thead tr".split())),
    "tr": frozenset(("td", "th", "tr")),
}
_SCOPE = frozenset("body button dl html math menu object ol select svg table td template th tr ul".split())
_NO_HIDING = Hiding()
_MAX_SEARCH = 16  # open elements that are searched
_MAX_NAMES = 1000  # distinct tag names
_MAX_STYLES = 100_000  # characters of different styles: reading them takes up to 1 µs each
_MAX_REREAD = 32  # times the length of the page: raw text that is tokenized again
_LONG_HALF = 32 * 1024  # characters
_LONG = re.compile(f"(?<![^>])[^>]{{{2 * _LONG_HALF},}}")  # one attempt a stretch, else quadratic


def flagged_tokens(text: str, open_elements: "OpenElements") -> Iterator[tuple[Token, int]]:
    """Yields the first MAX_TOKENS tokens of a page with their flags, HIDDEN to SVG; start tags include their own.

    `open_elements` is new, and updated before each token is yielded. Raw text that is really markup is tokenized
    again: the content of `<noscript>`, and the text after a self-closing raw text element in SVG.
    """
    return islice(_all_tokens(text, open_elements), MAX_TOKENS)


def _all_tokens(text: str, open_elements: "OpenElements") -> Iterator[tuple[Token, int]]:
    sources: list[Iterator[Token]] = [tokenize(_without_long_tags(text))]
    left = _MAX_REREAD * len(text)
    while sources:
        for token in sources[-1]:
            kind = token.type
            if kind is START:
                yield token, open_elements.start(token)
            elif kind is TEXT and open_elements.markup_follows:
                open_elements.markup_follows = False
                markup = token.data or ""
                left -= len(markup)
                # An exhausted iterator is dropped, else each nested one would keep a copy of the page.
                following = list(islice(sources[-1], 1))
                sources[-1:] = [sources[-1], iter(following)] if following else []
                sources.append(tokenize(markup if left >= 0 else ""))
                break
            else:
                if kind is END:
                    open_elements.end(token.tag or "")
                yield token, open_elements.flags
        else:
            sources.pop()


def _without_long_tags(text: str) -> str:
    """`text` without the middle of each stretch of over 65,536 characters without `>`.

    No tag ends within it, so no link is lost, and a tag with 100,000 attributes does not fill the memory.
    """
    return _LONG.sub(lambda stretch: stretch[0][:_LONG_HALF] + stretch[0][-_LONG_HALF:], text)


class OpenElements:
    """The stack of open elements (HTML section 13.2.4.2), approximately. Each tag takes amortized constant time."""

    def __init__(self) -> None:
        self.tags: list[str] = []  # the open elements, innermost last
        self._flags = array("H", [0])  # of each open element, with those around it; the first item is that of the page
        self._offsets: list[Offsets] = [UNMOVED]  # of the same elements
        self._counts: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._styles: dict[tuple[str, str | None, str | None, bool], Hiding] = {}
        self._styles_left = _MAX_STYLES
        self.flags = 0  # of text at this point
        self.floor = 0  # number of elements that the last tag left open, without the one that it opened
        self.markup_follows = False  # whether the next raw text is really markup

    def start(self, token: Token) -> int:
        """Opens an element, unless it is void. Returns its flags with those of the elements around it."""
        tag, counts = self._interned(token.tag or ""), self._counts
        if tag in BOUNDARIES and "p" in counts:
            self._end_implied(_PARAGRAPH)
        if tag in _IMPLIED:
            self._end_implied(_IMPLIED[tag])
        self.floor = len(self.tags)
        flags, offsets = self.flags | _FLAGS.get(tag, 0), self._offsets[-1]
        if (token.attrs or tag in DEFAULTS) and tag not in (
            "body",
            "html",
        ):  # a script shows a page whose body is hidden
            flags, offsets = self._hiding(tag, token).within(flags, offsets)
        if tag == "title" and not flags & (FOREIGN | TEMPLATE):
            flags |= TITLE
        void = tag in VOID or (token.self_closing and bool(flags & FOREIGN))
        self.markup_follows = tag == "noscript" or (void and tag in _RAW)
        if not void:
            tag = self._names.get(tag, "")
            self.tags.append(tag)
            self._flags.append(flags)
            self._offsets.append(offsets)
            counts[tag] = counts.get(tag, 0) + 1
            self.flags = flags
        return flags

    def end(self, tag: str) -> None:
        """Closes the innermost open `tag` with all elements in it. An inline element closes no block."""
        self.markup_follows = False
        tag = tag if tag in self._counts else ""
        innermost = self.tags[: -_MAX_SEARCH - 1 : -1]
        in_reach = tag not in _INLINE or (tag in innermost and BOUNDARIES.isdisjoint(innermost[: innermost.index(tag)]))
        while tag in self._counts and in_reach and self._close() != tag:
            pass
        self.floor = len(self.tags)

    def _hiding(self, tag: str, token: Token) -> Hiding:
        """`hiding`, once for equal attributes. Styles beyond _MAX_STYLES hide nothing."""
        hidden, style = token.attr("hidden"), token.attr("style")
        if token.attr("popover") is not None and token.attr("open") is None:
            hidden = ""
        if not style and hidden is None and tag not in DEFAULTS:
            return _NO_HIDING
        attributes = (tag, hidden, style, tag == "dialog" and token.attr("open") is not None)
        if attributes not in self._styles:
            self._styles_left -= len(tag) + len(hidden or "") + len(style or "")
            if self._styles_left < 0:
                return _NO_HIDING
            self._styles[attributes] = hiding(*attributes)
        return self._styles[attributes]

    def _interned(self, tag: str) -> str:
        """The same string object for each of the first _MAX_NAMES names, to save memory."""
        if tag not in self._names and len(self._names) < _MAX_NAMES:
            self._names[tag] = tag
        return self._names.get(tag, tag)

    def _end_implied(self, ended: frozenset[str]) -> None:
        """Closes the outermost open element of `ended` within the scope, and all in it."""
        keep = last = len(self.tags)
        for index in range(last - 1, max(-1, last - 1 - _MAX_SEARCH), -1):
            if self.tags[index] in ended:
                keep = index
            elif self.tags[index] in _SCOPE:
                break
        while len(self.tags) > keep:
            self._close()

    def _close(self) -> str:
        tag = self.tags.pop()
        self._flags.pop()
        self._offsets.pop()
        self.flags = self._flags[-1]
        self._counts[tag] -= 1
        if not self._counts[tag]:
            del self._counts[tag]
        return tag
