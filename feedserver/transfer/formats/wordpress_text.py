"""The text of a WordPress post as HTML that needs no WordPress. Pure.

Blocks lose their comments, what was typed gets its paragraphs, shortcodes become HTML, an address that stands on a line
of its own becomes a link, and copies of pictures are named by the addresses of the pictures themselves.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Final

from feedserver.transfer.formats.html_pieces import Piece, pieces
from feedserver.transfer.formats.wordpress_paragraphs import BLOCKS, paragraphs
from feedserver.transfer.formats.wordpress_shortcodes import Shortcodes, picture
from feedserver.transfer.formats.wordpress_uploads import Attachment, Uploads

_BLOCK: Final = re.compile(r"<!--\s*(?P<end>/?)wp:(?P<name>[\w/-]+)(?P<with>.*?)(?P<alone>/?)-->", re.DOTALL)
_MARK: Final = re.compile(r"<!--\s*(?:more\b.*|noteaser|(?P<page>nextpage))\s*-->", re.DOTALL)
_TYPED: Final = frozenset(("freeform", "core/freeform"))  # blocks whose text is as the classic editor has it
_ALONE_ON_LINE: Final = re.compile(r"(?P<before>\A|\n)[ \t]*(?P<url>https?://[^\s<>\"'\[\]]+)[ \t]*(?=\n|\Z)")
_NO_LINKS: Final = frozenset(("a", "code", "button"))
_ADDRESS: Final = re.compile(r"""(\s(?:href|src|poster)\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_VALUE: Final = r"""\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)"""
_SETS: Final = re.compile(rf"\s(?:srcset|sizes){_VALUE}", re.IGNORECASE)
_SETS_AND_SIZES: Final = re.compile(rf"\s(?:srcset|sizes|width|height){_VALUE}", re.IGNORECASE)
_MAX_DEPTH: Final = 5  # of blocks in others that several posts use
_MAX_SHARED: Final = 100  # uses of such blocks in one text


@dataclass(slots=True)
class Text:
    """One text, and what is told of it. `shared` are the texts of blocks that several posts use, by their ids."""

    uploads: Uploads
    shared: Mapping[str, str]
    post_id: str
    dynamic: dict[str, None] = field(default_factory=dict)
    has_pages: bool = False
    used: int = 0
    shortcodes: Shortcodes = field(init=False)

    def __post_init__(self) -> None:
        self.shortcodes = Shortcodes(self.uploads, self.post_id)

    def html(self, content: str, featured: Attachment | None = None) -> str:
        """`content`, with the `featured` picture at its head unless it shows that already."""
        text = content.replace("\r\n", "\n").replace("\r", "\n")
        html = "".join(map(self._with_originals, pieces(self._of_blocks(text, 0)))).strip()
        if featured is None or escape(featured.url) in html:
            return html
        caption = f"<figcaption>{featured.caption}</figcaption>" if featured.caption else ""
        return f"<figure>{picture(featured)}{caption}</figure>\n{html}"

    def _of_blocks(self, text: str, depth: int) -> str:
        text = self.shortcodes.expanded(text)
        if "<!--" not in text:
            return _run([text], typed=True)
        written, typed, run = list[str](), True, list[str]()
        opened: list[str] = []
        for piece in pieces(text):
            block = _BLOCK.fullmatch(piece.source) if piece.what == "comment" else None
            if block is None:
                run.append(self._without_mark(piece))
                continue
            written.append(_run(run, typed=typed))
            run = []
            if block["alone"]:
                written.append(self._alone(block, depth))
            elif not block["end"]:
                opened.append(block["name"])
            elif opened:
                opened.pop()
            typed = not opened or opened[-1] in _TYPED
        return "".join([*written, _run(run, typed=typed)])

    def _without_mark(self, piece: Piece) -> str:
        mark = _MARK.fullmatch(piece.source) if piece.what == "comment" else None
        if mark and mark["page"]:
            self.has_pages = True
            return "\n\n"
        return "" if mark else piece.source

    def _alone(self, block: re.Match[str], depth: int) -> str:
        """A block without content: what WordPress makes of it when it is shown."""
        name = block["name"].removeprefix("core/")
        shared = self.shared.get(_reference(block["with"])) if name == "block" else None
        if shared is not None and depth < _MAX_DEPTH and self.used < _MAX_SHARED:
            self.used += 1
            return self._of_blocks(shared, depth + 1)
        self.dynamic.setdefault(name)
        return ""

    def _with_originals(self, piece: Piece) -> str:
        if piece.what != "start" or "=" not in piece.source:
            return piece.source
        source = _ADDRESS.sub(self._with_original, piece.source)
        if piece.name not in ("img", "source"):
            return source
        addresses = [unescape(match[2][1:-1]) for match in _ADDRESS.finditer(source)]
        # The sizes of a copy are not those of the picture.
        unwanted = _SETS if source == piece.source else _SETS_AND_SIZES
        return unwanted.sub("", source) if any(map(self.uploads.is_known, addresses)) else source

    def _with_original(self, match: re.Match[str]) -> str:
        address = unescape(match[2][1:-1])
        original = self.uploads.original(address)
        return match[0] if original == address else f'{match[1]}"{escape(original)}"'


def _reference(attributes: str) -> str:
    try:
        found = json.loads(attributes)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("ref", "")) if isinstance(found, dict) else ""


def _run(run: list[str], *, typed: bool) -> str:
    """What stands between the comments of blocks; `typed`: outside of them."""
    html = "".join(run)
    if "://" in html:
        html = "".join(_with_links(pieces(html)))
    html = (paragraphs(html) if typed else html).strip("\n")
    return f"{html}\n" if html.strip() else ""


def _with_links(given: Iterator[Piece]) -> Iterator[str]:
    """Makes a link of an address that stands on a line of its own, where WordPress shows what is there."""
    within: list[str] = []
    before: Piece | None = None
    held = list(given)
    for number, piece in enumerate(held):
        if piece.name in _NO_LINKS:
            if piece.what == "start":
                within.append(piece.name)
            elif piece.what == "end" and piece.name in within:
                within.remove(piece.name)
        if piece.what == "text" and not within and "://" in piece.source:
            after = held[number + 1] if number + 1 < len(held) else None
            yield _linked(piece.source, _ends_line(before), _ends_line(after))
        else:
            yield piece.source
        before = piece


def _ends_line(piece: Piece | None) -> bool:
    return piece is None or piece.what in ("comment", "verbatim") or piece.name == "br" or piece.name in BLOCKS


def _linked(text: str, starts_line: bool, ends_line: bool) -> str:
    def link(match: re.Match[str]) -> str:
        starts, ends = starts_line or match["before"], ends_line or match.end() < len(text)
        if not (starts and ends):
            return match[0]
        url = match["url"]
        return f'{match["before"]}<a href="{url}">{url}</a>'

    return _ALONE_ON_LINE.sub(link, text)
