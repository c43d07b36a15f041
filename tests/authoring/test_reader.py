"""Calls of apps: what they send is read, within limits, and what stands in base64 goes to files as it comes."""

import base64
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.authoring.xmlrpc_apps.reader import MOST_ELEMENTS, MOST_FILES, MOST_TEXT, CallReader
from feedserver.authoring.xmlrpc_apps.values import Bits, Members, WrongArguments
from feedserver.xmlrpc import Call, MalformedRequest, NotACall, XmlRpcError
from tests.test_xmlrpc import BOMB

SAMPLES = Path(__file__).parents[1] / "data" / "metaweblog"


def read(body: bytes, new_file: Callable[[], Path] | None = None, charset: str | None = None, piece: int = 99) -> Call:
    reader = CallReader(new_file, charset)
    for start in range(0, len(body), piece):
        reader.feed(body[start : start + piece])
    return reader.finish()


def params(body: bytes, new_file: Callable[[], Path] | None = None, piece: int = 99) -> tuple[Any, ...]:
    return read(body, new_file, piece=piece).params or ()


def called_with(value: str) -> bytes:
    return f"<methodCall><methodName>a.b</methodName><params><param>{value}</param></params></methodCall>".encode()


def value_of(value: str) -> Any:
    return params(called_with(value))[0]


@pytest.fixture
def new_file(tmp_path: Path) -> Callable[[], Path]:
    names: Iterator[int] = count()
    return lambda: tmp_path / str(next(names))


def sample(name: str) -> Call:
    return read(sent(name))


def sent(name: str) -> bytes:
    return (SAMPLES / f"{name}.xml").read_bytes()


# --- what real apps send ---


def test_three_parameters_are_enough_for_micro_blogs_check() -> None:
    assert sample("microblog-app-check") == Call("metaWeblog.getRecentPosts", ("1", "mara", "app-token"))


def test_booleans_are_read_in_both_spellings() -> None:
    assert params(sent("microblog-app-blogger-newpost"))[-1] is True
    assert params(sent("microblog-mac-int-blogid"))[-1] is True


def test_an_id_may_be_a_number() -> None:
    assert params(sent("microblog-mac-int-blogid"))[1] == 1


def test_a_text_that_is_escaped_badly_is_not_well_formed() -> None:
    with pytest.raises(MalformedRequest):
        sample("microblog-app-bad-escape")


def test_a_value_without_a_type_is_a_text() -> None:
    assert sample("untyped-values").params == ("1", "mara", "app-token", {"title": "T", "description": "D"}, "1")


def test_nil_is_not_there() -> None:
    struct = Members(params(sent("nil-value"))[3])

    assert ("title" in struct, struct.text("title"), struct.text("description")) == (False, None, "D")


def test_blanks_before_the_declaration_are_passed_over() -> None:
    assert sample("leading-blank-lines") == Call("wp.getUsersBlogs", ("mara", "app-token"))


def test_an_array_of_keywords_is_read() -> None:
    struct = params(sent("marsedit-newpost"))[3]

    assert struct["mt_keywords"] == ["larks", "birds"]
    assert struct["date_created_gmt"] == datetime(2023, 3, 4, 6, tzinfo=UTC)


def test_open_live_writers_post_is_read() -> None:
    struct = params(sent("olw-newpost"))[3]

    assert struct["description"] == "<p>Larks</p>"
    assert (struct["categories"], struct["mt_excerpt"], struct["mt_allow_comments"]) == (["Nature"], "", 1)


def test_a_picture_is_decoded_into_a_file(new_file: Callable[[], Path]) -> None:
    bits = params(sent("newmediaobject"), new_file)[3]["bits"]

    assert (bits.size, bits.file.read_bytes()[:6]) == (35, b"GIF89a")


def test_a_date_without_a_zone_has_none_yet() -> None:
    struct = params(sent("python-date-no-zone"))[3]

    assert struct["dateCreated"] == datetime(2023, 3, 4, 6)  # noqa: DTZ001 - that is the point


# --- texts ---


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="ISO-8859-1"?>'
        + called_with("<value>caf\u00e9</value>").decode().encode("latin-1"),
        b"\xef\xbb\xbf" + called_with("<value>café</value>"),
        b'\n \xef\xbb\xbf<?xml version="1.0"?>' + called_with("<value>café</value>"),
        b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?>' + called_with("<value>café</value>"),
        called_with("<value>café</value>").decode().encode("utf-16"),
        b" " * 500 + called_with("<value>caf&#233;</value>"),
    ],
    ids=["latin-1", "mark", "blanks and a mark", "a mark and latin-1", "utf-16", "many blanks"],
)
def test_other_encodings_and_byte_order_marks_are_read(body: bytes) -> None:
    assert read(body).params == ("café",)


def test_the_headers_charset_counts_where_the_document_says_none() -> None:
    latin = called_with("<value>caf\u00e9</value>").decode().encode("latin-1")

    assert read(latin, charset="ISO-8859-1").params == ("café",)
    with pytest.raises(MalformedRequest):
        read(latin)
    declared = b'<?xml version="1.0" encoding="utf-8"?>' + called_with("<value>café</value>")
    assert read(declared, charset="ISO-8859-1").params == ("café",)


@pytest.mark.parametrize("encoding", ["koi8-r", "utf-7", "unheard-of"])
def test_exotic_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(MalformedRequest):
        read(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + called_with("<value>x</value>"))


def test_line_ends_become_lf_and_blanks_stay() -> None:
    assert value_of("<value><string> a&#13;\n b </string></value>") == " a\n b "


# --- values ---


LIST = "<array><data>{}</data></array>"
A_STRUCT = "<value><struct><member><name>n</name><value><int>1</int></value></member></struct></value>"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("<value><i4>-7</i4></value>", -7),
        ("<value><int> 12\n</int></value>", 12),
        ("<value><int/></value>", None),
        ("<value><ex:i8>12345678901</ex:i8></value>", 12345678901),
        ("<value><boolean>0</boolean></value>", False),
        ("<value><boolean>False</boolean></value>", False),
        ("<value><double>1.5</double></value>", 1.5),
        ("<value><ex:nil/></value>", None),
        ("<value/>", ""),
        ("<value> <string>x</string> </value>", "x"),
        ("<value><array><data/></array></value>", []),
        (f"<value>{LIST.format(f'<value>a</value><value>{LIST.format(A_STRUCT)}</value>')}</value>", ["a", [{"n": 1}]]),
        ("<value><struct/></value>", {}),
        ("<value><dateTime.iso8601/></value>", None),
        ("<value><dateTime.iso8601>00000000T00:00:00Z</dateTime.iso8601></value>", None),
    ],
)  # fmt: skip
def test_each_type_is_read(written: str, value: object) -> None:
    written = written.replace("<value>", '<value xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions">', 1)

    assert value_of(written) == value


SIX = datetime(2023, 3, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Z", "+0000", "+00:00", " +00:00"])
@pytest.mark.parametrize("said", ["20230304T06:00:00", "2023-03-04T06:00:00", "2023-03-04T06:00:00.123"])
def test_dates_are_read_in_every_form(said: str, zone: str) -> None:
    for value in (f"<value><dateTime.iso8601>{said}{zone}</dateTime.iso8601></value>", f"<value>{said}{zone}</value>"):
        assert Members({"date": value_of(value)}).moment("date", UTC) == SIX


@pytest.mark.parametrize(
    "written",
    [
        "<value><int>one</int></value>",
        f"<value><int>{'9' * 10_000}</int></value>",
        "<value><boolean>perhaps</boolean></value>",
        "<value><dateTime.iso8601>yesterday</dateTime.iso8601></value>",
        "<value><double>x</double></value>",
        "<value><unheard-of>x</unheard-of></value>",
    ],
)
def test_values_that_cannot_be_read_are_wrong_arguments(written: str) -> None:
    with pytest.raises(WrongArguments):
        value_of(written)


# --- base64 ---


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, 200_000])
@pytest.mark.parametrize("piece", [7, 65_536])
def test_base64_with_white_space_is_decoded_across_pieces(new_file: Callable[[], Path], size: int, piece: int) -> None:
    given = bytes(n * 7 % 256 for n in range(size))
    body = called_with(f"<value><base64>\n\t{base64.encodebytes(given).decode()}</base64></value>")

    (bits,) = params(body, new_file, piece)

    assert (bits.size, bits.file.read_bytes()) == (size, given)


def test_padding_may_be_missing(new_file: Callable[[], Path]) -> None:
    (bits,) = params(called_with("<value><base64>eA</base64></value>"), new_file)

    assert bits.file.read_bytes() == b"x"


@pytest.mark.parametrize("written", ["e", "eA==eA==", "é", "e-_A", "<b/>"])
def test_what_is_no_base64_is_a_wrong_argument(new_file: Callable[[], Path], written: str) -> None:
    with pytest.raises(WrongArguments):
        read(called_with(f"<value><base64>{written}</base64></value>"), new_file)


def test_without_a_place_for_files_base64_is_passed_over() -> None:
    assert read(called_with("<value><base64>eA==</base64></value>")).params == (None,)


def test_a_text_in_base64_is_a_text(new_file: Callable[[], Path]) -> None:
    written = base64.b64encode("café".encode()).decode()
    (bits,) = params(called_with(f"<value><base64>{written}</base64></value>"), new_file)

    assert isinstance(bits, Bits)
    assert Members({"title": bits}).text("title") == "café"


def test_a_long_file_is_not_kept_in_memory(new_file: Callable[[], Path]) -> None:
    head, tail = called_with("<value><base64>|</base64></value>").split(b"|")
    line = b"A" * 76 + b"\n"
    reader = CallReader(new_file)
    tracemalloc.start()
    try:
        reader.feed(head)
        for _ in range(200):
            reader.feed(line * 850)  # 13 MB
        reader.feed(tail)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    (bits,) = reader.finish().params or ()
    assert isinstance(bits, Bits)
    assert bits.size == 200 * 850 * 57
    assert peak < 1_500_000


# --- limits ---


@pytest.mark.parametrize("prologue", ["<!DOCTYPE methodCall>", BOMB + "]>"], ids=["plain", "bomb"])
def test_no_doctype_is_taken(prologue: str) -> None:
    with pytest.raises(MalformedRequest):
        read(prologue.encode() + called_with("<value>&a8;</value>"))


def test_nesting_is_bounded() -> None:
    with pytest.raises(MalformedRequest):
        read(called_with("<value><array><data>" * 20 + "</data></array></value>" * 20))


@pytest.mark.parametrize("element", ["<value/>", "<value/><member/><struct/>"])
def test_the_number_of_elements_is_bounded(element: str) -> None:
    around = 7  # methodCall, methodName, params, param, value, array, data
    many = element * ((MOST_ELEMENTS - around) // element.count("<"))

    assert value_of(f"<value><array><data>{many}</data></array></value>")
    with pytest.raises(WrongArguments):
        value_of(f"<value><array><data>{many}{element}</data></array></value>")


def test_the_number_of_files_is_bounded(new_file: Callable[[], Path]) -> None:
    one = "<value><base64>QUJD</base64></value>"

    assert params(called_with(f"<value><array><data>{one * MOST_FILES}</data></array></value>"), new_file)
    with pytest.raises(WrongArguments):
        params(called_with(f"<value><array><data>{one * MOST_FILES}{one}</data></array></value>"), new_file)


def test_the_text_of_all_values_together_is_bounded() -> None:
    part = "x" * (MOST_TEXT // 2)

    with pytest.raises(WrongArguments):
        read(called_with(f"<value>{part}</value></param><param><value>{part}</value>"), piece=65_536)


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"<a/>", b"<methodCall/>", b"<methodResponse/>", b"no xml", b"<methodCall>"]
)
def test_what_is_no_call_is_refused(body: bytes) -> None:
    with pytest.raises((MalformedRequest, NotACall)):
        read(body)


@given(st.lists(st.sampled_from(
    "<methodCall> <methodName> <params> <param> <value> <struct> <member> <name> <array> <data> <int> <base64> <nil/>"
    " </value> </struct> </member> </name> </array> </data> </int> </base64> </param> </params> </methodName>"
    " </methodCall> x 1 &amp; <!---->".split()
), max_size=40), st.integers(1, 50))  # fmt: skip
def test_any_jumble_of_elements_is_a_call_or_an_error_of_xml_rpc(parts: list[str], piece: int) -> None:
    with suppress(XmlRpcError, WrongArguments):
        read(("<methodCall>" + "".join(parts)).encode(), piece=piece)
