"""What we send to endpoints of both protocols, and what their answers mean, over real HTTP."""

import xmlrpc.client
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from time import thread_time
from typing import Any
from urllib.parse import parse_qs

import pytest

from feedserver import xmlrpc as wire
from feedserver.errors import BudgetSpent, ConnectionFailed, HostUnknown, TimedOut
from feedserver.net.exchange import Exchange, Request, Response
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.pingback import send_pingback
from feedserver.sending.webmention import send_webmention
from feedserver.urls import Urls
from tests.sending.receiving import OtherSite

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
SOURCE = "http://blog.example/posts/grüße"
TARGET = "http://127.0.2.1/page?a=1&b=<2>#part"
Send = Callable[..., Answer]


@pytest.fixture
def mention(way_out: Exchange, urls: Urls) -> Send:
    """Sends a Webmention to an endpoint's URL."""

    def send(url: str, exchange: Exchange = way_out, **named: Any) -> Answer:
        endpoint = Endpoint("webmention", url, "Link header")
        return send_webmention(exchange, endpoint, SOURCE, TARGET, urls, NOW, timeout=5, **named)

    return send


@pytest.fixture
def pingback(way_out: Exchange, urls: Urls) -> Send:
    """Sends a Pingback to an endpoint's URL."""

    def send(url: str, exchange: Exchange = way_out, **named: Any) -> Answer:
        endpoint = Endpoint("pingback", url, "X-Pingback header")
        return send_pingback(exchange, endpoint, SOURCE, TARGET, urls, NOW, timeout=5, **named)

    return send


@pytest.fixture(params=["mention", "pingback"])
def either(request: pytest.FixtureRequest) -> Send:
    send: Send = request.getfixturevalue(request.param)
    return send


# --- what is sent ---


def test_webmention_3_1_3_a_form_of_source_and_target_is_posted(mention: Send, other: OtherSite) -> None:
    mention(other.put("/endpoint?key=once&source=x"))

    (request,) = other.requests
    assert (request.method, request.target) == ("POST", "/endpoint?key=once&source=x")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode("ascii"), strict_parsing=True) == {"source": [SOURCE], "target": [TARGET]}
    assert "Webmention" in request.headers["user-agent"]
    assert not {"Cookie", "Referer"} & set(request.headers)


def test_pingback_1_0_section_3_a_call_with_two_strings_is_posted(pingback: Send, other: OtherSite) -> None:
    pingback(other.put("/xmlrpc.php"))

    (request,) = other.requests
    assert (request.method, request.headers["content-type"]) == ("POST", "text/xml")
    assert xmlrpc.client.loads(request.body) == ((SOURCE, TARGET), "pingback.ping")
    assert request.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<methodCall>')


def test_receivers_that_lead_browsers_to_a_page_are_not_asked_for_html_first(either: Send, other: OtherSite) -> None:
    either(other.put("/endpoint"))

    assert "html" not in other.requests[0].headers["accept"]


# --- Webmention: what answers mean ---


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_webmention_3_1_3_any_2xx_is_told(mention: Send, other: OtherSite, status: int) -> None:
    assert mention(other.put("/endpoint", status=status)) == Answer("told", f"the endpoint answered {status}")


@pytest.mark.parametrize(
    ("location", "receipt"),
    [
        ("http://127.0.2.9/status/1#here", "http://127.0.2.9/status/1#here"),
        ("/status/1", "{site}/status/1"),
        ("status?id=1", "{site}/in/status?id=1"),
        (" /état ".encode().decode("latin-1"), "{site}/%C3%A9tat"),
        ("", None),
        ("javascript:alert(1)", None),
        ("ftp://127.0.2.9/", None),
        ("http://user@127.0.2.9/", None),
        ("http://[", None),
        ("/" + "x" * 2048, None),
    ],
)
def test_webmention_3_2_the_status_page_is_kept(
    mention: Send, other: OtherSite, location: str, receipt: str | None
) -> None:
    answer = mention(other.put("/in/endpoint", "", ("Location", location), status=201))

    expected = receipt.replace("{site}", other.url) if receipt else None
    assert answer == Answer("told", "the endpoint answered 201", receipt=expected)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 451])
def test_a_4xx_is_a_refusal(either: Send, other: OtherSite, status: int) -> None:
    answer = either(other.put("/endpoint", "No  such\npage", kind="text/plain", status=status))

    assert answer == Answer("refused", f"the endpoint answered {status}: No such page")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599, 999])
def test_what_may_pass_is_tried_again(either: Send, other: OtherSite, status: int) -> None:
    answer = either(other.put("/endpoint", "Later", ("Retry-After", "90"), kind="text/plain", status=status))

    assert answer == Answer("again", f"the endpoint answered {status}: Later", retry_after=90)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("86401", 86_400.0),
        ("9" * 200, 86_400.0),
        ("Sun, 08 Mar 2026 12:05:00 GMT", 300.0),
        ("Sunday, 08-Mar-26 12:05:00 GMT", 300.0),
        ("Sun Mar  8 12:05:00 2026", 300.0),
        ("Sun, 08 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 08 Mar 2099 11:00:00 GMT", 86_400.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("Sun, 99 Mar 2026 12:05:00 GMT", None),
        ("Sun, 08 Mar 99999999999999999999 12:05:00 GMT", None),
        ("²", None),
        ("x" * 60_000, None),
    ],
)
def test_rfc_9110_section_10_2_3_retry_after_is_heard_up_to_a_day(
    mention: Send, urls: Urls, value: str, seconds: float | None
) -> None:
    def answer(request: Request, **_: object) -> Response:
        return Response(request.url, 503, (("Retry-After", value),))

    assert mention("http://127.0.2.1/", answer).retry_after == seconds


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304])
def test_a_redirect_that_makes_a_get_of_a_post_is_a_refusal(either: Send, other: OtherSite, status: int) -> None:
    answer = either(other.put("/endpoint", "", ("Location", "/further"), status=status))

    assert answer == Answer("refused", f"the endpoint answered {status}")
    assert [request.path for request in other.requests] == ["/endpoint"]


@pytest.mark.parametrize("status", [307, 308])
def test_307_and_308_are_followed_with_the_same_body_at_most_three_times(
    either: Send, other: OtherSite, status: int
) -> None:
    other.put("/4", xmlrpc.client.dumps(("thanks",), methodresponse=True), kind="text/xml")
    for number in range(4):
        other.put(f"/{number}", "", ("Location", f"/{number + 1}"), status=status)

    answers = [either(f"{other.url}/1"), either(f"{other.url}/0")]

    assert [answer.meaning for answer in answers] == ["told", "refused"]
    assert [request.path for request in other.requests] == ["/1", "/2", "/3", "/4", "/0", "/1", "/2", "/3"]
    assert {(request.method, request.body) for request in other.requests} == {("POST", other.requests[0].body)}
    assert other.requests[0].body


@pytest.mark.parametrize(
    ("location", "meaning"),
    [
        ("http://127.0.3.1/", "none"),
        ("http://10.0.0.1/", "none"),
        ("http://blog.example/webmention", "none"),
        ("ftp://127.0.2.1/", "refused"),
        ("http://user@127.0.2.1/", "refused"),
        ("/endpoint", "refused"),
    ],
)
def test_each_further_server_is_vetted(either: Send, other: OtherSite, location: str, meaning: str) -> None:
    answer = either(other.put("/endpoint", "", ("Location", location), status=307))

    assert answer.meaning == meaning
    assert len(other.requests) == 1


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.3.1/", "127.0.3.1"),
        ("http://10.0.0.1/", "10.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://0x7f.1/", "127.0.0.1"),
    ],
)
def test_webmention_4_3_an_endpoint_on_a_forbidden_address_is_none_and_the_owner_learns_why(
    either: Send, url: str, address: str
) -> None:
    why = f"its address {address} is not public, and in no network of egress.allow"

    assert either(url) == Answer("none", f"the endpoint is not contacted: {why}")


def test_an_endpoint_on_this_site_is_none(either: Send) -> None:
    answer = either("http://blog.example/webmention")

    assert answer == Answer("none", "the endpoint is on this site, or leads to it")


@pytest.mark.parametrize("error", [TimedOut, ConnectionFailed, HostUnknown])
def test_an_endpoint_that_does_not_answer_is_tried_again(either: Send, error: type[TimedOut]) -> None:
    def answer(*_: object, **__: object) -> Response:
        raise error("nothing came")

    assert either("http://127.0.2.1/", answer) == Answer("again", "nothing came")


def test_a_redirect_to_a_server_whose_budget_is_spent_is_not_followed(either: Send, other: OtherSite) -> None:
    def spent(_: str) -> None:
        raise BudgetSpent("another time")

    url = other.put("/endpoint", "", ("Location", "/further"), status=307)

    with pytest.raises(BudgetSpent):
        either(url, on_redirect=spent)
    assert len(other.requests) == 1


# --- the receiver's words ---


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("no link found", "text/plain", "no link found"),
        ("Kein Link zu „Grüße“".encode("latin-1", "replace"), "text/plain; charset=latin-1", "Kein Link zu ?Grüße?"),
        ("no\x1b[31m link\u202e found\r\n\tthere", "text/plain; charset=utf-8", "no[31m link found there"),
        (
            "<title>Oh</title><style>p{}</style><h1>Bad Request</h1>\n<p>No &lt;link&gt;.",
            "text/html",
            "Bad Request No <link>.",
        ),
        ("<h1>Bad Request", "", "Bad Request"),
        (
            '{"error": "no_link_found", "error_description": "The page holds no link."}',
            "application/json",
            "The page holds no link.",
        ),
        (
            '{"code": "x", "message": "No link.", "data": {"status": 400}}',
            "application/json; charset=utf-8",
            "No link.",
        ),
        ('{"error": {"a": 1}}', "application/json", '{"error": {"a": 1}}'),
        ('"no link"', "application/json", "no link"),
        ("[" * 60_000, "application/json", "[" * 199 + "…"),
        ("1" * 60_000, "application/json", "1" * 199 + "…"),
        ("{not json", "application/problem+json", "{not json"),
        (b"\x89PNG\r\n", "image/png", ""),
        ("", "text/plain", ""),
    ],
)
def test_words_are_one_clean_short_line(
    either: Send, other: OtherSite, body: str | bytes, kind: str, words: str
) -> None:
    detail = either(other.put("/endpoint", body, kind=kind, status=400)).detail

    assert detail == "the endpoint answered 400" + (f": {words}" if words else "")


def test_long_words_are_cut(either: Send, other: OtherSite) -> None:
    detail = either(other.put("/endpoint", "many words " * 100_000, kind="text/plain", status=400)).detail

    assert len(detail) < 240
    assert detail.endswith(("many…", "words…"))


def test_at_most_64_kib_of_an_answer_are_read(either: Send, way_out: Exchange) -> None:
    asked = []

    def answer(request: Request, **named: Any) -> Response:
        asked.append(request.max_bytes)
        return Response(request.url, 200, ())

    either("http://127.0.2.1/", answer)

    assert asked == [65_536]


def test_the_body_of_a_webmention_that_was_taken_is_not_read(mention: Send) -> None:
    wanted = []

    def answer(request: Request, wants_body: Callable[[Response], bool], **_: object) -> Response:
        wanted.extend([wants_body(Response(request.url, status, ())) for status in (201, 400, 503)])
        return Response(request.url, 200, ())

    mention("http://127.0.2.1/", answer)

    assert wanted == [False, True, True]


# --- Pingback: what answers mean ---


def returning(value: Any) -> str:
    return xmlrpc.client.dumps((value,), methodresponse=True, allow_none=True)


LATIN = returning("Grüße").partition("?>")[2].encode("latin-1")


def faulting(code: object, text: str = "Why  not") -> str:
    return xmlrpc.client.dumps(xmlrpc.client.Fault(code, text), methodresponse=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "receipt"),
    [
        ("Thanks.", None),
        (
            f"Pingback from {SOURCE} to {TARGET} registered. http://127.0.2.9/receipts/a-1",
            "http://127.0.2.9/receipts/a-1",
        ),
        (f"Pingback from {SOURCE} to {TARGET} registered. Keep the web talking! :-)", None),
        (f"Thank you for the link. {SOURCE}", None),
        ("Registered. javascript:alert(1)", None),
        ("Registered. http://user@127.0.2.9/", None),
        ("See http://127.0.2.9/", None),
    ],
)
def test_pingback_1_0_section_3_a_string_is_told(
    pingback: Send, other: OtherSite, said: str, receipt: str | None
) -> None:
    answer = pingback(other.put("/xmlrpc.php", returning(said), kind="text/xml"))

    assert (answer.meaning, answer.receipt) == ("told", receipt)
    assert answer.detail == (said if len(said) <= 200 else answer.detail)


def test_our_own_receipt_is_kept(pingback: Send, other: OtherSite) -> None:
    ours = f"Pingback from {SOURCE} to {TARGET} accepted. https://other.example/receipts/x.y"
    other.put("/pingback", wire.response(ours), kind=wire.CONTENT_TYPE)

    assert pingback(f"{other.url}/pingback").receipt == "https://other.example/receipts/x.y"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(48, "told"), (32, "refused"), (33, "refused"), (49, "refused")]
    + [(code, "again") for code in (0, 16, 17, 50, -32601, -32602, 405)],
)
def test_pingback_1_0_section_3_what_a_fault_means(pingback: Send, other: OtherSite, code: int, meaning: str) -> None:
    answer = pingback(other.put("/xmlrpc.php", faulting(code), kind="text/xml"))

    assert (answer.meaning, answer.detail) == (meaning, f"the endpoint answered fault {code}: Why not")
    assert answer.misses_link is (code in (0, 16, 17))


@pytest.mark.parametrize("code", ["48", " 48 ", 48])
def test_a_faults_code_may_be_a_string(pingback: Send, other: OtherSite, code: object) -> None:
    assert pingback(other.put("/xmlrpc.php", faulting(code), kind="text/xml")).meaning == "told"


@pytest.mark.parametrize("code", ["many", True, 4.5, None, "9" * 5000])
def test_a_fault_without_a_number_is_tried_again(pingback: Send, other: OtherSite, code: object) -> None:
    body = xmlrpc.client.dumps(({"faultCode": code, "faultString": "x"},), methodresponse=True, allow_none=True)
    body = body.replace("<params>\n<param>", "<fault>").replace("</param>\n</params>", "</fault>")

    answer = pingback(other.put("/xmlrpc.php", body, kind="text/xml"))

    assert answer.meaning == "again"
    assert answer.detail.startswith("the endpoint answered ")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Thanks.",
        "<p>Thanks.",
        "<methodResponse>",
        "<methodResponse/>",
        "<methodResponse></methodResponse>",
        "<methodResponse><params/></methodResponse>",
        returning("Thanks.")[:-20],
        returning(48),
        returning(["Thanks."]),
        returning(True),
        returning(None),
        returning("a").replace("</params>", "<param><value>b</value></param></params>"),
        returning("a").replace("</string>", "</strong>"),
        faulting(48).replace("faultCode", "code"),
        f"<!DOCTYPE methodResponse [<!ENTITY a 'b'>]>{returning('&a;')}",
        returning("a").replace("<methodResponse>", "<methodResponse><!DOCTYPE a [<!ENTITY a 'b'>]>"),
        "<methodResponse>" + "<value><array><data>" * 5_000 + "</methodResponse>",
        xmlrpc.client.dumps(("a", "b"), "pingback.ping"),
    ],
)
def test_an_answer_that_is_no_string_and_no_fault_is_tried_again(pingback: Send, other: OtherSite, body: str) -> None:
    answer = pingback(other.put("/xmlrpc.php", body, kind="text/xml"))

    assert answer == Answer("again", "the endpoint’s answer is no string of XML-RPC")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("\ufeff\n\n  " + returning("Grüße"), "text/xml"),
        ("<br />\n<b>Warning</b>: x\n" + returning("Grüße") + "\n<!-- cached -->\n<p>x", "text/html"),
        (returning("Grüße").encode("latin-1"), "text/xml; charset=ISO-8859-1"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + LATIN, "text/xml"),
        (returning("Grüße").encode("utf-16"), "text/xml"),
        (returning("Gr\x00ü\x0bße"), ""),
        (returning("Grüße").replace("<string>", "").replace("</string>", ""), "application/xml"),
        (returning("Grüße").replace("ü", "&#252;"), "text/xml"),
    ],
)
def test_an_answer_is_read_though_programs_print_around_it_and_in_its_encoding(
    pingback: Send, other: OtherSite, body: str | bytes, kind: str
) -> None:
    assert pingback(other.put("/xmlrpc.php", body, kind=kind)) == Answer("told", "Grüße")


def test_a_fault_with_a_status_of_its_own_lends_it_its_words(pingback: Send, other: OtherSite) -> None:
    answer = pingback(other.put("/xmlrpc.php", faulting(405, "No pings here"), kind="text/xml", status=403))

    assert answer == Answer("refused", "the endpoint answered 403: No pings here")


def test_an_answer_that_breaks_off_is_tried_again(pingback: Send, other: OtherSite) -> None:
    def answer(request: Request, **_: object) -> Response:
        return Response(request.url, 200, (), body_error=TimedOut("too late"))

    assert pingback("http://127.0.2.1/", answer) == Answer("again", "too late")
    url = other.put("/xmlrpc.php", returning("x" * 1_000)[:500], kind="text/xml", breaks_off=True)
    assert pingback(url).meaning == "again"


@pytest.mark.parametrize(
    "piece",
    [
        "<methodResponse>",
        "</methodResponse>",
        "<a>",
        "<value><struct><member>",
        "&lt;",
        ". ",
        "<!--",
        "{",
        '{"a":',
        "\u0301",
    ],
)
def test_a_hostile_answer_costs_little(either: Send, piece: str) -> None:
    inner = piece * (60_000 // len(piece))
    bodies = [inner.encode(), returning("x").replace("x", inner).encode()]
    begin = thread_time()

    for kind, status, body in product(("text/html", "application/json", "text/xml"), (200, 400), bodies):
        answering = Response("http://127.0.2.1/", status, (("Content-Type", kind),), body)
        assert len(either("http://127.0.2.1/", lambda *_, found=answering, **__: found).detail) < 260

    assert thread_time() - begin < 3
