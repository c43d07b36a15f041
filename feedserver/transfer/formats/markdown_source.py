"""Changes of the source of a Markdown or HTML document, by patterns, that leave its code and every other byte alone.

Code is what fences, indents, backticks and HTML's `pre` and `code` make it. Takes linear time. Pure.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from feedserver.posts.model import Format
from feedserver.transfer.formats.html_pieces import readdressed

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Replace = Callable[[re.Match[str]], str]
Range = tuple[int, int]

_VERBATIM: Final = re.compile(r"<(/?)(code|pre|samp|script|style|textarea)\b[^<>]*>|<!--|-->", re.IGNORECASE)
_COMMENT: Final = "<!--"
_BACKTICKS: Final = re.compile("`+")
_INLINE: Final = re.compile(r"\\[\s\S]|(?P<code>`+)|<[a-zA-Z/][^<>]*>")
_MAY_BE_CODE: Final = re.compile(r"[`~<]|^ {0,3}\t|^ {4}", re.MULTILINE)

_ANGLED: Final = r"<(?P<angled>[^<>\n]*+)>"
_BARE: Final = r"(?P<bare>(?:[^\s()<>\\]|\\.|\((?:[^\s()\\]|\\.)*+\))++)"
_LINK: Final = re.compile(rf"(?<!\\)\]\([ \t]*+(?:{_ANGLED}|{_BARE})(?=\s{{0,100}}[)\"'(])")
_DEFINITION: Final = re.compile(
    rf"^[ >]{{0,8}}\[(?!\^)[^\[\]\n]{{1,300}}+\]:[ \t]*+\n?[ \t]*+(?:{_ANGLED}|(?P<bare>[^\s<]\S*+))", re.MULTILINE
)
_TAG: Final = re.compile(r"<[a-zA-Z][^<>]*>")


def substituted(pattern: re.Pattern[str], replace: Replace, text: str, kind: Format = "markdown") -> str:
    """`text` with what `replace` makes of each match of `pattern` that has no code in it."""
    if not pattern.search(text):
        return text
    pieces: list[str] = []
    done = 0
    for start, end in outside_code(text, kind):
        for match in pattern.finditer(text, start, end):
            pieces += text[done : match.start()], replace(match)
            done = match.end()
    return "".join([*pieces, text[done:]])


def with_addresses(text: str, replace: Callable[[str], str]) -> str:
    """Markdown with what `replace` makes of each address of a link, a picture or another file in it.

    What it gives is a URL, without blanks and brackets.
    """
    for pattern in (_LINK, _DEFINITION):
        text = substituted(pattern, lambda match: _with_address(match, replace), text)
    return substituted(_TAG, lambda tag: readdressed(tag[0], replace), text)


def outside_code(text: str, kind: Format = "markdown") -> Iterator[Range]:
    """Where the parts of `text` begin and end that are no code."""
    done = 0
    for start, end in code(text, kind):
        if start > done:
            yield done, start
        done = end
    if done < len(text):
        yield done, len(text)


@lru_cache(maxsize=4)  # several changes of one text follow each other
def code(text: str, kind: Format = "markdown") -> Sequence[Range]:
    """Where code begins and ends in `text`, sorted, none within another."""
    if not _MAY_BE_CODE.search(text):
        return ()
    found = sorted(_blocks_and_spans(text)) if kind == "markdown" else []
    ranges: list[Range] = []
    for start, end in sorted([*found, *_verbatim(text, found)]):
        if ranges and start < ranges[-1][1]:
            ranges[-1] = ranges[-1][0], max(ranges[-1][1], end)
        else:
            ranges.append((start, end))
    return ranges


def is_within(ranges: Sequence[Range], position: int) -> bool:
    """Whether a position is in one of the ranges, which are sorted, none within another."""
    before = bisect_right(ranges, position, key=itemgetter(0)) - 1
    return before >= 0 and position < ranges[before][1]


def _blocks_and_spans(text: str) -> Iterator[Range]:
    lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]
    done = -1  # a row of a table has a token for each cell
    for token in _parser().parse(text):
        if token.map is None or token.type not in ("fence", "code_block", "inline"):
            continue
        first, end = lines[token.map[0]], min(lines[min(token.map[1], len(lines) - 1)], len(text))
        if token.type != "inline":
            yield first, end
        elif first > done:
            yield from _spans(text, first, end)
            done = first


@cache
def _parser() -> "MarkdownIt":
    """A parser that finds blocks, and leaves what is within them alone."""
    from markdown_it import MarkdownIt  # late, as in `posts.rendering`

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _spans(text: str, start: int, end: int) -> Iterator[Range]:
    """The code spans of a paragraph (CommonMark 0.31 section 6.1)."""
    runs: dict[int, list[int]] = {}
    for run in _BACKTICKS.finditer(text, start, end):
        runs.setdefault(len(run[0]), []).append(run.start())
    position = start
    while match := _INLINE.search(text, position, end):
        position = match.end()
        if match["code"]:
            of_its_length = runs.get(len(match["code"]), [])
            closing = bisect_left(of_its_length, position)
            if closing < len(of_its_length):
                position = of_its_length[closing] + len(match["code"])
                yield match.start(), position


def _verbatim(text: str, found: list[Range]) -> Iterator[Range]:
    """The elements of HTML whose content is code, and comments; those that begin in code `found` already are none."""
    opened, name = 0, ""
    for tag in _VERBATIM.finditer(text):
        if is_within(found, tag.start()):
            continue
        closes = "-->" if name == _COMMENT else f"</{name}"
        if not name and (tag[0] == _COMMENT or (tag[2] and not tag[1])):
            opened, name = tag.start(), _COMMENT if tag[0] == _COMMENT else tag[2].lower()
        elif name and tag[0].lower().startswith(closes):
            yield opened, tag.end()
            name = ""


def _with_address(match: re.Match[str], replace: Callable[[str], str]) -> str:
    group = "bare" if match["angled"] is None else "angled"
    old = match[group]
    new = replace(old)
    if new == old:
        return match[0]
    start = match.start(group) - match.start() - (group == "angled")
    return f"{match[0][:start]}{new}"
