"""Bytes of a page to text, by the labels of the WHATWG Encoding Standard (section 4.2).

Labels come from strangers, so they are looked up in the table below and never in Python's codec registry: that
one also knows codecs which are no text encodings, imports modules by name and remembers every name it was asked.
Leaves to others: control characters and other unclean text (`feedserver.text`).
"""

import codecs
import re

import turbohtml

_LOOKED_AT = 1024  # bytes in which a page must declare its encoding (HTML 4.2.5.4)
_FALLBACK = "cp1252"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;,\"']+)", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]+)", re.IGNORECASE)

# Python's codec, then the labels that mean it. Where a standard has a superset that the web uses in its place, the
# superset is named: windows-1252 for ASCII and Latin-1, windows-31j for Shift_JIS, gb18030 for all of GBK.
_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16-le": "utf-16 utf-16le csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 iso-ir-100"
    " latin1 l1 csisolatin1 cp819 ibm819 ascii us-ascii ansi_x3.4-1968",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 iso-ir-148"
    " latin5 l5 csisolatin5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp874": "windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620",
    "cp866": "ibm866 866 cp866 csibm866",
    "iso8859_2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 iso-ir-101 latin2 l2 csisolatin2",
    "iso8859_3": "iso-8859-3 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 iso-ir-109 latin3 l3 csisolatin3",
    "iso8859_4": "iso-8859-4 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 iso-ir-110 latin4 l4 csisolatin4",
    "iso8859_5": "iso-8859-5 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 iso-ir-144 cyrillic csisolatincyrillic",
    "iso8859_6": "iso-8859-6 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 iso-ir-127 arabic csisolatinarabic"
    " asmo-708 ecma-114 iso-8859-6-e iso-8859-6-i csiso88596e csiso88596i",
    "iso8859_7": "iso-8859-7 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 iso-ir-126 greek greek8 csisolatingreek"
    " ecma-118 elot_928 sun_eu_greek",
    "iso8859_8": "iso-8859-8 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 iso-ir-138 hebrew visual logical"
    " csisolatinhebrew iso-8859-8-e iso-8859-8-i csiso88598e csiso88598i",
    "iso8859_10": "iso-8859-10 iso8859-10 iso885910 iso-ir-157 latin6 l6 csisolatin6",
    "iso8859_13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859_14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859_15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 csisolatin9",
    "iso8859_16": "iso-8859-16",
    "koi8_r": "koi8-r koi8_r koi8 koi cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "mac_roman": "macintosh mac x-mac-roman csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "gb18030 gbk x-gbk gb2312 gb_2312 gb_2312-80 csgb2312 csiso58gb231280 chinese iso-ir-58",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp932": "shift_jis shift-jis sjis x-sjis ms932 ms_kanji csshiftjis windows-31j",
    "cp949": "euc-kr cseuckr korean iso-ir-149 ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 csksc56011987"
    " windows-949",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}


def decode(body: bytes, content_type: str) -> str:
    """The text of a page from its bytes and its Content-Type header (`` where there was none). Never raises.

    The first that is there decides: byte order mark, `charset` of the header, `<meta>` or XML declaration in the
    first 1024 bytes, valid UTF-8; otherwise windows-1252. What cannot be decoded becomes U+FFFD.
    """
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    if declared := _of_header(content_type) or _declared(body):
        return body.decode(declared, "replace")
    try:
        # Not final: a body that was cut at the size limit may end within a character.
        return codecs.utf_8_decode(body, "strict", False)[0]
    except UnicodeDecodeError:
        return body.decode(_FALLBACK, "replace")


def _of_header(content_type: str) -> str | None:
    named = _PARAMETER.search(content_type)
    return _codec(named[1]) if named else None


def _declared(body: bytes) -> str | None:
    head = body[:_LOOKED_AT].decode("latin-1")
    for token in turbohtml.tokenize(head):
        if token.type is turbohtml.TokenType.START_TAG and token.tag == "meta":
            codec = _codec(token.attr("charset") or "")
            if not codec and (token.attr("http-equiv") or "").strip().lower() == "content-type":
                codec = _of_header(token.attr("content") or "")
            if codec:
                return _as_read(codec)
    declaration = _DECLARATION.match(head)
    codec = _codec(declaration[1]) if declaration else None
    return _as_read(codec) if codec else None


def _as_read(codec: str) -> str:
    """A declaration that could be read byte by byte cannot be in UTF-16, whatever it says (HTML 13.2.3.2)."""
    return "utf-8" if codec.startswith("utf-16") else codec


def _codec(label: str) -> str | None:
    return _CODECS.get(label.strip().lower())
