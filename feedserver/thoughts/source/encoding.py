"""Decodes the bytes of a page as browsers do (HTML section 13.2.3, Encoding Standard)."""

import codecs
import re
from itertools import islice

import turbohtml
from turbohtml import TokenType
from turbohtml.detect import detect

from feedserver.thoughts.source.xhtml import is_xhtml

_PRESCAN = 1024  # bytes in which a page should declare its encoding (HTML section 4.2.5.4)
_SAMPLE = 16 * 1024  # bytes for detection, which takes 55 ns a byte
_MAX_LATE = 20_000  # tokens in which a late declaration is looked for
# A parameter of a Content-Type (MIME Sniffing section 4.4). Its name has no blanks, its value may be quoted.
_PARAMETER = re.compile(r';\s*([^;=]*+)=("(?:[^"\\]|\\.)*+"?|[^;,]*+)')
_QUOTED_PAIR = re.compile(r"\\(.)")
_XML_DECLARATION = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]+)", re.IGNORECASE)
_XML_IN_UTF_16 = {b"<\0?\0x\0": "UTF-16LE", b"\0<\0?\0x": "UTF-16BE"}
# Elements that do not end the head.
_HEAD = frozenset("base head html link meta noscript object script style title".split())
_NOT_CLOSED = frozenset(("head", "html"))


def decode(body: bytes, content_type: str) -> str:
    """Returns the text of a page, given its bytes and its Content-Type header ("" if there was none). Never raises.

    The first of these decides: byte order mark, `charset` of the header, `<meta>` in the first 1024 bytes or later in
    the head, XML declaration, valid UTF-8, detection. In XML no `<meta>` counts before UTF-8 does. Bytes that cannot be
    decoded become U+FFFD. Takes linear time.
    """
    label, xml = _charset(content_type), is_xhtml(content_type)
    if declared := _declared_in_xml(body, label) if xml else _declared(body, label):
        return _decoded(body, declared)
    try:
        # Not final: a body cut at the size limit may end within a character.
        return codecs.utf_8_decode(body, "strict", False)[0]
    except UnicodeDecodeError as error:
        start = max(0, error.start - _SAMPLE // 2)
        declared = _declared(body, label) if xml else None
        return _decoded(body, declared or _detected(body[start : start + _SAMPLE]))


def _charset(content_type: str) -> str | None:
    values = (value for name, value in _PARAMETER.findall(content_type) if name.lower() == "charset")
    value: str | None = next(values, None)
    return _QUOTED_PAIR.sub(r"\1", value.strip('"')) if value and value.startswith('"') else value


def _declared(body: bytes, label: str | None) -> str | None:
    return _certain(body[:_PRESCAN], label) or _late_meta(body) or _declared_in_xml(body, None)


def _declared_in_xml(body: bytes, label: str | None) -> str | None:
    if certain := _certain(body[:3], label):  # a byte order mark has up to three bytes
        return certain
    if utf_16 := _XML_IN_UTF_16.get(body[:6]):
        return utf_16
    declaration = _XML_DECLARATION.match(body[:_PRESCAN])
    encoding = _certain(b"", declaration[1].decode("latin-1")) if declaration else None
    # A declaration that is readable as ASCII cannot be in UTF-16 (HTML section 13.2.3.2).
    return "UTF-8" if encoding and encoding.startswith("UTF-16") else encoding


def _certain(head: bytes, label: str | None) -> str | None:
    """The encoding that a byte order mark, `label` or a `<meta>` in `head` names; None if none of them does."""
    try:
        document = turbohtml.parse(head, encoding=label, positions=False)
    except LookupError:  # not a label of the Encoding Standard
        document = turbohtml.parse(head, positions=False)
    # “replacement” is what browsers use for encodings that are dangerous.
    is_certain = document.encoding_confidence == "certain" or document.encoding == "replacement"
    return document.encoding if is_certain else None


def _late_meta(body: bytes) -> str | None:
    """The encoding that a `<meta>` anywhere in the head names: comments, scripts and social tags may come first."""
    tokens = turbohtml.tokenize(body.decode("latin-1"), capture_source=True, capture_attributes=False)
    for token in islice(tokens, _MAX_LATE):
        if token.type is TokenType.START_TAG and token.tag == "meta":
            source = token.source or ""
            if "charset" in source.lower() and (encoding := _certain(source.encode("latin-1"), None)):
                return encoding
        elif token.type in (TokenType.START_TAG, TokenType.END_TAG) and _ends_head(token):
            return None
    return None


def _ends_head(token: turbohtml.Token) -> bool:
    return token.tag not in _HEAD or (token.type is TokenType.END_TAG and token.tag in _NOT_CLOSED)


def _detected(sample: bytes) -> str:
    """Guesses the encoding from letter frequencies.

    Latin encodings without a language become windows-1252: one “»” or “£” made the detector guess a Polish one.
    """
    match = detect(sample)
    return match.encoding if match.encoding and match.language else "windows-1252"


def _decoded(body: bytes, encoding: str) -> str:
    # Not Python's codecs: they lack characters that browsers support (NEC's in EUC-JP, 0x80 in GBK).
    return body.decode(f"whatwg-{encoding}").removeprefix("\ufeff")
