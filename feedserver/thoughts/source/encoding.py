"""Decodes the bytes of a page as browsers do (HTML section 13.2.3, Encoding Standard)."""

import codecs
import re

import turbohtml
from turbohtml.detect import detect

_PRESCAN = 1024  # bytes in which a page must declare its encoding (HTML section 4.2.5.4)
_SAMPLE = 16 * 1024  # bytes for detection, which takes 55 ns a byte
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;,\"']+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]+)", re.IGNORECASE)


def decode(body: bytes, content_type: str) -> str:
    """Returns the text of a page, given its bytes and its Content-Type header ("" if there was none). Never raises.

    The first of these decides: byte order mark, `charset` of the header, `<meta>` or XML declaration in the first
    1024 bytes, valid UTF-8, detection. Bytes that cannot be decoded become U+FFFD. Takes linear time.
    """
    if encoding := _declared(body[:_PRESCAN], content_type):
        return _decoded(body, encoding)
    try:
        # Not final: a body cut at the size limit may end within a character.
        return codecs.utf_8_decode(body, "strict", False)[0]
    except UnicodeDecodeError as error:
        start = max(0, error.start - _SAMPLE // 2)
        return _decoded(body, _detected(body[start : start + _SAMPLE]))


def _declared(head: bytes, content_type: str) -> str | None:
    parameter = _PARAMETER.search(content_type)
    if encoding := _certain(head, parameter[1] if parameter else None):
        return encoding
    declaration = _XML_DECLARATION.match(head)
    encoding = _certain(b"", declaration[1].decode("latin-1")) if declaration else None
    # A declaration that is readable as ASCII cannot be in UTF-16 (HTML section 13.2.3.2).
    return "UTF-8" if encoding and encoding.startswith("UTF-16") else encoding


def _certain(head: bytes, label: str | None) -> str | None:
    """The encoding that a byte order mark, `label` or a `<meta>` in `head` names; None if none of them does."""
    try:
        document = turbohtml.parse(head, encoding=label, positions=False)
    except LookupError:  # not a label of the Encoding Standard
        document = turbohtml.parse(head, positions=False)
    return document.encoding if document.encoding_confidence == "certain" else None


def _detected(sample: bytes) -> str:
    """Guesses the encoding from letter frequencies.

    Latin encodings without a language become windows-1252: one “»” or “£” made the detector guess a Polish one.
    """
    match = detect(sample)
    return match.encoding if match.encoding and match.language else "windows-1252"


def _decoded(body: bytes, encoding: str) -> str:
    # Not Python's codecs: they lack characters that browsers support (NEC's in EUC-JP, 0x80 in GBK).
    return body.decode(f"whatwg-{encoding}").removeprefix("\ufeff")
