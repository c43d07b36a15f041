"""Quotation marks, apostrophes, dashes and ellipses as they are printed, in the language of a post. Pure.

Code, addresses and what is escaped (`\\"`) stay as typed, so do raw HTML blocks, and titles, which are no Markdown.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_ENGLISH: Final = ("“", "”", "‘", "’")
_GUILLEMETS: Final = ("«", "»", "“", "”")
_LOW_HIGH: Final = ("„", "“", "‚", "‘")
_LOW_ENGLISH: Final = ("„", "”", "«", "»")
_RIGHT: Final = ("”", "”", "’", "’")
_CORNERS: Final = ("「", "」", "『", "』")
_EAST: Final = ("«", "»", "„", "“")
_NORWEGIAN: Final = ("«", "»", "‘", "’")
_SWISS: Final = ("«", "»", "‹", "›")
_SPACED: Final = ("«\u202f", "\u202f»", "“", "”")
# Outer and inner marks by language (CLDR 45, delimiters; of French those with its narrow no-break spaces, of Dutch the
# double ones outside, of Switzerland those in print there). Others have the English ones, as most in CLDR.
_QUOTES: Final = {
    language: marks
    for languages, marks in {
        "be ky ru uk": _EAST,
        "ca el eu hy it kk pt-AO pt-CH pt-MZ pt-PT sq": _GUILLEMETS,
        "bg cs de dsb et hr hsb is lt mk sk sl sr": _LOW_HIGH,
        "pl ro": _LOW_ENGLISH,
        "hu": ("„", "”", "»", "«"),
        "fi he sv": _RIGHT,
        "ar ur": ("”", "“", "’", "‘"),
        "ja yue zh-Hant zh-HK zh-MO zh-TW": _CORNERS,
        "nb nn no": _NORWEGIAN,
        "am fa de-CH de-LI fr-CH": _SWISS,
        "fr": _SPACED,
    }.items()
    for language in languages.lower().split()
}

_LONGEST: Final = 10_000  # characters of a paragraph; the time to pair its quotation marks grows with their square

_VERBATIM: Final = frozenset("code kbd math pre samp script style svg textarea tt var xmp".split())
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*?(/?)>", re.IGNORECASE)

_ADDRESS = re.compile(r"://|\bwww\.|\S@\S")

_SIGNS: Final = tuple(
    (re.compile(pattern), sign)
    for pattern, sign in (
        (r"(?<![./\\])\.\.\.(?![./\\])", "…"),
        (r"(?<!-)---(?!-)", "—"),
        # Between words or blanks, or where a text begins or ends: no option (`--all`), no operator (`i--;`).
        (r"(?<![^\s])--(?![^\s])|(?<=[\w.,;!?)\]\"'”’])--(?=[\w(\[\"'“‘])", "–"),
        (r"(?<=\d)'(\d{1,2})\"", "′\\1″"),
        (r"(?<![\w'])'(?=\d\ds?\b)", "’"),
    )
)


def quotes(language: str) -> tuple[str, str, str, str]:
    """The outer and the inner quotation marks of a language (BCP 47), each opening and closing."""
    tag = language.lower()
    while tag and tag not in _QUOTES:
        tag = tag.rpartition("-")[0]
    return _QUOTES.get(tag, _ENGLISH)


def signs(state: StateCore) -> None:
    """The rule that writes dashes, ellipses, feet and inches, and apostrophes before years."""
    for block in state.tokens:
        for token in block.children or []:
            if token.type == "text":
                for pattern, sign in _SIGNS:
                    token.content = pattern.sub(sign, token.content)


def keep_verbatim(state: StateCore) -> None:
    """The rule that keeps code in raw HTML, shown addresses and very long paragraphs from the rules that follow.

    They become texts of the type of what is escaped. Links that were made within code are taken out.
    """
    for block in state.tokens:
        if block.children:
            block.children = [*_kept(block.children, is_long=len(block.content) > _LONGEST)]


def _kept(children: Sequence[Token], *, is_long: bool) -> Iterator[Token]:
    code: Counter[str] = Counter()  # open elements
    in_link = in_address = False
    for token in children:
        if token.type == "html_inline" and (tag := _TAG.match(token.content)):
            name = tag[2].lower()
            if name in _VERBATIM and not tag[3]:
                code[name] = max(0, code[name] + (-1 if tag[1] else 1))
        elif token.type in ("link_open", "link_close"):
            in_link, in_address = token.nesting == 1, token.nesting == 1 and token.info == "auto"
            if token.markup == "linkify" and any(code.values()):
                continue
        elif token.type == "text" and (
            is_long or in_address or any(code.values()) or (in_link and _ADDRESS.search(token.content))
        ):
            token.type = "text_special"
        yield token
