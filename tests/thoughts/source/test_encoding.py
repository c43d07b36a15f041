"""Decoding pages: HTML section 13.2.3 and the Encoding Standard."""

import codecs
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turbohtml.detect import EncodingMatch, detect

from feedserver.thoughts.source import encoding
from feedserver.thoughts.source.encoding import decode

CURLY = "“Grüße” – naïve"
HTML = "text/html"
JAPANESE = "<title>日本語のブログ</title>"
RUSSIAN = "Здравствуйте, это мой блог о погоде"


BODIES = {
    "utf-8, nothing declared": (CURLY.encode(), HTML, CURLY),
    "utf-8, declared": (CURLY.encode(), "text/html; charset=utf-8", CURLY),
    "utf-8, quoted alias": (CURLY.encode(), 'text/html; Charset = "UTF8" ; x=y', CURLY),
    "the byte order mark beats the header": (codecs.BOM_UTF8 + CURLY.encode(), "text/html; charset=latin1", CURLY),
    "latin-1, nothing declared": ("Grüße".encode("latin-1"), HTML, "Grüße"),
    "latin-1, declared": ("Grüße".encode("latin-1"), "text/html;charset=ISO-8859-1", "Grüße"),
    "latin-1 means windows-1252": (CURLY.encode("cp1252"), "text/html;charset=ISO-8859-1", CURLY),
    "ascii means windows-1252": (CURLY.encode("cp1252"), "text/html;charset=us-ascii", CURLY),
    "windows-1252, nothing declared": (CURLY.encode("cp1252"), HTML, CURLY),
    "utf-16 le, mark": (codecs.BOM_UTF16_LE + CURLY.encode("utf-16-le"), HTML, CURLY),
    "utf-16 be, mark": (codecs.BOM_UTF16_BE + CURLY.encode("utf-16-be"), HTML, CURLY),
    "utf-16 means little-endian": (CURLY.encode("utf-16-le"), "text/html; charset=utf-16", CURLY),
    "utf-16 be, declared": (CURLY.encode("utf-16-be"), "text/html; charset=utf-16be", CURLY),
    "shift_jis, declared": (JAPANESE.encode("cp932"), "text/html; charset=Shift_JIS", JAPANESE),
    "euc-jp by an alias": (JAPANESE.encode("euc_jp"), "text/html; charset=x-euc-jp", JAPANESE),
    "gb2312 means gb18030": ("中文".encode("gb18030"), "text/html; charset=gb2312", "中文"),
    "latin-5 means windows-1254": ("ŞİRİN".encode("cp1254"), "text/html; charset=iso-8859-9", "ŞİRİN"),
    "an unknown label is ignored": ("é".encode(), "text/html; charset=no-such", "é"),
    "wrong declared bytes are replaced": (b"gr\xfcn", "text/html; charset=utf-8", "gr\ufffdn"),
    "the declared encoding is used even if UTF-8 would fit": ("é".encode(), "text/html; charset=windows-1252", "Ã©"),
    "utf-8 cut within a character stays utf-8": ("é und ü".encode()[:-1], HTML, "é und "),
    "nothing at all": (b"", "", ""),
}


@pytest.mark.parametrize(("body", "content_type", "expected"), BODIES.values(), ids=BODIES)
def test_header_byte_order_mark_or_bytes_determine_the_encoding(body: bytes, content_type: str, expected: str) -> None:
    assert decode(body, content_type) == expected


HEADS = {
    "meta charset": ('<meta charset="shift_jis">', "cp932"),
    "meta in capitals, by an alias": ("<META CHARSET=SJIS>", "cp932"),
    "meta http-equiv": ('<meta http-equiv="Content-Type" content="text/html; charset=euc-jp">', "euc_jp"),
    "content comes first": ('<meta content="text/html;charset=sjis" http-equiv=content-type>', "cp932"),
    "xml declaration": ('<?xml version="1.0" encoding="Shift_JIS"?>', "cp932"),
    "a meta in a comment is ignored": ("<!-- <meta charset=koi8-r> --><meta charset=sjis>", "cp932"),
    "an end tag is ignored": ("</meta charset=koi8-r><meta charset=sjis>", "cp932"),
    "charset before content": ("<meta charset=sjis http-equiv=content-type content='x; charset=koi8-r'>", "cp932"),
    "the first that is known": ("<meta charset=nonsense><meta charset=sjis>", "cp932"),
    "content without http-equiv is ignored": ('<meta content="x; charset=koi8-r"><meta charset=sjis>', "cp932"),
    "utf-16 in ascii bytes is utf-8": ("<meta charset=utf-16>", "utf-8"),
    "utf-16 of an xml declaration likewise": ('<?xml version="1.0" encoding="utf-16"?>', "utf-8"),
}


@pytest.mark.parametrize(("head", "codec"), HEADS.values(), ids=HEADS)
def test_a_page_declares_its_encoding(head: str, codec: str) -> None:
    assert decode((head + JAPANESE).encode(codec), HTML) == head + JAPANESE


PAD = "<!--" + "x" * 1100 + "-->"
META = "<meta charset=iso-8859-16>"  # there the byte D0 is Đ; in windows-1252 it is Ð
LATE = {
    "comment first": PAD + META,
    "a comment of 300 kB first": f"<!--{'x' * 300_000}-->{META}",
    "tags for social media first": "<html><head>" + f"<meta property=og:x content='{'y' * 200}'>" * 8 + META,
    "script first": f"<head><script>{'x=1;' * 400}</script>{META}",
    "style first": f"<head><style>{'x{}' * 400}</style>{META}",
    "title, link and base first": f"<head><title>{'x' * 1100}</title><link href=x><base href=/>{META}",
    "text first": PAD + "hello" + META,
    "http-equiv": PAD + '<meta http-equiv=content-type content="text/html; charset=iso-8859-16">',
    "the first that is known": PAD + "<meta charset=nope>" + META + "<meta charset=koi8-r>",
}
NOT_HEARD = {
    "in a comment": f"{PAD}<!--{META}-->",
    "in a script": f"{PAD}<script>'{META}'</script>",
    "in a title": f"{PAD}<title>{META}</title>",
    "in a template": f"{PAD}<template>{META}</template>",
    "after the head": f"<head>{PAD}</head>{META}",
    "in the body": f"{PAD}<body>{META}",
    "after a paragraph": f"<p>x</p>{PAD}{META}",
    "content without http-equiv": f"{PAD}<meta content='text/html; charset=iso-8859-16'>",
}


@pytest.mark.parametrize("head", LATE.values(), ids=LATE)
def test_a_declaration_after_1024_bytes_counts_in_the_head(head: str) -> None:
    assert decode(head.encode() + b"a\xd0b", HTML).endswith("aĐb")


@pytest.mark.parametrize("head", NOT_HEARD.values(), ids=NOT_HEARD)
def test_a_declaration_after_1024_bytes_counts_nowhere_else(head: str) -> None:
    assert decode(head.encode() + b"a\xd0b", HTML).endswith("aÐb")


@pytest.mark.parametrize(
    ("content_type", "letter"),
    [
        ('text/html; charset="iso-8859-16"', "Đ"),
        ('text/html; charset="iso-8859-16', "Đ"),
        ('text/html; charset="iso-8859\\-16"', "Đ"),
        ("text/html ;charset= iso-8859-16 ", "Đ"),
        ("text/html; charset=iso-8859-16; charset=koi8-r", "Đ"),
        ("text/html; charset=iso-8859-16, text/html", "Đ"),
        ("text/html; xcharset=koi8-r; charset=iso-8859-16", "Đ"),
        ('text/html; x="charset=koi8-r"; charset=iso-8859-16', "Đ"),
        ('text/html; x=";charset=koi8-r"; charset=iso-8859-16', "Đ"),
        ("text/html; charset='iso-8859-16'", "Ð"),
        ("text/html; charset = iso-8859-16", "Ð"),
        ("text/html charset=iso-8859-16", "Ð"),
        ("text/html; charset=nope; charset=iso-8859-16", "Ð"),
    ],
)
def test_the_parameter_of_the_header_is_read_as_browsers_read_it(content_type: str, letter: str) -> None:
    assert decode(b"a\xd0b", content_type) == f"a{letter}b"


XHTML = "application/xhtml+xml"
XML = {
    "UTF-8 without a declaration": ("<p>é</p>".encode(), XHTML, "<p>é</p>"),
    "the declaration": (b"<?xml version='1.0' encoding='iso-8859-16'?>\xd0b", XHTML, "Đb"),
    "the header before it": (b"<?xml version='1.0' encoding='koi8-r'?>\xd0b", XHTML + "; charset=iso-8859-16", "Đb"),
    "a meta says nothing": (b"<meta charset='koi8-r'/>" + "é".encode(), XHTML, "é"),
    "UTF-16 without a mark": ("<?xml version='1.0'?>é".encode("utf-16-le"), XHTML, "é"),
    "big-endian, as HTML too": ("<?xml version='1.0'?>é".encode("utf-16-be"), HTML, "é"),
    "what browsers refuse is read as HTML": (META.encode() + b"\xd0b", XHTML, "Đb"),
    "x-user-defined in a meta is windows-1252": (b"<meta charset=x-user-defined>\xd0b", HTML, "Ðb"),
}


@pytest.mark.parametrize(("body", "content_type", "end"), XML.values(), ids=XML)
def test_xml_declares_its_encoding_in_its_own_way(body: bytes, content_type: str, end: str) -> None:
    assert decode(body, content_type).endswith(end)


@pytest.mark.parametrize("label", ["iso-2022-kr", "hz-gb-2312", "replacement"])
def test_a_dangerous_encoding_gives_nothing_to_read_as_in_browsers(label: str) -> None:
    assert decode(f"<meta charset={label}><a href=x>y</a>".encode(), HTML) == "\ufffd"
    assert decode(b"<a href=x>y</a>", f"text/html; charset={label}") == "\ufffd"


@pytest.mark.parametrize(
    "label", ["zlib", "rot13", "idna", "unicode_escape", "utf-7", "hex", "punycode", "mbcs", "cp037"]
)
def test_python_codecs_that_browsers_lack_are_never_used(label: str) -> None:
    body = rb"+ADw-a \u0041\x41 616161"

    assert decode(body, f"text/html; charset={label}") == body.decode("ascii")


@pytest.mark.parametrize(
    "charset", ["windows-1252", "windows-1253", "shift_jis", "iso-2022-jp", "utf-16", "gbk", "utf-8"]
)
@pytest.mark.parametrize("byte", [b"\x81", b"\xff", b"\x1b", b"\xd8\x00"])
def test_invalid_bytes_are_decoded_in_linear_time(charset: str, byte: bytes) -> None:
    body = byte * (1024 * 1024 // len(byte))
    begun = time.process_time()

    decode(body, f"text/html; charset={charset}")

    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("body", "charset", "expected"),
    [
        pytest.param(b"\xad\xa1", "euc-jp", "①", id="EUC-JP, row 13 of NEC"),
        pytest.param(b"\x1b$B-!\x1b(B", "iso-2022-jp", "①", id="ISO-2022-JP, row 13 of NEC"),
        pytest.param(b"\x1b(I1\x1b(J\\~\x1b(B\\", "iso-2022-jp", "ｱ¥‾\\", id="ISO-2022-JP, katakana and Roman"),
        pytest.param(b"\x8f\xb0\xa1\x8e\xb1", "euc-jp", "丂ｱ", id="EUC-JP, three bytes, katakana"),
        pytest.param(b"\xfa\x54\xed\x40\xf0\x40\x80", "shift_jis", "￢纊\ue000\x80", id="Shift_JIS, NEC, IBM, private"),
        pytest.param(b"\x81\x30\x81\x30", "gb18030", "\x80", id="GB18030, four bytes"),
        pytest.param(b"\x88\x62\xa4<", "big5", "Ê̄\ufffd<", id="Big5, two letters, a broken one"),
        pytest.param(b"\xe6", "x-user-defined", "\uf7e6", id="x-user-defined in the header"),
        pytest.param(b"\xdb", "macintosh", "€", id="macintosh"),
        pytest.param(b"\xff", "x-mac-cyrillic", "€", id="x-mac-cyrillic"),
        pytest.param(b"\xca", "windows-1255", "\u05ba", id="windows-1255"),
        pytest.param(b"\x80", "gbk", "€", id="GBK, 0x80"),
        pytest.param(b"\xae", "koi8-u", "ў", id="KOI8-U is KOI8-RU"),
        pytest.param(b"\x87\x40", "big5", "䏰", id="Big5 with the Hong Kong characters"),
    ],
)
def test_characters_that_the_codecs_of_python_lack_are_decoded(body: bytes, charset: str, expected: str) -> None:
    assert decode(body, f"text/html; charset={charset}") == expected


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        pytest.param(RUSSIAN, "cp1251", id="windows-1251"),
        pytest.param(RUSSIAN, "koi8_r", id="KOI8-R"),
        pytest.param(JAPANESE, "cp932", id="Shift_JIS"),
        pytest.param("x" * 100_000 + RUSSIAN, "koi8_r", id="letters far into the page"),
        pytest.param("Home » Blog", "cp1252", id="one Latin sign is not taken for Polish"),
    ],
)
def test_an_undeclared_encoding_is_detected(text: str, codec: str) -> None:
    assert decode(text.encode(codec), HTML) == text


def test_detection_reads_a_bounded_part_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def measured(sample: bytes) -> EncodingMatch:
        sizes.append(len(sample))
        return detect(sample)

    monkeypatch.setattr(encoding, "detect", measured)

    decode(RUSSIAN.encode("koi8_r") * 10_000, HTML)

    assert sizes == [16 * 1024]


@given(st.binary(max_size=2000), st.text(max_size=60))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)
    assert isinstance(decode(body, f"text/html; charset={content_type}"), str)
