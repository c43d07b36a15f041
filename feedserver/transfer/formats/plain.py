"""The words of a comment, which exports hold as HTML or Markdown, as plain text. Pure.

Paragraphs and line breaks stay, what is quoted and listed is marked as in mail, and links name their address: thoughts
are shown without markup. Takes linear time: it reads tokens and builds no tree.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

import turbohtml

from feedserver.text import UNSEEN, is_blank, strangers_line
from feedserver.thoughts.source.plain_text import MAX_PIECE, PlainText, breaks_around, folded
from feedserver.urls import scheme

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_START: Final = turbohtml.TokenType.START_TAG
_TEXT: Final = turbohtml.TokenType.TEXT
_MAX_MARKDOWN: Final = 20_000  # characters; longer texts, which no site takes, stay as they are
_MAX_QUOTES: Final = 8  # quotes within quotes; deeper ones are marked as these are
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_SHORTENED: Final = re.compile(r"(?:\.\.\.|…)$")  # how programs end an address that they show in part
_SCHEME: Final = re.compile(r"^https?://", re.IGNORECASE)


def of_html(html: str, *, keeps_lines: bool = False, address: Callable[[str], str] = str) -> str:
    """The text of `html` that people see; "" if there is none.

    `keeps_lines`: its line breaks mean line breaks, as where comments were typed as text and hold some HTML.
    `address` gives for that of a link the one to show.
    """
    words = _Words(len(html), keeps_lines, address)
    for token in turbohtml.tokenize(html):
        if token.type is _TEXT:
            words.add(token.data or "")
        elif token.tag:
            words.tag(token)
    return of_text(words.end())


def of_markdown(source: str) -> str:
    """The text of Markdown (CommonMark with HTML), in which each line break is one."""
    return of_html(_markdown().render(source)) if len(source) <= _MAX_MARKDOWN else of_text(source)


def of_text(text: str) -> str:
    """Plain text with each line clean, and one blank line between paragraphs; "" if nothing of it is seen."""
    lines = (strangers_line(line, len(line)) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    words = _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
    return "" if is_blank(words) else words


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # late: few exports hold Markdown

    return MarkdownIt("commonmark", {"breaks": True, "html": True})


class _Words:
    """Gathers the words of a text of `size` characters, tag by tag."""

    def __init__(self, size: int, keeps_lines: bool, address: Callable[[str], str]) -> None:
        self._limit = 4 * size + 1000  # quotes within quotes have up to 16 more characters a line
        self._keeps_lines, self._address = keeps_lines, address
        self._texts = [PlainText(self._limit)]  # the whole, and each quote that is open
        self._unseen = self._preformatted = self._quotes = 0
        self._link: str | None = None  # the address of the link that is open
        self._label: list[str] = []
        self._is_new_line = True

    def add(self, text: str) -> None:
        if self._unseen:
            return
        for start in range(0, len(text), MAX_PIECE):
            piece = text[start : start + MAX_PIECE]
            piece = folded(piece, is_preformatted=self._keeps_lines or self._preformatted > 0)
            if self._is_new_line:
                piece = piece.lstrip("\n ")
            self._is_new_line &= not piece
            if self._link is None:
                self._texts[-1].add(piece)
            else:
                self._label.append(piece)

    def tag(self, token: turbohtml.Token) -> None:
        tag, is_start = token.tag or "", token.type is _START
        if tag in UNSEEN and not token.self_closing:
            self._unseen = max(0, self._unseen + (1 if is_start else -1))
        elif self._unseen:
            return
        elif tag == "a":
            self._end_link()
            self._link = (token.attr("href") or "") if is_start else None
        elif tag == "img" and is_start:
            alternative = token.attr("alt") or ""
            self.add(alternative if self._link is not None else _named(alternative, token.attr("src") or ""))
        elif tag == "br" or breaks_around(tag):
            self._end_link()
            self._break(tag, is_start)

    def end(self) -> str:
        self._end_link()
        while len(self._texts) > 1:
            self._end_quote()
        return str(self._texts[0])

    def _break(self, tag: str, is_start: bool) -> None:
        self._is_new_line = True
        if tag == "br":
            self._texts[-1].break_line()
            return
        self._texts[-1].end_line(breaks_around(tag))
        if tag == "pre":
            self._preformatted = max(0, self._preformatted + (1 if is_start else -1))
        elif tag == "blockquote" and is_start:
            self._quotes += 1
            if self._quotes <= _MAX_QUOTES:
                self._texts.append(PlainText(self._limit))
        elif tag == "blockquote" and self._quotes:
            self._quotes -= 1
            if self._quotes < _MAX_QUOTES:
                self._end_quote()
        elif tag == "li" and is_start:
            self._texts[-1].add("- ")

    def _end_quote(self) -> None:
        quoted = of_text(str(self._texts.pop()))
        self._texts[-1].end_line(2)
        self._texts[-1].add("".join(f"> {line}\n" for line in quoted.split("\n")).rstrip() if quoted else "")
        self._texts[-1].end_line(2)

    def _end_link(self) -> None:
        if self._link is not None:
            self._texts[-1].add(_named("".join(self._label), self._address(self._link)))
            self._link, self._label = None, []


def _named(words: str, address: str) -> str:
    """What is linked, with its address unless that is what the words are, or it is no address of a page."""
    if scheme(address) not in ("http", "https"):
        return words
    shown = _SCHEME.sub("", _SHORTENED.sub("", words.strip()))
    if not shown or ("." in shown and _SCHEME.sub("", address).startswith(shown)):
        return f"{words[: len(words) - len(words.lstrip())]}{address}{words[len(words.rstrip()) :]}"
    return f"{words.rstrip()} ({address})"
