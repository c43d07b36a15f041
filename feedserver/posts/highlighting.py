"""Highlights the code of posts with Pygments, when they are written; the classes are Pygments' own.

Imported late, as it needs time and memory that readers' requests do not.
"""

import time
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import Name, Operator, Punctuation, Text, Whitespace

# Lexers take time that grows with the square of what they do not expect. What exceeds a bound stays plain.
_LONGEST_LINE: Final = 1_000  # characters
_SECONDS: Final = 2.0  # of CPU for one piece of code
# Typographic Number Theory: yields nothing before it has tried all ways to read a line, which takes minutes.
_WITHOUT_BOUND: Final = frozenset(("tnt",))

# What has the colour of text needs no element: names, signs and blanks are two thirds of all.
_PLAIN: Final = frozenset((Name, Operator, Punctuation, Whitespace))


def highlight(code: str, language: str, _attributes: str = "") -> str:
    """`code` as HTML, with elements around keywords, strings and the like.

    "" if the language is not known, or Pygments cannot read the code, or not in time.
    """
    if (alias := language.lower()) not in _aliases() or max(map(len, code.split("\n"))) > _LONGEST_LINE:
        return ""
    tokens = [*_in_time(get_lexer_by_name(alias, stripnl=False, ensurenl=False), code)]
    if "".join(text for _, text in tokens) != code:  # some lexers leave out what they do not expect
        return ""
    return str(pygments.format(tokens, HtmlFormatter(nowrap=True)))


def _in_time(lexer: Lexer, code: str) -> Iterator[tuple[Any, str]]:
    """The tokens of `code`, as many as are found in time."""
    end = time.thread_time() + _SECONDS
    for kind, text in lexer.get_tokens(code):
        if time.thread_time() > end:
            return
        yield (Text if kind in _PLAIN else kind), text


@cache
def _aliases() -> frozenset[str]:
    """The names of languages. Of one that it does not know, Pygments would ask all installed packages."""
    return frozenset(alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases) - _WITHOUT_BOUND
