"""The tokens of a page, and what each stands in: hidden, unseen, a template, a title.

Built on tokens and not on a tree: building the tree that HTML asks for multiplies unclosed elements, so that 35 kB
can become two million nodes. `walk` is the one function behind which the parser can change. It keeps a short memory
of the open elements, which is right for well-made pages and close enough for others: it only decides what is hidden
and where a block ends, never whether something is a link, templates apart.
"""

import re
from collections.abc import Iterator
from itertools import islice

from turbohtml import Token, TokenType, tokenize

from feedserver import text as words

# A token costs up to two millionths of a second, and a page is walked twice. A megabyte of ordinary HTML
# has fifty thousand tokens, one that is nothing but short links four times as many.
MAX_TOKENS = 200_000
START, END, TEXT = TokenType.START_TAG, TokenType.END_TAG, TokenType.TEXT
HIDDEN, UNSEEN, TEMPLATE, FOREIGN, TITLE = 1, 2, 4, 8, 16  # what a token stands in, as bits
_FLAGS = {
    **dict.fromkeys(words.UNSEEN - {"noscript"} | set("audio canvas noembed noframes video".split()), UNSEEN),
    **dict.fromkeys(("math", "svg"), UNSEEN | FOREIGN),
    "template": UNSEEN | TEMPLATE,
}
_OUT_OF_SIGHT = re.compile(
    r"(?<![\w-])(?:display\s*:\s*none|opacity\s*:\s*0*(?:\.0+)?%?(?![.\d])|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0*(?:\.0+)?(?![.\d])"
    r"|(?:left|right|top|bottom|text-indent|margin-(?:left|top))\s*:\s*-\d{3})",
    re.IGNORECASE,
)
# Where a run of words ends: every block, but neither a line break nor a picture within the words.
BOUNDARIES = words.BLOCKS - {"br", "img"} | set("body caption center head html menu tbody tfoot thead".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span"
    " strike strong sub sup time tt u var".split()
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_RAW = frozenset("iframe noembed noframes script style textarea title xmp".split())
# Start tags with the open elements that they end (HTML 13.2.6.4), and what keeps them from looking further out.
_PARAGRAPH = frozenset("p")
_IMPLIED = {
    **{tag: frozenset((tag,)) for tag in ("a", "li", "option")},
    **dict.fromkeys(("dd", "dt"), frozenset(("dd", "dt"))),
    **dict.fromkeys(("td", "th"), frozenset(("td", "th"))),
    **dict.fromkeys(("tbody", "tfoot", "thead"), frozenset("tbody td tfoot th thead tr".split())),
    "tr": frozenset(("td", "th", "tr")),
}
_WALLS = frozenset("body button dl html math menu object ol select svg table td template th tr ul".split())
_LOOK_BACK, _MANY_NAMES, _READ_AGAIN = 16, 1000, 32  # open elements; different tags; times the length of the page
_LONG_HALF = 32 * 1024  # characters
_LONG = re.compile(f"(?<![^>])[^>]{{{2 * _LONG_HALF},}}")  # tried once a stretch, or it would be quadratic


def walk(text: str, outline: "Outline") -> Iterator[tuple[Token, int]]:
    """The first MAX_TOKENS tokens of a page with what they stand in: the bits HIDDEN to TITLE, a start tag's own too.

    `outline` is an empty one and follows along. What the tokenizer takes for raw text though it is markup is read
    again: what `<noscript>` holds, and what follows a raw text element that closes itself in XHTML or SVG.
    """
    return islice(_walk(text, outline), MAX_TOKENS)


def _walk(text: str, outline: "Outline") -> Iterator[tuple[Token, int]]:
    outline.xml = text[:200].lstrip("\ufeff \t\r\n").startswith("<?xml")
    sources: list[Iterator[Token]] = [tokenize(_without_long_tags(text))]
    budget = _READ_AGAIN * len(text)
    while sources:
        for token in sources[-1]:
            kind = token.type
            if kind is START:
                yield token, outline.start(token)
            elif kind is TEXT and outline.markup_follows:
                outline.markup_follows = False
                markup = token.data or ""
                budget -= len(markup)
                # A source that is used up makes way, or nested ones would keep a copy of the page each.
                following = list(islice(sources[-1], 1))
                sources[-1:] = [sources[-1], iter(following)] if following else []
                sources.append(tokenize(markup if budget >= 0 else ""))
                break
            else:
                if kind is END:
                    outline.end(token.tag or "")
                yield token, outline.flags
        else:
            sources.pop()


def _without_long_tags(text: str) -> str:
    """`text` without the middle of every stretch over 64 Ki characters that has no `>`.

    No tag ends there, so no link is lost, and a hundred thousand attributes do not fill the memory.
    """
    return _LONG.sub(lambda long: long[0][:_LONG_HALF] + long[0][-_LONG_HALF:], text)


class Outline:
    """The open elements, as far as tokens tell. Every step takes constant time, spread over the whole page."""

    def __init__(self) -> None:
        self.tags: list[str] = []  # the open elements, innermost last
        self._flags = [0]  # of each open element with all that it stands in; the first belongs to the page itself
        self._counts: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self.flags = 0  # of what stands at this place
        self.floor = 0  # how many elements the last tag left open, without the one that it opened
        self.markup_follows = False  # whether raw text would be markup to a fetcher
        self.xml = False

    def start(self, token: Token) -> int:
        """Opens an element, which an empty one leaves at once; returns its own flags with those around it."""
        tag, counts = self._known(token.tag or ""), self._counts
        if tag in BOUNDARIES and "p" in counts:
            self._end_implied(_PARAGRAPH)
        if tag in _IMPLIED:
            self._end_implied(_IMPLIED[tag])
        self.floor = len(self.tags)
        flags = self.flags | _FLAGS.get(tag, 0)
        if token.attrs and tag not in ("body", "html") and _is_hidden(token):
            flags |= HIDDEN  # a page that hides the whole of itself shows it by script
        if tag == "title" and not flags & (FOREIGN | TEMPLATE):
            flags |= TITLE
        leaf = tag in _VOID or (token.self_closing and (self.xml or bool(flags & FOREIGN)))
        self.markup_follows = tag == "noscript" or (leaf and tag in _RAW)
        if not leaf:
            tag = self._names.get(tag, "")
            self.tags.append(tag)
            self._flags.append(flags)
            counts[tag] = counts.get(tag, 0) + 1
            self.flags = flags
        return flags

    def end(self, tag: str) -> None:
        """Closes the nearest open `tag` and what is open within; an inline element closes no block."""
        self.markup_follows = False
        tag = tag if tag in self._counts else ""
        near = self.tags[: -_LOOK_BACK - 1 : -1]
        in_reach = tag not in _INLINE or (tag in near and BOUNDARIES.isdisjoint(near[: near.index(tag)]))
        while tag in self._counts and in_reach and self._close() != tag:
            pass
        self.floor = len(self.tags)

    def _known(self, tag: str) -> str:
        """One string for each name. Those of a hundred thousand invented tags shall not fill the memory."""
        if tag not in self._names and len(self._names) < _MANY_NAMES:
            self._names[tag] = tag
        return self._names.get(tag, tag)

    def _end_implied(self, ended: frozenset[str]) -> None:
        """Closes the outermost of the `ended` that are open before the next wall, looking back a few steps only."""
        keep = last = len(self.tags)
        for index in range(last - 1, max(-1, last - 1 - _LOOK_BACK), -1):
            if self.tags[index] in ended:
                keep = index
            elif self.tags[index] in _WALLS:
                break
        while len(self.tags) > keep:
            self._close()

    def _close(self) -> str:
        tag = self.tags.pop()
        self._flags.pop()
        self.flags = self._flags[-1]
        self._counts[tag] -= 1
        if not self._counts[tag]:
            del self._counts[tag]
        return tag


def _is_hidden(token: Token) -> bool:
    hidden, style = token.attr("hidden"), token.attr("style")
    concealed = hidden is not None and hidden.strip().lower() != "until-found"  # that one is meant to be read
    return concealed or bool(style and _OUT_OF_SIGHT.search(style))
