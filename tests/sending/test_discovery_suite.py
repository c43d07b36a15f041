"""The public suite of endpoint discovery, webmention.rocks 1 to 23, and what was asked for there, over real HTTP."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from feedserver.net.exchange import Exchange
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.discovery import discover
from feedserver.urls import Urls
from tests.sending.receiving import Answering, Header, OtherSite

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
Find = Callable[[str], Endpoint | Answer]


@pytest.fixture
def find(way_out: Exchange, urls: Urls) -> Find:
    return lambda target: discover(way_out, target, urls, NOW)


@dataclass(frozen=True)
class Case:
    """A page of the suite: its HTML and its header fields, and the right endpoint. `{site}` is where it is."""

    name: str
    endpoint: str
    found_in: str
    html: str = ""
    headers: tuple[Header, ...] = ()
    kind: str = "text/html; charset=utf-8"
    status: int = 200

    @property
    def path(self) -> str:
        return f"/test/{self.name}" if self.name.isdecimal() else "/test/more"

    def put(self, other: OtherSite) -> str:
        """Puts the page; returns its URL."""
        headers = [(name, value.replace("{site}", other.url)) for name, value in self.headers]
        html = self.html.replace("{site}", other.url)
        return other.put(self.path, html, *headers, kind=self.kind, status=self.status)


def in_header(name: str, value: str, endpoint: str = "/real", field: str = "Link") -> Case:
    return Case(name, endpoint, "Link header", headers=((field, value),))


def in_link(name: str, html: str, endpoint: str = "/real") -> Case:
    return Case(name, endpoint, "<link> element", html)


def in_anchor(name: str, html: str, endpoint: str = "/real") -> Case:
    return Case(name, endpoint, "<a> element", html)


CASES = [
    in_header("1", "</real>; rel=webmention"),
    in_header("2", "<{site}/real>; rel=webmention"),
    in_link("3", '<link rel="webmention" href="/real">'),
    in_link("4", '<link href="{site}/real" rel="webmention">'),
    in_anchor("5", '<a rel="webmention" href="/real">here</a>'),
    in_anchor("6", '<a href="{site}/real" rel="webmention">here</a>'),
    in_header("7", "<{site}/real>; rel=webmention", field="LinK"),
    in_header("8", '<{site}/real>; rel="webmention"'),
    in_link("9", '<link rel="webmention somethingelse" href="{site}/real">'),
    in_header("10", '<{site}/real>; rel="webmention somethingelse"'),
    replace(
        in_header("11", "<{site}/real>; rel=webmention"),
        html='<link rel="webmention" href="/false"><a rel="webmention" href="/false">no</a>',
    ),
    in_anchor("12", '<link rel="not-webmention" href="/false"><a rel="webmention" href="/real">yes</a>'),
    in_anchor("13", '<!-- <a href="/false" rel="webmention">no</a> --><a href="/real" rel="webmention">yes</a>'),
    in_anchor(
        "14", '<code>&lt;a href="/false" rel="webmention"&gt;&lt;/a&gt;</code><a href="/real" rel="webmention">yes</a>'
    ),
    in_link("15", '<link rel="webmention" href="">', "/test/15"),
    in_anchor("16", '<a href="/real" rel="webmention">a</a><link rel="webmention" href="/false">'),
    in_link("17", '<body><p>x<link rel="webmention" href="/real"><a href="/false" rel="webmention">a</a>'),
    replace(
        in_header("18", '</false>; rel="other"'),
        headers=(("Link", '</false>; rel="other"'), ("Link", '</real>; rel="webmention"')),
    ),
    in_header("19", '</false>; rel="other", </real>; rel="webmention"'),
    in_anchor("20", '<link rel="webmention"><a href="/real" rel="webmention">yes</a>'),
    in_link("21", '<link rel="webmention" href="/real?query=yes">', "/real?query=yes"),
    in_link("22", '<link rel="webmention" href="22/webmention">', "/test/22/webmention"),
    replace(
        in_link("asked for: a Link header of another relation alone", '<link rel="webmention" href="/real">'),
        headers=(("Link", '</style.css>; rel="preload"; as=style'),),
    ),
    replace(in_header("asked for: no HTML", '</real>; rel="webmention"'), kind="image/png"),
    replace(in_header("in practice: a page that is not there", "</real>; rel=webmention"), status=404),
    replace(in_header("in practice: a page that is not for us", "</real>; rel=webmention"), status=401),
    replace(in_header("in practice: a page in trouble", "</real>; rel=webmention"), status=503),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_suite_of_endpoint_discovery(find: Find, other: OtherSite, case: Case) -> None:
    target = case.put(other)

    assert find(target) == Endpoint("webmention", other.url + case.endpoint, case.found_in)
    assert [request.method for request in other.requests] == ["GET"]


def test_suite_23_the_endpoint_is_relative_to_where_the_page_redirects_and_each_page_is_asked_once(
    find: Find, other: OtherSite
) -> None:
    other.put("/test/23/page/once", '<link rel="webmention" href="webmention-endpoint/key">')
    target = other.put("/test/23/page", "", ("Location", "page/once"), status=302)

    assert find(target) == Endpoint("webmention", f"{other.url}/test/23/page/webmention-endpoint/key", "<link> element")
    assert [request.path for request in other.requests] == ["/test/23/page", "/test/23/page/once"]


@pytest.mark.parametrize("number", [1, 2, 7, 8, 10, 18, 19])
@pytest.mark.parametrize("head", [405, 200], ids=["HEAD is refused", "HEAD names another endpoint"])
def test_suite_head_forms_one_get_finds_what_a_get_is_told(
    find: Find, other: OtherSite, number: int, head: int
) -> None:
    case = next(case for case in CASES if case.name == str(number))
    target = case.put(other)
    to_get, to_head = other.answers[case.path], Answering(head, (("Link", "</real?head=true>; rel=webmention"),))
    other.answers[case.path] = lambda request: to_head if request.method == "HEAD" else to_get(request)

    assert find(target) == Endpoint("webmention", f"{other.url}/real", "Link header")
    assert [request.method for request in other.requests] == ["GET"]


def test_the_request_says_what_it_reads_and_who_asks(find: Find, other: OtherSite) -> None:
    find(other.put("/page"))

    headers = other.requests[0].headers
    assert headers["accept"].startswith("text/html")
    assert "Webmention" in headers["user-agent"]
    assert not {"Cookie", "Referer"} & set(headers)


# --- Pingback ---

PINGBACK = "http://127.0.2.9/xmlrpc.php"
LINK = f'<link rel="pingback" href="{PINGBACK}">'


@pytest.mark.parametrize(
    ("html", "headers"),
    [
        ("", [("X-Pingback", PINGBACK)]),
        ("", [("x-pingback", f" {PINGBACK} ")]),
        ('<link rel="pingback" href="http://false.example/">', [("X-Pingback", PINGBACK)]),
        ("", [("Link", '<http://false.example/>; rel="pingback"'), ("X-Pingback", PINGBACK)]),
        ("", [("X-Pingback", PINGBACK), ("X-Pingback", "http://false.example/")]),
        (LINK, [("X-Pingback", "")]),
        (LINK, []),
        (f'<link rel="pingback" href="{PINGBACK}" />', []),
        (f'<link rel="pingback" href="{PINGBACK}"/>', []),
        (f"<!-- {LINK} -->", []),
        (f"<script>var a = '{LINK}';</script>", []),
        (f'{LINK}<link rel="pingback" href="http://false.example/">', []),
        (f'<a rel="pingback" href="http://false.example/">no</a>{LINK}', []),
    ],
    ids=[
        "a header",
        "a header in any letter case",
        "a header and another link",
        "a header and a Link header",
        "two headers, the first one counts",
        "an empty header is none",
        "the exact link",
        "the exact link of XHTML",
        "the exact link without a blank",
        "in a comment",
        "in a script",
        "two links, the first one counts",
        "an anchor is none",
    ],
)
def test_pingback_1_0_section_2_endpoints_that_are_found(
    find: Find, other: OtherSite, html: str, headers: list[Header]
) -> None:
    found = find(other.put("/page", html, *headers))

    in_header = any(name.lower() == "x-pingback" and value for name, value in headers)
    assert found == Endpoint("pingback", PINGBACK, "X-Pingback header" if in_header else "<link> element")


@pytest.mark.parametrize(
    "html",
    [
        f'<link href="{PINGBACK}" rel="pingback">',
        f"<link rel='pingback' href='{PINGBACK}'>",
        f'<LINK REL="pingback" HREF="{PINGBACK}">',
        f'<link rel="pingback" type="x" href="{PINGBACK}">',
        f'<link rel="pingback" href="{PINGBACK}" title="x">',
        f'<link  rel="pingback" href="{PINGBACK}">',
        f'<link rel="pingback" href="{PINGBACK}"  />',
        '<link rel="pingback" href="">',
        '<link rel="pingback" href="/xmlrpc.php">',
        '<link rel="pingback" href="//127.0.2.9/xmlrpc.php">',
        '<link rel="pingback" href="ftp://127.0.2.9/xmlrpc.php">',
        '<link rel="pingback" href="http://user@127.0.2.9/xmlrpc.php">',
    ],
    ids=[
        "swapped attributes",
        "single quotes",
        "upper case",
        "an attribute between",
        "an attribute after",
        "two blanks",
        "two blanks at the end",
        "empty",
        "relative",
        "without a scheme",
        "another scheme",
        "with userinfo",
    ],
)
def test_pingback_1_0_section_2_what_does_not_match_exactly_is_none(find: Find, other: OtherSite, html: str) -> None:
    found = find(other.put("/page", html))

    assert isinstance(found, Answer)
    assert found.meaning == "none"


def test_pingback_1_0_section_2_four_entities_are_decoded_and_no_other(find: Find, other: OtherSite) -> None:
    written = "http://127.0.2.9/?a=&lt;1&gt;&amp;b=&quot;&amp;lt;&#38;&apos;"

    found = find(other.put("/page", f'<link rel="pingback" href="{written}">'))

    assert isinstance(found, Endpoint)
    assert found.url == """http://127.0.2.9/?a=<1>&b="&lt;&#38;&apos;"""


@pytest.mark.parametrize(("kind", "status"), [("image/png", 200), ("text/html", 404), ("", 500), ("text/plain", 429)])
def test_pingback_1_0_section_2_a_header_counts_for_every_type_and_status(
    find: Find, other: OtherSite, kind: str, status: int
) -> None:
    target = other.put("/page", b"\x89PNG", ("X-Pingback", PINGBACK), kind=kind, status=status)

    assert find(target) == Endpoint("pingback", PINGBACK, "X-Pingback header")


def test_a_page_is_told_by_webmention_where_it_takes_both(find: Find, other: OtherSite) -> None:
    target = other.put("/page", f'{LINK}<a href="/real" rel="webmention">x</a>', ("X-Pingback", PINGBACK))

    assert find(target) == Endpoint("webmention", f"{other.url}/real", "<a> element")


def test_pingback_1_0_section_2_the_pattern_matches_xhtml_as_it_is_sent(find: Find, other: OtherSite) -> None:
    target = other.put("/page", f"<p><![CDATA[{LINK}]]></p>", kind="application/xhtml+xml")

    assert find(target) == Endpoint("pingback", PINGBACK, "<link> element")
