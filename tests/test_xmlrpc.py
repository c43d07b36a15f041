"""XML-RPC on the wire: what bytes are a call, and what bytes the answers are."""

import base64
import contextlib
from xml.etree import ElementTree
from xmlrpc.client import Fault, loads

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedserver import xmlrpc
from feedserver.text import clean
from feedserver.xmlrpc import MalformedRequest, NotACall, UnreadableResponse, WrongParameters, XmlRpcError
from tests.support.pinging import call_body, ping_body, read_answer

CALL = ping_body("http://other.example/a?b=1&c=2", "http://blog.example/posts/a-post")


def test_what_wordpress_sends_is_understood() -> None:
    call = xmlrpc.parse(CALL)

    assert call.method == "pingback.ping"
    assert call.strings(2, "") == ("http://other.example/a?b=1&c=2", "http://blog.example/posts/a-post")


def wrapped(value: str, method: str = "pingback.ping") -> bytes:
    param = f"<param>{value}</param>"
    return f"<methodCall><methodName>{method}</methodName><params>{param * 2}</params></methodCall>".encode()


@pytest.mark.parametrize(
    "value",
    [
        "<value>x</value>",
        "<value><string>x</string></value>",
        "<value>\n x <!-- a --></value>",
        "<value>&#120;</value>",
    ],
    ids=["untyped", "string", "blanks and a comment", "a reference"],
)
def test_a_string_may_be_written_in_each_way_that_xmlrpc_knows(value: str) -> None:
    assert xmlrpc.parse(wrapped(value)).strings(2, "") == ("x", "x")


@pytest.mark.parametrize(
    "value",
    [
        "<value><int>1</int></value>",
        "<value><nil/></value>",
        f"<value><base64>{base64.b64encode(b'x').decode()}</base64></value>",
        "<value><boolean>1</boolean></value>",
        "<value><array><data><value>x</value></data></array></value>",
        "<value><int>one</int></value>",
        "<value><boolean>maybe</boolean></value>",
        f"<value><int>{'9' * 10_000}</int></value>",
        "<value><unheard-of>x</unheard-of></value>",
        "",
    ],
)
def test_what_is_no_string_is_a_wrong_parameter(value: str) -> None:
    call = xmlrpc.parse(wrapped(value))

    assert call.method == "pingback.ping"
    with pytest.raises(WrongParameters):
        call.strings(2, "")


def test_parameters_nobody_can_read_do_not_hide_that_the_rest_is_not_well_formed() -> None:
    with pytest.raises(MalformedRequest):
        xmlrpc.parse(wrapped("<value><int>one</int></value>")[:-5])


@pytest.mark.parametrize(
    "encoding", ["utf-8", "iso-8859-1", "utf-16", "windows-1252", "us-ascii", "UTF-8", "ISO-8859-1"]
)
def test_declared_encodings_are_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + CALL.decode().split("?>", 1)[1]
    text = text if encoding == "us-ascii" else text.replace("/posts/a-post", "/posts/café")

    _, target = xmlrpc.parse(text.encode(encoding)).strings(2, "")

    assert target.startswith("http://blog.example/posts/")
    assert ("café" in target) == (encoding != "us-ascii")


@pytest.mark.parametrize("encoding", ["utf-7", "utf-32", "koi8-r", "idna", "hex", "rot13", "unheard-of", "undefined"])
def test_exotic_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(MalformedRequest):
        xmlrpc.parse(f'<?xml version="1.0" encoding="{encoding}"?><methodCall/>'.encode())


def test_bytes_that_are_not_what_was_declared_are_refused() -> None:
    with pytest.raises(MalformedRequest):
        xmlrpc.parse(wrapped("<value>caf\u00e9</value>").decode().encode("latin-1"))


BOMB = "<!DOCTYPE b [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>".replace("a0;", "a;") for n in range(1, 9)
)


@pytest.mark.parametrize(
    "prologue",
    [
        "<!DOCTYPE methodCall>",
        '<!DOCTYPE methodCall SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE methodCall [<!ENTITY x SYSTEM "http://10.0.0.1/">]>',
        BOMB + "]>",
        "<!DOCTYPE methodCall [" + "".join(f"<!ENTITY e{n} '&e{n - 1};'>" for n in range(1, 2_000)) + "]>",
    ],
    ids=["plain", "external", "external entity", "billion laughs", "a chain of entities"],
)
def test_no_doctype_is_taken_whatever_it_declares(prologue: str) -> None:
    with pytest.raises(MalformedRequest):
        xmlrpc.parse(prologue.encode() + wrapped("<value>&a8;</value>"))


@pytest.mark.parametrize("tag", ["value", "array", "data", "params", "methodName", "b"])
def test_deep_nesting_is_refused(tag: str) -> None:
    with pytest.raises(MalformedRequest):
        xmlrpc.parse(wrapped(f"<{tag}>" * 40 + "x" + f"</{tag}>" * 40))


def test_a_response_is_not_taken_for_a_call() -> None:
    with pytest.raises(NotACall):
        xmlrpc.parse(xmlrpc.response("x"))
    with pytest.raises(NotACall):
        xmlrpc.parse(xmlrpc.fault(17, "no link"))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_call_or_a_wire_error(body: bytes) -> None:
    assert_parsed_or_refused(body)


@given(st.lists(st.tuples(st.integers(0, len(CALL) - 1), st.binary(max_size=3), st.integers(0, 9)), max_size=6))
@example([(CALL.index(b"<params>"), b"<!DOCTYPE a>", 0)])
def test_any_mutation_of_a_call_is_a_call_or_a_wire_error(mutations: list[tuple[int, bytes, int]]) -> None:
    body = CALL
    for at, inserted, dropped in mutations:
        body = body[:at] + inserted + body[at + dropped :]

    assert_parsed_or_refused(body)


TAGS = "methodCall methodName params param value string int i4 boolean double nil array data struct member name base64"
TAGS += " dateTime.iso8601 methodResponse fault"
TREES = st.recursive(
    st.text(max_size=8).map(lambda text: text.replace("<", "").replace("&", "")),
    lambda inner: st.tuples(st.sampled_from(TAGS.split()), st.lists(inner, max_size=4)).map(
        lambda node: f"<{node[0]}>{''.join(node[1])}</{node[0]}>"
    ),
    max_leaves=20,
)


@given(TREES)
def test_any_tree_of_xmlrpc_elements_is_a_call_or_a_wire_error(tree: str) -> None:
    body = f"<methodCall><methodName>pingback.ping</methodName>{tree}</methodCall>"

    assert_parsed_or_refused(body.encode("utf-8", "replace"))


def assert_parsed_or_refused(body: bytes) -> None:
    try:
        call = xmlrpc.parse(body)
        strings = call.strings(2, "")
    except XmlRpcError:
        return
    assert all(isinstance(text, str) for text in strings)
    assert call.method == call.method.strip() != ""


# --- answers ---


@pytest.mark.parametrize("text", ["a\x00b", "a\x0bb", "a\ud800b", "a\ufffeb"], ids=ascii)
def test_answers_hold_nothing_that_xml_forbids(text: str) -> None:
    assert read_answer(xmlrpc.response(text)) == "ab"
    assert read_answer(xmlrpc.response([[text], ["b"]])) == [["ab"], ["b"]]
    assert fault_in(xmlrpc.fault(17, text)).faultString == "ab"


@given(st.text())
def test_any_text_makes_a_well_formed_answer(text: str) -> None:
    for body in (xmlrpc.response(text), xmlrpc.fault(17, text)):
        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse>')
        ElementTree.fromstring(body)


def test_a_value_without_parameters_is_an_empty_call() -> None:
    assert xmlrpc.parse(call_body("system.listMethods")).params == ()
    assert xmlrpc.parse(b"<methodCall><methodName>m</methodName></methodCall>").params == ()


def fault_in(body: bytes) -> Fault:
    with pytest.raises(Fault) as raised:
        loads(body)
    return raised.value


@pytest.mark.parametrize("error", XmlRpcError.__subclasses__(), ids=lambda error: error.__name__)
def test_wire_errors_have_codes_of_the_interoperability_list(error: type[XmlRpcError]) -> None:
    assert -32799 <= error.code <= -32600
    assert str(error()) == error.text


# --- what other servers answer ---


@given(st.text())
def test_any_text_comes_through_a_call_and_a_response(text: str) -> None:
    assert loads(xmlrpc.call("m", text, "b")) == ((clean(text), "b"), "m")
    assert xmlrpc.parse_response(xmlrpc.response(text).decode()) == clean(text)


@given(st.integers(-(2**31), 2**31 - 1), st.text())
def test_any_fault_comes_through(code: int, text: str) -> None:
    assert xmlrpc.parse_response(xmlrpc.fault(code, text).decode()) == xmlrpc.ReceivedFault(code, clean(text))


@given(st.text(max_size=300))
@example("<methodResponse></methodResponse>")
@example("<methodResponse><fault></fault></methodResponse>")
@example("<methodResponse><fault><value/></fault></methodResponse>")
@example("</methodResponse><methodResponse>")
@example("<methodResponses></methodResponse>")
def test_any_text_is_a_response_or_unreadable(text: str) -> None:
    with contextlib.suppress(UnreadableResponse):
        xmlrpc.parse_response(text)


@given(TREES)
def test_any_tree_of_xmlrpc_elements_is_a_response_or_unreadable(tree: str) -> None:
    with contextlib.suppress(UnreadableResponse):
        xmlrpc.parse_response(f"<methodResponse>{tree}</methodResponse>")
