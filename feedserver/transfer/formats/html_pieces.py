"""HTML cut into its tags, comments and the text between them, each as it is written, and the addresses in a tag.

Linear time. Pure.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Final, Literal

import turbohtml

from feedserver.text import srcset_candidates

_TYPES: Final = turbohtml.TokenType
_TAGS: Final = (_TYPES.START_TAG, _TYPES.END_TAG, _TYPES.COMMENT)
_VERBATIM: Final = frozenset(("pre", "script", "style", "textarea", "svg", "math", "object"))
_NEWLINE: Final = re.compile("\n")
_ADDRESSES: Final = frozenset(("href", "src", "poster"))
_SETS: Final = frozenset(("srcset", "imagesrcset"))
_ATTRIBUTE: Final = re.compile(
    r"""(?<=[\s"'/])(?P<name>[^\s"'<>/=]++)(?P<equals>\s*+=\s*+)(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<plain>[^\s>]++))"""
)

Replace = Callable[[str], str]  # an address as it is written -> the one to write, which holds no blanks and brackets
What = Literal["text", "start", "end", "comment", "verbatim"]


@dataclass(frozen=True, slots=True)
class Piece:
    """`name` is that of a tag, in lower case. `verbatim`: an element whose text means what it says, as a whole."""

    what: What
    name: str
    source: str


def pieces(html: str) -> Iterator[Piece]:
    """The pieces of `html`, whose line breaks are LF; together they are `html` again."""
    opened, depth, held = "", 0, list[str]()
    for piece in _tokens(html):
        if not opened and piece.what == "start" and piece.name in _VERBATIM:
            opened, depth = piece.name, 0
        if not opened:
            yield piece
            continue
        held.append(piece.source)
        if piece.name == opened:
            depth += 1 if piece.what == "start" else -1
        if not depth:
            yield Piece("verbatim", opened, "".join(held))
            opened, held = "", []
    if held:
        yield Piece("verbatim", opened, "".join(held))


def _tokens(html: str) -> Iterator[Piece]:
    done = 0
    for start, token in tags(html):
        source = token.source or ""
        if start > done:
            yield Piece("text", "", html[done:start])
        done = start + len(source)
        if token.type is _TYPES.COMMENT:
            yield Piece("comment", "", source)
        else:
            yield Piece("start" if token.type is _TYPES.START_TAG else "end", token.tag or "", source)
    if done < len(html):
        yield Piece("text", "", html[done:])


def tags(html: str) -> Iterator[tuple[int, turbohtml.Token]]:
    """The tags and comments of `html`, each with where its `source` stands there, as a browser finds them."""
    starts = [0, *(match.end() for match in _NEWLINE.finditer(html))]
    done = 0
    for token in turbohtml.tokenize(html, capture_source=True, capture_attributes=False):
        if token.type not in _TAGS or not token.source:
            continue
        start = starts[token.line - 1] + token.col
        if start >= done and html.startswith(token.source, start):
            yield start, token
            done = start + len(token.source)


def readdressed(tag: str, replace: Replace) -> str:
    """A start tag with what `replace` makes of the addresses in it; byte for byte as it is where that is the same."""
    return _ATTRIBUTE.sub(lambda match: _attribute(match, replace), tag)


def _attribute(match: re.Match[str], replace: Replace) -> str:
    name = match["name"].lower()
    if name not in _ADDRESSES | _SETS:
        return match[0]
    quote = next(group for group in ("double", "single", "plain") if match[group] is not None)
    old = unescape(match[quote])
    if name in _SETS:
        candidates = list(srcset_candidates(old))
        changed = [(replace(url), size) for url, size in candidates]
        if changed == candidates:
            return match[0]
        new = ", ".join(f"{url} {size}".rstrip() for url, size in changed)
    elif (new := replace(old)) == old:
        return match[0]
    return f'{match["name"]}{match["equals"]}"{escape(new)}"'
