"""The text of damaged XML, mended where what was meant is certain, piece by piece. Pure but for reading the file."""

import codecs
import re
import sys
from collections import Counter
from collections.abc import Iterator
from html import escape
from html.entities import html5
from typing import Final

from feedserver.disk import Readable
from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.items import Remark

PIECE: Final = 65_536  # bytes
_MOST_REMARKS: Final = 100
_MOST_MENDED: Final = 100_000  # places; what is damaged everywhere is no export
_MOST_AHEAD: Final = 1_048_576  # characters in which the end of a CDATA section is made sure of
_AHEAD: Final = 48  # characters, longer than any token that is looked for
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 section 2.2
# Of names and of programs; some take quadratic time. (What packs bytes, as `zip`, Python calls no text encoding.)
_NOT_OF_FILES: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
_DECLARATION: Final = re.compile(rb"\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_START: Final = re.compile(r"<[?!A-Za-z_]")
_WHOLE_DECLARATION: Final = re.compile(r"<\?xml\s[^>]*>")
_TOKEN: Final = re.compile(r"<!\[CDATA\[|<!--|<\?|\]\]>|&|<(?![^\W\d]|[:/!])")
_REFERENCE: Final = re.compile(r"&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,7})|([A-Za-z][A-Za-z0-9]{0,31}));")
_END_OF_CDATA: Final = re.compile(r"<!\[CDATA\[|\]\]>")
_ENDS: Final = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_PREDEFINED: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))  # XML 1.0 section 4.6


class Mending:
    """What was mended in a document: its first hundred lines, each with its first place, and how many places."""

    def __init__(self) -> None:
        self.count = 0  # of places
        self._first: dict[tuple[int, str], str] = {}
        self._more: Counter[tuple[int, str]] = Counter()
        self._untold = 0

    def note(self, line: int, what: str, why: str) -> None:
        """Raises ImportRefused for a document that is damaged everywhere."""
        self.count += 1
        if self.count > _MOST_MENDED:
            raise ImportRefused(f"line {line}: damaged in more than {_MOST_MENDED:,} places")
        if (line, why) in self._first:
            self._more[line, why] += 1
        elif len(self._first) < _MOST_REMARKS:
            self._first[line, why] = what
        else:
            self._untold += 1

    def remarks(self, file: str = "") -> Iterator[Remark]:
        """What the report tells of it, a line each; `file` names one of several."""
        before = f"{file}, " if file else ""
        for (line, why), what in self._first.items():
            more = self._more[line, why]
            told = f"{what}, and {more:,} more" if more else what
            yield Remark(treatment="mended", where=f"{before}line {line}", what=told, why=why)
        if self._untold:
            where, what = f"{before}the lines after these", f"{self._untold:,} more places"
            yield Remark(treatment="mended", where=where, what=what, why="damaged in many places")


def pieces(file: Readable, mending: Mending | None) -> Iterator[bytes]:
    """The text of an XML file as UTF-8, without its XML declaration, in pieces; mended if there is `mending`.

    Raises ImportDamaged, without `mending`, for bytes that its encoding does not have.
    """
    texts = _decoded(file, mending)
    first = _start(next(texts, ""), mending)
    if mending is None:
        yield first.encode("utf-8", "replace")
        for text in texts:
            yield text.encode("utf-8", "replace")
        return
    mender = _Mender(mending)
    yield mender.feed(first).encode("utf-8", "replace")
    for text in texts:
        yield mender.feed(text).encode("utf-8", "replace")
    yield mender.feed("", is_last=True).encode("utf-8", "replace")


def _start(text: str, mending: Mending | None) -> str:
    """The first piece from where XML starts, with empty lines for what was before that: line numbers stay right."""
    start = _START.search(text) if mending is not None else None
    junk = text[: start.start()] if start else ""
    if junk.strip() and mending is not None:
        mending.note(1, f"{len(junk)} characters before the start", "no XML starts so")
    declaration = _WHOLE_DECLARATION.match(text, len(junk))
    end = declaration.end() if declaration else len(junk)
    return "\n" * text.count("\n", 0, end) + text[end:]


def _decoded(file: Readable, mending: Mending | None) -> Iterator[str]:
    piece = file.read(PIECE)
    encoding = _encoding(piece)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, is_last = 1, False
    while not is_last:
        is_last = not piece
        state = decoder.getstate()
        try:
            text = decoder.decode(piece, is_last)
        except UnicodeError as error:
            at = line + (error.object.count(b"\n", 0, error.start) if isinstance(error, UnicodeDecodeError) else 0)
            if mending is None:
                raise ImportDamaged(f"line {at}: bytes that are no {encoding}") from None
            decoder.errors = "replace"
            decoder.setstate(state)
            text = decoder.decode(piece, is_last)
            decoder.errors = "strict"
            for bad in re.finditer("\ufffd", text):
                mending.note(line + text.count("\n", 0, bad.start()), "a byte is replaced", f"it is no {encoding}")
        yield text
        line += text.count("\n")
        piece = file.read(PIECE)


def _encoding(head: bytes) -> str:
    """The encoding of a document (XML 1.0 appendix F); UTF-8 if none is declared, or one that is not known."""
    for start, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(start):
            return encoding
    declaration = _DECLARATION.search(head[:1024])
    declared = declaration[1].decode("ascii", "replace") if declaration else "utf-8"
    try:
        b" ".decode(declared)  # not of nothing: Python would not look the name up
        name = codecs.lookup(declared).name
    except (LookupError, UnicodeError):
        return "utf-8"
    if name in _NOT_OF_FILES:
        return "utf-8"
    # A declaration that is readable as ASCII cannot be in UTF-16. Latin-1 is what Windows-1252 calls itself.
    return {"utf-16": "utf-8", "utf-32": "utf-8", "iso8859-1": "cp1252"}.get(
        name if name[:3] == "iso" else name[:6], name
    )


class _Mender:
    """Mends what comes in pieces: characters that XML forbids, `&` and `<` that start nothing, entities of HTML.

    A `]]>` in a CDATA section ends it only if the next section starts before the next `]]>`: none may stand outside.
    """

    def __init__(self, mending: Mending) -> None:
        self._mending = mending
        self._text = self._until = ""
        self._counted, self._line, self._read_line = 0, 1, 1

    def feed(self, text: str, *, is_last: bool = False) -> str:
        self._text += self._allowed(text)
        limit = len(self._text) if is_last else max(0, len(self._text) - _AHEAD)
        position, before, parts = 0, -1, list[str]()
        while before < position < limit:  # where nothing is passed, more must be seen first
            before = position
            position, mended = self._next(position, limit, is_last)
            parts.append(mended)
        self._line += self._text.count("\n", self._counted, position)
        self._counted, self._text = 0, self._text[position:]
        return "".join(parts)

    def _allowed(self, text: str) -> str:
        for found in _FORBIDDEN.finditer(text):
            line = self._read_line + text.count("\n", 0, found.start())
            self._mending.note(line, f"U+{ord(found[0]):04X} is dropped", "XML has no such character")
        self._read_line += text.count("\n")
        return _FORBIDDEN.sub("", text)

    def _next(self, start: int, limit: int, is_last: bool) -> tuple[int, str]:
        """Where the next step starts, and the text up to there, mended."""
        if self._until:
            return self._inside(start, limit, is_last)
        token = _TOKEN.search(self._text, start, limit + _AHEAD)
        if token is None or token.start() >= limit:
            return limit, self._text[start:limit]
        before = self._text[start : token.start()]
        if token[0] in _ENDS:
            self._until = _ENDS[token[0]]
            return token.end(), before + token[0]
        if token[0] == "&":
            end, mended = self._reference(token.start())
            return end, before + mended
        self._note(token.start(), f"“{token[0]}” stands for itself", "it is not escaped")
        return token.end(), before + escape(token[0])

    def _inside(self, start: int, limit: int, is_last: bool) -> tuple[int, str]:
        """A CDATA section, comment or processing instruction stays as it is."""
        end = self._text.find(self._until, start)
        if end < 0 or end >= limit:
            return limit, self._text[start:limit]
        after = end + len(self._until)
        if self._until == "]]>":
            following = _END_OF_CDATA.search(self._text, after)
            if following is None and not is_last and len(self._text) - after < _MOST_AHEAD:
                return end, self._text[start:end]
            if following and following[0] == "]]>":
                self._note(end, "“]]>” stands for itself", "it is not escaped")
                return after, self._text[start:end] + "]]]]><![CDATA[>"
        self._until = ""
        return after, self._text[start:after]

    def _reference(self, start: int) -> tuple[int, str]:
        reference = _REFERENCE.match(self._text, start)
        if reference is None:
            self._note(start, "“&” stands for itself", "it is not escaped")
            return start + 1, "&amp;"
        name = reference[3]
        if name in _PREDEFINED:
            return reference.end(), reference[0]
        if name:
            self._note(start, f"“{reference[0]}” is an entity of HTML", "XML does not know it")
            return reference.end(), escape(html5.get(f"{name};", reference[0]))
        number = int(reference[1]) if reference[1] else int(reference[2], 16)
        if number > sys.maxunicode or _FORBIDDEN.match(chr(number)):
            self._note(start, f"“{reference[0]}” is dropped", "XML has no such character")
            return reference.end(), ""
        return reference.end(), reference[0]

    def _note(self, at: int, what: str, why: str) -> None:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        self._mending.note(self._line, what, why)
