"""Finding endpoints: what else pages do, and what is said of pages without one."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from time import thread_time
from typing import cast

import pytest

from feedserver.errors import BudgetSpent, ConnectionFailed, FetchError, NotText, TimedOut
from feedserver.net.exchange import Exchange, Header, Request, Response
from feedserver.sending.announcements import in_header, in_text
from feedserver.sending.answers import Answer, Endpoint, Protocol
from feedserver.sending.discovery import PROTOCOLS, discover, enabled, look
from feedserver.settings import SendingSettings
from feedserver.urls import Urls
from tests.hostile.pages import MEBI, PAGES, fill
from tests.sending.receiving import OtherSite

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
PINGBACK = "http://127.0.2.9/xmlrpc.php"
Find = Callable[..., Endpoint | Answer]


@pytest.fixture
def find(way_out: Exchange, urls: Urls) -> Find:
    return partial(discover, way_out, urls=urls, now=NOW)


def announced(
    html: str, url: str = "http://other.example/a/page?q=1#part", kind: str = "text/html"
) -> list[str | None]:
    """The endpoints of Webmention in a page."""
    response = Response(url, 200, (("Content-Type", kind),), html.encode())
    return [one.url for one in in_text(response) if one.protocol == "webmention"]


# --- what a page may be like ---


@pytest.mark.parametrize(
    ("html", "endpoint"),
    [
        ('<base href="/b/"><a rel=webmention href="x">', "http://other.example/b/x"),
        ('<a rel=webmention href="x"><base href="http://b.example/">', "http://b.example/x"),
        ('<base><base href="/b/"><base href="/c/"><a rel=webmention href="x">', "http://other.example/b/x"),
        ('<template><base href="/b/"></template><a rel=webmention href="x">', "http://other.example/a/x"),
        ('<base href="data:,x"><a rel=webmention href="x">', "http://other.example/a/x"),
        ('<base href="http://[/"><a rel=webmention href="x">', "http://other.example/a/x"),
        ('<base href="/b/"><a rel=webmention href="">', "http://other.example/a/page?q=1"),
        ('<a rel=webmention href=" ">', "http://other.example/a/page?q=1"),
        ('<A HREF=" /x " REL="WebMention">', "http://other.example/x"),
        ('<a href="/x" rel="\n nofollow\twebmention ">', "http://other.example/x"),
        ('<a href="/x" rel="http://webmention.org/">', "http://other.example/x"),
        ('<link rel="http://webmention.org" href="/x">', "http://other.example/x"),
        ('<a rel=webmention href="//end.example:8443/x?a=1&amp;b=2">', "http://end.example:8443/x?a=1&b=2"),
        ('<a rel=webmention href="/é?ö">', "http://other.example/%C3%A9?%C3%B6"),
        ('<a rel=webmention href="http://bücher.example/x">', "http://xn--bcher-kva.example/x"),
        ('<noscript><link rel=webmention href="/x"></noscript>', "http://other.example/x"),
        ('<area rel=webmention href="/no"><a rel=webmention href="/x">', "http://other.example/x"),
        ("<a rel=webmention href='/x' rel=other>", "http://other.example/x"),
        ("<a rel=webmention href=mailto:a@b.example>", None),
        ("<a rel=webmention href=http://user:word@end.example/>", None),
        (f"<a rel=webmention href=/{'x' * 2048}>", None),
    ],
)
def test_webmention_3_1_2_the_endpoint_of_a_page(html: str, endpoint: str | None) -> None:
    assert announced(html) == [endpoint]


@pytest.mark.parametrize(
    "around",
    [
        "<!--{}-->",
        "<!-- {}",
        "<script>{}</script>",
        "<style>{}</style>",
        "<template>{}</template>",
        "<textarea>{}</textarea>",
        "<title>{}</title>",
        "<iframe>{}</iframe>",
        "<xmp>{}</xmp>",
        '<p title="{}">',
    ],
)
def test_what_is_no_element_of_the_page_announces_nothing(around: str) -> None:
    assert announced(around.format("<a rel=webmention href=/false></a>")) == []


def test_xhtml_is_read_as_xml_has_it() -> None:
    html = '<html xmlns="http://www.w3.org/1999/xhtml"><script/><A rel="webmention" href="/no"/>'
    html += '<a rel="webmention" href="/x"/></html>'

    assert announced(html, kind="application/xhtml+xml") == ["http://other.example/x"]


def test_a_page_in_another_encoding_is_read(find: Find, other: OtherSite) -> None:
    html = '<meta charset="utf-16le"><a rel="webmention" href="/é">'.encode("utf-16")

    found = find(other.put("/page", html, kind="text/html"))

    assert found == Endpoint("webmention", f"{other.url}/%C3%A9", "<a> element")


@pytest.mark.parametrize(("kind", "is_read"), [("", True), ("text/plain", False), ("application/json", False)])
def test_only_html_announces_endpoints_in_its_text(find: Find, other: OtherSite, kind: str, is_read: bool) -> None:
    found = find(
        other.put("/page", f'<a rel="webmention" href="/x"><link rel="pingback" href="{PINGBACK}">', kind=kind)
    )

    assert isinstance(found, Endpoint) == is_read


@pytest.mark.parametrize(
    ("field", "endpoint"),
    [
        ("<>; rel=webmention", "http://other.example/a/page?q=1"),
        ("</x,y;z>; rel=webmention", "http://other.example/x,y;z"),
        ('</x>; rel="http://webmention.org/"', "http://other.example/x"),
        ("</x>; rel=http://webmention.org", "http://other.example/x"),
        ('</x>; anchor="#part"; rel=webmention', "http://other.example/x"),
        ('</x>; anchor=""; rel=webmention', "http://other.example/x"),
        ("</é>; rel=webmention".encode().decode("latin-1"), "http://other.example/%C3%A9"),
        ("</\xe9>; rel=webmention", "http://other.example/%C3%A9"),
        ("<ftp://other.example/>; rel=webmention", None),
    ],
)
def test_webmention_3_1_2_the_endpoint_of_a_header(field: str, endpoint: str | None) -> None:
    response = Response("http://other.example/a/page?q=1#part", 200, (("link", field),))

    assert [one.url for one in in_header(response)] == [endpoint]


@pytest.mark.parametrize("anchor", ["/other", "http://elsewhere.example/a/page?q=1", "http://["])
def test_rfc_8288_section_3_2_a_link_of_another_page_is_not_the_pages_own(anchor: str) -> None:
    field = f'</x>; rel="webmention"; anchor="{anchor}"'

    assert in_header(Response("http://other.example/a/page?q=1", 200, (("Link", field),))) == []


# --- what is asked, and what is not ---


@pytest.mark.parametrize(
    ("fields", "protocols", "is_read"),
    [
        ([("Link", "<x>; rel=webmention")], PROTOCOLS, False),
        ([("X-Pingback", PINGBACK)], PROTOCOLS, True),
        ([("X-Pingback", PINGBACK)], ["pingback"], False),
        ([("Link", "<x>; rel=webmention")], ["pingback"], True),
        ([], PROTOCOLS, True),
        ([("Content-Type", "image/png")], PROTOCOLS, False),
    ],
)
def test_once_the_header_decides_the_body_is_not_read(
    urls: Urls, fields: list[Header], protocols: Sequence[Protocol], is_read: bool
) -> None:
    wanted = []

    def answer(request: Request, wants_body: Callable[[Response], bool], **_: object) -> Response:
        head = Response(request.url, 200, tuple(fields))
        wanted.append(wants_body(head))
        return head

    discover(cast(Exchange, answer), "http://other.example/", urls, NOW, protocols=protocols)
    look(cast(Exchange, answer), "http://other.example/", urls)

    assert wanted == [is_read, fields != [("Content-Type", "image/png")]]


@pytest.mark.parametrize(
    ("settings", "found_in"),
    [
        (SendingSettings(), "<a> element"),
        (SendingSettings(webmentions=False), "X-Pingback header"),
        (SendingSettings(pingbacks=False), "<a> element"),
        (SendingSettings(webmentions=False, pingbacks=False), None),
    ],
)
def test_a_protocol_that_is_turned_off_is_not_looked_for(
    find: Find, other: OtherSite, settings: SendingSettings, found_in: str | None
) -> None:
    target = other.put("/page", '<a rel="webmention" href="/x">', ("X-Pingback", PINGBACK))

    found = find(target, protocols=enabled(settings))

    assert getattr(found, "found_in", None) == found_in
    if found_in is None:
        assert found == Answer("none", "the page announces an endpoint of a protocol that is turned off")


def test_what_the_page_announces_first_counts_though_it_is_none(find: Find, other: OtherSite, urls: Urls) -> None:
    ours = urls.at("/webmention")
    for first in ('<a rel="webmention" href="mailto:x">', f'<a rel="webmention" href="{ours}">'):
        target = other.put("/page", f'{first}<a rel="webmention" href="/x">', ("X-Pingback", PINGBACK))

        assert getattr(find(target), "meaning", None) == "none"


def test_this_site_is_not_asked_nor_where_a_page_leads_to_it(find: Find, other: OtherSite, way_out: Exchange) -> None:
    ours = Urls(other.url + "/blog")
    away = OtherSite("127.0.2.2")
    target = away.put("/page", "", ("Location", f"{other.url}/blog/posts/a"), status=302)

    answers = [discover(way_out, url, ours, NOW) for url in (ours.post("a"), target)]
    away.close()

    assert answers == [Answer("none", "the page is on this site, or leads to it")] * 2
    assert other.requests == []


# --- pages without an endpoint ---


@pytest.mark.parametrize(
    ("status", "meaning", "detail"),
    [
        (200, "none", "the page announces no endpoint"),
        (204, "none", "the page announces no endpoint"),
        (304, "none", "the page answered 304 and announces no endpoint"),
        (401, "none", "the page answered 401 and announces no endpoint"),
        (403, "none", "the page answered 403 and announces no endpoint"),
        (404, "none", "the page answered 404 and announces no endpoint"),
        (410, "none", "the page answered 410 and announces no endpoint"),
        (999, "none", "the page answered 999 and announces no endpoint"),
        (408, "again", "the page answered 408"),
        (429, "again", "the page answered 429"),
        (500, "again", "the page answered 500"),
        (503, "again", "the page answered 503"),
    ],
)
def test_the_status_of_a_page_without_endpoint_says_whether_to_ask_again(
    find: Find, other: OtherSite, status: int, meaning: str, detail: str
) -> None:
    found = find(other.put("/page", "" if status in (204, 304) else "<p>x", status=status))

    assert found == Answer(meaning, detail)  # type: ignore[arg-type]


def test_a_page_may_say_when_to_come_again(find: Find, other: OtherSite) -> None:
    found = find(other.put("/page", "", ("Retry-After", "120"), status=429))

    assert found == Answer("again", "the page answered 429", retry_after=120)


def test_a_page_that_breaks_off_may_have_announced_an_endpoint_further_on(find: Find, other: OtherSite) -> None:
    assert find(other.put("/page", "<p>x", breaks_off=True)) == Answer(
        "again", "the page broke off, and announces no endpoint before"
    )
    assert isinstance(find(other.put("/page", "<a rel=webmention href=/x>", breaks_off=True)), Endpoint)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [(TimedOut("too late"), "again"), (ConnectionFailed("reset"), "again"), (NotText("brotli"), "none")],
)
def test_a_body_that_cannot_be_read_leaves_what_the_header_says(urls: Urls, error: FetchError, meaning: str) -> None:
    def answer(request: Request, **_: object) -> Response:
        return Response(request.url, 200, fields, body_error=error)

    fields: tuple[Header, ...] = (("Content-Type", "text/html"),)
    without = discover(answer, "http://other.example/", urls, NOW)
    fields = (*fields, ("X-Pingback", PINGBACK))

    assert isinstance(without, Answer)
    assert without.meaning == meaning
    assert discover(answer, "http://other.example/", urls, NOW) == Endpoint("pingback", PINGBACK, "X-Pingback header")


NOT_PUBLIC = "the page is not contacted: its address {} is not public, and in no network of egress.allow"


@pytest.mark.parametrize(
    ("target", "meaning", "detail"),
    [
        ("http://127.0.3.1/", "none", NOT_PUBLIC.format("127.0.3.1")),
        ("http://10.0.0.1/", "none", NOT_PUBLIC.format("10.0.0.1")),
        ("http://user@127.0.2.1/", "none", "the page is not contacted: its URL is no plain http or https one"),
        ("http://nowhere.invalid/", "again", "the page’s host cannot be found"),
        ("http://127.0.2.1:1/", "again", "the page’s server cannot be reached"),
    ],
)
def test_a_page_that_answers_nothing(find: Find, target: str, meaning: str, detail: str) -> None:
    found = find(target)

    assert isinstance(found, Answer)
    assert found.meaning == meaning
    assert meaning == "again" or found.detail == detail


def test_a_redirect_that_leads_nowhere_means_that_there_is_no_endpoint(find: Find, other: OtherSite) -> None:
    target = other.put("/page", "", ("Location", "/page"), status=302)
    elsewhere = other.put("/elsewhere", "", ("Location", "ftp://other.example/"), status=302)

    assert find(target) == Answer("none", "the page redirects in a circle")
    assert getattr(find(elsewhere), "meaning", None) == "none"


def test_a_server_whose_budget_is_spent_is_not_contacted(find: Find, other: OtherSite) -> None:
    def spent(_: str) -> None:
        raise BudgetSpent("another time")

    other.put("/further")
    target = other.put("/page", "", ("Location", "/further"), status=302)

    with pytest.raises(BudgetSpent):
        find(target, on_redirect=spent)
    assert [request.path for request in other.requests] == ["/page"]


# --- hostile pages ---

HOSTILE = {
    "100,000 endpoints": "<a rel=webmention href=x>" * 30_000,
    "bases": fill("<base href=/x/>"),
    "relations": "<a href=x rel='" + fill("webmention ") + "'>",
    "an unclosed comment": "<!--" + fill("<a rel=webmention href=x>"),
    "patterns that begin": fill('<link rel="pingback" href="'),
    "a pattern that never ends": '<link rel="pingback" href="' + "x" * MEBI,
    "patterns that break": fill('<link rel="pingback" href="x" '),
    "entities": '<link rel="pingback" href="' + fill("&amp;") + '">',
    "tags that never end": PAGES["tags that never end"],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_costs_little(name: str) -> None:
    page = Response("http://o.example/", 200, (("Content-Type", "text/html; charset=utf-8"),), HOSTILE[name].encode())
    begin = thread_time()

    found = in_text(page)

    assert len(found) <= 20
    assert thread_time() - begin < 1


@pytest.mark.parametrize(
    "piece",
    ["<,", "<a>,", '"', "<a>; rel=webmention,", '<a>;rel="\\', '<a>;rel=webmention;anchor="http://[",', ";", "<a>;x="],
)
def test_a_hostile_header_costs_little(piece: str) -> None:
    field = ("Link", (piece * 65_536)[:65_536])
    begin = thread_time()

    found = in_header(Response("http://o.example/", 200, (field, field)))

    assert len(found) <= 10
    assert thread_time() - begin < 1
